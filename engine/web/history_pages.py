"""The history of a deal: its log entry by entry, filtered by an address that stays, also as it was known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.events.deal_adopted import DealAdopted, clauses_on
from engine.events.kinds import Counted, Event, NoticeIssued, Tested
from engine.events.states import clause_of_key
from engine.queries.history import history_of, summary
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page, with_query
from engine.web.rights import Right
from engine.web.words import day_in, eights

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
A_PAGE = 100
"""Entries on a page."""
ANY = "any"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry as the page shows it; `state` is the word after a test or a count."""

    entry: int
    on: date
    at: datetime
    kind: str
    subject: str
    what: str
    state: str
    explained: str
    notice: int | None


def line_of(event: Event, titles: dict[str, str]) -> HistoryLine:
    """An event as the page shows it."""
    payload = event.payload
    state = payload.state.status.value if isinstance(payload, (Tested, Counted)) else ""
    said = summary(event)
    title = titles.get(clause_of_key(event.subject), "" if said else event.subject)
    explained = event.subject if isinstance(payload, Tested) else ""
    notice = payload.number if isinstance(payload, NoticeIssued) else None
    return HistoryLine(event.seq, event.effective_on, event.recorded_at, event.kind, title, said, state, explained, notice)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a history, as it was typed."""

    q: str
    kind: str
    test: str
    recorded_from: str
    recorded_to: str
    known: str


def chosen_of(events: Sequence[Event], asked: Filters, zone: str) -> list[Event]:
    """The events that are asked for, newest first. Raises WrongUsage for a date that is none."""
    first, last = day_in(asked.recorded_from, "Recorded from"), day_in(asked.recorded_to, "Recorded to")
    known = day_in(asked.known, "As known on")
    where = ZoneInfo(zone)

    def fits(event: Event) -> bool:
        day = event.recorded_at.astimezone(where).date()
        return (
            (known is None or day <= known)
            and (first is None or day >= first)
            and (last is None or day <= last)
            and asked.kind in ("", ANY, event.kind)
            and (asked.test in ("", ANY) or asked.test == clause_of_key(event.subject) or event.subject.endswith(f"-{asked.test}"))
            and (not asked.q or asked.q.casefold() in f"{event.subject} {event.kind} {summary(event)}".casefold())
        )

    return [event for event in reversed(events) if fits(event)]


@routes.get("/deals/{deal}/history")
@needs(Right.READ, reads="history")
def history(
    visit: AtVisit,
    deal: str,
    q: str = "",
    kind: str = "",
    test: str = "",
    recorded_from: str = "",
    recorded_to: str = "",
    known: str = "",
    before: str = "",
) -> Response:
    """The log of a deal."""
    found = history_of(visit.desk.workspace, deal)
    adopted = next((event.payload for event in reversed(found.events) if isinstance(event.payload, DealAdopted)), None)
    zone = adopted.time_zone if adopted is not None else "UTC"
    titles = {one.key: one.title for one in clauses_on(adopted, visit.now.date())} if adopted is not None else {}
    asked = Filters(q[:80], kind[:40], test[:80], recorded_from[:20], recorded_to[:20], known[:20])
    chosen = chosen_of(found.events, asked, zone)
    start = int(before) if before.isdigit() and len(before) < 12 else found.size
    shown = [event for event in chosen if event.seq < start][:A_PAGE]
    left = sum(event.seq < shown[-1].seq for event in chosen) if shown else 0
    day = day_in(known, "As known on")
    then = sum(event.recorded_at.astimezone(ZoneInfo(zone)).date() <= day for event in found.events) if day else found.size
    values = {name: getattr(asked, name) for name in asked.__dataclass_fields__}
    return page(
        visit,
        "history.html.j2",
        nav="portfolio",
        wide=True,
        asked=asked,
        lines=[line_of(event, titles) for event in shown],
        chosen=len(chosen),
        size=found.size,
        then=then,
        day=day,
        head=found.root,
        kinds=sorted({event.kind for event in found.events}),
        titles=titles,
        older=with_query(f"/deals/{deal}/history", **values, before=shown[-1].seq) if left else "",
        party=next((one.name for one in adopted.parties if one.role in ("issuer", "borrower")), "") if adopted is not None else "",
        zone=zone,
        illustrative=visit.desk.demonstration or (adopted is not None and adopted.illustrative),
        foot=f"Log of {deal}: {found.size:,} entries, head {eights(found.root[:16])}.",
    )


FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@routes.get("/deals/{deal}/history.{form}")
@needs(Right.READ, reads="history as a file")
def history_file(visit: AtVisit, deal: str, form: str) -> Response:
    """The log as a file: CSV of its results, counts and deadlines, or every entry as a line of JSON."""
    from engine.queries.export_log import form_of_deal
    from engine.web.guarded_route import NotThere

    if form not in FORMS:
        raise NotThere
    headers = {"Content-Disposition": f'attachment; filename="{deal}-history.{form}"'}
    return Response(form_of_deal(visit.desk.workspace, deal, form), media_type=FORMS[form], headers=headers)

"""The page of a deal's history: its log, entry by entry.

A lasting address holds the filters. The page can also show the log as it was known on an earlier day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.events.deal_adopted import DealAdopted, clauses_on
from engine.events.kinds import Counted, Event, NoticeIssued, Tested
from engine.events.states import clause_of_key
from engine.queries.export_log import form_of_deal
from engine.queries.filtered_history import line_of as line_of_event
from engine.queries.filtered_history import subjects
from engine.queries.history import events_of, history_of
from engine.queries.spreadsheets import WORKBOOK, history_workbook
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import page, with_query
from engine.web.rights import Right
from engine.web.words import day_in, eights, whole_number

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
A_PAGE = 100
"""Entries on a page."""
ON_PAPER = 500
"""Entries in a PDF."""
ANY = "any"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A log entry as the page shows it.

    `state` is the word after a test or a count. `about` says what the entry is about.
    """

    entry: int
    on: date
    at: datetime
    kind: str
    about: tuple[str, ...]
    subject: str
    what: str
    state: str
    explained: str
    notice: int | None


@dataclass(frozen=True, slots=True)
class HistoryShown:
    """A log as lines, oldest first, with what its page needs of the deal."""

    lines: tuple[HistoryLine, ...]
    size: int
    root: str
    zone: str
    party: str
    illustrative: bool
    titles: dict[str, str]


def line_of(event: Event, titles: dict[str, str]) -> HistoryLine:
    """Return an event as the page shows it."""
    payload, said = event.payload, line_of_event(event)
    state = payload.state.status.value if isinstance(payload, (Tested, Counted)) else ""
    title = titles.get(clause_of_key(event.subject), "" if said else event.subject)
    explained = event.subject if isinstance(payload, Tested) else ""
    notice = payload.number if isinstance(payload, NoticeIssued) else None
    return HistoryLine(
        event.seq,
        event.effective_on,
        event.recorded_at,
        event.kind,
        subjects(event),
        title,
        said,
        state,
        explained,
        notice,
    )


def shown_of(visit: Visit, deal: str) -> HistoryShown:
    """Return the log of a deal as lines of the history page.

    The lines are made once for each size of the log, since 20,000 entries take seconds to read.
    """
    history = history_of(visit.desk.workspace, deal)
    adopted = next(
        (event.payload for event in reversed(history.events) if isinstance(event.payload, DealAdopted)), None
    )
    titles = (
        {clause.key: clause.title for clause in clauses_on(adopted, visit.now.date())}
        if adopted is not None
        else {}
    )
    party = (
        next((each.name for each in adopted.parties if each.role in ("issuer", "borrower")), "")
        if adopted is not None
        else ""
    )
    zone = adopted.time_zone if adopted is not None else "UTC"
    lines = tuple(line_of(event, titles) for event in history.events)
    return HistoryShown(
        lines, history.size, history.root, zone, party, adopted is not None and adopted.illustrative, titles
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a history, as it was typed."""

    q: str
    kind: str
    test: str
    recorded_from: str
    recorded_to: str
    known: str


def chosen_of(lines: Sequence[HistoryLine], asked: Filters, zone: str) -> list[HistoryLine]:
    """Return the lines that are asked for, newest first. Raises WrongUsage for a date that is not one."""
    first, last = day_in(asked.recorded_from, "Recorded from"), day_in(asked.recorded_to, "Recorded to")
    known = day_in(asked.known, "As known on")
    where, words = ZoneInfo(zone), asked.q.casefold().split()

    def fits(line: HistoryLine) -> bool:
        day = line.at.astimezone(where).date()
        return (
            (known is None or day <= known)
            and (first is None or day >= first)
            and (last is None or day <= last)
            and asked.kind in ("", ANY, line.kind)
            and (
                asked.test in ("", ANY)
                or any(asked.test in (each, clause_of_key(each)) for each in line.about)
            )
            and (
                all(
                    word in f"{line.kind} {line.about[0]} {line.subject} {line.what}".casefold()
                    for word in words
                )
            )
        )

    return [line for line in reversed(lines) if fits(line)]


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
    """Show the log of a deal, a hundred entries to a page."""
    desk = visit.desk
    log: HistoryShown = desk.pages.get(("history", deal, desk.size(deal)), lambda: shown_of(visit, deal))
    asked = Filters(q[:80], kind[:40], test[:80], recorded_from[:20], recorded_to[:20], known[:20])
    chosen = chosen_of(log.lines, asked, log.zone)
    wanted = whole_number(before)
    start = log.size if wanted is None else wanted
    if visit.paper and len(chosen) > ON_PAPER:
        raise WrongUsage(
            f"{counted(len(chosen), 'entries')} are too many for one PDF; choose at most {ON_PAPER} by "
            "words, kind or dates"
        )
    shown = [line for line in chosen if line.entry < start][: ON_PAPER if visit.paper else A_PAGE]
    left = bool(shown) and chosen[-1].entry < shown[-1].entry
    day = day_in(known, "As known on")
    then = (
        sum(line.at.astimezone(ZoneInfo(log.zone)).date() <= day for line in log.lines) if day else log.size
    )
    values = {name: getattr(asked, name) for name in asked.__dataclass_fields__}
    return page(
        visit,
        "history.html.j2",
        nav="portfolio",
        wide=True,
        asked=asked,
        lines=shown,
        chosen=len(chosen),
        size=log.size,
        then=then,
        day=day,
        head=log.root,
        kinds=sorted({line.kind for line in log.lines}),
        titles=log.titles,
        query=with_query("", **values),
        older=with_query(f"/deals/{deal}/history", **values, before=shown[-1].entry) if left else "",
        party=log.party,
        zone=log.zone,
        illustrative=desk.demonstration or log.illustrative,
        foot=f"Log of {deal}: {counted(log.size, 'entries')}, head {eights(log.root[:16])}.",
    )


def _on_paper(visit: Visit, deal: str) -> Response:
    """Return the entries that the filters of the address choose as a PDF.

    Raises WrongUsage for too many to print.
    """
    asked = {name: visit.request.query_params.get(name, "") for name in Filters.__dataclass_fields__}
    visit.paper = f"{deal}-history.pdf"
    made: Response = history(visit, deal, **asked)
    return made


FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@routes.get("/deals/{deal}/history.{form}")
@needs(Right.READ, reads="history as a file")
def history_file(visit: AtVisit, deal: str, form: str) -> Response:
    """Send the log as a file: CSV of its results, counts and deadlines, or every entry as a line of JSON."""
    if form == "pdf":
        return _on_paper(visit, deal)
    headers = {"Content-Disposition": f'attachment; filename="{deal}-history.{form}"'}
    if form == "xlsx":
        data = history_workbook(deal, events_of(visit.desk.workspace, deal))
        return Response(data, media_type=WORKBOOK, headers=headers)
    if form not in FORMS:
        raise NotThere
    return Response(form_of_deal(visit.desk.workspace, deal, form), media_type=FORMS[form], headers=headers)

"""A deal on a date: page 1 of its Compliance Notice in the browser, and what has happened since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.basics.values import counted
from engine.delivery.statement import statement_of
from engine.events.deal_adopted import clauses_on
from engine.events.kinds import Event, Tested
from engine.events.notice import NoticeInputs
from engine.events.states import clause_of_key
from engine.queries.deal_page import DealPage, deal_page
from engine.queries.export_log import form_of_deal
from engine.queries.history import summary
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.words import day_in, eights

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
SINCE = 12
"""Entries since the date that the page shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log in a line."""

    at: datetime
    who: str
    kind: str
    what: str
    entry: int


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One Publication Date of an index, for the table behind its chart."""

    day: date
    value: float | None
    low: float | None
    high: float | None
    carried: bool = False


def entry_of(event: Event, titles: Mapping[str, str]) -> Entry:
    """Return an event in a line; its clause by the agreement's own title."""
    said, title = summary(event), titles.get(clause_of_key(event.subject), "")
    what = ": ".join(filter(None, (title, said))) or event.subject
    return Entry(event.recorded_at, event.actor, event.kind, what, event.seq)


@dataclass(frozen=True, slots=True)
class DealShown:
    """A deal on a date as its page shows it: words and coordinates alone, so that many can be kept."""

    on: date | None
    dates: tuple[date, ...]
    notice: int | None
    notice_state: str
    view: dict[str, Any] | None
    charts: tuple[dict[str, Any], ...]
    findings: tuple[tuple[str, tuple[str, ...]], ...]
    explained: frozenset[str]
    since: tuple[Entry, ...]
    more_since: int
    size: int
    head: str
    zone: str
    illustrative: bool


@routes.get("/deals/{deal}")
@needs(Right.READ, reads="deal")
def deal(visit: AtVisit, deal: str, on: str = "") -> Response:
    """Show a deal on a date."""
    desk, today = visit.desk, visit.now.date()
    day = day_in(on, "on")
    shown: DealShown = desk.pages.get(
        ("deal", deal, desk.size(deal), desk.market, day, today), lambda: _composed(visit, deal, day)
    )
    here = shown.dates.index(shown.on) if shown.on is not None else 0
    view = shown.view
    return page(
        visit,
        "deal.html.j2",
        nav="portfolio",
        found=shown,
        view=view,
        issuer=view["issuer"] if view else "",
        facts=[each for each in view["particulars"] if each[0] in ("Outstanding principal", "Supersedes")]
        if view
        else [],
        before=shown.dates[here - 1] if here > 0 else None,
        after=shown.dates[here + 1] if here + 1 < len(shown.dates) else None,
        zone=shown.zone,
        illustrative=desk.demonstration or shown.illustrative,
        foot=f"Log of {deal}: {counted(shown.size, 'entries')}, head {eights(shown.head[:16])}.",
    )


def _composed(visit: Visit, deal: str, day: date | None) -> DealShown:
    """Return page 1 of the date's notice and what came after it, with results named by their clauses."""
    desk, today = visit.desk, visit.now.date()
    content = deal_page(desk.workspace, deal, day, visit.now)
    adopted, view = content.adopted, None
    charts: tuple[dict[str, Any], ...] = ()
    findings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if content.inputs is not None and adopted is not None:
        whole: dict[str, Any] = desk.parts.compose(content.inputs)
        for block in whole["first"]:
            if block["block"] == "results":
                for clause, row in zip(clauses_on(adopted, content.inputs.on), block["rows"], strict=False):
                    row["key"] = clause.key
        charts = tuple(_charts(whole, content.inputs))
        findings = tuple((one["name"], tuple(one["findings"])) for one in _indices(whole) if one["findings"])
        view = {name: whole[name] for name in ("issuer", "particulars", "answer", "first")}
    rows = statement_of(desk.workspace, deal, today).rows if content.notice is not None else ()
    state = next((row.state for row in rows if _states(row.number, content)), "drafted")
    titles = (
        {clause.key: clause.title for clause in clauses_on(adopted, today)} if adopted is not None else {}
    )
    return DealShown(
        content.on,
        content.dates,
        content.notice.number if content.notice is not None else None,
        state,
        view,
        charts,
        findings,
        _explained(content),
        tuple(entry_of(event, titles) for event in content.since[:SINCE]),
        max(0, len(content.since) - SINCE),
        content.size,
        content.head,
        adopted.time_zone if adopted is not None else "UTC",
        adopted is not None and adopted.illustrative,
    )


def _states(number: int, content: DealPage) -> bool:
    return content.notice is not None and number == content.notice.number


def _explained(content: DealPage) -> frozenset[str]:
    """Return the tests that have a result on the date, whose working can be shown."""
    events: Sequence[Event] = content.inputs.events if content.inputs is not None else ()
    return frozenset(
        event.subject
        for event in events
        if isinstance(event.payload, Tested) and event.effective_on == content.on
    )


def _charts(view: dict[str, Any], inputs: NoticeInputs) -> list[dict[str, Any]]:
    """Return the drawing of each index's rate, with the values behind it."""
    return [one["chart"] | {"points": _points(inputs, one["name"])} for one in _indices(view) if one["chart"]]


def _indices(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a notice says of each index."""
    return next((list(one["indices"]) for one in view["proof"] if one["block"] == "index"), [])


def _points(inputs: NoticeInputs, index: str) -> list[PricePoint]:
    return [_point(value) for value in inputs.publications.get(index, ())][-52:]


def _point(value: Any) -> PricePoint:
    ends = value.get("seller_interval") or {}
    low, high = (float(ends[name]) if ends.get(name) is not None else None for name in ("low", "high"))
    price = float(value["value"]) if value.get("value") is not None else None
    return PricePoint(date.fromisoformat(str(value["publication_date"])), price, low, high)


@routes.get("/deals/{deal}/calendar.ics")
@needs(Right.SEE, reads="calendar")
def calendar(visit: AtVisit, deal: str) -> Response:
    """Send every deadline that the log states, for a calendar program."""
    text = form_of_deal(visit.desk.workspace, deal, "ics")
    headers = {"Content-Disposition": f'attachment; filename="{deal}.ics"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)

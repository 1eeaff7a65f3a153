"""A deal on a date: page 1 of its Compliance Notice in the browser, and what has happened since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

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
    """An event in a line; its clause by the agreement's own title."""
    said, title = summary(event), titles.get(clause_of_key(event.subject), "")
    what = ": ".join(filter(None, (title, said))) or event.subject
    return Entry(event.recorded_at, event.actor, event.kind, what, event.seq)


@routes.get("/deals/{deal}")
@needs(Right.READ, reads="deal")
def deal(visit: AtVisit, deal: str, on: str = "") -> Response:
    """A deal on a date."""
    desk = visit.desk
    day, size = day_in(on, "on"), desk.size(deal)
    found, view = desk.pages.get(("deal", deal, size, day), lambda: _composed(visit, deal, day))
    here = found.dates.index(found.on) if found.on is not None else 0
    row = next((one for one in statement_of(desk.workspace, deal, visit.now.date()).rows if _states(one.number, found)), None)
    adopted = found.adopted
    titles = {one.key: one.title for one in clauses_on(adopted, visit.now.date())} if adopted is not None else {}
    return page(
        visit,
        "deal.html.j2",
        nav="portfolio",
        found=found,
        view=view,
        issuer=view["issuer"] if view else "",
        facts=[one for one in view["particulars"] if one[0] in ("Outstanding principal", "Supersedes")] if view else [],
        before=found.dates[here - 1] if here > 0 else None,
        after=found.dates[here + 1] if here + 1 < len(found.dates) else None,
        notice_state=row.state if row is not None else "drafted",
        explained=_explained(found),
        charts=_charts(view, found.inputs) if view else [],
        since=[entry_of(event, titles) for event in found.since[:SINCE]],
        more_since=max(0, len(found.since) - SINCE),
        zone=adopted.time_zone if adopted is not None else "UTC",
        illustrative=desk.demonstration or (adopted is not None and adopted.illustrative),
        foot=f"Log of {deal}: {found.size:,} entries, head {eights(found.head[:16])}.",
    )


def _composed(visit: Visit, deal: str, day: date | None) -> tuple[DealPage, dict[str, Any] | None]:
    """The facts of the date, and page 1 of its notice; rows of results are named by their clauses."""
    found = deal_page(visit.desk.workspace, deal, day, visit.now)
    if found.inputs is None:
        return found, None
    view: dict[str, Any] = visit.desk.parts.compose(found.inputs)
    keys = [clause.key for clause in clauses_on(found.adopted, found.inputs.on)] if found.adopted is not None else []
    for block in view["first"]:
        if block["block"] == "results":
            for key, row in zip(keys, block["rows"], strict=False):
                row["key"] = key
    return found, view


def _states(number: int, found: DealPage) -> bool:
    return found.notice is not None and number == found.notice.number


def _explained(found: DealPage) -> frozenset[str]:
    """The tests that have a result on the date, whose working can be shown."""
    events: Sequence[Event] = found.inputs.events if found.inputs is not None else ()
    return frozenset(event.subject for event in events if isinstance(event.payload, Tested) and event.effective_on == found.on)


def _charts(view: dict[str, Any], inputs: NoticeInputs) -> list[dict[str, Any]]:
    """The drawing of each index's rate, with the values behind it."""
    block = next((one for one in view["proof"] if one["block"] == "index"), None)
    found = [one for one in block["indices"] if one["chart"]] if block else []
    return [one["chart"] | {"points": _points(inputs, one["name"])} for one in found]


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
    """Every deadline that the log states, for a calendar program."""
    text = form_of_deal(visit.desk.workspace, deal, "ics")
    headers = {"Content-Disposition": f'attachment; filename="{deal}.ics"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)

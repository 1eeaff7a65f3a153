"""Two Determination Dates of a deal side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.queries.compared_dates import compare_dates
from engine.queries.deal_page import deal_facts, determined_dates
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.words import day_in

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


@routes.get("/deals/{deal}/compare")
@needs(Right.READ, reads="two dates")
def compare(visit: AtVisit, deal: str, first: str = "", second: str = "") -> Response:
    """Compare the last two dates, unless others are named."""
    desk = visit.desk
    dates = determined_dates(desk.workspace, deal)
    facts = deal_facts(desk.workspace, deal)
    one, other = day_in(first, "First date"), day_in(second, "Second date")
    shown = dates[-2:] if len(dates) > 1 else (*dates, *dates)
    compared = compare_dates(desk.workspace, deal, one or shown[0], other or shown[-1]) if shown else None
    return page(
        visit,
        "compare.html.j2",
        nav="portfolio",
        compared=compared,
        dates=dates,
        changed=sum(row.changed for row in compared.rows) if compared is not None else 0,
        zone=facts.time_zone,
        illustrative=desk.demonstration or facts.illustrative,
    )

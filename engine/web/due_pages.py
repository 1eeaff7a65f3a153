"""What is due under one deal: from whoever asks, and to whoever asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.queries.portfolio_deals import portfolio_deals
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.words import day_in

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


@routes.get("/deals/{deal}/due")
@needs(Right.SEE, reads="what is due")
def due(visit: AtVisit, deal: str, on: str = "") -> Response:
    """Show what is due."""
    day, mine = day_in(on, "on") or visit.now.date(), visit.who.parties_in(deal)
    desk, size = visit.desk, visit.desk.size(deal)
    row = desk.rows.get(("row", deal, size, day), lambda: portfolio_deals(desk.workspace, (deal,), day)[0])
    reads = visit.may(Right.READ, deal)
    owed = [
        duty
        for duty in row.owed
        if duty.who not in mine and (reads or any(party in duty.to for party in mine))
    ]
    return page(
        visit,
        "due.html.j2",
        nav="week",
        row=row,
        day=day,
        due=[duty for duty in row.owed if duty.who in mine],
        owed=owed,
        mine=mine,
        illustrative=desk.demonstration or row.illustrative,
    )

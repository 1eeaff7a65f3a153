"""The first page of whoever signed in: the person's deals, and what is due from the person."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.queries.portfolio_deals import DealRow, portfolio_deals
from engine.queries.who_owes_whom import OpenDuty
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right, granted

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


def rows_for(visit: Visit, right: Right, on: date) -> tuple[DealRow, ...]:
    """Return the rows of the deals in which the person has a right.

    A deal's row is made once for each size of the deal's log.
    """
    desk = visit.desk
    deals = granted(visit.who, desk.deals(), right)
    return portfolio_deals(
        desk.workspace,
        deals,
        on,
        lambda deal, size, make: desk.rows.get(("row", deal, size, on), make),
        desk.sizes(),
    )


def due_from(visit: Visit, rows: tuple[DealRow, ...]) -> tuple[OpenDuty, ...]:
    """Return what is owed by the parties that the person acts for, the longest overdue first."""
    duties = [duty for row in rows for duty in row.owed if duty.who in visit.who.parties_in(row.deal)]
    return tuple(sorted(duties, key=lambda one: (one.by, one.deal, one.subject)))


@routes.get("/")
@needs(Right.SIGNED_IN)
def home(visit: AtVisit) -> Response:
    """Show the first page."""
    rows = rows_for(visit, Right.SEE, visit.now.date())
    return page(
        visit,
        "home.html.j2",
        deals=[row.deal for row in rows],
        rows=rows,
        due=due_from(visit, rows)[:12],
        drafts=visit.may(Right.DRAFT),
        administers=visit.may(Right.ADMINISTER),
        illustrative=visit.desk.demonstration or any(row.illustrative for row in rows),
    )

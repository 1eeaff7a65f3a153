"""The interface for programs, `/api/v1`: the typed answers of the queries as JSON.

A program reads with an access token. OpenAPI describes the interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from engine import __version__
from engine.basics.errors import WrongUsage
from engine.delivery.statement import statement_of
from engine.queries.acts_recorded import acts_recorded
from engine.queries.history import explanation_of, history_part, summary
from engine.queries.portfolio_deals import portfolio_deals
from engine.queries.reports_received import reports_received
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import DOUBTS
from engine.web.rights import Right, granted

SAID = {"error": {"type": "object", "required": ["what"], "properties": {"what": {"type": "string"}}}}
ERROR = {
    "content": {"application/json": {"schema": {"type": "object", "required": ["error"], "properties": SAID}}}
}
OBJECT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
TABLE: dict[int | str, dict[str, Any]] = {
    **OBJECT,
    401: {"description": "No token that holds.", **ERROR},
    404: {
        "description": "This thing does not exist, or it is not granted; the two are answered alike.",
        **ERROR,
    },
    405: {"description": "The interface is read-only.", **ERROR},
    422: {"description": "What was asked for is not understood.", **ERROR},
    429: {"description": "Too many requests from one address."},
}
routes = APIRouter(route_class=GuardedRoute, prefix="/api/v1", responses=TABLE)
AtVisit = Annotated[Visit, Depends(visit_of)]
OfDeal = Annotated[str, Path(description="The deal, by its name.", min_length=1, max_length=100)]
On = Annotated[date | None, Query(description="As of this date; today unless given.")]
A_PAGE = 500
"""Entries of a history in one answer."""


def _answer(visit: Visit, data: Mapping[str, Any]) -> Response:
    """Return an answer from the record, which says why the record may lack what was recorded later."""
    doubt = visit.desk.doubt
    return _json(data if doubt is None else {doubt: DOUBTS[doubt], **data})


def _json(data: Mapping[str, Any]) -> Response:
    return JSONResponse(data, headers={"Cache-Control": "no-store"})


@routes.get("/openapi.json", include_in_schema=False)
@needs(Right.PUBLIC)
def described(visit: AtVisit) -> Response:
    """Return the description of the interface; nothing of a deal stands in it."""
    routes_shown = [
        route
        for route in visit.request.app.routes
        if getattr(route, "path", "").startswith("/api/v1") and route.include_in_schema
    ]
    made = get_openapi(title="Headroom", version=__version__, description=__doc__, routes=routes_shown)
    made["components"] = {
        **made.get("components", {}),
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    made["security"] = [{"token": []}]
    return _json(made)


@routes.get("/deals")
@needs(Right.READ, by_token=True)
def deals(visit: AtVisit, on: On = None) -> Response:
    """Return a row for each granted deal, the worst deal first.

    A row holds the state, the test that a fall of the rate turns next, and what is owed.
    """
    day = on or visit.now.date()
    names = granted(visit.who, visit.desk.deals(), Right.READ)
    desk = visit.desk
    rows = portfolio_deals(
        desk.workspace,
        names,
        day,
        lambda deal, size, make: desk.rows.get(("row", deal, size, day), make),
        desk.sizes(),
    )
    return _answer(visit, {"on": str(day), "deals": [row.as_data() for row in rows]})


@routes.get("/deals/{deal}")
@needs(Right.READ, reads="deal, by token", by_token=True)
def deal(visit: AtVisit, deal: OfDeal, on: On = None) -> Response:
    """Return the row of one deal."""
    day = on or visit.now.date()
    return _answer(
        visit, {"on": str(day), **portfolio_deals(visit.desk.workspace, (deal,), day)[0].as_data()}
    )


@routes.get("/deals/{deal}/history")
@needs(Right.READ, reads="history, by token", by_token=True)
def history(
    visit: AtVisit,
    deal: OfDeal,
    after: Annotated[
        int, Query(ge=-1, le=2**31, description="Entries after this number; the first page has -1.")
    ] = -1,
) -> Response:
    """Return the entries of a deal's log, oldest first, 500 to a page.

    `next` is the number at which the following page begins.
    """
    entries, size, head = history_part(visit.desk.workspace, deal, after + 1, A_PAGE)
    events = [{**event.model_dump(mode="json"), "summary": summary(event)} for event in entries]
    onward = entries[-1].seq if entries and entries[-1].seq + 1 < size else None
    return _answer(visit, {"deal": deal, "size": size, "head": head, "events": events, "next": onward})


@routes.get("/deals/{deal}/notices")
@needs(Right.READ, reads="statement of notices, by token", by_token=True)
def notices(visit: AtVisit, deal: OfDeal) -> Response:
    """Return each notice with what became of it, for each addressee."""
    return _answer(visit, statement_of(visit.desk.workspace, deal, visit.now.date()).as_data())


@routes.get("/deals/{deal}/reports")
@needs(Right.READ, reads="reports, by token", by_token=True)
def reports(visit: AtVisit, deal: OfDeal) -> Response:
    """Return the Servicer's reports that were received."""
    return _answer(visit, reports_received(visit.desk.workspace, deal).as_data())


@routes.get("/deals/{deal}/acts")
@needs(Right.READ, reads="Acts, by token", by_token=True)
def acts(visit: AtVisit, deal: OfDeal) -> Response:
    """Return the Recorded Acts."""
    recorded = acts_recorded(visit.desk.workspace, deal)
    rows = [
        {"entry": act.entry, "stands": act.stands, "act": act.act.model_dump(mode="json")} for act in recorded
    ]
    return _answer(visit, {"deal": deal, "acts": rows})


@routes.get("/deals/{deal}/results/{test}/{on}")
@needs(Right.READ, reads="working of a result, by token", by_token=True)
def result(visit: AtVisit, deal: OfDeal, test: Annotated[str, Path(max_length=100)], on: date) -> Response:
    """Return the whole working of one result, from listings to verdict."""
    try:
        return _answer(visit, explanation_of(visit.desk.workspace, deal, test, on).as_data())
    except WrongUsage:
        raise NotThere from None

"""One result from listings to verdict, as a page to print."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.queries.deal_page import deal_facts
from engine.queries.history import Explanation, explanation_of
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.words import day_in
from engine.workspace.workspace import in_a_file_name

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


def _found(visit: Visit, deal: str, test: str, on: str) -> Explanation:
    """Return the working of a result. Raises NotThere without one, or the address holds no date."""
    try:
        day = day_in(on, "on")
        if day is None:
            raise NotThere
        return explanation_of(visit.desk.workspace, deal, test, day)
    except WrongUsage:
        raise NotThere from None


@routes.get("/deals/{deal}/results/{test}/{on}.json")
@needs(Right.READ, reads="working as a file")
def explained_as_data(visit: AtVisit, deal: str, test: str, on: str) -> Response:
    """Return the working as programs read it."""
    headers = {"Content-Disposition": f'attachment; filename="{deal}-{test}-{on}.json"'}
    return JSONResponse(_found(visit, deal, test, on).as_data(), headers=headers)


@routes.get("/deals/{deal}/results/{test}/{on}.pdf")
@needs(Right.READ, reads="working as a file")
def explained_on_paper(visit: AtVisit, deal: str, test: str, on: str) -> Response:
    """Return the working as a PDF."""
    visit.paper = f"{deal}-{in_a_file_name(test)}-{on}.pdf"
    made: Response = explained(visit, deal, test, on)
    return made


@routes.get("/deals/{deal}/results/{test}/{on}")
@needs(Right.READ, reads="working of a result")
def explained(visit: AtVisit, deal: str, test: str, on: str) -> Response:
    """Show the working of one result."""
    explanation = _found(visit, deal, test, on)
    facts = deal_facts(visit.desk.workspace, deal)
    return page(
        visit,
        "explain.html.j2",
        nav="portfolio",
        found=explanation,
        event=explanation.event,
        result=explanation.event.payload.result,
        state=explanation.event.payload.state,
        before=explanation.event.payload.before,
        value=explanation.publications[-1] if explanation.publications else None,
        said=[
            line
            for line in explanation.lines
            if line.startswith(("Decisive by sellers", "With other sellers", "Share of subsets"))
        ],
        test=test,
        zone=facts.time_zone,
        illustrative=visit.desk.demonstration or facts.illustrative,
        foot=f"Log of {deal}: {counted(explanation.size, 'entries')}.",
    )

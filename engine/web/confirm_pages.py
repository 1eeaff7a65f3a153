"""The pages of questions about held figures (`rulings.md` 57).

A person answers with words. A second person confirms the answer if the deal asks for two.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.events.servicing import FigureConfirmed
from engine.operations.confirm import confirm
from engine.operations.record_act import asks_for_two
from engine.queries.reports_received import ReceivedReport, ReportsReceived, reports_received
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.waiting import Waiting, move, prepare, waiting_one

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


def _held(visit: Visit, deal: str, name: str) -> tuple[ReportsReceived, ReceivedReport]:
    """Return a report of which figures are held. Raises NotThere without one of this name."""
    received = reports_received(visit.desk.workspace, deal)
    report = next((each for each in received.reports if each.name == name and each.held), None)
    if report is None:
        raise NotThere
    return received, report


@routes.get("/deals/{deal}/questions")
@needs(Right.REPORT, reads="questions")
def questions(visit: AtVisit, deal: str, report: str = "") -> Response:
    """Show the questions about one report."""
    return _page(visit, deal, report, "")


def _page(visit: Visit, deal: str, name: str, refused: str) -> Response:
    received, report = _held(visit, deal, name)
    return page(
        visit,
        "questions.html.j2",
        status=422 if refused else 200,
        nav="week",
        report=report,
        party=received.party,
        two=_two(visit, deal),
        refused=refused,
        zone=received.zone,
        illustrative=visit.desk.demonstration or received.illustrative,
    )


def _two(visit: Visit, deal: str) -> bool:
    return asks_for_two(visit.desk.deal_terms(deal), visit.now.date())


@routes.post("/deals/{deal}/questions")
@needs(Right.REPORT)
def answer(visit: AtVisit, deal: str) -> Response:
    """Confirm the figures that were ticked, or send the confirmation to a second person."""
    desk, name, words = visit.desk, visit.said("report", 300), visit.said("words", 300)
    _, report = _held(visit, deal, name)
    figures = [figure for figure, _ in report.held if visit.said(f"is-right {figure}") == "yes"]
    if not figures:
        return _page(
            visit,
            deal,
            name,
            "Tick each figure that is right. For one that is wrong, send a corrected report.",
        )
    if not words:
        return _page(visit, deal, name, "Say how you know; the words stand in the record beside the figure.")
    body = {"report": name, "figures": figures, "words": words}
    number = prepare(desk.database, deal, "confirm", visit.who.number, visit.now, desk.size(deal), body, None)
    waiting = waiting_one(desk.database, number)
    assert waiting is not None  # it was just prepared
    if _two(visit, deal):
        move(desk.database, waiting, "sent", None, words, visit.now)
        seen = visit.may(Right.RELEASE, deal)  # a sender sees that it waits in the list of reports
        return RedirectResponse(f"/deals/{deal}/waiting/{number}" if seen else f"/deals/{deal}/reports", 303)
    with desk.recording():
        confirm_waiting(visit, deal, waiting, None)
    move(desk.database, waiting, "approved", visit.who.number, words, visit.now)
    return RedirectResponse(f"/deals/{deal}/reports", 303)


def confirm_waiting(visit: Visit, deal: str, waiting: Waiting, approved_by: str | None) -> None:
    """Record a confirmation as it was prepared. Raises WrongUsage if the figures are held no more."""
    figures = tuple(str(figure) for figure in waiting.body["figures"])
    report, words = str(waiting.body["report"]), str(waiting.body["words"])
    said = FigureConfirmed(
        report=report,
        figures=figures,
        words=words,
        prepared_by=waiting.prepared_name,
        approved_by=approved_by,
    )
    of = visit.desk.deal_terms(deal)
    if not confirm(visit.desk.workspace, of, report, figures, said, visit.scribe()).recorded:
        raise WrongUsage("these figures were confirmed before")

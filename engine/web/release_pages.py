"""A notice released by who acts for its giver; if the deal asks for two persons, by two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.delivery.release import release
from engine.delivery.statement import StatementRow, statement_of
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, number_of, visit_of
from engine.web.rights import APPROVER, EVERY_DEAL, SERVICER, Person, Right
from engine.web.waiting import move, prepare, waiting_of, waiting_one
from engine.workspace.delivery_settings import Person as Acting

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


def acting_for(person: Person, deal: str) -> Acting:
    """Return the parties of a deal for which an account acts.

    An approver acts as a second person of the Servicer.
    """
    parties = tuple(SERVICER if party == APPROVER else party for party in person.parties_in(deal))
    return Acting(acts_for=parties, deals=() if deal == EVERY_DEAL else (deal,))


def acting_people(visit: Visit, *others: int) -> dict[str, Acting]:
    """Return who acts for whom, by name: whoever asks, and other accounts by number.

    Raises WrongUsage if two have one name.
    """
    deal = visit.deal or EVERY_DEAL
    people = {visit.who.name: acting_for(visit.who, deal)}
    for number in others:
        person = visit.desk.accounts.person(number)
        if person is None:
            raise WrongUsage("whoever prepared this has no account any more; prepare it again")
        if person.name in people and person.number != visit.who.number:
            raise WrongUsage(f"two accounts are called {person.name}; a record must tell them apart")
        people[person.name] = acting_for(person, deal)
    return people


def may_release(visit: Visit, row: StatementRow) -> bool:
    """Return whether the person acts for the giver of a notice that is a draft still."""
    duty = row.delivery.duty
    unreleased = row.delivery.release is None or row.delivery.release.draft
    own = visit.deal is not None and acting_for(visit.who, visit.deal)
    return bool(
        own
        and duty is not None
        and row.addressees
        and unreleased
        and own.may_release(visit.deal or "", duty.given_by)
    )


def notice_row(visit: Visit, deal: str, number: int) -> StatementRow | None:
    """Return a notice as the statement of today has it; None if the deal has no notice of this number."""
    rows = statement_of(visit.desk.workspace, deal, visit.now.date()).rows
    return next((row for row in rows if row.number == number), None)


def by_two(row: StatementRow) -> bool:
    """Return whether the deal asks for two persons to release a notice."""
    duty = row.delivery.duty
    return duty is not None and duty.released_by == "two persons"


@routes.post("/deals/{deal}/notices/{number}/release")
@needs(Right.RELEASE)
def release_notice(visit: AtVisit, deal: str, number: str) -> Response:
    """Release a notice, or send its release to a second person."""
    desk = visit.desk
    wanted = number_of(number)
    row = notice_row(visit, deal, wanted)
    if row is None or not may_release(visit, row):
        raise NotThere
    if visit.said("sha256") != row.delivery.notice.sha256:
        raise WrongUsage("the notice is another one than the page showed; open it anew")
    if by_two(row):
        open_ = [
            waiting
            for waiting in waiting_of(desk.database, [deal], "release")
            if waiting.body["number"] == row.number
        ]
        prepared = open_[0].number if open_ else _prepared(visit, deal, row.number)
        return RedirectResponse(f"/deals/{deal}/waiting/{prepared}", 303)
    with desk.recording():
        release(
            desk.workspace,
            deal,
            row.number,
            visit.who.name,
            None,
            False,
            visit.scribe(),
            acting_people(visit),
        )
    return RedirectResponse(f"/deals/{deal}/notices/{number}", 303)


def _prepared(visit: Visit, deal: str, number: int) -> int:
    """Return the release as it waits for a second person."""
    desk = visit.desk
    made = prepare(
        desk.database, deal, "release", visit.who.number, visit.now, desk.size(deal), {"number": number}, None
    )
    waiting = waiting_one(desk.database, made)
    if waiting is not None:
        move(desk.database, waiting, "sent", None, "", visit.now)
    return made

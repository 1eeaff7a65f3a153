"""Administration: people and grants, sessions and tokens, keys by their public parts, the log of reads.

No deal is shown here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.queries.deal_page import parties_of
from engine.web.access_tokens import end_token, tokens
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, number_of, visit_of
from engine.web.rendering import page
from engine.web.rights import ADMINISTRATOR, APPROVER, EVERY_DEAL, SERVICER, STRUCTURER, Grant, Person, Right
from engine.workspace.checkpoints import public_keys

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
PARTS = (SERVICER, APPROVER, STRUCTURER, ADMINISTRATOR)


def _page(visit: Visit, status: int = 200, refused: str = "", link: str = "", invited: str = "") -> Response:
    desk = visit.desk
    people = desk.accounts.people()
    names = {person.number: person.name for person in people}
    return page(
        visit,
        "admin.html.j2",
        status=status,
        nav="admin",
        people=people,
        names=names,
        deals=desk.deals(),
        parties=sorted(
            {*PARTS, *(party for deal in desk.deals() for party in parties_of(desk.workspace, deal))}
        ),
        sessions=desk.sessions.of(),
        tokens=[token for token in tokens(desk.database) if not token.ended],
        keys=public_keys(desk.workspace),
        every=EVERY_DEAL,
        refused=refused,
        link=link,
        invited=invited,
    )


@routes.get("/admin")
@needs(Right.ADMINISTER)
def admin(visit: AtVisit) -> Response:
    """People, grants, sessions, tokens, keys."""
    return _page(visit)


@routes.get("/admin/reads")
@needs(Right.ADMINISTER)
def reads(visit: AtVisit, deal: str = "") -> Response:
    """Show who read what, the newest first."""
    chosen = deal if deal in visit.desk.deals() else None
    return page(
        visit,
        "reads.html.j2",
        nav="admin",
        rows=visit.desk.reads.of(chosen),
        deals=visit.desk.deals(),
        chosen=chosen,
    )


def _invited(visit: Visit, person: Person) -> Response:
    invitation = visit.desk.accounts.invite(person.number, visit.now)
    address = (visit.desk.settings.address or f"http://{visit.request.headers.get('host', '')}").rstrip("/")
    return _page(visit, link=f"{address}/invitation/{invitation.token}", invited=person.name)


@routes.post("/admin/people")
@needs(Right.ADMINISTER)
def invite(visit: AtVisit) -> Response:
    """Open a new account, with a one-time link that is shown once."""
    try:
        person = visit.desk.accounts.add(visit.said("login", 256), visit.said("name", 121), visit.now)
    except WrongUsage as error:
        return _page(visit, 422, str(error))
    return _invited(visit, person)


def _person(visit: Visit, number: str) -> Person:
    person = visit.desk.accounts.person(number_of(number))
    if person is None:
        raise NotThere
    return person


@routes.post("/admin/people/{number}/invite")
@needs(Right.ADMINISTER)
def invite_again(visit: AtVisit, number: str) -> Response:
    """Make a new invitation link for a person who has lost the password.

    The old password holds until the link is used.
    """
    return _invited(visit, _person(visit, number))


@routes.post("/admin/people/{number}/end")
@needs(Right.ADMINISTER)
def end_account(visit: AtVisit, number: str) -> Response:
    """End an account with its sessions and tokens."""
    try:
        visit.desk.accounts.end(_person(visit, number).number, visit.now)
    except WrongUsage as error:
        return _page(visit, 422, str(error))
    return RedirectResponse("/admin", 303)


@routes.post("/admin/people/{number}/sessions/end")
@needs(Right.ADMINISTER)
def end_sessions(visit: AtVisit, number: str) -> Response:
    """End the sessions of a person."""
    visit.desk.sessions.end_all(_person(visit, number).number)
    return RedirectResponse("/admin", 303)


@routes.post("/admin/grants")
@needs(Right.ADMINISTER)
def grant(visit: AtVisit) -> Response:
    """Grant a party of a deal, or take the grant back."""
    person, deal, party = (
        _person(visit, visit.said("person", 12)),
        visit.said("deal", 100),
        visit.said("party", 60),
    )
    desk, what = visit.desk, Grant(deal, party)
    if visit.said("what") == "withdraw":
        try:
            desk.accounts.withdraw(person.number, what)
        except WrongUsage as error:
            return _page(visit, 422, str(error))
        return RedirectResponse("/admin", 303)
    known = {*PARTS, *(parties_of(desk.workspace, deal) if deal in desk.deals() else ())}
    if deal == EVERY_DEAL:
        known |= {name for deal in desk.deals() for name in parties_of(desk.workspace, deal)}
    if party not in known or (deal != EVERY_DEAL and deal not in desk.deals()):
        return _page(
            visit,
            422,
            f"{deal} has no party `{party}`; a grant names a deal and one of its parties, or a part at the "
            "desk",
        )
    if person.number == visit.who.number and party == APPROVER:
        return _page(visit, 422, "nobody makes themself the second person; another administrator grants it")
    desk.accounts.grant(person.number, what, visit.who.login, visit.now)
    return RedirectResponse("/admin", 303)


@routes.post("/admin/tokens/{key}/end")
@needs(Right.ADMINISTER)
def end_any_token(visit: AtVisit, key: str) -> Response:
    """End anybody's token."""
    end_token(visit.desk.database, key, visit.now)
    return RedirectResponse("/admin", 303)

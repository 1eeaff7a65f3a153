"""One's own account: password, sessions, tokens for programs, and what one has been granted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.web.access_tokens import end_token, make_token, tokens
from engine.web.attempts import GUESSES_AT_AN_ACCOUNT
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import EVERY_DEAL, Right, may
from engine.web.words import whole_number

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


@routes.get("/account")
@needs(Right.SIGNED_IN)
def account(visit: AtVisit) -> Response:
    """Show the account."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, refused: str = "", said: str = "", token: str = "") -> Response:
    desk = visit.desk
    return page(
        visit,
        "account.html.j2",
        status=status,
        sessions=desk.sessions.of(visit.who.number),
        this_session=visit.session.key if visit.session is not None else "",
        tokens=[token for token in tokens(desk.database, visit.who.number) if not token.ended],
        deals=[deal for deal in desk.deals() if may(visit.who, Right.READ, deal)],
        refused=refused,
        said=said,
        token=token,
    )


@routes.post("/account/password")
@needs(Right.SIGNED_IN)
def change_password(visit: AtVisit) -> Response:
    """Set a new password; every session ends, this one too."""
    desk, who = visit.desk, visit.who
    old, new, again = (
        value if isinstance(value := visit.form.get(name), str) else "" for name in ("old", "new", "again")
    )
    if not desk.attempts.allowed(GUESSES_AT_AN_ACCOUNT, "password", str(who.number)):
        return _page(visit, 429, "Too many attempts; wait a quarter of an hour")
    if desk.accounts.verified(who.login, old) is None:
        return _page(visit, 403, "The present password is not right")
    if new != again:
        return _page(visit, 422, "The two new passwords are not the same")
    try:
        desk.accounts.set_password(who.number, new)
    except WrongUsage as error:
        return _page(visit, 422, str(error))
    return RedirectResponse("/sign-in", 303)


@routes.post("/account/sessions/end")
@needs(Right.SIGNED_IN)
def end_sessions(visit: AtVisit) -> Response:
    """End every session but this one."""
    visit.desk.sessions.end_all(visit.who.number, but=visit.session.key if visit.session is not None else "")
    return RedirectResponse("/account", 303)


@routes.post("/account/tokens")
@needs(Right.SIGNED_IN)
def new_token(visit: AtVisit) -> Response:
    """Make a token that reads for a program: of one granted deal or all, shown once."""
    deal, days = visit.said("deal", 100) or EVERY_DEAL, visit.said("days", 4)
    if deal != EVERY_DEAL and not may(visit.who, Right.READ, deal):
        raise NotThere
    try:
        made = make_token(
            visit.desk.database, visit.who, visit.said("label", 81), deal, whole_number(days) or 0, visit.now
        )
    except WrongUsage as error:
        return _page(visit, 422, str(error))
    return _page(visit, token=made)


@routes.post("/account/tokens/{key}/end")
@needs(Right.SIGNED_IN)
def end_own_token(visit: AtVisit, key: str) -> Response:
    """End one of one's own tokens."""
    end_token(visit.desk.database, key, visit.now, visit.who.number)
    return RedirectResponse("/account", 303)

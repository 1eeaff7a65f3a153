"""Sign in and out, and the one-time invitation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.web.accounts import hashed
from engine.web.attempts import GUESSES_AT_AN_ACCOUNT, GUESSES_FROM_AN_ADDRESS
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, cookie_name, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
WRONG = "The mail address or the password is not right."
TOO_OFTEN = (
    "Too many attempts. Wait a quarter of an hour; your administrator can send a new invitation meanwhile."
)
SEE_OTHER = 303


def address_of(visit: Visit) -> str:
    """Return the address that a request comes from."""
    client = visit.request.client
    return client.host if client is not None else "nobody"


def local(path: str) -> str:
    """Return an address of ours to go on to; the first page for anything that is not one."""
    fine = (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and "\\" not in path
        and len(path) < 2000
    )
    return path if fine else "/"


@routes.get("/sign-in")
@needs(Right.PUBLIC)
def sign_in_page(visit: AtVisit, next: str = "/") -> Response:  # the address of the page has this word
    """Show the form to sign in."""
    if visit.person is not None:
        return RedirectResponse("/", SEE_OTHER)
    return page(visit, "sign_in.html.j2", refused=None, login="", next=local(next))


@routes.post("/sign-in")
@needs(Right.PUBLIC)
def sign_in(visit: AtVisit) -> Response:
    """Sign in: a new session takes the place of any that the browser had."""
    login, onward = visit.said("login", 256), local(visit.said("next") or "/")
    password = visit.form.get("password")
    tries = visit.desk.attempts
    from_here = tries.allowed(GUESSES_FROM_AN_ADDRESS, "address", address_of(visit))
    at_account = tries.allowed(GUESSES_AT_AN_ACCOUNT, "account", hashed(login.lower()))
    if not (from_here and at_account):
        return page(visit, "sign_in.html.j2", status=429, refused=TOO_OFTEN, login=login, next=onward)
    person = visit.desk.accounts.verified(login, password if isinstance(password, str) else "")
    if person is None:
        return page(visit, "sign_in.html.j2", status=403, refused=WRONG, login=login, next=onward)
    return _begun(visit, person.number, onward)


def _begun(visit: Visit, person: int, onward: str) -> Response:
    """Return a new session, and on to a page."""
    if visit.session is not None:
        visit.desk.sessions.end(visit.session.key)
    name = visit.desk.sessions.begin(person, address_of(visit), visit.now)
    answer = RedirectResponse(onward, SEE_OTHER)
    answer.set_cookie(
        cookie_name(visit.desk),
        name,
        path="/",
        secure=visit.desk.settings.has_tls,
        httponly=True,
        samesite="lax",
    )
    return answer


@routes.post("/sign-out")
@needs(Right.PUBLIC)
def sign_out(visit: AtVisit) -> Response:
    """End the session, and have the browser forget what it kept."""
    if visit.session is not None:
        visit.desk.sessions.end(visit.session.key)
    answer = RedirectResponse("/sign-in", SEE_OTHER, headers={"Clear-Site-Data": '"cache", "storage"'})
    answer.delete_cookie(
        cookie_name(visit.desk), path="/", secure=visit.desk.settings.has_tls, httponly=True, samesite="lax"
    )
    return answer


@routes.get("/invitation/{token}")
@needs(Right.PUBLIC)
def invitation_page(visit: AtVisit, token: str) -> Response:
    """Show the form to set a password; to open it changes nothing."""
    invited = visit.desk.accounts.invited(token, visit.now)
    if invited is None:
        raise NotThere
    return page(visit, "invitation.html.j2", invited=invited, token=token, refused=None)


@routes.post("/invitation/{token}")
@needs(Right.PUBLIC)
def accept_invitation(visit: AtVisit, token: str) -> Response:
    """Set the password; the link is used up."""
    accounts = visit.desk.accounts
    invited = accounts.invited(token, visit.now)
    if invited is None or not visit.desk.attempts.allowed(
        GUESSES_FROM_AN_ADDRESS, "invitation", address_of(visit)
    ):
        raise NotThere
    password, again = visit.form.get("password"), visit.form.get("again")
    try:
        if not isinstance(password, str) or password != again:
            raise WrongUsage("the two passwords are not the same")
        person = accounts.accept(token, password, visit.now)
    except WrongUsage as refused:
        return page(
            visit,
            "invitation.html.j2",
            status=422,
            invited=invited,
            token=token,
            refused=f"{refused}.".capitalize(),
        )
    if person is None:
        raise NotThere
    return _begun(visit, person.number, "/")

"""The one kind of route: it says what it needs, and nothing of it runs before that is granted.

Here stand, once for all pages: who asks, whether they may, the form in its bounds, the word against forged
requests, the log of reads.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from engine.assembly import scribe
from engine.web.access_tokens import token_person
from engine.web.desk import Desk
from engine.web.rights import Person, Right, may
from engine.web.sessions import Session
from engine.web.words import whole_number

if TYPE_CHECKING:
    from engine.assembly import Scribe

FIELDS, FILES, FIELD_BYTES = 200, 4, 64 * 1024
"""How many fields and files a form has at most, and how long a field may be."""
PATIENCE = 60.0
"""Seconds within which a form must have arrived."""
SMALL = 256 * 1024
"""Bytes of a form without a file."""
COOKIE, SECURE_COOKIE = "session", "__Host-session"


class NotThere(Exception):
    """The page does not exist, or it is not granted: the two are answered alike."""


class SignInFirst(Exception):
    """Nobody is signed in."""


class Forged(Exception):
    """A form that did not come from a page of ours, or from one of an earlier session."""


class TooMuch(Exception):
    """More than is taken; the words say what, and the code says how."""

    def __init__(self, what: str, code: int) -> None:
        """Say what is too much, with the code of the answer."""
        super().__init__(what)
        self.code = code


def number_of(text: str) -> int:
    """Return a notice's number from an address. Raises NotThere for anything else."""
    number = whole_number(text)
    if number is None:
        raise NotThere
    return number


@dataclass(frozen=True, slots=True)
class Need:
    """What a route needs, and under which word its reads are logged."""

    right: Right
    reads: str | None = None
    takes_file: bool = False
    by_token: bool = False


@dataclass
class Visit:
    """One request by somebody who may make it."""

    request: Request
    desk: Desk
    person: Person | None
    session: Session | None
    now: datetime
    deal: str | None
    form: FormData
    paper: str = ""
    """The name of the file where the page is asked for as a PDF."""

    @property
    def who(self) -> Person:
        """Who is signed in. Raises SignInFirst if nobody is."""
        if self.person is None:
            raise SignInFirst
        return self.person

    def may(self, right: Right, deal: str | None = None) -> bool:
        """Return whether the person may do something."""
        return may(self.person, right, deal)

    def scribe(self) -> Scribe:
        """Return who records: the account, now, with this engine; never a name that was typed in."""
        return self.scribe_as(self.who.login)

    def scribe_as(self, actor: str) -> Scribe:
        """Return the scribe of a person without an account.

        `actor` says what let the person in, for instance a link in a mail.
        """
        return replace(scribe(), actor=actor, at=self.now)

    def said(self, name: str, most: int = 2000) -> str:
        """Return a field of the form as text without spaces around it.

        The text is empty if the field is missing or holds a file.
        """
        value = self.form.get(name)
        return value.strip()[:most] if isinstance(value, str) else ""

    def file(self, name: str) -> UploadFile | None:
        """Return a file of the form; None if none was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None


def needs(
    right: Right, *, reads: str | None = None, takes_file: bool = False, by_token: bool = False
) -> Callable[[Any], Any]:
    """Say what a route needs.

    Args:
        right: the right.
        reads: under which word each answer stands in the log of reads; None for what is not logged.
        takes_file: whether its form brings a file.
        by_token: whether programs ask with a token, and not people with a session.
    """

    def said(endpoint: Any) -> Any:
        endpoint.need = Need(right, reads, takes_file, by_token)
        return endpoint

    return said


class GuardedRoute(APIRoute):
    """A route that has said what it needs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        """Take the need of the endpoint. Raises TypeError if it has none."""
        need = getattr(endpoint, "need", None)
        if not isinstance(need, Need):
            raise TypeError(
                f"the route {path} does not say what it needs: put @needs(...) before its function"
            )
        self.need = need
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint behind its guard."""
        inner, need = super().get_route_handler(), self.need

        async def guarded(request: Request) -> Response:
            try:
                visit = await admitted(request, need)
                request.state.visit = visit
                response = await inner(request)
            finally:
                # Uploaded files lie in temporary files, which must go even if the endpoint raised.
                await request.close()
            # A refusal showed nothing, so the log of reads does not say that somebody read the page.
            if need.reads is not None and response.status_code < 400:
                await run_in_threadpool(_noted, visit, need.reads)
            return response

        return guarded


async def visit_of(request: Request) -> Visit:
    """Return the visit of a request, for an endpoint."""
    visit: Visit = request.state.visit
    return visit


def _noted(visit: Visit, what: str) -> None:
    url = visit.request.url
    who = visit.person.login if visit.person is not None else "by link"
    visit.desk.reads.note(
        visit.now, who, visit.deal, what, f"{url.path}?{url.query}" if url.query else url.path
    )


async def admitted(request: Request, need: Need) -> Visit:
    """Return the visit of whoever may make it.

    Raises:
        SignInFirst: nobody is signed in, and somebody must be.
        NotThere: it is not granted, or the deal is not there.
        Forged: a form that is not of this session.
        TooMuch: a form beyond its bounds.
    """
    desk: Desk = request.app.state.desk
    visit = await run_in_threadpool(_allowed, request, desk, need)
    # The right is decided before the form: the upload of somebody without the right is never read.
    if request.method == "POST":
        _same_site(request)
        visit.form = await _form(request, need)
        _own_form(visit)
    return visit


def _allowed(request: Request, desk: Desk, need: Need) -> Visit:
    """Return who asks, and whether they may."""
    now = desk.clock()
    session, person = None, None
    deal = request.path_params.get("deal")
    right = need.right
    if need.by_token:
        person = token_person(desk.database, desk.accounts, request.headers.get("authorization", ""), now)
    else:
        session = _session(request, desk, now)
        person = desk.accounts.person(session.person) if session is not None else _by_proxy(request, desk)
    if person is None and right is not Right.PUBLIC:
        raise SignInFirst
    # Both get one answer: two answers would tell a stranger which deals exist.
    if not may(person, right, deal) or (deal is not None and deal not in desk.deals()):
        raise NotThere
    return Visit(request, desk, person, session, now, deal, FormData())


def _session(request: Request, desk: Desk, now: datetime) -> Session | None:
    name = request.cookies.get(cookie_name(desk))
    # A cookie of a hundred characters is not a token of ours, so the database is not asked.
    return desk.sessions.find(name, now) if name and len(name) < 100 else None


def _by_proxy(request: Request, desk: Desk) -> Person | None:
    """Return the account that an authenticating proxy names, if one is configured."""
    header = desk.settings.signed_in_by
    named = request.headers.get(header) if header is not None else None
    return desk.accounts.named(named) if named else None


def cookie_name(desk: Desk) -> str:
    """Return the name of the session's cookie; if there is TLS, one that no other host can set."""
    return SECURE_COOKIE if desk.settings.has_tls else COOKIE


def _same_site(request: Request) -> None:
    """Refuse a form that another site sent. Raises Forged."""
    site = request.headers.get("sec-fetch-site")
    # An old browser sends neither header; then the secret word of the session decides alone.
    if site is not None and site not in ("same-origin", "none"):
        raise Forged
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forged


async def _form(request: Request, need: Need) -> FormData:
    """Return the form, within its bounds. Raises TooMuch."""
    declared = request.headers.get("content-length", "")
    length = whole_number(declared)
    # A form without a declared length could grow while it is read. A form with a file is bounded in
    # `Protection`.
    if not need.takes_file and (length is None or length > SMALL):
        raise TooMuch("this form is longer than a form of its kind can be", 413)
    try:
        # A sender who lets single bytes drip would otherwise hold a connection for ever.
        async with asyncio.timeout(PATIENCE):
            return await request.form(
                max_files=FILES if need.takes_file else 0, max_fields=FIELDS, max_part_size=FIELD_BYTES
            )
    except TimeoutError:
        raise TooMuch("the form took longer to arrive than is waited for", 408) from None


def _own_form(visit: Visit) -> None:
    """Refuse a form that does not carry the secret word of its session.

    If a proxy names the person, the browser must also say from which site the form came. Raises Forged.
    """
    if visit.session is not None:
        # The comparison takes the same time wherever the words part. Both are bytes: text beyond ASCII would
        # raise.
        if not hmac.compare_digest(visit.said("csrf").encode(), visit.session.csrf.encode()):
            raise Forged
    # A proxy signs in forged requests too, and such a form lacks the word of a session.
    elif visit.person is not None and not {"sec-fetch-site", "origin"} & set(visit.request.headers):
        raise Forged

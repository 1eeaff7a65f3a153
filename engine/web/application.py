"""The web application: the routes of all pages, each with its guard.

A refusal is a page like any other.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from engine import __version__
from engine.basics.errors import HeadroomError, InputProblems
from engine.queries.portfolio_deals import DealRow, portfolio_deals
from engine.web import (
    account_pages,
    act_pages,
    admin_pages,
    api_pages,
    compare_pages,
    confirm_pages,
    deal_pages,
    draft_pages,
    due_pages,
    foresight_pages,
    history_pages,
    home_pages,
    notice_pages,
    portfolio_pages,
    proof_pages,
    public_pages,
    receipt_pages,
    release_pages,
    rendering,
    report_pages,
    result_pages,
    sign_in_pages,
    week_pages,
)
from engine.web.desk import Desk
from engine.web.guarded_route import Forged, GuardedRoute, NotThere, SignInFirst, TooMuch, Visit
from engine.web.protection import Protection
from engine.web.rendering import compiled, rendered

ROOMS = (
    public_pages,
    sign_in_pages,
    home_pages,
    week_pages,
    portfolio_pages,
    deal_pages,
    result_pages,
    history_pages,
    notice_pages,
    proof_pages,
    report_pages,
    confirm_pages,
    act_pages,
    release_pages,
    receipt_pages,
    due_pages,
    account_pages,
    admin_pages,
    draft_pages,
    foresight_pages,
    compare_pages,
    api_pages,
)
"""The modules that have pages; one that is added here is guarded, tested and shown in the navigation."""
WAITS_FOR_WARMING = 5.0
"""Seconds that a stop waits for the rows that are being made."""
LOOKS_AGAIN = 2.0
"""Seconds after which it is looked whether logs have grown."""
OF_A_DEAL = "/deals/{deal}"
API = "/api/"


def application(desk: Desk) -> FastAPI:
    """Return the pages of a desk. Raises TypeError if a route does not say what it needs."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Templates are compiled now, because the first person's page would wait for them otherwise.
        await run_in_threadpool(compiled, desk.parts)
        warming = threading.Thread(target=keep_warm, args=(desk,), name="warm", daemon=True)
        warming.start()
        yield
        # The thread is told before it is waited for; otherwise the wait would always last its full time.
        desk.stopping.set()
        await run_in_threadpool(warming.join, WAITS_FOR_WARMING)
        desk.work.close()

    app = FastAPI(
        title="Headroom",
        version=__version__,
        lifespan=lifespan,
        # The framework's own pages would answer without a guard.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.router.route_class = GuardedRoute
    # A redirect to an address with a slash would be an answer that a guard never saw.
    app.router.redirect_slashes = False
    app.state.desk = desk
    for room in ROOMS:
        for route in room.routes.routes:
            app.router.routes.append(_guarded(route))
    rendering.DEAL_PLACES.update(
        route.path.removeprefix(OF_A_DEAL)
        for route in app.router.routes
        if isinstance(route, GuardedRoute) and route.path.startswith(OF_A_DEAL)
    )
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    app.add_middleware(Protection, desk=desk)
    return app


def keep_warm(desk: Desk) -> None:
    """Make the rows of all deals, so that a person's page does not wait for them.

    The function makes a deal's row again when the deal's log grows or a new day begins. It ends when the desk
    stops.
    """
    known: dict[str, tuple[int, date]] = {}
    while True:
        today = desk.clock().date()
        for deal, size in desk.sizes().items():
            if known.get(deal) != (size, today):
                with suppress(HeadroomError):  # whoever asks for its row is told why
                    desk.rows.get(("row", deal, size, today), partial(row_of, desk, deal, today))
                # A refused deal is noted too: its row is tried again only when its log grows or the day
                # changes.
                known[deal] = (size, today)
            # Rows can take long, so a stop need not wait for those of all other deals.
            if desk.stopping.is_set():
                return
        if desk.stopping.wait(LOOKS_AGAIN):
            return


def row_of(desk: Desk, deal: str, on: date) -> DealRow:
    """Return the row of one deal."""
    return portfolio_deals(desk.workspace, (deal,), on)[0]


def _guarded(route: BaseRoute) -> GuardedRoute:
    """Return the route itself.

    Raises TypeError for one without a guard: nothing is answered that has not said what it needs.
    """
    if not isinstance(route, GuardedRoute):
        raise TypeError(f"{route} is not a guarded route")
    return route


def _programs(request: Request) -> bool:
    return request.url.path.startswith(API)


def _page(request: Request, template: str, status: int, **context: Any) -> Response:
    """Return a page about what was refused; whoever is signed in sees the own navigation."""
    desk: Desk = request.app.state.desk
    visit: Visit | None = getattr(request.state, "visit", None)
    request_id = getattr(request.state, "request_id", "")
    return HTMLResponse(
        rendered(desk, visit, template, {"request_id": request_id, **context}), status_code=status
    )


async def _not_there(request: Request, _error: Exception) -> Response:
    if _programs(request):
        return JSONResponse(
            {"error": {"what": "this thing does not exist, or it is not granted"}}, status_code=404
        )
    request.state.visit = None  # what is not granted looks like what is not there, to whoever asks
    return _page(request, "not_found.html.j2", 404)


async def _sign_in_first(request: Request, _error: Exception) -> Response:
    if _programs(request):
        what = {"error": {"what": "give a token: Authorization: Bearer hr_..."}}
        return JSONResponse(what, status_code=401, headers={"WWW-Authenticate": "Bearer"})
    # What was posted is lost with a redirect, so its address is not a page to come back to.
    if request.method != "GET":
        return RedirectResponse("/sign-in", 303)
    url = request.url
    onward = quote(f"{url.path}?{url.query}" if url.query else url.path, safe="")
    return RedirectResponse("/sign-in" if url.path == "/" else f"/sign-in?next={onward}", 303)


async def _forged(request: Request, _error: Exception) -> Response:
    lines = [
        (
            "The form did not come from a page of this session. Perhaps you signed in again meanwhile: open "
            "the "
            "page anew, and send it then."
        )
    ]
    return _page(request, "refused.html.j2", 403, heading="Not taken", lines=lines, back="/")


async def _too_much(request: Request, error: Exception) -> Response:
    code = error.code if isinstance(error, TooMuch) else 413
    return _page(
        request,
        "refused.html.j2",
        code,
        heading="Not taken",
        lines=[f"{str(error)[:1].upper()}{str(error)[1:]}."],
        back="/",
    )


async def _refused(request: Request, error: Exception) -> Response:
    """Return what an operation or a query refuses, in its own words."""
    said = (
        [f"{problem.what}; {problem.fix}" for problem in error.problems]
        if isinstance(error, InputProblems)
        else [str(error)]
    )
    if _programs(request):
        return JSONResponse({"error": {"what": "; ".join(said)}}, status_code=422)
    return _page(
        request,
        "refused.html.j2",
        422,
        heading="That cannot be",
        lines=[f"{sentence[:1].upper()}{sentence[1:]}." for sentence in said],
        back="/",
    )


async def _invalid(request: Request, error: Exception) -> Response:
    fields = (
        [".".join(map(str, one["loc"][1:])) for one in error.errors()]
        if isinstance(error, RequestValidationError)
        else []
    )
    if _programs(request):
        return JSONResponse({"error": {"what": f"not understood: {', '.join(fields)}"}}, status_code=422)
    lines = [f"The address has a part that is not understood: {', '.join(fields)}."]
    return _page(request, "refused.html.j2", 422, heading="That cannot be", lines=lines, back="/")


async def _plain(request: Request, error: Exception) -> Response:
    """Return what the framework refuses: a path or a method that is not there, a form that cannot be read."""
    code = error.status_code if isinstance(error, HTTPException) else 500
    # A refused method would otherwise tell that the address exists.
    if code in (404, 405):
        return await _not_there(request, error)
    if _programs(request):
        return JSONResponse({"error": {"what": "the request was not understood"}}, status_code=code)
    return _page(
        request,
        "refused.html.j2",
        code,
        heading="Not taken",
        lines=["The request was not understood."],
        back="/",
    )


ANSWERS: dict[Any, Any] = {
    NotThere: _not_there,
    SignInFirst: _sign_in_first,
    Forged: _forged,
    TooMuch: _too_much,
    HeadroomError: _refused,
    RequestValidationError: _invalid,
    HTTPException: _plain,
}
"""How each refusal is answered."""

"""The protection around every request.

It checks the host name, the size and the rate of requests. It sets the headers of the answer and writes a
line of the server's log.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.basics.inert import inert
from engine.web.attempts import REQUESTS
from engine.web.desk import Desk

LOG = logging.getLogger("headroom.web")
# Pages work without scripts, so the policy lets a browser run not even a script of our own.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri "
    "'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
MEGABYTE = 1024 * 1024
FORM_AROUND = MEGABYTE
"""Bytes that a form has around its file."""


def hosts_of(desk: Desk) -> frozenset[str]:
    """Return the host names under which the desk answers.

    The desk refuses any other host name, so that a link that it makes never leads to another site.
    """
    settings = desk.settings
    own = {settings.host, "127.0.0.1", "localhost", "[::1]"} if not settings.has_tls else {settings.host}
    # A browser leaves out the usual port and a proxy may too, so both spellings are taken.
    hosts = {f"{name}:{settings.port}" for name in own} | own
    if settings.address is not None:
        hosts.add(urlsplit(settings.address).netloc)
    return frozenset(name.lower() for name in hosts)


class Protection:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        """Stand around `app`."""
        self._desk = desk
        self._hosts = hosts_of(desk)
        self._app = RequestBodyLimitMiddleware(app, desk.settings.upload_megabytes * MEGABYTE + FORM_AROUND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id = time.perf_counter(), secrets.token_hex(4)
        scope.setdefault("state", {})["request_id"] = request_id
        # This stands in the log if the application raises before its answer begins.
        answer = {"status": 500}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # A page must not stay in the browser of a shared computer after its reader has signed out.
                headers.setdefault("Cache-Control", "no-store")
                if self._desk.settings.has_tls:
                    headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
            await send(message)

        try:
            refused = self._refused(scope)
            await (refused or self._app)(scope, receive, dressed)
        finally:
            LOG.info(self._line(scope, request_id, answer["status"], time.perf_counter() - began))

    def _refused(self, scope: Scope) -> ASGIApp | None:
        """Return the answer to what is refused before anything is looked at."""
        host = Headers(scope=scope).get("host", "").lower()
        if host not in self._hosts:
            return PlainTextResponse("This desk does not answer under that name.\n", status_code=421)
        client = scope.get("client")
        if not self._desk.attempts.allowed(REQUESTS, client[0] if client else "nobody"):
            return PlainTextResponse(
                "Too many requests from one address; wait a minute.\n",
                status_code=429,
                headers={"Retry-After": "60"},
            )
        return None

    def _line(self, scope: Scope, request_id: str, status: int, seconds: float) -> str:
        """Return one line of JSON; neither a query nor a token stands in it."""
        # A path may hold control characters, and a log is read in a terminal (`rulings.md` 69).
        path = inert(scope["path"])
        state = scope.get("state", {})
        visit = state.get("visit")
        shown = {
            "at": self._desk.clock().isoformat(timespec="milliseconds"),
            "request": request_id,
            "method": scope["method"],
            # The rest of such an address is a secret that lets its holder in.
            "path": f"/{path.split('/')[1]}/..." if path.startswith(("/a/", "/invitation/")) else path[:300],
            "deal": getattr(visit, "deal", None),
            "person": visit.person.number if visit is not None and visit.person is not None else None,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        return json.dumps(shown, ensure_ascii=True)

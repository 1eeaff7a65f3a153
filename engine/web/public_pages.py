"""What anybody may ask for: the style, the fonts, the legend of marks, whether the desk is up."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from engine import __version__
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.page_marks import INK
from engine.web.rendering import page
from engine.web.rights import Right

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
FOR_A_DAY = "public, max-age=86400"
ICON = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><path d="M6 70H94" stroke="{INK}" stroke-width="10"/>'
    f'<path d="M12 50L44 20L66 46L90 28" fill="none" stroke="{INK}" stroke-width="10"/></svg>'
)


@cache
def _style() -> bytes:
    return (files("engine.web") / "static" / "style.css").read_bytes()


@routes.get("/static/{name:path}")
@needs(Right.PUBLIC)
def static(visit: AtVisit, name: str) -> Response:
    """Send the style sheet, a font, the icon, the watermark: the only files that a page fetches."""
    parts = visit.desk.parts
    if name == "style.css":
        data, kind = _style(), "text/css; charset=utf-8"
    elif name == "icon.svg":
        data, kind = ICON.encode(), "image/svg+xml"
    elif name == "illustrative.svg":
        data, kind = parts.watermark, "image/svg+xml"
    elif name.removeprefix("fonts/") in parts.fonts and name.startswith("fonts/"):
        data, kind = parts.fonts[name.removeprefix("fonts/")], "font/ttf"
    else:
        raise NotThere
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {"Cache-Control": FOR_A_DAY, "ETag": tag}
    if visit.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


@routes.get("/healthz")
@needs(Right.PUBLIC)
def health(visit: AtVisit) -> Response:
    """Return whether the record and the second database answer; nothing of what stands in them."""
    visit.desk.database.row("SELECT 1")
    logs = visit.desk.workspace.store.logs()
    up = not visit.desk.stopping.is_set()
    shown = {"status": "up" if up else "stopping", "version": __version__, "logs": bool(logs)}
    return JSONResponse(shown, status_code=200 if up else 503)


@routes.get("/robots.txt")
@needs(Right.PUBLIC)
def robots() -> Response:
    """Nothing here is for a search engine."""
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


@routes.get("/marks")
@needs(Right.PUBLIC)
def marks(visit: AtVisit) -> Response:
    """Show the legend of the marks."""
    return page(visit, "marks.html.j2")

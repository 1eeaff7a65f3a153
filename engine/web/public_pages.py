"""What anybody may ask for: the style, the fonts, the legend of marks, whether the desk is up."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from engine import __version__
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.static_files import static_file

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
FOR_A_DAY = "public, max-age=86400"


@routes.get("/static/{name:path}")
@needs(Right.PUBLIC)
def static(visit: AtVisit, name: str) -> Response:
    """Send the style sheet, a font, the icon, the watermark: the only files that a page fetches."""
    found = static_file(visit.desk, name)
    if found is None:
        raise NotThere
    data, kind = found
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

"""A web page as a PDF that the server makes.

The PDF is the page itself in its style for paper, without buttons and fields.
"""

from __future__ import annotations

import re
import threading

from starlette.responses import Response

from engine.assembly import web_paper
from engine.web.attempts import PAPERS
from engine.web.guarded_route import TooMuch, Visit
from engine.web.page_marks import SHEETS, inner
from engine.web.static_files import static_file

USED = re.compile(
    r'<svg class="(m[^"]*)" aria-hidden="true" focusable="false"><use href="#([ms])-([\w-]+)"/></svg>'
)
SPRITE = re.compile(r'<svg class="sprite".*?</symbol></svg>', re.DOTALL)
NAMED = re.compile(r'"/(static/[^"]+)"')
FONTS = re.compile(r"/(static/fonts/[\w.-]+)")
_ONE = threading.Lock()
"""One is made at a time: each takes a processor for a second and more."""


def on_paper(visit: Visit, html: str) -> Response:
    """Return a page as a PDF to download.

    Raises TooMuch for somebody who asks for more than a few a minute.
    """
    if not visit.desk.attempts.allowed(PAPERS, "paper", str(visit.who.number)):
        raise TooMuch("too many PDFs by one person; wait a minute", 429)
    text = USED.sub(lambda use: _drawn(visit, use[1], use[2], use[3]), SPRITE.sub("", html))
    names = NAMED.findall(text)
    style = static_file(visit.desk, "style.css")
    names += FONTS.findall(style[0].decode()) if style is not None else []
    found = {name: static_file(visit.desk, name.removeprefix("static/")) for name in dict.fromkeys(names)}
    with _ONE:
        data = web_paper()(text, visit.now, {name: file for name, file in found.items() if file is not None})
    headers = {"Content-Disposition": f'attachment; filename="{visit.paper}"'}
    return Response(data, media_type="application/pdf", headers=headers)


def _drawn(visit: Visit, cls: str, kind: str, name: str) -> str:
    """Return a mark with its shapes in place: on paper a drawing does not borrow from another one."""
    shapes, height = (inner(visit.desk.parts.marks[name]), 100) if kind == "m" else (SHEETS[name], 130)
    return f'<svg class="{cls}" viewBox="0 0 100 {height}" aria-hidden="true">{shapes}</svg>'

"""The only files that a page fetches: the style sheet, the notice's fonts, the icon, the watermark."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from engine.web.desk import Desk
from engine.web.page_marks import INK

ICON = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><path d="M6 70H94" stroke="{INK}" '
    f'stroke-width="10"/><path d="M12 50L44 20L66 46L90 28" fill="none" stroke="{INK}" '
    'stroke-width="10"/></svg>'
)


@cache
def _style() -> bytes:
    return (files("engine.web") / "static" / "style.css").read_bytes()


def static_file(desk: Desk, name: str) -> tuple[bytes, str] | None:
    """Return a file that a page may fetch, with its media type; None for any other name."""
    parts = desk.parts
    font = name.removeprefix("fonts/")
    if name.startswith("fonts/") and font in parts.fonts:
        return parts.fonts[font], "font/ttf"
    known = {
        "style.css": (_style(), "text/css; charset=utf-8"),
        "icon.svg": (ICON.encode(), "image/svg+xml"),
        "illustrative.svg": (parts.watermark, "image/svg+xml"),
    }
    return known.get(name)

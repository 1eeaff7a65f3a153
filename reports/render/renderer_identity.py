"""What draws documents (`rulings.md` 64).

It is the hash over templates, style and fonts, and the versions of the programs that draw.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from engine import __version__
from engine.events.notice_issued import Renderer
from reports.render.assets import assets

DRAWING = (
    "weasyprint",
    "pydyf",
    "fonttools",
    "tinyhtml5",
    "tinycss2",
    "cssselect2",
    "Pyphen",
    "Pillow",
    "jinja2",
)
"""The programs whose version could move a line or a glyph."""


@cache
def renderer() -> Renderer:
    """Return what draws here."""
    whole = hashlib.sha256()
    for name, data in sorted(
        {**_templates(), **{name: body for name, (body, _) in assets().items()}}.items()
    ):
        # The length parts one file from the next, so bytes cannot move between two files unseen.
        whole.update(f"{name} {len(data)}\n".encode() + data)
    return Renderer(
        sha256=whole.hexdigest(),
        drawn_by=", ".join([f"headroom {__version__}", *map(_version, DRAWING), _pango()]),
    )


def _templates() -> dict[str, bytes]:
    folder = files("reports").joinpath("templates")
    return {
        f"templates/{path.name}": path.read_bytes() for path in folder.iterdir() if path.name.endswith(".j2")
    }


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} unknown"


def _pango() -> str:
    """Return the library that sets lines, which is the machine's own; unknown if none is installed."""
    import ctypes.util

    name = ctypes.util.find_library("pango-1.0")
    if name is None:
        return "pango unknown"
    try:
        cdll = ctypes.CDLL(name)
        cdll.pango_version_string.restype = ctypes.c_char_p
        return f"pango {cdll.pango_version_string().decode()}"
    except (OSError, AttributeError):
        return "pango unknown"

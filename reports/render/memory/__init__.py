"""What a process remembers from one page to the next, so that a notice costs half of what the first one cost.

WeasyPrint computes every page from nothing. Some of its functions are given a memory here, each in a module
of its own: styles of elements, lengths of boxes, lines of text, their glyphs, marks, compressed streams. What
they answer is what the library answers, so the files are the same, byte for byte
(`tests/reports/test_drawing_memory.py`). They stand in for functions that the library does not publish, so
they know one release of it and refuse every other.
"""

from __future__ import annotations

import sys
from typing import Any

VERSIONS = {"weasyprint": "70.0", "pydyf": "0.13.0", "cssselect2": "0.10.1"}
"""The releases whose functions are known here."""


class OtherLibrary(RuntimeError):
    """A release of a library whose functions are not known here."""


def remember(fonts: Any) -> None:
    """Have WeasyPrint draw documents with these fonts from memory, from now on.

    Raises:
        OtherLibrary: a library is a release that is not known here.
    """
    import pydyf
    import weasyprint

    check()
    from reports.render.memory import deflated, glyphs, lines, own_fonts, pictures, sizes, styles

    own_fonts.own(fonts)
    weasyprint.css.StyleFor = styles.styles_of
    weasyprint.images.SVGImage.draw = pictures.draw
    weasyprint.formatting_structure.boxes.Box.is_in_normal_flow = sizes.is_in_normal_flow
    pydyf.zlib = deflated.Compression
    for theirs, ours in (
        (sizes.lengths_by_the_library, sizes.resolve_percentages),
        (lines.line_by_the_library, lines.split_first_line),
        (lines.strut_by_the_library, lines.strut),
        (glyphs.line_by_the_library, glyphs.draw_first_line),
    ):
        _stand_in(theirs, ours)


def forget() -> None:
    """Drop all that is remembered."""
    from reports.render.memory import deflated, glyphs, lines, styles

    for memory in (styles, lines, glyphs):
        memory.forget()
    deflated.deflated.cache_clear()


def end() -> None:
    """Drop all that is remembered, and the fonts.

    A process calls it before it ends, since the libraries that made the fonts end first otherwise.
    """
    from reports.render.memory import lines, own_fonts

    forget()
    lines.forget_wordings()
    own_fonts.disown()


def check() -> None:
    """Raise OtherLibrary where a library is a release that is not known here."""
    from importlib.metadata import version

    others = [
        f"{name} {version(name)} instead of {known}"
        for name, known in VERSIONS.items()
        if version(name) != known
    ]
    if others:
        raise OtherLibrary(
            "this release of headroom draws with the libraries that it was tested with, and found "
            f"{', '.join(others)}; install them as requirements.lock names them"
        )


def _stand_in(theirs: Any, ours: Any) -> None:
    """Give our function to each module of the library that has its own."""
    name = theirs.__name__
    # Modules import such a function by name, so each of them holds a reference of its own.
    for place, module in list(sys.modules.items()):
        if place.startswith("weasyprint.") and getattr(module, name, None) is theirs:
            setattr(module, name, ours)

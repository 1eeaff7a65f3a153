"""Lines of text that a process has broken before.

Most words of a notice stand in another notice, in a column of the same width. WeasyPrint sets each text anew,
up to three times in a page. Where a line ends depends on the text, on its style, and on its room; so the
answer is kept by these. What is kept holds nothing of Pango.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from weasyprint.text import line_break

from reports.render.memory.own_fonts import ours

line_by_the_library = line_break.split_first_line
strut_by_the_library = line_break.strut

PROPERTIES = (
    *(
        "font_family",
        "font_style",
        "font_stretch",
        "font_weight",
        "font_size",
        "font_kerning",
        "font_feature_settings",
    ),
    *(
        "font_variant_ligatures",
        "font_variant_position",
        "font_variant_caps",
        "font_variant_numeric",
        "font_variant_alternates",
    ),
    *(
        "font_variant_east_asian",
        "font_variation_settings",
        "font_language_override",
        "lang",
        "direction",
        "white_space",
    ),
    *("letter_spacing", "word_spacing", "word_break", "overflow_wrap", "tab_size", "text_decoration_line"),
    *("hyphens", "hyphenate_character", "hyphenate_limit_chars", "hyphenate_limit_zone"),
)
"""What the library asks a style where it breaks a line; a test reads its source."""
MOST = 20_000
"""Lines that are kept; then a process begins again, so that its memory stays bounded."""

Line = tuple[Any, int, int | None, float, float, float]
"""The library's answer about a line.

It is a layout, the length of its text, where the next line begins, width, height and baseline.
"""

_wordings: dict[Any, int] = {}
_number = count()
_lines: dict[Any, Line] = {}


def forget() -> None:
    """Drop the lines that are kept; the numbers of wordings are few, and styles hold them."""
    _lines.clear()


def forget_wordings() -> None:
    """Drop the numbers too, and with them the fonts; no number is given a second time."""
    _wordings.clear()


def wording(style: Any) -> int:
    """Return a number for what `style` says of text; the same number if it says the same."""
    known = style.__dict__.get("wording")
    if known is None:
        said = (style.font_config, *(_hashable(style[name]) for name in PROPERTIES))
        known = _wordings.get(said)
        if known is None:
            known = _wordings.setdefault(said, next(_number))
        style.wording = known
    return int(known)


def split_first_line(
    text: str,
    style: Any,
    context: Any,
    max_width: Any,
    justification_spacing: Any,
    is_line_start: bool = True,
    minimum: bool = False,
) -> Line:
    """Return as much of a text as fits a line, as the library's function of this name does."""
    if not ours(style.font_config):
        return line_by_the_library(  # type: ignore[no-any-return]
            text, style, context, max_width, justification_spacing, is_line_start, minimum
        )
    key = (text, wording(style), max_width, justification_spacing, is_line_start, minimum)
    line = _lines.get(key)
    if line is None:
        if len(_lines) > MOST:
            forget()
        line = _lines[key] = line_by_the_library(
            text, style, context, max_width, justification_spacing, is_line_start, minimum
        )
    # Each caller gets a copy of the layout, because whoever draws the line writes to the layout.
    return (Again(line[0]), *line[1:])


def strut(style: Any) -> tuple[float, float]:
    """Return the height and the baseline of an empty line, as the library's function of this name does."""
    known: tuple[float, float] | None = style.__dict__.get("empty_line")
    if known is None:
        known = style.empty_line = strut_by_the_library(style)
    return known


class Again(line_break.Layout):  # type: ignore[misc]  # WeasyPrint ships no types
    """A line's layout that asks Pango for nothing until somebody looks at what Pango makes of it."""

    def __init__(self, layout: Any) -> None:
        """Copy what is kept of a layout; whoever draws the line writes to it."""
        self.__dict__.update(layout.__dict__)

    def __getattr__(self, name: str) -> Any:
        """What Pango makes of the line."""
        # Without this, a `style` that was let go would be looked up by asking for itself, for ever.
        if name not in ("layout", "language"):
            raise AttributeError(name)
        super().reactivate(self.style)
        return self.__dict__[name]

    def reactivate(self, style: Any) -> None:
        """Remember the style for whoever looks."""
        self.style = style

    def deactivate(self) -> None:
        """Let go of Pango's part."""
        for name in ("layout", "language", "style"):
            self.__dict__.pop(name, None)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

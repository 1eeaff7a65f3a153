"""Lines of text that a process has drawn before, as the numbers of their glyphs.

WeasyPrint shapes each line a last time to draw it. The glyphs of a line depend on its text and on what its
style says of text; the distances between them depend on the widths that the file has noted for them so far.
So a line is drawn from memory where the file has noted the same widths or none, and by the library otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from weasyprint.draw import text as drawing_of_text
from weasyprint.text.fonts import get_pango_font_key

from reports.render.memory.lines import wording
from reports.render.memory.own_fonts import ours

line_by_the_library = drawing_of_text.draw_first_line
MOST = 20_000
"""Lines that are kept; then a process begins again, so that its memory stays bounded."""

_drawings: dict[Any, Drawing | None] = {}
MISSING: Any = object()
_fonts: dict[Any, tuple[Any, Any]] = {}
"""Each font in each size, with a layout of Pango's that keeps it alive."""


def forget() -> None:
    """Drop all that is kept."""
    _drawings.clear()
    _fonts.clear()


class NotKept(Exception):
    """A line with a glyph that the fonts lack, or a picture for a glyph."""


@dataclass(slots=True)
class Face:
    """A font as far as one line uses it: the widths of its glyphs and the text that each stands for."""

    key: Any
    held: tuple[Any, Any]
    hash: str
    widths: dict[int, int] = field(default_factory=dict)
    to_unicode: dict[int, str] = field(default_factory=dict)
    bitmap: bool = False
    png: bool = False
    svg: bool = False
    colr: bool = False

    def get_unused_glyph_id(self, codepoint: int) -> int:
        """Refuse: the fonts have no glyph for `codepoint`."""
        raise NotKept(codepoint)


class Drawing:
    """The stream to which a line is drawn once, so that it can be drawn again: it notes what it is told."""

    def __init__(self, stream: Any, layout: Any) -> None:
        """Draw a line of Pango's `layout`; the room for measures is that of `stream`."""
        self.layout = layout
        self.real, self.ink_rect, self.logical_rect = stream, stream.ink_rect, stream.logical_rect
        self.faces: dict[Any, Face] = {}
        self.steps: list[tuple[str, tuple[Any, ...]]] = []

    def add_font(self, pango_font: Any) -> tuple[Face, float]:
        """Return the font of the next glyphs, and its size."""
        real, size = self.real.add_font(pango_font)
        # Glyphs that are pictures are objects of the file itself, and another file does not have them.
        if real.bitmap or real.png or real.svg or real.colr:
            raise NotKept(real.family)
        key, _, _ = get_pango_font_key(pango_font)
        if key not in self.faces:
            held = _fonts.setdefault((key, size), (pango_font, self.layout))
            self.faces[key] = Face(key, held, real.hash)
        return self.faces[key], size

    def set_text_matrix(self, *_: float) -> None:
        """Ignore where the line stands, which is given anew each time that the line is drawn."""

    def set_font_size(self, font: str, size: float) -> None:
        """Note the font and its size."""
        self.steps.append(("set_font_size", (font, size)))

    def set_text_rise(self, height: float) -> None:
        """Note how far the next glyphs stand above the line."""
        self.steps.append(("set_text_rise", (height,)))

    def show_text(self, text: str) -> None:
        """Note the next glyphs."""
        self.steps.append(("show_text", (text,)))

    def again(self, stream: Any, matrix: Any) -> bool:
        """Draw the line to a stream, and return whether it was drawn.

        The line is not drawn if the stream's file has noted another width for one of its glyphs.
        """
        fonts = []
        for face in self.faces.values():
            font = stream._fonts.get(face.key) or stream.add_font(face.held[0])[0]
            widths = font.widths
            if any(widths.get(glyph, width) != width for glyph, width in face.widths.items()):
                return False
            fonts.append((font, face))
        # A second round: if the last font disagrees, the file must not keep widths of a line that is not
        # drawn.
        for font, face in fonts:
            font.widths.update(face.widths)
            for glyph, text in face.to_unicode.items():
                font.to_unicode.setdefault(glyph, text)
        stream.set_text_matrix(*matrix.values)
        for name, values in self.steps:
            getattr(stream, name)(*values)
        return True


def draw_first_line(
    stream: Any, textbox: Any, text_overflow: str, block_ellipsis: Any, matrix: Any
) -> list[Any]:
    """Draw a line of text, as the library's function of this name does.

    It returns the pictures that stand for glyphs.
    """
    layout = textbox.pango_layout
    if (
        ours(textbox.style.font_config)
        and text_overflow != "ellipsis"
        and block_ellipsis == "none"
        and textbox.text.strip()
    ):
        key = (layout.text, wording(textbox.style), layout.justification_spacing)
        drawing = _drawings.get(key, MISSING)
        # None is an answer too: it says that this line can never be kept, and spares a second try.
        if drawing is MISSING:
            if len(_drawings) > MOST:
                forget()
            drawing = _drawings[key] = _drawing(stream, textbox, matrix)
        if drawing is not None and drawing.again(stream, matrix):
            return []
    found: list[Any] = line_by_the_library(stream, textbox, text_overflow, block_ellipsis, matrix)
    return found


def _drawing(stream: Any, textbox: Any, matrix: Any) -> Drawing | None:
    """Return a line as the library draws it where no width is noted yet; None if it cannot be kept."""
    drawing = Drawing(stream, textbox.pango_layout.layout)
    try:
        line_by_the_library(drawing, textbox, "clip", "none", matrix)
    except NotKept:
        return None
    # A kept drawing must not keep alive the whole file to which it was drawn first.
    drawing.real = drawing.ink_rect = drawing.logical_rect = drawing.layout = None
    return drawing

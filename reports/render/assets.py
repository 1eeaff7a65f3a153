"""The named files that a document may use, all held in memory: fonts, marks, watermarks, the style sheet."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from io import BytesIO

from reports.drawing.marks import MARKS, PAGE_WORDS, WORDS, watermark

BASE = "https://assets.invalid/"
"""Where the assets pretend to stand; the name is reserved and never resolves."""
FONTS = (
    "HeadroomSans-Regular.ttf",
    "HeadroomSans-Semibold.ttf",
    "HeadroomSerif-Regular.ttf",
    "HeadroomSerif-Semibold.ttf",
    "HeadroomMono-Regular.ttf",
)
PAGES = {
    "a4": (210.0, 297.0, 23.0, -54.0),
    "letter": (215.9, 279.4, 23.0, -52.0),
    "wide": (297.0, 210.0, 23.0, -35.0),
}
"""Per paper: width, height, height of the watermark's letters in mm, and its angle in degrees."""
PUBLICATION_SIZE = 20.0
"""The height of the longer words on a page about an index, in mm."""


def _bytes(*path: str) -> bytes:
    return files("reports").joinpath(*path).read_bytes()


@cache
def assets() -> dict[str, tuple[bytes, str]]:
    """Return every asset by name: its bytes and media type."""
    # Read from the package and not from a path, so that the wheel draws what the checkout draws.
    contents = {f"fonts/{name}": (_bytes("fonts", name), "font/ttf") for name in FONTS}
    contents |= {f"marks/{name}.svg": (svg.encode(), "image/svg+xml") for name, svg in MARKS.items()}
    semibold = contents["fonts/HeadroomSans-Semibold.ttf"][0]
    for paper, (width, height, size, angle) in PAGES.items():
        contents[f"marks/watermark-{paper}.svg"] = (
            watermark(semibold, WORDS, width, height, size, angle).encode(),
            "image/svg+xml",
        )
    width, height, _, angle = PAGES["a4"]
    drawn = watermark(semibold, PAGE_WORDS, width, height, PUBLICATION_SIZE, angle)
    contents["marks/watermark-publication.svg"] = (drawn.encode(), "image/svg+xml")
    contents["style.css"] = (_bytes("style.css"), "text/css")
    return contents


@cache
def covered() -> frozenset[int]:
    """Return the code points that every text face has; Fira Code sets hashes and commands only."""
    ranges = (line.split("-") for line in _bytes("fonts", "covered.txt").decode().split())
    return frozenset(point for first, last in ranges for point in range(int(first, 16), int(last, 16) + 1))


def covered_by_the_fonts() -> frozenset[int]:
    """Return the same from the fonts themselves, for which `fonts/covered.txt` stands."""
    from fontTools.ttLib import TTFont  # late: words are composed without it

    faces = [TTFont(BytesIO(_bytes("fonts", name)), lazy=True).getBestCmap() for name in FONTS[:4]]
    return frozenset.intersection(*(frozenset(face) for face in faces))


def legible(text: str) -> str:
    """Return `text` with each character that the bundled fonts lack written as its code point: `[U+4E2D]`.

    A missing glyph would break PDF/A and be seen by nobody; the code point is neither lost nor wrong.
    """
    return re.sub(
        r"[^\n\x20-\x7e]",
        lambda match: match.group() if ord(match.group()) in covered() else f"[U+{ord(match.group()):04X}]",
        text,
    )

"""A table of text that fits a width.

The cells of the widest columns go on below, broken at their spaces, hyphens, slashes and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

PIECE = re.compile(r"\s+|(?:\d{4}-\d\d-\d\d|[^\s/_-])+[/_-]?|[/_-]")
"""What is not broken where it fits a line: a word up to its hyphen, slash or underscore; a date."""
NARROWEST = 4
"""Characters that a column keeps if nothing else makes the table fit."""


def laid_out(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int], width: int | None
) -> str:
    """Return the table, a rule under its head.

    Args:
        head: the columns' names.
        rows: the cells.
        right: the columns that are flush right; these hold figures and are broken last.
        width: characters in a line; None for as many as it takes.
    """
    cells = [list(head), *[list(row) for row in rows]]
    flush = frozenset(right)
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    gap = 2
    if width is not None:
        widths, gap = _fitted(cells, widths, flush, width)
    lines = [line for row in cells for line in _lines(row, widths, flush, " " * gap)]
    first = len(list(_lines(cells[0], widths, flush, " " * gap)))
    lines.insert(first, (" " * gap).join("-" * width for width in widths))
    return "\n".join(lines)


def _fitted(
    cells: Sequence[Sequence[str]], natural: list[int], flush: frozenset[int], width: int
) -> tuple[list[int], int]:
    """Return widths with which the table fits, and the space between columns.

    Text gives way first, then figures, then the space, then words.
    """
    whole = [
        max(len(piece) for row in cells for piece in ["", *PIECE.findall(row[column])])
        for column in range(len(natural))
    ]
    # A figure that is broken over two lines is easily misread, so figures give way after text.
    text_only = [natural[column] if column in flush else whole[column] for column in range(len(natural))]
    least = [min(NARROWEST, width) for width in natural]
    widths, gap = natural, 2
    for floors, gap in ((text_only, 2), (whole, 2), (whole, 1), (least, 1)):
        widths = _narrowed(natural, floors, width - gap * (len(natural) - 1))
        if sum(widths) + gap * (len(natural) - 1) <= width:
            break
    return widths, gap


def _narrowed(natural: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    """Return the widths with the widest column made narrower until they fit.

    The narrowing ends early if no column may be narrower.
    """
    widths = list(natural)
    while sum(widths) > room:
        above = [column for column, width in enumerate(widths) if width > floors[column]]
        if not above:
            break
        # One character at a time keeps the widest columns alike, however many of them there are.
        widths[max(above, key=lambda column: widths[column])] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int], flush: frozenset[int], gap: str) -> Iterable[str]:
    """Return the lines of one row."""
    broken = [_broken(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(lines) for lines in broken)):
        parts = [lines[number] if number < len(lines) else "" for lines in broken]
        padded = (
            part.rjust(widths[n]) if n in flush else part.ljust(widths[n]) for n, part in enumerate(parts)
        )
        yield gap.join(padded).rstrip()


def _broken(text: str, width: int) -> list[str]:
    """Return a cell in lines of at most `width` characters; a piece that is longer is cut."""
    if len(text) <= width:
        return [text]
    lines = [""]
    for piece in PIECE.findall(text):
        if len(lines[-1]) + len(piece.rstrip()) <= width:
            lines[-1] += piece
            continue
        # A line that goes on does not begin with the space at which it was broken.
        left = piece.lstrip()
        while left:
            lines.append(left[:width])
            left = left[width:]
    return [line.rstrip() for line in lines if line.strip()]

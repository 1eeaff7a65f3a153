"""How closely page 1 is set: a busy date must not run over, so it is set closer; only a crowded one flows on.

An estimate in mm from the context; what it decides is spacing and type size, never a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

ROOM = 205.0
"""The height that the answer and the blocks of page 1 have, under the masthead, in mm."""
CLOSE, TIGHT = 0.86, 0.82
"""What closer setting makes of a height, and the closest that is still read at arm's length."""
LONGEST_HEAD = 60
"""The most letters that two lines of a box of the running head hold, however wide the letters are."""
LEAD, LINE, NOTE, ROW, SECOND = 5.7, 4.6, 3.7, 5.9, 3.4


def long_head(context: Mapping[str, Any]) -> bool:
    """Return whether a name in the running head needs smaller type, so that it does not leave the paper."""
    return any(len(context.get(name, "")) > LONGEST_HEAD for name in ("left", "right", "deal"))


def density(context: Mapping[str, Any]) -> str:
    """Return the classes of page 1.

    They are empty, `close`, `close tight`, or `close flows` if even that runs over.
    """
    height = _answer(context["answer"]) + sum(_block(block) for block in context["first"])
    if height <= ROOM:
        return ""
    if height * CLOSE <= ROOM:
        return "close"
    return "close tight" if height * TIGHT <= ROOM else "close flows"


def _lines(text: str, width: int) -> int:
    # An empty text still takes a line in its cell.
    return max(1, ceil(len(text) / width))


def _text(runs: Any) -> str:
    return runs if isinstance(runs, str) else "".join(str(text) for text, _ in runs)


def _answer(paragraphs: Sequence[Any]) -> float:
    first, *others = [_text(paragraph) for paragraph in paragraphs]
    return 4.2 + LEAD * _lines(first, 76) + sum(1.2 + LINE * _lines(text, 98) for text in others)


def _block(block: Mapping[str, Any]) -> float:
    rows: Sequence[Any] = block.get("rows", ())
    notes = [
        _text(note)
        for note in (
            *block.get("notes", ()),
            *([block["gathered"]] if block.get("gathered") else []),
            *([block["note"]] if block.get("note") else []),
        )
    ]
    return 16.0 + sum(_row(row) for row in rows) + sum(1.4 + NOTE * _lines(note, 130) for note in notes)


def _row(row: Any) -> float:
    if not isinstance(row, Mapping):
        return ROW
    if "height" in row:
        return float(row["height"])
    ways = row.get("ways", ())
    what = _text(row.get("what", ""))
    return ROW + SECOND * (_lines(what, 56 if "who" in row else 90) - 1) + 4.3 * len(ways)

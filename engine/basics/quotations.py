"""The beginning of a long value, as messages quote it.

A message with 5,000 digits of a file buries what it has to say.
"""

from __future__ import annotations

import re

LONGEST_QUOTE = 120
LONGEST_WORD = 160
"""The longest text without spaces that stays whole: hashes, keys and paths have to."""
SHOWN = 60
QUOTED = re.compile(rf"`(?!headroom )([^`]{{{LONGEST_QUOTE + 1},}})`")
"""A long text in quotes. Commands are not cut, because they must run as they are printed."""
WORD = re.compile(rf"[^\s`]{{{LONGEST_WORD + 1},}}")


def shortened(text: str) -> str:
    """Return a message whose long quotes and words are cut, each with the number of its characters."""
    if len(text) <= LONGEST_QUOTE:
        return text
    quoted = QUOTED.sub(lambda match: f"`{match[1][:SHOWN]}…` ({len(match[1]):,} characters)", text)
    return WORD.sub(lambda match: f"{match[0][:SHOWN]}… ({len(match[0]):,} characters)", quoted)


def around(line: str, column: int, room: int) -> tuple[str, int]:
    """Return the part of a line around a column, and the column in that part; columns count from 1.

    The part begins or ends with `…` where something is left out.

    Args:
        line: the line.
        column: what has to be seen.
        room: the most characters of the part, which are more than SHOWN.
    """
    if len(line) <= room:
        return line, column
    first = max(0, min(column - 1 - SHOWN // 2, len(line) - room))
    part = line[first : first + room]
    if first:
        part = f"…{part[1:]}"
    if first + room < len(line):
        part = f"{part[:-1]}…"
    return part, column - first

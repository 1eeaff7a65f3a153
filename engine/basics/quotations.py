"""The beginning of a long value, as messages quote it.

A message with 5,000 digits of a file buries what it has to say.
"""

from __future__ import annotations

import re

LONGEST_QUOTE = 120
LONGEST_WORD = 160
"""The longest text without spaces that stays whole: hashes and keys have to."""
LONGEST_PATH = 1_000
"""The longest text without spaces that stays whole if it is a path, or may be one."""
SHOWN = 60
COMMAND = "headroom "
"""The beginning of a quoted command, of which only words longer than any path are cut.

A command must run as it is printed.
"""
QUOTE_OR_WORD = re.compile(rf"`([^`]*)`|[^\s`]{{{LONGEST_WORD + 1},}}")
"""A quote with both of its marks, or a long word; what stands between two quotes belongs to neither."""
WORD = re.compile(r"\S+")
SEPARATORS = re.compile(r"[/\\]")


def shortened(text: str) -> str:
    """Return a message whose long quotes and words are cut, each with the number of its characters."""
    return text if len(text) <= LONGEST_QUOTE else QUOTE_OR_WORD.sub(_short_part, text)


def _short_part(match: re.Match[str]) -> str:
    """Return a quote or a word, cut if it is longer than one of its kind may be."""
    quoted = match[1]
    if quoted is None:
        return _cut(match[0], LONGEST_WORD)
    if quoted.startswith(COMMAND):
        return f"`{WORD.sub(lambda word: _cut(word[0], LONGEST_PATH), quoted)}`"
    return _cut(quoted, LONGEST_QUOTE, "`")


def _cut(text: str, longest: int, mark: str = "") -> str:
    """Return a text between its marks; if it is cut, with the number of its characters.

    A path is cut in its middle, so that the file's name is kept.
    """
    path = SEPARATORS.search(text) is not None
    if len(text) <= (LONGEST_PATH if path and WORD.fullmatch(text) else longest):
        return f"{mark}{text}{mark}"
    end = text[-SHOWN:] if path else ""
    # Never in the singular: a text this short is shown whole.
    length = f"{len(text):,}"
    return f"{mark}{text[:SHOWN]}…{end}{mark} ({length} characters)"


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

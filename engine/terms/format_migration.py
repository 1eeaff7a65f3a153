"""A deal file of format 1 turned into one of format 2.

Each key that format 2 asks for is written with the reading that format 1 gives it. Lines are added and none
is removed, so comments, order and wording stay. The result has exactly the terms of the original.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.basics.errors import InputProblems, Problem
from engine.terms.as_written import Clauses, Deal, load_deal
from engine.terms.format_keys import Lacking
from engine.terms.source import Tree

FORMAT_1 = re.compile(r"^format:\s*1\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """A file in format 2, and each key that was written into it, with its reading and its old place."""

    text: str
    written: tuple[Lacking, ...]


def migrated(text: str, file: str, clauses: Clauses) -> Migration:
    """Return a file of format 1 in format 2.

    Raises:
        InputProblems: the file cannot be read, is of format 2 already, or has terms that format 2 asks about
            and format 1 does not tell.
    """
    before, problems = load_deal(text, file, clauses)
    if before is None:
        raise InputProblems(problems)
    if before.segments[0][1].format != "1":
        why, place = "there is nothing to be written", before.tree.key_place(("format",))
        raise InputProblems(
            [Problem("D211", "the file is of format 2", why, "name a file of format 1", place)]
        )
    lines = FORMAT_1.sub("format: 2", text, count=1).splitlines()
    # From the last place upwards, so that the places of the keys above stay right.
    for reading in sorted(before.readings, key=lambda each: before.tree.key_place(each.path), reverse=True):
        _write(lines, before.tree, reading)
    new = "\n".join(lines) + "\n"
    after, problems = load_deal(new, file, clauses)
    if after is None:
        raise InputProblems(problems)
    # A key at a wrong place could change the terms without any error, so both files are compared.
    if not _same_terms(before, after):
        raise AssertionError("a migrated file must have the terms of the old one")
    return Migration(new, before.readings)


def _write(lines: list[str], tree: Tree, one: Lacking) -> None:
    """Write one key into its block, in place.

    If the block has braces, the key goes inside them, otherwise on a line of its own below the block's name.
    """
    if not one.path:
        lines.append(f"{one.key.key}: {one.written}")
        return
    place = tree.key_place(one.path)
    number, line = place.line - 1, lines[place.line - 1]
    start = line.find(str(one.path[-1]), max(place.column - 1, 0))
    rest = line[start + len(str(one.path[-1])) :]
    inside = re.match(r"\"?'?:\s*\{\s*", rest)
    if inside is not None:
        at = len(line) - len(rest) + inside.end()
        lines[number] = f"{line[:at]}{one.key.key}: {one.written}, {line[at:]}"
        return
    margin = " " * (len(line) - len(line.lstrip(" ")) + 2)
    lines.insert(number + 1, f"{margin}{one.key.key}: {one.written}")


def _same_terms(before: Deal, after: Deal) -> bool:
    """Return whether two files have the same terms on every date, apart from the format that they name."""
    stretches: Sequence[Deal] = (before, after)
    terms_by_date = [
        [(since, terms.model_copy(update={"format": "2"})) for since, terms in deal.segments]
        for deal in stretches
    ]
    return terms_by_date[0] == terms_by_date[1]

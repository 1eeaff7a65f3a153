"""What a deal file may no longer change once the deal is live, and what was changed all the same.

The ruling is `rulings.md` 29.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.basics.errors import Problem
from engine.terms.as_written import ADDED_LATER
from engine.terms.source import Path, Tree


def frozen_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a file that may not change once the deal is live (rulings 29).

    It is everything but amendments, corrections and worked examples.
    """
    return {key: value for key, value in data.items() if key not in ADDED_LATER}


def changed_terms(before: Tree, now: Tree) -> Iterator[str]:
    """Yield a sentence for each term that may not change and differs from the file on record.

    The sentence gives the term's place in the file as it is now, what it says, and what the file on record
    said.
    """
    for path, was, says in _differing(frozen_part(before.data), frozen_part(now.data), ()):
        place = now.key_place(path)
        name = ".".join(str(step) for step in path)
        yield (
            f"{place.file}:{place.line}: `{name}` {_says(says, 'is')}; the file on record "
            f"{_says(was, 'says')}"
        )


def changes_refused(before: Tree, now: Tree) -> Iterator[Problem]:
    """Yield a problem D549 for each term that may not change and differs from the file on record.

    `check` shows in a workspace what a run would refuse (`rulings.md` 55).
    """
    for path, was, says in _differing(frozen_part(before.data), frozen_part(now.data), ()):
        name = ".".join(str(step) for step in path)
        what = f"`{name}` {_says(says, 'is')}, and the deal is live"
        why = (
            f"the file on record {_says(was, 'says')}, and a run refuses any other change than an "
            "amendment or a correction"
        )
        yield Problem(
            "D549",
            what,
            why,
            "put it back, and write an amendment or a correction of the file below",
            now.key_place(path),
        )


def _differing(before: Any, now: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield (path, what it was, what it is) for each term that differs."""
    if isinstance(before, dict) and isinstance(now, dict):
        # The order of the file as it is now. What was taken out of it comes last.
        for key in dict.fromkeys((*now, *before)):
            yield from _differing(before.get(key), now.get(key), (*path, key))
    elif before != now:
        yield path, before, now


def _says(value: Any, verb: str) -> str:
    """Return in words what a term says, for a sentence; a whole block is not written out."""
    if value is None:
        return "is absent" if verb == "is" else "has none"
    return f"{verb} another block" if isinstance(value, (dict, list)) else f"{verb} {value}"

"""What a deal file may no longer change once the deal is live, and what in it was changed all the same (rulings 29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.basics.errors import Problem
from engine.terms.as_written import ADDED_LATER
from engine.terms.source import Path, Tree


def frozen_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may not change once a deal is live: everything but amendments, corrections and worked examples (rulings 29)."""
    return {key: value for key, value in data.items() if key not in ADDED_LATER}


def changed_terms(before: Tree, now: Tree) -> Iterator[str]:
    """Yield each term that differs if it may not: its place in the file as it is now, what it says, and what the file on record said."""
    for path, was, says in _differing(frozen_part(before.data), frozen_part(now.data), ()):
        place = now.key_place(path)
        name = ".".join(str(step) for step in path)
        yield (
            f"{place.file}:{place.line}: `{name}` {_says(says, 'is')}; the file on record "
            f"{_says(was, 'says')}"
        )


def changes_refused(before: Tree, now: Tree) -> Iterator[Problem]:
    """Report the same as problems, for `check` in a workspace: what a run would refuse (`rulings.md` 55)."""
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
    """Yield each term that differs: where, what it was, what it is."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*now, *before)):
            yield from _differing(before.get(key), now.get(key), (*path, key))
    elif before != now:
        yield path, before, now


def _says(value: Any, verb: str) -> str:
    """Return a value in a sentence; a whole block is not written out."""
    if value is None:
        return "is absent" if verb == "is" else "has none"
    return f"{verb} another block" if isinstance(value, (dict, list)) else f"{verb} {value}"

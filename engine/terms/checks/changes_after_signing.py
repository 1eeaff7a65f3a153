"""What a deal file may no longer change once the deal is live, and what in it was changed all the same (rulings 29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.terms.as_written import NOT_TERMS
from engine.terms.source import Path, Tree


def frozen_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """What may not change once a deal is live: everything but amendments, corrections and worked examples (rulings 29)."""
    return {key: value for key, value in data.items() if key not in NOT_TERMS}


def changed_terms(before: Tree, now: Tree) -> Iterator[str]:
    """Each term that differs where it may not: its place in the file as it is now, what it says, and what the file on record said."""
    yield from _differing(frozen_part(before.data), frozen_part(now.data), now, ())


def _differing(before: Any, now: Any, tree: Tree, path: Path) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*now, *before)):
            yield from _differing(before.get(key), now.get(key), tree, (*path, key))
    elif before != now:
        place = tree.key_place(path)
        name = ".".join(str(step) for step in path)
        yield f"{place.file}:{place.line}: `{name}` {_says(now, 'is')}; the file on record {_says(before, 'says')}"


def _says(value: Any, verb: str) -> str:
    """A value in a sentence; a whole block is not written out."""
    if value is None:
        return "is absent" if verb == "is" else "has none"
    return f"{verb} another block" if isinstance(value, (dict, list)) else f"{verb} {value}"

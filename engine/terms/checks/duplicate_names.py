"""Deal files of one workspace that claim one name: the log, the notices and the reports of a deal are kept under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.basics.errors import Place, Problem
from engine.terms.source import parse


def name_of(text: str, file: str) -> tuple[str, Place] | None:
    """The name that a deal file claims, and where; None where it claims none."""
    tree, _ = parse(text, file)
    name = tree.get(("deal",)) if tree is not None else None
    return (name, tree.place(("deal",))) if tree is not None and isinstance(name, str) and name else None


def claimed_twice(texts: Mapping[str, str]) -> Iterator[Problem]:
    """Every file that claims the name of another, at its own place, with the place of the first of the others.

    Args:
        texts: the text of each deal file of a workspace, by the file's name as errors print it.
    """
    claims: dict[str, list[Place]] = {}
    for file, text in texts.items():
        claim = name_of(text, file)
        if claim is not None:
            claims.setdefault(claim[0], []).append(claim[1])
    for name, places in claims.items():
        for place in places if len(places) > 1 else ():
            other = next(one for one in places if one is not place)
            why = f"{other.file}:{other.line}:{other.column} has it too, and both would be one log"
            yield Problem("D539", f"the name `{name}` is claimed twice", why, "rename one of the deals, or remove one of the files", place)

"""Deal files of one workspace that claim the same name.

The log, the notices and the reports of a deal are kept under its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.basics.errors import Place, Problem
from engine.terms.source import parse

PLAINLY = re.compile(r"^deal:[ \t]+([a-z0-9][a-z0-9_-]*)[ \t]*(?:#.*)?$", re.MULTILINE)
"""A deal's name that stands alone on its line, as in nearly every file.

No line inside another block can begin like this.
"""


def claimed_by(text: str, file: str) -> str | None:
    """Return the name that a deal file claims; None if it claims none.

    If the name stands plainly on a line, the file is not parsed.
    """
    plain = PLAINLY.findall(text)
    # Of two such lines only the parser can say what is wrong.
    if len(plain) == 1:
        return str(plain[0])
    claim = name_of(text, file)
    return claim[0] if claim is not None else None


def name_of(text: str, file: str) -> tuple[str, Place] | None:
    """Return the name that a deal file claims, and its place; None if it claims none."""
    tree, _ = parse(text, file)
    name = tree.get(("deal",)) if tree is not None else None
    return (name, tree.place(("deal",))) if tree is not None and isinstance(name, str) and name else None


def claimed_twice(texts: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each file that claims the name of another, at its own place.

    The problem gives the place of the first of the other files.

    Args:
        texts: the text of each deal file of a workspace, by the file's name as errors print it.
    """
    files: dict[str, list[str]] = {}
    for file, text in texts.items():
        files.setdefault(claimed_by(text, file) or "", []).append(file)
    for name, claiming in files.items():
        # Files without a name share the empty one, and a file whose name is its own need not be parsed.
        claims = [name_of(texts[file], file) for file in claiming if name and len(claiming) > 1]
        places = [claim[1] for claim in claims if claim is not None]
        for place in places if len(places) > 1 else ():
            other = next(other for other in places if other is not place)
            why = f"{other.file}:{other.line}:{other.column} has it too, and both would be one log"
            yield Problem(
                "D539",
                f"the name `{name}` is claimed twice",
                why,
                "rename one of the deals, or remove one of the files",
                place,
            )

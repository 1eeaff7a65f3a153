"""The takeover of a deal file, read by its types, with its figures as fractions (`rulings.md` 56)."""

from __future__ import annotations

from fractions import Fraction

from pydantic import ValidationError

from engine.basics.errors import Problem
from engine.terms.error_messages import complaints
from engine.terms.source import Tree
from engine.terms.takeover import KEY, PATH, Takeover
from engine.terms.worked_example import read_figure


def read_takeover(tree: Tree) -> tuple[Takeover | None, list[Problem]]:
    """Return the takeover of a file and the problems found; None without a takeover.

    What cannot be read is a problem at its place.
    """
    raw = tree.data.get(KEY)
    if KEY not in tree.data:
        return None, []
    place = tree.key_place(PATH)
    if str(tree.data.get("format")) == "1":
        fix = "write `format: 2`, or remove the key"
        return None, [
            Problem(
                "D210",
                f"`{KEY}` is a key of format 2",
                "a file of format 1 has one reading of it",
                fix,
                place,
            )
        ]
    if not isinstance(raw, dict):
        fix = f"write beneath it what `headroom {KEY}` prints"
        return None, [
            Problem(
                "D205",
                f"`{KEY}` must be a block of named terms",
                "a state has many parts",
                fix,
                tree.place(PATH),
            )
        ]
    try:
        return Takeover.model_validate(raw), []
    except ValidationError as error:
        return None, complaints(error, tree, PATH)


def carried_value(text: str) -> Fraction | None:
    """Return a figure as a fraction; None for a text of another form."""
    figure = read_figure(text)
    return None if figure is None else figure.value

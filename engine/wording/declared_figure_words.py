"""The words for the figures that a deal declares, beneath the clauses that measure them (`rulings.md` 51)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.basics.values import in_words
from engine.determination.template import Clause
from engine.terms.in_force import TermsInForce

TAKEN = {
    "point in time": "as it stands at a point in time",
    "of the period": "of the whole period of the report",
}


def declared_figure_words(clauses: Sequence[Clause], terms: TermsInForce) -> Iterator[str]:
    """Yield a sentence on each declared figure that a clause measures, and on those that it is made of.

    The ruling is `rulings.md` 51.
    """
    asked = [name for clause in clauses for name in getattr(getattr(clause, "measured", None), "names", ())]
    made = [
        part
        for name in asked
        if (one := terms.figures.get(name)) is not None and one.made_of
        for part in one.made_of.names
    ]
    for name in dict.fromkeys((*asked, *made)):
        figure = terms.figures.get(name)
        if figure is None:
            continue
        if figure.made_of is None:
            yield (
                f"{in_words(name)} is reported in {figure.unit}, {TAKEN[figure.taken or 'of the period']} "
                f"({figure.cite})."
            )
        else:
            parts, sign = (
                [in_words(part) for part in figure.made_of.names],
                " less " if figure.made_of.kind == "difference" else " and ",
            )
            yield (
                f"{in_words(name)} is {'the sum of ' if sign == ' and ' else ''}{sign.join(parts)} "
                f"({figure.cite})."
            )

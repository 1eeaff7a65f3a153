"""The check of whose balance a test of a class takes, and of how the debt ranks (`rulings.md` 46)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree


def seniority(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for ranks that only some classes have, and for a class wrongly counted alone.

    A class is wrongly counted alone if others are paid before it.
    """
    for _, terms in deal.segments:
        yield from _ranks(terms, deal.tree)
        for key, clause in terms.covenants.items():
            path: Path = ("covenants", key)
            if clause.counted is not None and clause.debt_class is None:
                why = "without a class the balance is that of all classes"
                yield Problem(
                    "D541",
                    "`counted` decides nothing here",
                    why,
                    "write `class:`, or remove it",
                    deal.tree.key_place(path),
                )
            # A class that does not exist has its own problem, so it is not called junior as well.
            first = clause.debt_class not in terms.debt or _ranks_first(terms, clause.debt_class or "")
            if terms.format != "1" and clause.counted == "alone" and clause.alone_only_first and not first:
                what = f"`{key}` counts {clause.debt_class} alone"
                why = "the classes that rank before it are paid first out of the same collateral"
                yield Problem(
                    "D546",
                    what,
                    why,
                    "write `counted: with senior classes`",
                    deal.tree.place((*path, "counted")),
                )


def _ranks_first(terms: TermsInForce, name: str) -> bool:
    return all(terms.rank_of(other) >= terms.rank_of(name) for other in terms.debt)


def _ranks(terms: TermsInForce, tree: Tree) -> Iterator[Problem]:
    """Yield a problem if only some classes have a rank: the file's order and a number cannot be compared."""
    without = [name for name, debt in terms.debt.items() if debt.rank is None]
    if 0 < len(without) < len(terms.debt):
        why = "other classes have one, and the order of the file says nothing beside a number"
        for name in without:
            yield Problem(
                "D547",
                f"`{name}` has no rank",
                why,
                "write `rank:` for every class or for none",
                tree.key_place(("debt", name)),
            )

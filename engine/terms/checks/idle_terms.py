"""Terms that decide nothing, and tests that decide nothing any more before the deal is over.

A reader would take either for a rule that protects the lender, and no result rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.clause import Clause
from engine.terms.in_force import TermsInForce


def deciding(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each index and class of debt that a clause names and is not measured on."""
    for _, terms in deal.segments:
        for key, clause in terms.covenants.items():
            for field, why, fix in _idle(clause, terms):
                place = deal.tree.place(("covenants", key, field))
                yield Problem("D541", f"`{field}` decides nothing in `{key}`", why, fix, place)


def lasting(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each curve or horizon that ends before maturity or cannot be meant.

    A curve is not meant if it has points before closing, or allows less on a later date: the rate would have
    to rise again.
    """
    _, terms = deal.segments[-1]
    for key, clause in terms.covenants.items():
        points = _points(clause)
        term, last = ("curve", max(points)) if points else ("horizon", getattr(clause, "horizon", None))
        place = deal.tree.place(("covenants", key, term))
        # The last step holds from its date on, so only lines and horizons end.
        if last is not None and last < terms.maturity_date and getattr(clause, "between", None) != "steps":
            why = f"the deal matures on {terms.maturity_date}, and a date after {last} is not determined"
            fix = "go on to maturity by further points or dated steps, or see that it is meant"
            yield Problem("W115", f"`{key}` tests nothing after {last}", why, fix, place)
        for number, day in enumerate(points):
            if day <= terms.closing_date and getattr(clause, "between", None) != "steps":
                why, at = (
                    "a fall is counted from closing at the earliest, so the point is not read",
                    ("covenants", key, "curve", number, "on"),
                )
                yield Problem(
                    "D523",
                    f"a point of the curve is of {day}",
                    why,
                    "write a date in the time that the curve covers, or remove the point",
                    deal.tree.place(at),
                )
        allowed = [points[day] for day in sorted(points)]
        if allowed != sorted(allowed):
            why = "a fall is counted from one date, so the rate would have to rise again"
            yield Problem(
                "W116",
                f"the curve of `{key}` allows less on a later date",
                why,
                "see that it is meant",
                place,
            )


def _points(clause: Clause) -> Mapping[date, Fraction]:
    """Return by date what a curve of agreed points allows; an empty map if the clause has none."""
    curve = getattr(clause, "curve", ())
    return {point.on: point.at_most for point in curve} if isinstance(curve, tuple) else {}


def _idle(clause: Clause, terms: TermsInForce) -> Iterator[tuple[str, str, str]]:
    """Yield (term, why it decides nothing, what to do) for each idle term of one clause."""
    own = clause.on_one_index or clause.may_take_index
    pool = terms.indices_of_pool(clause)
    if clause.index is not None and not own and set(pool) != {clause.index}:
        said = (
            "no rate decides it"
            if clause.on_no_rate
            else f"its asset classes are measured at their own index: {', '.join(pool)}"
        )
        yield "index", said, "remove it; an asset class names its own index in `pledged_assets`"
    if clause.debt_class is not None and not clause.may_take_class:
        yield "class", f"`{clause.template}` measures no balance of one class", "remove it"

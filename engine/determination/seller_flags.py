"""The check whether a value is Low Confidence by its sellers, if the deal judges so (`rulings.md` 60)."""

from __future__ import annotations

from fractions import Fraction

from engine.basics.seller_subsets import LEAST_SELLERS
from engine.basics.values import counted, rounded
from engine.determination.seller_bearing import week_of, why_not_known
from engine.events.rates import Published

WIDEST = Fraction(1, 4)
"""The share of the value above which the width of an interval by sellers is flagged."""


def seller_flags(published: Published) -> tuple[str, ...]:
    """Return the reasons why a value is Low Confidence by its sellers; empty if it is not.

    The reasons are fewer than six sellers, too many unknown ones, and an interval wider than 25%. A value
    whose sellers nobody knows is flagged as that: what is missing is never a pass.
    """
    unknown = why_not_known(published)
    if unknown is not None:
        return (unknown,)
    week = week_of(published)
    sellers = week.sellers if week is not None else 0
    if sellers < LEAST_SELLERS[95]:
        return (f"{counted(sellers, 'sellers')}; six are needed",)
    low, high, value = published.seller_low, published.seller_high, published.value
    # What nobody can measure counts as doubtful: a missing interval is not a narrow one.
    if low is None or high is None or not value:
        return ("no interval by sellers",)
    width = Fraction(high - low) / Fraction(value)
    return (
        (f"interval by sellers {rounded(width * 100, 1)}% of the value; above 25%",) if width > WIDEST else ()
    )

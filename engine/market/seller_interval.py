"""What a print says of its sellers: the interval over their subsets, or why it is missing.

See `rulings.md` 59.
"""

from __future__ import annotations

from fractions import Fraction

from engine.basics.seller_subsets import LEAST_SELLERS, SellerWeek
from engine.basics.values import counted, rounded
from engine.market.interval_types import Interval

WORDS = ("no", "one", "two", "three", "four", "five", "six")


def seller_interval(week: SellerWeek) -> Interval | None:
    """Return the 95% interval of the value over subsets of sellers, 4 decimals.

    The result is None if `no_interval` gives a reason.
    """
    if no_interval(week) is not None:
        return None
    low, high = (rounded(Fraction(end, 10**6), 4) for end in week.interval())
    return Interval(low=low, high=high, method=f"subsets of {counted(week.sellers, 'sellers')}, exact")


def no_interval(week: SellerWeek) -> str | None:
    """Return the reason why a week has no interval by sellers, or None if it has one.

    The reason is too few sellers, or too many listings that name none.
    """
    least = LEAST_SELLERS[95]
    if not week.sellers:
        return "no listing names its seller"
    # Above a fifth of unnamed listings the named sellers do not speak for the week (`rulings.md` 59).
    if not week.known:
        return f"{week.unknown} of {counted(len(week.prices), 'listings')} name no seller"
    if week.sellers < least:
        low, high = (rounded(Fraction(end, 10**6), 4) for end in (week.prices[0], week.prices[-1]))
        return f"{counted(week.sellers, 'sellers')}; {WORDS[least]} are needed; listings from {low} to {high}"
    return None

"""What a sweep brings over several Payment Dates, on some of which a figure may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from engine.basics.values import counted, in_words, listed

OF_EXCESS: Mapping[str, int] = {"collections": 1, "operating_costs": -1, "debt_service": -1, "fees": -1}
"""The figures of which excess cash flow is made, each with its sign (`rulings.md` 30)."""


@dataclass(frozen=True, slots=True)
class SweptMoney:
    """What a sweep brought over some Payment Dates.

    Attributes:
        amount: in USD, over the dates on which it is known; None if it is known on none of them.
        not_known: Payment Dates on which a missing figure leaves the amount open.
    """

    amount: Fraction | None
    not_known: int = 0

    @property
    def whole(self) -> Fraction | None:
        """The amount in USD over all dates; None if it is not known on one of them."""
        return None if self.not_known else self.amount

    def words(self, before: str = "", decimals: int = 2) -> str:
        """Return the amount in words, with `before` before it, and the dates on which it is not known."""
        known = [] if self.amount is None else [f"{before}{float(self.amount):,.{decimals}f}"]
        # A sum that hides what it lacks would look complete.
        lacking = [f"not known on {counted(self.not_known, 'Payment Dates')}"] if self.not_known else []
        return "; ".join([*known, *lacking])


def swept_money(amounts: Iterable[Fraction | None]) -> SweptMoney:
    """Return the sum of what a sweep took on each Payment Date, in USD; None stands for one not known."""
    taken = tuple(amounts)
    known = [amount for amount in taken if amount is not None]
    not_known = len(taken) - len(known)
    # Where nothing is known, zero would be a figure that nobody has given.
    return SweptMoney(sum(known, Fraction(0)) if known or not not_known else None, not_known)


def dates_and_money(
    amounts: Iterable[Fraction | None], before: str = "", decimals: int = 2
) -> tuple[str, str]:
    """Return two cells: on how many Payment Dates a sweep took money, and how much in all.

    If no amount is known, the first cell is empty, because a count of zero would be a figure.
    """
    taken = tuple(amounts)
    money = swept_money(taken)
    count = sum(bool(amount) for amount in taken)
    dates = "" if money.amount is None else counted(count, "Payment Dates")
    return dates, money.words(before, decimals)


@dataclass(frozen=True, slots=True)
class SweptOnPaths:
    """What a sweep brings by the end of the simulated paths.

    Attributes:
        clause: the sweep's clause or trigger.
        mean: in USD, over all paths; None if no amount is known.
        error: the Monte Carlo error of the mean, in USD.
        low: the lower end of the middle 95%, in USD.
        high: the upper end of it, in USD.
        not_known: the share of the paths on which a missing figure leaves an amount open. What is known there
            is in the mean, so that the mean is a lower bound.
    """

    clause: str
    mean: float | None
    error: float | None
    low: float | None
    high: float | None
    not_known: float

    def words(self, name: str) -> str:
        """Return the sentence of the amount and of what is missing for it, with the sweep's name in it."""
        figures = listed([in_words(one) for one in OF_EXCESS])
        lacking = f"On {self.not_known:.1%} of the paths a Payment Date lacks one of {figures}"
        if self.mean is None:
            return f"What {name} sweeps is not known. {lacking}."
        if self.not_known:
            # An interval of amounts that lack something is an interval of nothing.
            return f"{name} sweeps at least USD {self.mean:,.0f} on average. {lacking}."
        return (
            f"{name} sweeps USD {self.mean:,.0f} ± {self.error:,.0f} on average, and between USD "
            f"{self.low:,.0f} and USD {self.high:,.0f} on 95% of the paths."
        )

"""Rental-resale spread: the change of the rental rate less the change of the resale value (WP eq. 1 to 3).

The ruling is `rulings.md` 15.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.basics.values import defined
from engine.determination.template import (
    CalendarPeriod,
    Facts,
    LimitClause,
    Measurement,
    PositiveUsd,
    Reference,
    Step,
    Template,
    Unit,
    against,
    failing,
    step,
    written,
)


class RentalResaleSpread(LimitClause):
    """The terms of a rental-resale spread of one asset class.

    `resale_at_reference` is the resale value of one GPU at the reference date.
    """

    template: Literal["rental_resale_spread"]
    asset_class: str
    since: Literal["closing date", "first publication"]
    resale_at_reference: PositiveUsd
    quotes_too_old_after: CalendarPeriod
    units: ClassVar[tuple[Unit, ...]] = (Unit.POINTS,)

    def refers(self) -> tuple[tuple[str, Reference, str | None], ...]:
        """Return what the clause refers to: the asset class, besides what every clause names."""
        return (*super().refers(), ("asset_class", "asset class", self.asset_class))


def _words(spread: Fraction) -> str:
    more = "rent has fallen more than resale" if spread < 0 else "resale has fallen more than rent"
    return "rent and resale have changed alike" if spread == 0 else more


def measure(terms: RentalResaleSpread, facts: Facts) -> Measurement:
    """Return the spread S: the change in the rental rate less the change in the resale value.

    Falls are negative, so S < 0 means that rent has fallen more than resale.
    """
    index = facts.terms.pledged_assets[terms.asset_class].index
    since, base = facts.rate_since(terms.since, index)
    # A carried rate serves here: only tests on Publication Dates need the date's own value (rulings 2).
    rate = facts.reference_rate(index)
    quote, _ = facts.fresh(f"resale_quote.{terms.asset_class}", terms.quotes_too_old_after, terms.cite)
    then = facts.term(
        f"resale value of {terms.asset_class} on {since}", terms.resale_at_reference, Unit.USD, terms.cite
    )
    base, then = (
        facts.nonzero(f"rate of {since}", base, terms.cite),
        facts.nonzero(f"resale value of {since}", then, terms.cite),
    )
    rental, resale = (rate - base) / base, (quote - then) / then
    spread = rental - resale

    def working() -> tuple[Step, ...]:
        rent = f"({written(rate, Unit.RATE)} − {written(base, Unit.RATE)}) / {written(base, Unit.RATE)}"
        sale = f"({written(quote, Unit.USD)} − {written(then, Unit.USD)}) / {written(then, Unit.USD)}"
        apart = f"{written(rental, Unit.SHARE)} − ({written(resale, Unit.SHARE)}): {_words(spread)}"
        return (
            step("Change in rental rate", f"since {since}", rent, rental, Unit.SHARE),
            step("Change in resale value", f"since {since}", sale, resale, Unit.SHARE),
            step("Measured", "change in rental rate − change in resale value", apart, spread, Unit.POINTS),
        )

    return against(terms.limit, spread, working)


def reading(terms: RentalResaleSpread) -> str:
    """Return the clause in plain English."""
    was = written(terms.resale_at_reference, Unit.USD)
    return (
        f"The change of the Reference Rate of its index since the {defined(terms.since)}, less the change of "
        "the resale value of the asset "
        f"class {terms.asset_class} since then (from {was} a GPU), must be {terms.limit}. Falls are "
        "negative: below zero, rent has fallen "
        f"more than resale. A quote older than {terms.quotes_too_old_after} leaves it not determined. A "
        f"failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="rental_resale_spread",
    title="Rental-resale spread",
    source="WP §4.3",
    terms=RentalResaleSpread,
    measure=measure,
    reading=reading,
    breach=failing,
)

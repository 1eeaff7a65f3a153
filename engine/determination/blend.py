"""Blended rates: one rate of several indices, for a pool of several asset classes (`rulings.md` 19).

The weights of this date count for the whole of a window. They are fixed shares, which may step, or the GPUs
pledged on the date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from fractions import Fraction
from typing import Protocol

from engine.basics.values import Unit
from engine.determination.measure_inputs import Missing
from engine.events.rates import ReferenceRate
from engine.terms.in_force import TermsInForce
from engine.terms.pool import At, Blend


class BlendFacts(Protocol):
    """What a blend asks of the facts of a date: terms, rates, and the numbers of GPUs."""

    @property
    def terms(self) -> TermsInForce:
        """The terms in force on the date."""

    @property
    def on(self) -> date:
        """The date that is determined."""

    @property
    def rates(self) -> Mapping[str, Sequence[ReferenceRate]]:
        """The Reference Rates of each index up to the date, oldest first."""

    def gpus(self, name: str) -> int:
        """Return the number of GPUs of an asset class."""

    def nonzero(self, name: str, value: Fraction, cite: str) -> Fraction:
        """Return a figure that may be divided by. Raises Missing if the figure is zero."""

    def term(self, name: str, value: Fraction, unit: Unit, cite: str) -> Fraction:
        """Return a figure of the agreement, kept in the trace."""

    def rate_of(self, index: str, rate: ReferenceRate) -> Fraction:
        """Return the value of a Reference Rate, kept in the trace."""

    def published_between(self, index: str, first: date, last: date) -> tuple[tuple[date, Fraction], ...]:
        """Return the published values of an index over a span of days."""

    def published_value(self, index: str) -> Fraction:
        """Return the value that was published on the date. Raises Missing if none was."""


def weights(facts: BlendFacts, name: str) -> dict[str, Fraction]:
    """Return the weight of each component of a blend on the date."""
    blend = facts.terms.blended_rates[name]
    if blend.weights == "fixed":
        return dict(blend.of)
    counts = {index: Fraction(0) for index in blend.of}
    for key, asset in facts.terms.pledged_assets.items():
        # An asset class at another index takes no part in this blend.
        if asset.index in counts:
            counts[asset.index] += facts.gpus(key)
    whole = facts.nonzero(f"number of GPUs in {name}", sum(counts.values(), Fraction(0)), blend.cite)
    return {index: count / whole for index, count in counts.items()}


def blended(facts: BlendFacts, name: str, rate_of: Callable[[str], Fraction]) -> Fraction:
    """Return the weighted mean of a blend's components. A missing component is treated as the deal says.

    Raises Missing if the deal says that a missing component leaves the blend not determined, or if every
    component is missing.
    """
    blend, total, weight, there = facts.terms.blended_rates[name], Fraction(0), Fraction(0), 0
    for index, share in weights(facts, name).items():
        try:
            rate = rate_of(index)
            there += 1
        except Missing:
            if blend.missing_component == "not determined":
                raise
            if blend.missing_component == "exclude":
                continue
            assert isinstance(blend.missing_component, At)  # the only form left
            rate = facts.term(
                f"Level of {index} where it is missing", blend.missing_component.at, Unit.RATE, blend.cite
            )
        total, weight = total + share * rate, weight + share
    # Levels that the deal substitutes are not a rate: at least one component must have one of its own.
    if weight == 0 or there == 0:
        raise Missing(f"no component of {name} has a rate", blend.cite, "rate")
    # A component that is left out takes its weight along, so the others are scaled up to one.
    return total / weight


def blended_between(
    facts: BlendFacts, name: str, blend: Blend, first: date, last: date
) -> tuple[tuple[date, Fraction], ...]:
    """Return (date, blended value) for each Publication Date that gives the blend a value.

    A date that lacks a component is treated as the deal says.
    """
    series = {index: dict(facts.published_between(index, first, last)) for index in blend.of}

    def on(day: date) -> Callable[[str], Fraction]:
        def rate_of(index: str) -> Fraction:
            if day not in series[index]:
                raise Missing(f"{index} was not published on {day}", facts.terms.cite_of(name), "rate")
            return series[index][day]

        return rate_of

    values: list[tuple[date, Fraction]] = []
    for day in sorted({day for values in series.values() for day in values}):
        with suppress(
            Missing
        ):  # a date on which the blend is not determined has no value, as any other without one
            values.append((day, blended(facts, name, facts.published_value if day == facts.on else on(day))))
    return tuple(values)

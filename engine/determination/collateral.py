"""Collateral Value: what the pool is worth at the Reference Rate, one part per asset class (WP §8.1.2, §9.3).

Multiple x Reference Rate x GPUs x 8,760 x availability x performance factor, each class at its own index.
Every template that divides by Collateral Value or into it uses this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.basics.values import Figure, Unit
from engine.determination.facts import Facts
from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.measure_inputs import Missing, written
from engine.events.results import Step
from engine.terms.pool import AssetClass, At

HOURS_A_YEAR = 8760
NO_ADVANCES: Mapping[str, Fraction] = {}


@dataclass(frozen=True, slots=True)
class CollateralPart:
    """One asset class: its GPUs, the value of one GPU in USD, and a function that writes the working.

    The function is called only if the working is asked for.
    """

    name: str
    gpus: int
    each: Fraction
    worked: Callable[[], str]

    @property
    def value(self) -> Fraction:
        """The value of the class in USD."""
        return self.gpus * self.each


Advances = Mapping[str, Fraction]
"""By asset class, the share of its value that is lent against.

It is empty if the deal has no advance rates.
"""


def collateral_parts(
    facts: Facts, multiple: Fraction, advances: Advances = NO_ADVANCES
) -> tuple[CollateralPart, ...]:
    """Return each asset class's part of Collateral Value, at its Reference Rate of the date.

    A class counts at its advance rate if `advances` gives one. Raises Missing if an index has no rate and the
    deal names no substitute.
    """
    return tuple(
        _part(facts, name, multiple, advances.get(name, Fraction(1))) for name in facts.terms.pledged_assets
    )


def _part(facts: Facts, name: str, multiple: Fraction, advance: Fraction) -> CollateralPart:
    asset = facts.terms.pledged_assets[name]
    rate = _rate(facts, name, asset)
    if rate is None:
        return CollateralPart(
            name,
            facts.gpus(name),
            Fraction(0),
            lambda: f"no Reference Rate of {asset.index}: excluded, {asset.cite}",
        )
    gpus = facts.gpus(name)
    factor = asset.performance_factor or Fraction(1)
    each = multiple * rate * HOURS_A_YEAR * asset.availability * factor * advance

    def worked() -> str:
        text = f"{written(multiple, Unit.COUNT)} × {written(rate, Unit.RATE)} × {gpus:,} GPUs × 8,760 h × "
        text += written(asset.availability, Unit.SHARE)
        text += f" × {written(factor, Unit.COUNT)}" if factor != 1 else ""
        return text + (f" × advance rate {written(advance, Unit.SHARE)}" if advance != 1 else "")

    return CollateralPart(name, gpus, each, worked)


def _rate(facts: Facts, name: str, asset: AssetClass) -> Fraction | None:
    """Return the class's Reference Rate, or what the deal says in place of a missing one.

    The result is None if the deal leaves the class out. Raises Missing if the deal leaves the test not
    determined.
    """
    try:
        return facts.reference_rate(asset.index)
    except Missing:
        if asset.missing_index == "not determined":
            raise
        if asset.missing_index == "exclude":
            return None
        assert isinstance(asset.missing_index, At)  # the only form left
        return facts.term(
            f"Level of {name} without {asset.index}", asset.missing_index.at, Unit.RATE, asset.cite
        )


def collateral_value(parts: Sequence[CollateralPart], cite: str) -> Fraction:
    """Return the sum of the parts in USD. Raises Missing if it is zero: a ratio needs a value."""
    value = sum((part.value for part in parts), Fraction(0))
    # A loan to value over nothing is not a large ratio, and a pass or a fail would be invented.
    if value <= 0:
        raise Missing("Collateral Value is zero: no available GPUs", cite, "report")
    return value


def collateral_form(facts: Facts, advances: Advances = NO_ADVANCES) -> LinearForm | None:
    """Return Collateral Value as a sum of Reference Rates, without the factor common to all parts.

    The result is None for a pool priced at a blend, which treats a missing component by rules of its own. It
    is also None for a pool without GPUs.
    """
    hours: dict[str, Fraction] = {}
    for name, asset in facts.terms.pledged_assets.items():
        # A blend's weights move if a component is missing, so a fixed sum of rates would be wrong then.
        if asset.index in facts.terms.blended_rates:
            return None
        each = (
            facts.gpus(name)
            * asset.availability
            * (asset.performance_factor or Fraction(1))
            * advances.get(name, Fraction(1))
        )
        hours[asset.index] = hours.get(asset.index, Fraction(0)) + each
    if not any(hours.values()):
        return None
    one = _step_of(hours.values())
    # A class without GPUs weighs nothing, but the test is not determined where its rate is missing.
    return LinearForm(tuple((Statistic("rate", index), weight / one) for index, weight in hours.items()))


def _step_of(weights: Iterable[Fraction]) -> Fraction:
    """Return the largest number of which every weight is a whole multiple."""
    numbers = tuple(weights)
    common = math.lcm(*(number.denominator for number in numbers))
    return Fraction(math.gcd(*(int(one * common) for one in numbers)), common)


def valuation(
    parts: Sequence[CollateralPart], value: Fraction, total: str = "Collateral Value"
) -> list[Step]:
    """Return the working: one line for each class, and the line of their sum if there are several."""
    steps = [
        _step(f"Value of {part.name}", "multiple × rate × GPU-hours a year", part.worked(), part.value)
        for part in parts
    ]
    if len(parts) > 1:
        added = " + ".join(written(part.value, Unit.USD) for part in parts)
        steps.append(_step(total, "sum over asset classes", added, value))
    return steps


def _step(name: str, formula: str, worked: str, value: Fraction) -> Step:
    return Step(name=name, formula=formula, worked=worked, figure=Figure(value=value, unit=Unit.USD))

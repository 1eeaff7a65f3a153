"""Contract spread: how far contracted rates stand above the market's rate (WP §5.2; rulings 17).

A narrowing spread is the signal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    Facts,
    LimitClause,
    Measurement,
    Reference,
    Step,
    Template,
    Unit,
    against,
    failing,
    step,
    written,
)


class ContractSpread(LimitClause):
    """The terms of a contract spread, of the pool or of one asset class; the limit is in points."""

    template: Literal["contract_spread"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    on_one_index: ClassVar[bool] = True
    asset_class: str | None = None
    units: ClassVar[tuple[Unit, ...]] = (Unit.POINTS,)

    def refers(self) -> tuple[tuple[str, Reference, str | None], ...]:
        """Return what the clause refers to: the asset class, besides what every clause names."""
        return (*super().refers(), ("asset_class", "asset class", self.asset_class))


def measure(terms: ContractSpread, facts: Facts) -> Measurement:
    """Return contracted rate / Reference Rate − 1, in points: 5 points are 1/20."""
    index = facts.terms.index_of(terms)
    contracted = facts.figure(
        f"contracted_rate.{terms.asset_class}" if terms.asset_class else "contracted_rate"
    )
    # A carried rate serves here: only tests on Publication Dates need the date's own value (rulings 2).
    rate = facts.nonzero(index, facts.reference_rate(index), terms.cite)
    spread: Fraction = contracted / rate - 1

    def working() -> tuple[Step, ...]:
        worked = f"{written(contracted, Unit.RATE)} / {written(rate, Unit.RATE)} − 1"
        return (step("Measured", "contracted rate / Reference Rate − 1", worked, spread, Unit.POINTS),)

    return against(terms.limit, spread, working)


def reading(terms: ContractSpread) -> str:
    """Return the clause in plain English, with its limit and what a failure is."""
    whose = f"the asset class {terms.asset_class}" if terms.asset_class else "the pool"
    return (
        f"The contracted rate of {whose}, as the Servicer reports it, must stand {terms.limit} above the "
        "Reference Rate (contracted rate / "
        "Reference Rate − 1). A narrowing spread says that contracts are repriced towards the market. A "
        f"failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="contract_spread",
    title="Contract spread",
    source="WP §5.2",
    terms=ContractSpread,
    measure=measure,
    reading=reading,
    breach=failing,
)

"""Pool coverage: Collateral Value at a horizon under a scenario, over the balance scheduled for that date.

See WP Table 4 and rulings 17.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from engine.determination.collateral import collateral_form, collateral_parts, collateral_value, valuation
from engine.determination.scenario import Scenario
from engine.determination.template import (
    Day,
    Facts,
    LimitClause,
    Measurement,
    Missing,
    PositiveNumber,
    Step,
    Template,
    Unit,
    Usd,
    against,
    failing,
    refusal,
    step,
    written,
)


class PoolCoverage(LimitClause):
    """The terms of a pool coverage test: scenario, horizon and the balance scheduled for the horizon."""

    template: Literal["pool_coverage"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    multiple: PositiveNumber
    scenario: Scenario
    horizon: Day
    scheduled_balance: Usd

    @model_validator(mode="after")
    def _a_balance(self) -> Self:
        if self.scheduled_balance <= 0:
            why = "a ratio needs a balance"
            raise refusal(
                "D118",
                "the scheduled balance is zero",
                why,
                "write the balance at the horizon",
                "scheduled_balance",
            )
        return self


def measure(terms: PoolCoverage, facts: Facts) -> Measurement:
    """Return Collateral Value at the scenario's rate at the horizon / the balance scheduled then."""
    days = (terms.horizon - facts.on).days
    # On the horizon itself the test still runs, with zero days left for a fall.
    if days < 0:
        raise Missing(f"the horizon {terms.horizon} has passed", terms.cite, "term")
    parts = collateral_parts(facts, terms.multiple)
    today = collateral_value(parts, terms.cite)
    kept = terms.scenario.left(facts.on, terms.horizon)
    then = today * kept
    balance = facts.term(
        f"balance scheduled on {terms.horizon}", terms.scheduled_balance, Unit.USD, terms.cite
    )

    def working() -> tuple[Step, ...]:
        fall = f"{written(today, Unit.USD)} × {written(kept, Unit.COUNT)}"
        ratio = f"{written(then, Unit.USD)} / {written(balance, Unit.USD)}"
        return (
            *valuation(parts, today),
            step(
                "Collateral Value at the horizon",
                f"{terms.scenario}, {days} days to {terms.horizon}",
                fall,
                then,
                Unit.USD,
            ),
            step(
                "Measured",
                "Collateral Value at the horizon / balance scheduled then",
                ratio,
                Fraction(then / balance),
                Unit.SHARE,
            ),
        )

    return against(terms.limit, then / balance, working)


def reading(terms: PoolCoverage) -> str:
    """Return the clause in plain English."""
    return (
        f"Collateral Value ({written(terms.multiple, Unit.COUNT)} × the Reference Rate × the available "
        "GPU-hours of a year) taken forward "
        f"to {terms.horizon} under {terms.scenario} (implied useful life {terms.scenario.useful_lives}), "
        "divided by the balance scheduled "
        f"then ({written(terms.scheduled_balance, Unit.USD)}), must be {terms.limit}. After {terms.horizon} "
        "the test is "
        f"not determined. A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="pool_coverage",
    title="Pool coverage under stress",
    source="WP §6.3, §8.2",
    terms=PoolCoverage,
    measure=measure,
    reading=reading,
    breach=failing,
    columns=lambda _terms, facts: collateral_form(facts),
)

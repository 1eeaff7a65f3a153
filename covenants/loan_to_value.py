"""Loan to value: outstanding principal against Collateral Value at the Reference Rate (WP §8.1.2, §9.3)."""

from __future__ import annotations

from decimal import ROUND_CEILING
from fractions import Fraction
from typing import ClassVar, Literal

from engine.basics.values import rounded
from engine.determination.collateral import CollateralPart, collateral_form, collateral_parts, collateral_value, valuation
from engine.determination.template import (
    Clause,
    Facts,
    Figure,
    MaintenanceClause,
    Measurement,
    Percentage,
    PositiveNumber,
    Remedy,
    Step,
    Template,
    Unit,
    remedy,
    whose_balance,
    written,
)


class LoanToValue(MaintenanceClause):
    """The terms of a loan-to-value test."""

    template: Literal["loan_to_value"]
    may_take_class: ClassVar[bool] = True
    multiple: PositiveNumber
    maximum: Percentage

    def never_before(self, whole: Clause) -> bool:
        """Return whether the test of the whole debt fails first: a class is a part of it, and its maximum is not tighter."""
        if not isinstance(whole, LoanToValue) or whole.debt_class is not None or self.debt_class is None:
            return False
        return whole.multiple == self.multiple and whole.maximum <= self.maximum


def measure(terms: LoanToValue, facts: Facts) -> Measurement:
    """Return principal over Collateral Value; a pool worth nothing has no ratio."""
    principal = facts.principal(terms)
    parts = collateral_parts(facts, terms.multiple)
    value = collateral_value(parts, terms.cite)
    share = principal / value

    def working() -> tuple[Step, ...]:
        steps = valuation(parts, value)
        ratio = f"{written(principal, Unit.USD)} / {written(value, Unit.USD)}"
        figure = Figure(value=share, unit=Unit.SHARE)
        return (*steps, Step(name="Measured", formula="outstanding principal / Collateral Value", worked=ratio, figure=figure))

    return Measurement(Figure(value=share, unit=Unit.SHARE), Figure(value=terms.maximum, unit=Unit.SHARE), "at most", working)


def remedies(terms: LoanToValue, facts: Facts) -> tuple[Remedy, ...]:
    """Return what restores the limit today: a prepayment up to the cent, or more GPUs up to the whole one (rulings 18)."""
    if terms.cure == "none":
        return ()
    principal = facts.principal(terms)
    parts = collateral_parts(facts, terms.multiple)
    value = collateral_value(parts, terms.cite)
    ways: list[Remedy] = []
    cash = Fraction(rounded(principal - terms.maximum * value, 2, ROUND_CEILING))
    if "prepayment" in terms.cure.cured_by:
        ways.append(remedy("prepayment", cash, Unit.USD))
    if "additional collateral" in terms.cure.cured_by and terms.maximum > 0:  # no collateral is enough for a maximum of nothing
        ways += [_more_gpus(part, principal / terms.maximum - value) for part in parts if part.each > 0]
    if "equity" in terms.cure.cured_by:
        ways.append(remedy("equity", cash, Unit.USD))
    return tuple(ways)


def _more_gpus(part: CollateralPart, short: Fraction) -> Remedy:
    return remedy("additional collateral", Fraction(rounded(short / part.each, 0, ROUND_CEILING)), Unit.GPUS, part.name)


def reading(terms: LoanToValue) -> str:
    """Return the clause in plain English."""
    whose = f"of {whose_balance(terms, '')} " if terms.debt_class else ""
    return (
        f"The outstanding principal {whose}must be at most {written(terms.maximum, Unit.SHARE)} of Collateral Value, which is "
        f"{written(terms.multiple, Unit.COUNT)} times the Reference Rate times the GPU-hours that the Pledged GPU Assets "
        f"offer in a year (GPUs × 8,760 × availability), summed over asset classes, each at its own index. Exactly "
        f"{written(terms.maximum, Unit.SHARE)} passes."
    )


TEMPLATE = Template(
    name="loan_to_value",
    title="Loan to value",
    source="WP §8.1.2",
    terms=LoanToValue,
    measure=measure,
    reading=reading,
    remedies=remedies,
    columns=lambda _terms, facts: collateral_form(facts),
)

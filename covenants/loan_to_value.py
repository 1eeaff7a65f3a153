"""Loan to value: outstanding principal against Collateral Value at the Reference Rate (WP §8.1.2, §9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from engine.basics.values import listed, rounded
from engine.determination.collateral import (
    CollateralPart,
    collateral_form,
    collateral_parts,
    collateral_value,
    valuation,
)
from engine.determination.template import (
    SINCE_2,
    Clause,
    Facts,
    Figure,
    MaintenanceClause,
    Measurement,
    PartOf,
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
    advance_rates: Annotated[Mapping[str, PartOf], SINCE_2] = {}
    """The share of each asset class's Collateral Value that counts.

    The sum of the parts is the Borrowing Base.

    It is empty if the deal has no advance rates.
    """

    def __hash__(self) -> int:
        """Return a hash that equal terms share. A mapping has no hash, and terms are keys of a lookup."""
        return hash((self.cite, self.multiple, self.maximum, *self.advance_rates.items()))

    @property
    def against(self) -> str:
        """Return what the principal is held against, as the agreement calls it."""
        return "the Borrowing Base" if self.advance_rates else "Collateral Value"

    def never_before(self, whole: Clause) -> bool:
        """Return whether the test of the whole debt always fails before this test of one class does.

        It does if both tests value the collateral alike and the maximum of the whole debt is not above this
        one's. A class is a part of the whole debt, so its ratio is never higher.
        """
        if not isinstance(whole, LoanToValue) or whole.debt_class is not None or self.debt_class is None:
            return False
        same = whole.multiple == self.multiple and whole.advance_rates == self.advance_rates
        return same and whole.maximum <= self.maximum


def measure(terms: LoanToValue, facts: Facts) -> Measurement:
    """Return outstanding principal over Collateral Value, as a share: 65% is 13/20.

    Raises Missing if the collateral is worth nothing.
    """
    principal = facts.principal(terms)
    parts = collateral_parts(facts, terms.multiple, terms.advance_rates)
    value = collateral_value(parts, terms.cite)
    share = principal / value

    def working() -> tuple[Step, ...]:
        steps = valuation(parts, value, terms.against.removeprefix("the "))
        ratio = f"{written(principal, Unit.USD)} / {written(value, Unit.USD)}"
        figure = Figure(value=share, unit=Unit.SHARE)
        return (
            *steps,
            Step(
                name="Measured",
                formula=f"outstanding principal / {terms.against}",
                worked=ratio,
                figure=figure,
            ),
        )

    return Measurement(
        Figure(value=share, unit=Unit.SHARE), Figure(value=terms.maximum, unit=Unit.SHARE), "at most", working
    )


def remedies(terms: LoanToValue, facts: Facts) -> tuple[Remedy, ...]:
    """Return what would restore the limit today (rulings 18).

    A prepayment is rounded up to the cent, further GPUs to the whole GPU. The result holds only the ways of
    cure that the clause lists, and nothing if it allows no cure.
    """
    if terms.cure == "none":
        return ()
    principal = facts.principal(terms)
    parts = collateral_parts(facts, terms.multiple, terms.advance_rates)
    value = collateral_value(parts, terms.cite)
    ways: list[Remedy] = []
    # Rounded up, because an amount that lacks a part of a cent would not restore the limit (rulings 18).
    cash = Fraction(rounded(principal - terms.maximum * value, 2, ROUND_CEILING))
    if "prepayment" in terms.cure.cured_by:
        ways.append(remedy("prepayment", cash, Unit.USD))
    if (
        "additional collateral" in terms.cure.cured_by and terms.maximum > 0
    ):  # no collateral is enough for a maximum of nothing
        # A class that adds nothing to the value cures nothing, however many GPUs are added.
        ways += [_more_gpus(part, principal / terms.maximum - value) for part in parts if part.each > 0]
    if "equity" in terms.cure.cured_by:
        ways.append(remedy("equity", cash, Unit.USD))
    return tuple(ways)


def _more_gpus(part: CollateralPart, short: Fraction) -> Remedy:
    return remedy(
        "additional collateral", Fraction(rounded(short / part.each, 0, ROUND_CEILING)), Unit.GPUS, part.name
    )


def reading(terms: LoanToValue) -> str:
    """Return the clause in plain English, with its limit, its multiple and its advance rates."""
    whose = f"of {whose_balance(terms, '')} " if terms.debt_class else ""
    rates = listed([f"{name} {written(rate, Unit.SHARE)}" for name, rate in terms.advance_rates.items()])
    base = (
        f"the Borrowing Base, which is of each asset class a part of its Collateral Value: {rates}. That "
        "value is"
        if rates
        else ""
    )
    return (
        f"The outstanding principal {whose}must be at most {written(terms.maximum, Unit.SHARE)} of "
        f"{base or 'Collateral Value, which is'} "
        f"{written(terms.multiple, Unit.COUNT)} times the Reference Rate times the GPU-hours that the "
        "Pledged GPU Assets "
        "offer in a year (GPUs × 8,760 × availability), summed over asset classes, each at its own index. "
        "Exactly "
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
    columns=lambda terms, facts: collateral_form(facts, terms.advance_rates),
)

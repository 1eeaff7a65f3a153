"""Overcollateralization: Collateral Value over a class of notes and all that ranks before it (WP §8.2).

The ruling is `rulings.md` 17.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.collateral import collateral_form, collateral_parts, collateral_value, valuation
from engine.determination.template import (
    Facts,
    LimitClause,
    Measurement,
    PositiveNumber,
    Remedy,
    Step,
    Template,
    Unit,
    against,
    failing,
    least,
    remedy,
    step,
    whose_balance,
    written,
)


class Overcollateralization(LimitClause):
    """The terms of an overcollateralization test; `class` is the most junior class that must be covered."""

    template: Literal["overcollateralization"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    may_take_class: ClassVar[bool] = True
    counted_in_format_1: ClassVar[Literal["alone", "with senior classes"]] = "with senior classes"
    alone_only_first: ClassVar[bool] = True
    multiple: PositiveNumber


def _balances(terms: Overcollateralization, facts: Facts) -> tuple[tuple[str, Fraction], ...]:
    """Return (class, outstanding balance) of each class that counts, in order of seniority.

    If all classes count, the result is a single item for all of them.
    """
    names = facts.terms.counted_with(terms)
    if len(names) == len(facts.terms.debt):
        return (("all classes", facts.principal(terms)),)
    return tuple((name, facts.figure(f"outstanding_principal.{name}")) for name in names)


def measure(terms: Overcollateralization, facts: Facts) -> Measurement:
    """Return Collateral Value over the balance of all classes that count, as a share.

    Raises Missing if that balance is zero: nothing is left to cover.
    """
    parts = collateral_parts(facts, terms.multiple)
    value = collateral_value(parts, terms.cite)
    balances = _balances(terms, facts)
    balance = facts.nonzero("note balance", sum((amount for _, amount in balances), Fraction(0)), terms.cite)

    def working() -> tuple[Step, ...]:
        added = " + ".join(f"{written(amount, Unit.USD)} ({name})" for name, amount in balances)
        ratio = f"{written(value, Unit.USD)} / {written(balance, Unit.USD)}"
        return (
            *valuation(parts, value),
            step(
                "Balance covered", "the classes that count, in order of seniority", added, balance, Unit.USD
            ),
            step("Measured", "Collateral Value / balance covered", ratio, value / balance, Unit.SHARE),
        )

    return against(terms.limit, value / balance, working)


def remedies(terms: Overcollateralization, facts: Facts) -> tuple[Remedy, ...]:
    """Return what would restore the limit today: a prepayment, or further GPUs of one asset class.

    The prepayment is rounded up to the cent, the GPUs to the whole GPU (rulings 18). The result holds only
    the ways of cure that the clause lists; a clause without a cure gets both.
    """
    ways = terms.cure.cured_by if terms.cure != "none" else ("prepayment", "additional collateral")
    parts = collateral_parts(facts, terms.multiple)
    value = collateral_value(parts, terms.cite)
    balance = sum((amount for _, amount in _balances(terms, facts)), Fraction(0))
    possible: list[Remedy] = []
    if terms.limit.value <= 0:
        return ()  # nothing is enough where more cover is a failure
    if "prepayment" in ways:
        # What is prepaid leaves the balance that this value covers exactly at the limit.
        amount = least(balance - value / terms.limit.value, 2, terms.limit)
        possible.append(remedy("prepayment", amount, Unit.USD))
    if "additional collateral" in ways:
        short = terms.limit.value * balance - value
        possible += [
            remedy("additional collateral", least(short / part.each, 0, terms.limit), Unit.GPUS, part.name)
            for part in parts
            # A class that adds nothing to the value cures nothing, however many GPUs are added.
            if part.each > 0
        ]
    return tuple(possible)


def reading(terms: Overcollateralization) -> str:
    """Return the clause in plain English."""
    covered = whose_balance(terms, "all classes together")
    return (
        f"Collateral Value ({written(terms.multiple, Unit.COUNT)} × the Reference Rate × the available "
        "GPU-hours of a year, summed over "
        f"the asset classes) divided by the balance of {covered} must be {terms.limit}. A failure is "
        f"{terms.failure_is}."
    )


TEMPLATE = Template(
    name="overcollateralization",
    title="Overcollateralization",
    source="WP §8.2",
    terms=Overcollateralization,
    measure=measure,
    reading=reading,
    breach=failing,
    remedies=remedies,
    columns=lambda _terms, facts: collateral_form(facts),
)

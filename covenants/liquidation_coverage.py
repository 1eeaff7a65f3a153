"""Liquidation coverage: what the GPUs would fetch in a bulk sale over the balance (WP §4.2; rulings 17)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    CalendarPeriod,
    Discount,
    Facts,
    LimitClause,
    Measurement,
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


class LiquidationCoverage(LimitClause):
    """The terms of a liquidation coverage test, of one class of debt or of all."""

    template: Literal["liquidation_coverage"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    may_take_class: ClassVar[bool] = True
    on_no_rate: ClassVar[bool] = True
    alone_only_first: ClassVar[bool] = True
    bulk_discount: Discount
    quotes_too_old_after: CalendarPeriod


def _lots(terms: LiquidationCoverage, facts: Facts) -> tuple[tuple[str, int, Fraction, date], ...]:
    """Return each asset class with its GPUs, its quote and the date of the quote.

    Raises Missing if a quote is missing or too old.
    """
    lots = []
    for name in facts.terms.pledged_assets:
        quote, quoted = facts.fresh(f"resale_quote.{name}", terms.quotes_too_old_after, terms.cite)
        lots.append((name, facts.gpus(name), quote, quoted))
    return tuple(lots)


def measure(terms: LiquidationCoverage, facts: Facts) -> Measurement:
    """Return the sum of GPUs × latest resale quote × (1 − bulk discount), over the balance."""
    kept = 1 - facts.term("bulk discount", terms.bulk_discount, Unit.SHARE, terms.cite)
    lots = _lots(terms, facts)
    proceeds = sum((gpus * quote * kept for _, gpus, quote, _ in lots), Fraction(0))
    balance = facts.nonzero("balance", facts.principal(terms), terms.cite)
    covered = proceeds / balance
    loss = max(Fraction(0), 1 - covered)

    def working() -> tuple[Step, ...]:
        share = written(terms.bulk_discount, Unit.SHARE)
        sold = tuple(
            step(
                f"Proceeds of {name}",
                f"GPUs × quote of {quoted} × (1 − bulk discount)",
                f"{gpus:,} × {written(quote, Unit.USD)} × (1 − {share})",
                gpus * quote * kept,
                Unit.USD,
            )
            for name, gpus, quote, quoted in lots
        )
        ratio = f"{written(proceeds, Unit.USD)} / {written(balance, Unit.USD)}"
        return (
            *sold,
            step(
                "Loss given default implied",
                "1 − proceeds / balance, not below zero",
                f"1 − {ratio}",
                loss,
                Unit.SHARE,
            ),
            step("Measured", "proceeds / balance", ratio, covered, Unit.SHARE),
        )

    return against(terms.limit, covered, working)


def remedies(terms: LiquidationCoverage, facts: Facts) -> tuple[Remedy, ...]:
    """Return what would restore the limit today.

    It is a prepayment, or further GPUs of an asset class at its quote.

    The prepayment is rounded up to the cent, the GPUs to the whole GPU (rulings 18). The result holds only
    the ways of cure that the clause lists; a clause without a cure gets both.
    """
    if terms.limit.value <= 0:
        return ()  # nothing is enough where more cover is a failure
    ways = terms.cure.cured_by if terms.cure != "none" else ("prepayment", "additional collateral")
    each = {name: quote * (1 - terms.bulk_discount) for name, _, quote, _ in _lots(terms, facts)}
    proceeds = sum((gpus * each[name] for name, gpus, _, _ in _lots(terms, facts)), Fraction(0))
    balance = facts.principal(terms)
    possible: list[Remedy] = []
    if "prepayment" in ways:
        possible.append(
            # What is prepaid leaves the balance that these proceeds cover exactly at the limit.
            remedy("prepayment", least(balance - proceeds / terms.limit.value, 2, terms.limit), Unit.USD)
        )
    if "additional collateral" in ways:
        short = terms.limit.value * balance - proceeds
        possible += [
            remedy("additional collateral", least(short / worth, 0, terms.limit), Unit.GPUS, name)
            for name, worth in each.items()
            # A GPU that fetches nothing cures nothing, however many are added.
            if worth > 0
        ]
    return tuple(possible)


def reading(terms: LiquidationCoverage) -> str:
    """Return the clause in plain English."""
    balance = whose_balance(terms, "all classes")
    return (
        "The latest resale quote of each asset class times its GPUs, less a bulk discount of "
        f"{written(terms.bulk_discount, Unit.SHARE)}, "
        f"divided by the balance of {balance}, must be {terms.limit}. A quote older than "
        f"{terms.quotes_too_old_after} leaves the "
        f"test not determined. A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="liquidation_coverage",
    title="Liquidation coverage",
    source="WP §4.2",
    terms=LiquidationCoverage,
    measure=measure,
    reading=reading,
    breach=failing,
    remedies=remedies,
)

"""Liquidation coverage: what the GPUs would fetch in a bulk sale over the balance (WP §4.2; rulings 17)."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    CalendarPeriod,
    Discount,
    Facts,
    LimitClause,
    Measurement,
    Step,
    Template,
    Unit,
    against,
    failing,
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


def measure(terms: LiquidationCoverage, facts: Facts) -> Measurement:
    """Return the sum of GPUs × latest resale quote × (1 − bulk discount), over the balance."""
    kept = 1 - facts.term("bulk discount", terms.bulk_discount, Unit.SHARE, terms.cite)
    lots = []
    for name in facts.terms.pledged_assets:
        quote, quoted = facts.fresh(f"resale_quote.{name}", terms.quotes_too_old_after, terms.cite)
        lots.append((name, facts.gpus(name), quote, quoted))
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
)

"""A result computed again from what a notice carries: the deal file, and the inputs that the result names.

The inputs of a result are exactly what its measure asked for, so they are enough to ask it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.basics.values import Figure
from engine.determination.determine import decided_with_sellers
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported
from engine.determination.template import Template
from engine.events.rates import Published, ReferenceRate
from engine.events.results import Given, Input, NotDetermined, Source, TestResult, Verdict
from engine.terms.in_force import TermsInForce

RATE = re.compile(r"(?P<index>.+), (?P<on>\d{4}-\d{2}-\d{2})")
PERIOD = re.compile(r"(?P<name>.+), (?P<one>week|month) to (?P<end>\d{4}-\d{2}-\d{2})")


Listed = Mapping[tuple[str, str], Sequence[tuple[Decimal, str | None]]]
"""The listings of each index and Publication Date: their prices, ascending, and their sellers' numbers."""


def recomputed(
    result: TestResult, terms: TermsInForce, templates: Mapping[str, Template], listed: Listed | None = None
) -> TestResult | None:
    """Return the result that comes out again: its verdict, its figures, and how the sellers bear on them.

    The result is None if it was not determined or rests on what a notice does not carry.
    """
    clause = terms.covenants.get(result.test)
    template = templates[clause.template] if clause is not None else None
    if (
        result.verdict is Verdict.NOT_DETERMINED
        or clause is None
        or template is None
        or not template.recomputable
    ):
        return None
    # Break-even Rates and remedies are left out: they change no verdict, and finding them takes long.
    return decided_with_sellers(result.test, clause, template, facts_again(result, terms, listed or {}))


def facts_again(result: TestResult, terms: TermsInForce, listed: Listed) -> Facts:
    """Return what a result's measure asked for, as facts that it can be asked of again."""
    rates: dict[str, dict[date, ReferenceRate]] = {}
    periods: dict[str, dict[date, dict[str, Input]]] = {"week": {}, "month": {}}
    report: dict[str, Input] = {}
    for used in result.inputs:
        period, rate = PERIOD.fullmatch(used.name), RATE.fullmatch(used.name)
        if used.source.kind == "publication" and rate is not None:
            on = date.fromisoformat(rate["on"])
            rates.setdefault(rate["index"], {})[on] = _rate(rate["index"], on, used, listed)
        elif period is not None:
            periods[period["one"]].setdefault(date.fromisoformat(period["end"]), {})[period["name"]] = used
        # What the deal file says is taken from the deal file itself, and not from what a result repeats.
        elif used.source.kind not in ("deal file", "publication"):
            report[used.name] = used
    series = {index: tuple(rate[on] for on in sorted(rate)) for index, rate in rates.items()}
    published = {
        index: tuple(rate.published or _published(rate) for rate in publications)
        for index, publications in series.items()
    }
    asked = sorted({on for rate in rates.values() for on in rate})
    days = (
        (asked[0], asked[-1]) if asked else None
    )  # the days of a period's rates are those that the measure asked for
    weeks, months = (
        tuple((end, replace(_reported(period[end]), period=days)) for end in sorted(period))
        for period in periods.values()
    )
    served: Reported | NotDetermined = (
        _reported(report) if report else NotDetermined(reason="none", cite="-", lacks="report")
    )
    return Facts(result.as_of or result.on, terms, series, published, served, weeks, months)


def _rate(index: str, on: date, used: Input, listed: Listed) -> ReferenceRate:
    value = _decimal(used.figure.value)
    step = used.source.text.rpartition(",")[0] or used.source.text
    made = ReferenceRate(
        index=index, on=on, value=value, step=step, cite="-", publication_date=used.source.as_of
    )
    rows = listed.get((index, str(used.source.as_of or on)), ())
    behind = {"pooled": tuple(price for price, _ in rows), "sellers": tuple(seller for _, seller in rows)}
    return made.model_copy(update={"published": _published(made).model_copy(update=behind)})


def _published(rate: ReferenceRate) -> Published:
    return Published(index=rate.index, publication_date=rate.publication_date or rate.on, value=rate.value)


def _decimal(value: Fraction) -> Decimal:
    """Return a published rate as the decimal that it is."""
    # Exact: published rates have few decimals, far below the precision of a division.
    return Decimal(value.numerator) / Decimal(value.denominator)


def _reported(inputs: Mapping[str, Input]) -> Reported:
    source = next(iter(inputs.values())).source if inputs else Source(kind="servicer report", text="none")
    figures: dict[str, Figure] = {name: used.figure for name, used in inputs.items()}
    given = {name: Given(as_of=used.source.as_of) for name, used in inputs.items()}
    return Reported(figures, source, given)

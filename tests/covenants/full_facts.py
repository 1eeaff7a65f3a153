"""Facts in which nothing is missing, for any deal, and the same facts with some of them left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from engine.basics.values import Figure, Unit
from engine.determination.measure_inputs import Reported
from engine.determination.template import Facts
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, Source
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import TermsInForce

ON = date(2026, 7, 30)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONTHS = (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30))
SOURCE = Source(kind="servicer report", text="test", as_of=ON - DAY)
Figures = dict[str, Figure]


def _figures(terms: TermsInForce, rate: Fraction) -> Iterator[tuple[str, Fraction, Unit]]:
    """Every figure that the deals' tests ask for, once: no figure stands in two ways."""
    for name, debt in terms.debt.items():
        yield f"outstanding_principal.{name}", Fraction(debt.original_principal), Unit.USD
    for name, asset in terms.pledged_assets.items():
        offered = Fraction(asset.gpus * 150)
        yield f"available.{name}.gpus", Fraction(asset.gpus), Unit.GPUS
        yield f"rental.{name}.rented_gpu_hours", offered * 9 / 10, Unit.GPU_HOURS
        yield f"rental.{name}.available_gpu_hours", offered, Unit.GPU_HOURS
        yield f"rental.{name}.weighted_average_rate", rate, Unit.RATE
        yield f"uncontracted_gpu_hours.{name}", offered / 10, Unit.GPU_HOURS
        yield f"resale_quote.{name}", Fraction(20_000), Unit.USD
        yield f"certified.{name}.{ON - WEEK}", Fraction(asset.gpus), Unit.GPUS
        yield f"certified_performance.{name}.{ON - WEEK}", Fraction(1), Unit.SHARE
    yield "contracted_rate", rate * 3 / 2, Unit.RATE
    for name, amount in {
        "contracted_revenue": 9_000_000,
        "operating_costs": 1_000_000,
        "debt_service": 2_000_000,
    }.items():
        yield name, Fraction(amount), Unit.USD
    for name, unit in terms.declared_units.items():
        yield name, Fraction(1_000), unit


def _reported(figures: Figures, period: str, dropped: Collection[str]) -> Reported | None:
    """One report without the figures that are dropped, by their names as a result states them; None if it is
    dropped whole.
    """
    if period in dropped:
        return None
    end = f", {period}" if period else ""
    return Reported(
        {name: figure for name, figure in figures.items() if f"{name}{end}" not in dropped}, SOURCE
    )


def full(terms: TermsInForce, rates: Mapping[str, str], dropped: Collection[str] = ()) -> Facts:
    """Facts of 30 July 2026 with one rate of each index since closing.

    Args:
        terms: the deal's.
        rates: of each index.
        dropped: what is left out, named as a result names its inputs: a figure, a figure of a week or month,
            a rate of a date; `report`, `week to ..`, `month to ..` for whole reports.
    """
    figures = {
        name: Figure(value=value, unit=unit)
        for name, value, unit in _figures(terms, Fraction(next(iter(rates.values()))))
    }
    days = tuple(publication_dates(terms.closing_date + DAY, ON))
    published, reference = {}, {}
    for index, rate in rates.items():
        prints = [_published(index, day, None if f"{index}, {day}" in dropped else rate) for day in days]
        published[index] = tuple(prints)
        reference[index] = tuple(_reference(one) for one in prints)
    served = _reported(figures, "", dropped) if "report" not in dropped else None
    return Facts(
        on=ON,
        terms=terms,
        rates=reference,
        published=published,
        report=served or NotDetermined(reason="no report", cite="-", lacks="report"),
        windows=tuple((day - DAY, _reported(figures, f"week to {day - DAY}", dropped)) for day in days),
        months=tuple((end, _reported(figures, f"month to {end}", dropped)) for end in MONTHS),
        received=(served,) if served else (),
    )


def _published(index: str, day: date, rate: str | None) -> Published:
    value = None if rate is None else Decimal(rate)
    known = None if value is None else 9
    return Published(
        index=index,
        publication_date=day,
        value=value,
        low=value,
        high=value,
        hosts=known,
        low_confidence=value is None,
    )


def _reference(one: Published) -> ReferenceRate:
    there = one.value is not None
    return ReferenceRate(
        index=one.index,
        on=one.publication_date,
        value=one.value,
        step="published value" if there else "none",
        cite="x",
        publication_date=one.publication_date if there else None,
        published=one if there else None,
    )

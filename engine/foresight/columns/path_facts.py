"""What the templates know on a date of a path: its rates, as a run gives them to `measure`."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import overload

from engine.basics.values import Comparison
from engine.determination.determine import decided
from engine.determination.facts import Facts
from engine.determination.reference_rate import reference_rate
from engine.determination.template import Clause, Template
from engine.events.rates import Published, ReferenceRate
from engine.events.results import TestResult
from engine.foresight.columns.path_rates import PathRates, oldest
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.in_force import IndexTerms, TermsInForce

LOOKED_BACK = 260
"""The number of dates whose Reference Rates a template may look back on."""
Level = tuple[Comparison, Fraction]
FlatRates = MutableMapping[tuple[str, IndexTerms, int], dict[date, ReferenceRate]]
"""Reference Rates of flat paths that are known already: by index, terms and level."""


@dataclass(frozen=True)
class TestOnDate:
    """One test on one date.

    Attributes:
        key: its name in the deal.
        clause: its terms in force.
        template: its template.
        base: what the templates know, without rates.
        terms: the terms in force.
        determined: the Determination Dates up to the date.
        levels: the levels with which triggers compare its figure.
    """

    __test__ = False

    key: str
    clause: Clause
    template: Template
    base: Facts
    terms: TermsInForce
    determined: tuple[date, ...]
    levels: tuple[Level, ...]

    def decided(self, facts: Facts) -> TestResult:
        """Return the test's result if the template's `measure` is given these facts."""
        return decided(self.key, self.clause, self.template, facts)


@dataclass
class RatesOnDemand(Sequence[ReferenceRate]):
    """The Reference Rates of an index on some days of a path, each found when it is first asked for.

    Most tests ask for the newest rate alone, and a path has hundreds.
    """

    name: str
    terms: IndexTerms
    days: Sequence[date]
    series: tuple[Published, ...]
    known: Sequence[int]
    found: dict[int, ReferenceRate] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.days)

    @overload
    def __getitem__(self, at: int) -> ReferenceRate: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[ReferenceRate, ...]: ...

    def __getitem__(self, at: int | slice) -> ReferenceRate | tuple[ReferenceRate, ...]:
        """Return the rate of one day, or of several."""
        places = range(len(self.days))[at]
        if isinstance(places, range):
            return tuple(self[place] for place in places)
        if places not in self.found:
            series = self.series[: self.known[places]]
            self.found[places] = _reference(self.name, self.terms, self.days[places], series)
        return self.found[places]


def facts_of(test: TestOnDate, rates: PathRates, path: int) -> Facts:
    """Return all that the templates may know on one path, whatever the test's columns look at."""
    published: dict[str, tuple[Published, ...]] = {}
    rates_by_index: dict[str, Sequence[ReferenceRate]] = {}
    count, days = rates.up_to(test.base.on), _days(test, rates)
    known = [rates.up_to(day) for day in days]
    for name, ticks in rates.ticks.items():
        column = ticks[:count, path].tolist()
        series = tuple(
            _published(name, day, tick) for day, tick in zip(rates.dates[:count], column, strict=True)
        )
        published[name] = series
        if name in test.terms.index:
            rates_by_index[name] = RatesOnDemand(name, test.terms.index[name], days, series, known)
    return replace(test.base, published=published, rates=rates_by_index, trace={})


def flat_facts(test: TestOnDate, rates: PathRates, tick: int, known: FlatRates) -> Facts:
    """Return what the templates know on a path on which every index always has the same value."""
    published: dict[str, tuple[Published, ...]] = {}
    rates_by_index: dict[str, tuple[ReferenceRate, ...]] = {}
    dates, days = rates.dates[: rates.up_to(test.base.on)], _days(test, rates)
    for name in rates.ticks:
        series = tuple(_published(name, day, tick) for day in dates)
        published[name] = series
        if name in test.terms.index:
            terms = test.terms.index[name]
            before = known.setdefault((name, terms, tick), {})
            for day in days:
                if day not in before:
                    before[day] = _reference(name, terms, day, series[: rates.up_to(day)])
            rates_by_index[name] = tuple(before[day] for day in days)
    return replace(test.base, published=published, rates=rates_by_index, trace={})


def _days(test: TestOnDate, rates: PathRates) -> list[date]:
    count = rates.up_to(test.base.on)
    return sorted({*rates.dates[:count], *test.determined, test.base.on})[-LOOKED_BACK:]


def _reference(index: str, terms: IndexTerms, day: date, series: tuple[Published, ...]) -> ReferenceRate:
    """Return the Reference Rate of a date.

    Values older than the fallback can give are left out, because it would not look at them.
    """
    return reference_rate(terms, index, day, series[-oldest(terms) - 2 :])


@lru_cache(maxsize=200_000)
def _published(index: str, day: date, tick: int) -> Published:
    # Scaled as a decimal, because `tick / 10000` as a float is not the value that was published.
    value = None if tick == NO_VALUE else Decimal(tick).scaleb(-4)
    return Published.model_construct(
        index=index, publication_date=day, value=value, source="path", published_on=day
    )

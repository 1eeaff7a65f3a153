"""What the templates know on a date of a path: its rates, as a run gives them to `measure`."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import overload

from engine.basics.calendar import BusinessCalendar
from engine.basics.values import Comparison
from engine.determination.determine import decided
from engine.determination.facts import Facts
from engine.determination.reference_rate import reference_rate
from engine.determination.template import Clause, Template
from engine.evaluation.recorded_acts import agreed_rates
from engine.events.kinds import ActRecorded
from engine.events.rates import Published, ReferenceRate
from engine.events.results import TestResult
from engine.foresight.columns.linked_reports import following
from engine.foresight.columns.path_rates import PathRates, oldest
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import determination_dates
from engine.terms.in_force import IndexTerms, TermsInForce

LOOKED_BACK = 260
"""The number of dates whose Reference Rates a template may look back on."""
Level = tuple[Comparison, Fraction]
FlatRates = MutableMapping[tuple[str, int], dict[date, ReferenceRate]]
"""Reference Rates of flat paths that are known already: by index and level."""


@dataclass(frozen=True)
class Fallbacks:
    """How a deal comes to its Reference Rates.

    Attributes:
        deal: the deal, which says on each day what its fallback is.
        acts: the Recorded Acts that set a rate.
    """

    deal: Deal
    acts: tuple[ActRecorded, ...]

    def terms(self, index: str, day: date) -> IndexTerms | None:
        """Return what the deal says about an index on a day; None if it does not name it then."""
        return resolve(self.deal, day).index.get(index)


@dataclass(frozen=True)
class TestOnDate:
    """One test on one date.

    Attributes:
        key: its name in the deal.
        clause: its terms as of the date that it measures.
        in_force: its terms in force on the day on which its state moves.
        template: its template.
        base: what the templates know, without rates.
        calendar: the deal's Business Days.
        levels: the levels with which triggers compare its figure.
        fallbacks: how the deal comes to its Reference Rates.
        delivered: the day on which a report that was awaited determines it; None if it waits for none.
    """

    __test__ = False

    key: str
    clause: Clause
    in_force: Clause
    template: Template
    base: Facts
    calendar: BusinessCalendar
    levels: tuple[Level, ...]
    fallbacks: Fallbacks
    delivered: date | None = None

    @property
    def terms(self) -> TermsInForce:
        """The deal's terms as of the date that it measures."""
        return self.base.terms

    @cached_property
    def determined(self) -> tuple[date, ...]:
        """The Determination Dates up to the date that it measures."""
        return determination_dates(self.terms, self.calendar, self.base.on)

    def decided(self, facts: Facts) -> TestResult:
        """Return the test's result if the template's `measure` is given these facts."""
        found = decided(self.key, self.clause, self.template, facts)
        if self.delivered is None:
            return found
        return found.model_copy(update={"on": self.delivered, "as_of": self.base.on})


@dataclass
class RatesOnDemand(Sequence[ReferenceRate]):
    """The Reference Rates of an index on some days of a path, each found when it is first asked for.

    Most tests ask for the newest rate alone, and a path has hundreds.
    """

    name: str
    test: TestOnDate
    days: Sequence[date]
    series: tuple[Published, ...]
    known_by: Callable[[date], int]
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
            series = self.series[: self.known_by(self.days[places])]
            self.found[places] = _reference(self.test, self.name, self.days[places], series)
        return self.found[places]


def facts_of(test: TestOnDate, rates: PathRates, path: int) -> Facts:
    """Return all that the templates may know on one path, whatever the test's columns look at."""
    published: dict[str, tuple[Published, ...]] = {}
    rates_by_index: dict[str, Sequence[ReferenceRate]] = {}
    count, days = rates.up_to(test.base.on), _days(test, rates)
    for name, ticks in rates.ticks.items():
        column = ticks[:count, path].tolist()
        series = tuple(
            _published(name, day, tick) for day, tick in zip(rates.dates[:count], column, strict=True)
        )
        published[name] = series
        if name in test.terms.index:
            rates_by_index[name] = RatesOnDemand(name, test, _named(test, name, days), series, rates.up_to)
    base = test.base
    if rates.links:
        follow = frozenset(link.figure for link in rates.links)
        base = following(base, follow, lambda name, day: rates.told(name, day, path))
    return replace(base, published=published, rates=rates_by_index, trace={})


def flat_facts(test: TestOnDate, rates: PathRates, tick: int, known: FlatRates) -> Facts:
    """Return what the templates know on a path on which every index always has the same value."""
    published: dict[str, tuple[Published, ...]] = {}
    rates_by_index: dict[str, tuple[ReferenceRate, ...]] = {}
    dates, days = rates.dates[: rates.up_to(test.base.on)], _days(test, rates)
    for name in rates.ticks:
        series = tuple(_published(name, day, tick) for day in dates)
        published[name] = series
        if name in test.terms.index:
            before = known.setdefault((name, tick), {})
            named = _named(test, name, days)
            for day in named:
                if day not in before:
                    before[day] = _reference(test, name, day, series[: rates.up_to(day)])
            rates_by_index[name] = tuple(before[day] for day in named)
    return replace(test.base, published=published, rates=rates_by_index, trace={})


def _days(test: TestOnDate, rates: PathRates) -> list[date]:
    count = rates.up_to(test.base.on)
    return sorted({*rates.dates[:count], *test.determined, test.base.on})[-LOOKED_BACK:]


def _named(test: TestOnDate, index: str, days: Sequence[date]) -> Sequence[date]:
    """Return the days on which the deal names an index, since it has no Reference Rate on any other."""
    return [day for day in days if test.fallbacks.terms(index, day) is not None]


def _reference(test: TestOnDate, index: str, day: date, series: tuple[Published, ...]) -> ReferenceRate:
    """Return the Reference Rate of a date by the fallback of that date, or as an Act sets it.

    Values older than the fallback can give are left out, because it would not look at them.
    """
    terms = test.fallbacks.terms(index, day)
    assert terms is not None
    agreed = agreed_rates(test.fallbacks.acts, index, day)
    return reference_rate(terms, index, day, series[-oldest(terms) - 2 :], agreed)


@lru_cache(maxsize=200_000)
def _published(index: str, day: date, tick: int) -> Published:
    # Scaled as a decimal, because `tick / 10000` as a float is not the value that was published.
    value = None if tick == NO_VALUE else Decimal(tick).scaleb(-4)
    return Published.model_construct(
        index=index, publication_date=day, value=value, source="path", published_on=day
    )

"""Which past rates and reports a deal's tests will still read, found by asking the tests (`rulings.md` 56).

Each test is measured on dates to come, for a deal that has lived for long, with a rate on every date and a
report for every period. What it reads is noted. So no list is kept beside the tests, and none can differ from
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

from engine.basics.calendar import BusinessCalendar
from engine.basics.values import Figure, Unit
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Missing, Reported
from engine.determination.template import Clause, Template
from engine.events.rates import Published, ReferenceRate
from engine.events.results import Source
from engine.terms.contract_dates import (
    counted_from,
    date_of_period,
    determination_dates,
    period_ends,
    period_of,
    period_start,
    publication_dates,
)
from engine.terms.in_force import IndexTerms, TermsInForce
from engine.terms.report_figures import unit_of

_Rates = tuple[Mapping[str, tuple[ReferenceRate, ...]], Mapping[str, tuple[Published, ...]]]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LONG = timedelta(days=800)
"""How long the deal is assumed to have lived, so that no window is too short."""
AHEAD = timedelta(days=130)
"""How far ahead tests are asked. A window of whole months or quarters begins later than the first date."""
# A template may look back on 60 windows (`WINDOWS_KEPT`). The last number bounds the search for figures.
WINDOWS, MONTHS, MOST = 60, 24, 60


@dataclass(frozen=True, slots=True)
class LookBack:
    """What the tests will read of the time up to a day. Each entry has the name of a test that reads it.

    Attributes:
        rates: Publication Dates by index.
        reports: last days of report periods.
        first: the indices whose first value after closing is read.
    """

    rates: Mapping[str, Mapping[date, str]]
    reports: Mapping[date, str]
    first: Mapping[str, str]


@dataclass
class _Report(Mapping[str, Figure]):
    """The figures of one period's report, which gives whatever is asked for and notes that it was asked."""

    declared: Mapping[str, Unit]
    only: set[str] | None = None
    asked: bool = False
    missed: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Figure:
        unit = unit_of(name, self.declared)
        if unit is None or (self.only is not None and name not in self.only):
            self.missed.append(name)
            raise KeyError(name)
        self.asked = True
        # The value is one and not zero, because a divisor of zero would stop the measure early.
        return Figure(value=Fraction(1), unit=unit)

    def __iter__(self) -> Iterator[str]:
        return iter(self.only or ())

    def __len__(self) -> int:
        return len(self.only or ())


def looks_back(
    terms: TermsInForce, templates: Mapping[str, Template], calendar: BusinessCalendar, as_of: date
) -> LookBack:
    """Return what the tests of a deal will read of the time up to `as_of`, over the next months."""
    rates: dict[str, dict[date, str]] = {}
    reports: dict[date, str] = {}
    first: dict[str, str] = {}
    dates = [day for day in determination_dates(terms, calendar, as_of + AHEAD) if day > as_of]
    thursdays = list(publication_dates(as_of + DAY, as_of + AHEAD))
    lived = _Lived(terms)
    for key, clause in terms.covenants.items():
        template = templates[clause.template]
        # The first value can be years old, so no window that is tried here would show that it is read.
        if getattr(clause, "since", None) == "first publication":
            first.setdefault(terms.index_of(clause), key)
        for on in thursdays if template.dates == "publication dates" else dates:
            for index, day, end in _read(clause, template, lived, on):
                if index is not None and day is not None and terms.closing_date < day <= as_of:
                    rates.setdefault(index, {}).setdefault(day, key)
                if end is not None and terms.closing_date < end <= as_of:
                    reports.setdefault(end, key)
    for name, agreed in terms.index.items():
        for day in for_fallback(agreed, terms.closing_date, as_of):
            rates.setdefault(name, {}).setdefault(day, "the fallback")
    return LookBack(rates, reports, first)


def reports_due_by(terms: TermsInForce, calendar: BusinessCalendar, as_of: date) -> tuple[date, ...]:
    """Return the last days of the newest periods whose report was due by the end of a day, newest first.

    A period that ends on the day itself is among them if its report was due on that day.
    """
    rule = terms.servicer_reports
    ends = () if rule is None else period_ends(rule, as_of + DAY)
    return tuple(end for end in ends if end > terms.closing_date and was_due_by(terms, calendar, end, as_of))


def was_due_by(terms: TermsInForce, calendar: BusinessCalendar, end: date, as_of: date) -> bool:
    """Return whether the report of the period that ends on `end` was due by a day."""
    due = report_due_on(terms, calendar, end)
    return due is not None and due <= as_of


def report_due_on(terms: TermsInForce, calendar: BusinessCalendar, end: date) -> date | None:
    """Return the day by which a period's report is due; None if the deal has no reports."""
    rule = terms.servicer_reports
    return None if rule is None else counted_from(rule.due, date_of_period(terms, calendar, end), calendar)


def for_fallback(index: IndexTerms, closing: date, as_of: date) -> tuple[date, ...]:
    """Return the last Publication Dates up to a day whose value the fallback may carry forward.

    It is one date, or as many as the fallback carries a value for.
    """
    # A deal that carries no value still needs the newest one, to say that it is missing.
    most = max((step.for_at_most.count for step in index.fallback if step.for_at_most is not None), default=1)
    return tuple(day for day in publication_dates(as_of - most * WEEK + DAY, as_of) if day > closing)


class _Lived:
    """The rates of a deal that has lived for long, and what its reports are called.

    They are made once for all its tests and dates. Otherwise each question would make two years of them anew.
    """

    def __init__(self, terms: TermsInForce) -> None:
        self.terms = terms
        # The value is not compared with anything, so a level with endless decimals may be cut.
        self._levels = {
            name: Decimal(str(float(one.closing_date_level))) for name, one in terms.index.items()
        }
        self._prints: dict[tuple[str, date], Published] = {}
        self._served: dict[tuple[str, date], ReferenceRate] = {}
        self._by_date: dict[date, _Rates] = {}
        self.source = cache(lambda as_of: Source(kind="servicer report", text="asked", as_of=as_of))

    def rates(self, on: date) -> _Rates:
        """Return the rates of each index up to a date, and its prints."""
        if on not in self._by_date:
            thursdays = tuple(publication_dates(on - LONG + DAY, on))
            names = self.terms.index
            self._by_date[on] = (
                {name: self._of(name, thursdays, on) for name in names},
                {name: tuple(self._print(name, day) for day in thursdays) for name in names},
            )
        return self._by_date[on]

    def _of(self, name: str, thursdays: Sequence[date], on: date) -> tuple[ReferenceRate, ...]:
        # A Publication Date serves itself, and a date between two of them is served by the one before it.
        days = (*thursdays, on) if on > thursdays[-1] else thursdays
        return tuple(self._rate(name, day, min(day, thursdays[-1])) for day in days)

    def _print(self, name: str, day: date) -> Published:
        if (name, day) not in self._prints:
            self._prints[name, day] = Published(index=name, publication_date=day, value=self._levels[name])
        return self._prints[name, day]

    def _rate(self, name: str, on: date, of: date) -> ReferenceRate:
        if (name, on) not in self._served:
            self._served[name, on] = ReferenceRate(
                index=name,
                on=on,
                value=self._levels[name],
                step="published value",
                cite=self.terms.index[name].cite,
                publication_date=of,
                published=self._print(name, of),
            )
        return self._served[name, on]


def _read(
    clause: Clause, template: Template, lived: _Lived, on: date
) -> Iterator[tuple[str | None, date | None, date | None]]:
    """Yield each print and each period's report that one test reads on a date.

    The test is asked twice: with all figures given, and with as few as it needs.
    """
    terms = lived.terms
    # A test that is given everything may take a stated total, and then never asks for the periods behind it.
    for whole in (True, False):
        only: set[str] | None = None if whole else set()
        for _ in range(MOST):
            facts, periods, serving = _facts(lived, on, only)
            try:
                template.measure(clause, facts)
            except Missing:
                missed = [
                    name
                    for one in (serving, *periods.values())
                    for name in one.missed
                    if unit_of(name, terms.declared_units)
                ]
                if only is not None and missed:
                    # Only the figure that stopped the measure is added: what it tried
                    # before and did without stays out.
                    only.add(missed[-1])
                    continue
            yield from ((*used.of_print, None) for used in facts.trace.values() if used.of_print is not None)
            yield from ((None, None, end) for end, one in periods.items() if one.asked)
            break


def _facts(lived: _Lived, on: date, only: set[str] | None) -> tuple[Facts, dict[date, _Report], _Report]:
    """Return the facts of a date of a deal that has lived for long, and the reports that a test may ask."""
    terms, (rates, published) = lived.terms, lived.rates(on)
    long_ago = terms.model_copy(update={"closing_date": on - LONG})
    newest = next(publication_dates(on - WEEK + DAY, on))
    asked: dict[date, _Report] = {}

    def report(end: date) -> Reported:
        figures = asked.setdefault(end, _Report(terms.declared_units, only))
        return Reported(figures, lived.source(end))

    serving = _Report(terms.declared_units, only)
    whole = Reported(serving, lived.source(on))
    rule = terms.servicer_reports
    last, weekly = newest - DAY, rule is None or rule.every == "week"
    windows = (
        tuple((end, report(end)) for end in (last - back * WEEK for back in reversed(range(WINDOWS))))
        if weekly
        else ()
    )
    ends: list[date] = []
    end = on
    while rule is not None and not weekly and len(ends) < MONTHS and end > long_ago.closing_date:
        end = period_start(rule, period_of(rule, end)[1]) - DAY
        ends.append(end)
    months = tuple((end, report(end)) for end in reversed(ends))
    facts = Facts(
        on=on,
        terms=long_ago,
        rates=rates,
        published=published,
        report=whole,
        windows=windows,
        months=months,
        received=(whole,),
    )
    return facts, asked, serving

"""What a template may know on one date, and how it asks for it. A missing figure raises `Missing`.

Every figure asked for is traced, so the inputs of a result are exactly what its measure looked at (ADR 0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile
from typing import Any, Literal, TypeVar, cast

from engine.basics.values import Figure, Unit
from engine.determination.blend import blended, blended_between
from engine.determination.measure_inputs import Missing, ReportDue, Reported, Used, publication_source
from engine.determination.rate_windows import of_this_date, rates_between, trailing_rates
from engine.determination.report_periods import (
    ReportsByPeriod,
    certified,
    period_days,
    period_reports,
    trailing_reports,
    unit_of_period,
    window_reports,
)
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, Source
from engine.terms.clause import Clause
from engine.terms.contract_dates import earlier
from engine.terms.in_force import TermsInForce
from engine.terms.low_confidence import AGENT
from engine.terms.periods import Period

WEEK, DAY = timedelta(days=7), timedelta(days=1)
Found = TypeVar("Found")
PrintKey = tuple[str, date]
"""An index and a Publication Date."""


@dataclass(frozen=True)
class Facts:
    """All that a template may know on one date.

    Attributes:
        on: the date that is determined.
        terms: the deal's terms in force on it.
        rates: Reference Rates by index, of every Determination Date and Publication Date, oldest first, this
            date's last.
        published: what each Publication Date gave, by index, oldest first, this date's last.
        report: the servicer's report that serves on this date, or why none does.
        windows: for each of the last Calculation Windows, newest last, its report, or None if it is missing.
        months: the same for each month, newest last, if reports are monthly.
        report_due: the newest report that had to be in by the date, or the oldest of a run that has not come;
            None before the first.
        received: every report received by the date, newest first, also one that is too old to serve.
        pledged: GPUs pledged by asset class, if a register is on record; otherwise the deal's count serves.
        trace: what the measure asked for, in the order asked.
    """

    on: date
    terms: TermsInForce
    rates: Mapping[str, Sequence[ReferenceRate]]
    published: Mapping[str, Sequence[Published]]
    report: Reported | NotDetermined
    windows: tuple[tuple[date, Reported | None], ...] = ()
    months: tuple[tuple[date, Reported | None], ...] = ()
    report_due: ReportDue | None = None
    received: tuple[Reported, ...] = ()
    pledged: Mapping[str, int] = field(default_factory=dict)
    trace: dict[str, Used] = field(default_factory=dict)
    substituted: Mapping[str, Fraction] = field(default_factory=dict)
    at_prints: Mapping[PrintKey, Fraction] = field(default_factory=dict)
    kept: dict[int, tuple[object, object, dict[str, Used]]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """What `apart_from_rates` has found, for these facts and for the same at other rates."""

    def with_rate(self, index: str, rate: Fraction) -> Facts:
        """Return the same facts with another rate of `index` on this date, and a trace of their own."""
        return self._tried(substituted={**self.substituted, index: rate})

    def with_prints(self, rates: Mapping[PrintKey, Fraction]) -> Facts:
        """Return the same facts with other values on these Publication Dates, and a trace of their own."""
        return self._tried(at_prints=rates)

    def traced_anew(self) -> Facts:
        """Return the same facts with a trace of their own."""
        return self._tried()

    def _tried(self, **rates: Mapping[Any, Fraction]) -> Facts:
        """Return the same facts with rates that are tried, and with what was found apart from them.

        A test is tried at hundreds of rates, so the parts are taken over and not checked again.
        """
        tried = object.__new__(Facts)
        tried.__dict__.update(self.__dict__, trace={}, **rates)
        return tried

    def apart_from_rates(self, of: object, find: Callable[[Facts], Found]) -> Found:
        """Return what `find` finds without asking for a rate: found once for all rates that are tried.

        The figures that it asks for are traced each time. What asked for a rate is found anew each time.

        Args:
            of: the clause that asks, one object for all rates; it asks for one thing.
            find: what finds it, in facts of its own.
        """
        # The object is kept beside what was found, so that its id cannot pass to another one meanwhile.
        kept = self.kept.get(id(of))
        if kept is None:
            inner = self._tried()
            try:
                found = find(inner)
            finally:
                # Even if the search ends in Missing, what it asked for belongs to the inputs of the result.
                self.trace.update(inner.trace)
            if not any(used.source.kind == "publication" for used in inner.trace.values()):
                self.kept[id(of)] = (of, found, inner.trace)
            return found
        _, there, trace = kept
        self.trace.update(trace)
        return cast("Found", there)

    def reference_rate(self, index: str) -> Fraction:
        """Return the Reference Rate of this date for an index or a blend.

        Raises Missing if the fallback gives none.
        """
        if index in self.terms.blended_rates:
            return blended(self, index, self.reference_rate)
        return self.rate_of(index, self._latest(index))

    def trailing_rates(self, index: str, count: int) -> tuple[tuple[date, Fraction], ...]:
        """Return the Reference Rates of the last `count` Publication Dates, oldest first (`rulings.md` 47).

        Raises Missing if the window is not full.
        """
        return trailing_rates(self, index, count)

    def period_rates(self, index: str, period: Period) -> tuple[tuple[date, Fraction], ...]:
        """Return the Reference Rates of every Publication Date in the days of the period's reports.

        Raises Missing if a report or a rate is missing (`rulings.md` 48).
        """
        return rates_between(self, index, *self.period_days(period))

    def latest(self, index: str) -> ReferenceRate:
        """Return how this date's Reference Rate was found, even if it has no value.

        The confidence of the value stands in `published`. Raises Missing for a blend and for a date without
        an entry.
        """
        rates = self.rates.get(index, ())
        if index in self.terms.blended_rates:
            raise Missing(
                f"{index} is a blend and has no publication of its own", self.terms.cite_of(index), "term"
            )
        if not rates or rates[-1].on != self.on:
            raise Missing(f"no Reference Rate of {index} on {self.on}", self.terms.cite_of(index), "rate")
        return rates[-1]

    def newest_publication(self, index: str) -> Published:
        """Return what the newest Publication Date gave, with or without a value.

        A carried value belongs to another week, so it is not returned. Raises Missing before any publication.
        """
        rate = self.latest(index)
        newest = next(reversed(self.published.get(index, ())), rate.published)
        if newest is None:
            raise Missing(f"{index} has not been published since closing", self.terms.cite_of(index), "rate")
        carried = rate.published is None or newest.publication_date > rate.published.publication_date
        return newest if carried or rate.published is None else rate.published

    def quality(self, name: str, value: Fraction, unit: Unit, index: str) -> Fraction:
        """Return a figure about the index itself, traced with the publication that it describes."""
        rate, newest = self.latest(index), self.newest_publication(index)
        day, step = newest.publication_date, "published value" if newest.value is not None else rate.step
        source = Source(kind="publication", text=f"{index}, {step}, {day}", as_of=day, reference=newest.event)
        return self._note(name, value, unit, source)

    def first_published(self, index: str) -> tuple[date, Fraction]:
        """Return (date, value) of the first publication after closing. Raises Missing before there is one."""
        known = self.published.get(index, ())
        first = next(
            (p for p in known if p.value is not None and p.publication_date > self.terms.closing_date), None
        )
        if first is None:
            raise Missing(f"{index} has not been published since closing", self.terms.cite_of(index), "rate")
        return first.publication_date, self._published(index, first)

    def rate_since(
        self, since: Literal["closing date", "first publication"], index: str
    ) -> tuple[date, Fraction]:
        """Return the date and the rate that a change is measured from.

        Raises Missing if it is the first publication, and there has not been one.
        """
        return (
            (self.terms.closing_date, self.closing_level(index))
            if since == "closing date"
            else self.first_published(index)
        )

    def published_value(self, index: str) -> Fraction:
        """Return the value published on this very date.

        Raises Missing without one: a carried rate is not a publication.
        """
        if index in self.terms.blended_rates:
            return blended(self, index, self.published_value)
        series = self.published.get(index, ())
        latest = series[-1] if series and series[-1].publication_date == self.on else None
        rates = self.rates.get(index, ())
        rate = rates[-1] if rates and rates[-1].on == self.on else None
        if latest is None or latest.value is None:
            cite = self.terms.cite_of(index)
            raise Missing(f"{index} was not published on {self.on}", cite, "rate")
        # There is a print of this date, but the fallback has passed it over: the deal does not let it serve.
        if rate is not None and (rate.value is None or rate.age > 0 or rate.publication_date != self.on):
            raise Missing(
                rate.reason or f"{index} of {self.on} is flagged and does not serve", rate.cite, "rate"
            )
        return self._published(index, latest)

    def published_between(self, index: str, first: date, last: date) -> tuple[tuple[date, Fraction], ...]:
        """Return (date, published value) from `first` to `last`, both included, oldest first.

        Dates without a value are left out.
        """
        blend = self.terms.blended_rates.get(index)
        if blend is not None:
            return blended_between(self, index, blend, first, last)
        # The series is read from its newest end, because a window is short and a series may be years long.
        lately = takewhile(lambda p: p.publication_date >= first, reversed(self.published.get(index, ())))
        chosen = [p for p in lately if p.value is not None and p.publication_date <= last]
        return tuple((p.publication_date, self._published(index, p)) for p in reversed(chosen))

    def closing_level(self, index: str) -> Fraction:
        """Return the Closing Date level that the deal fixes for `index`."""
        if index in self.terms.blended_rates:
            return blended(self, index, self.closing_level)
        level = self.terms.index[index].closing_date_level
        return self.term(f"Closing Date level of {index}", level, Unit.RATE, self.terms.cite_of(index))

    def term(self, name: str, value: Fraction, unit: Unit, cite: str) -> Fraction:
        """Return a term of the deal, traced as an input of the result."""
        return self._note(name, value, unit, Source(kind="deal file", text=cite))

    def figure(self, name: str) -> Fraction:
        """Return a figure of the serving report.

        Raises Missing if no report serves, or if the report lacks the figure.
        """
        found = self.optional(name)
        if found is None:
            raise Missing(f"the Servicer's report lacks `{name}`", self.report_cite(), "report")
        return found

    def optional(self, name: str) -> Fraction | None:
        """Return a figure of the serving report, or None if the report lacks it.

        Raises Missing if no report serves.
        """
        if isinstance(self.report, NotDetermined):
            raise Missing(self.report.reason, self.report.cite, self.report.lacks)
        figure = self.report.confirmed(name, self.report_cite())
        return (
            None
            if figure is None
            else self._note(name, figure.value, figure.unit, self.report.source_of(name))
        )

    def family(self, prefix: str) -> dict[str, Fraction]:
        """Return the serving report's figures whose names begin with `prefix` and a dot.

        Each figure stands under the rest of its name. Raises Missing if no report serves, or if one of the
        figures is held.
        """
        if isinstance(self.report, NotDetermined):
            raise Missing(self.report.reason, self.report.cite, self.report.lacks)
        # Without this line a held figure would be missing from the family, and
        # a sum would be silently too small.
        self.report.none_held(prefix, self.report_cite())
        names = [name for name in self.report.figures if name.startswith(f"{prefix}.")]
        return {name.removeprefix(f"{prefix}."): self.figure(name) for name in names}

    def newest(self, name: str) -> tuple[Fraction, date]:
        """Return a figure, and its as-of date, from the newest report that gives it.

        Not every report carries such a figure. Raises Missing if no report has given it.
        """
        for figure, source in self._given(name):
            if source.as_of is not None:
                return self._note(name, figure.value, figure.unit, source), source.as_of
        raise Missing(f"no Servicer's report has given `{name}`", self.report_cite(), "report")

    def fresh(self, name: str, period: Period, cite: str) -> tuple[Fraction, date]:
        """Return the newest value of a figure, and its as-of date, if it is not older than `period`.

        Raises Missing if it is older (`rulings.md` 17).
        """
        value, as_of = self.newest(name)
        age, days = (self.on - as_of).days, (self.on - earlier(self.on, period)).days
        # A figure exactly as old as the period is not older than it, so it still serves.
        if age > days:
            raise Missing(
                f"the newest `{name}` is of {as_of}, {age} days old; more than {days} is too old",
                cite,
                "report",
            )
        return value, as_of

    def _given(self, name: str) -> Iterator[tuple[Figure, Source]]:
        """Yield a figure and its source for every report that has given it, newest first."""
        serving = (self.report,) if isinstance(self.report, Reported) else ()
        for report in (*serving, *self.received):
            figure = report.confirmed(name, self.report_cite())
            if figure is not None:
                yield figure, report.source_of(name)

    def report_cite(self) -> str:
        """Return the section that says when the Servicer reports."""
        return self.terms.servicer_reports.cite if self.terms.servicer_reports else "deal file"

    def period_reports(self, period: Period) -> ReportsByPeriod:
        """Return the reports of the trailing months, oldest first. Raises Missing if one is missing."""
        return period_reports(self, period)

    def period_days(self, period: Period) -> tuple[date, date]:
        """Return the first and the last day of the reports of the trailing months.

        Raises Missing if one of them is missing.
        """
        return period_days(self, period)

    def trailing_reports(self, count: int) -> ReportsByPeriod:
        """Return the reports of the last `count` report periods of the deal, oldest first.

        Raises Missing if one is missing.
        """
        return trailing_reports(self, count)

    def certified(self, name: str, weeks: int) -> Fraction | None:
        """Return a figure that the serving report certifies for the trailing weeks, or None if it lacks it.

        Raises Missing if the figure is of other days (`rulings.md` 47).
        """
        return certified(self, name, weeks)

    def window_reports(self, count: int) -> ReportsByPeriod:
        """Return the reports of the last `count` Calculation Windows, oldest first.

        Raises Missing if one is missing.
        """
        return window_reports(self, count)

    def from_window(self, end: date, report: Reported, name: str) -> Fraction | None:
        """Return a figure of one period's report, traced under the period's last day; None if it lacks it."""
        figure = report.confirmed(name, self.report_cite())
        one = unit_of_period(self, report)
        return (
            None
            if figure is None
            else self._note(f"{name}, {one} to {end}", figure.value, figure.unit, report.source_of(name))
        )

    def needed_from(self, end: date, report: Reported, name: str) -> Fraction:
        """Return a figure of one period's report. Raises Missing if the report lacks it."""
        figure = self.from_window(end, report, name)
        if figure is None:
            raise Missing(
                f"the Servicer's report for the period to {end} lacks `{name}`", self.report_cite(), "report"
            )
        return figure

    def nonzero(self, name: str, value: Fraction, cite: str) -> Fraction:
        """Return a divisor. Raises Missing if it is not above zero: a ratio needs one."""
        if value <= 0:
            raise Missing(f"the {name} is zero", cite, "report")
        return value

    def principal(self, clause: Clause) -> Fraction:
        """Return the outstanding principal of the classes that a test counts (`rulings.md` 46).

        For all classes it is the report's own total, if the report gives one.
        """
        classes = self.terms.counted_with(clause)
        if len(classes) == len(self.terms.debt) and (
            clause.debt_class is None or clause.counted == "with senior classes"
        ):
            total = self.optional("outstanding_principal")
            # A deal without classes has nothing to add up, so it needs the
            # total and says so if it is missing.
            if total is not None or not classes:
                return self.figure("outstanding_principal")
        return sum((self.figure(f"outstanding_principal.{name}") for name in classes), Fraction(0))

    def gpus(self, name: str) -> int:
        """Return the GPUs of an asset class: the newest reported count, but not more than are pledged.

        Before any report has given a count, or if the newest count is above the pledged one, it is the
        pledged count (rulings 26, 57a).
        """
        counted = f"available.{name}.gpus"
        asset = self.terms.pledged_assets[name]
        pledged = self.pledged.get(name, asset.gpus)
        for figure, source in self._given(counted):
            given = int(self._note(counted, figure.value, figure.unit, source))
            # Only the newest count is asked: an older one that fits would hide that the newest does not.
            if given <= pledged:
                return given
            break
        return int(self.term(f"GPUs of {name}", Fraction(pledged), Unit.GPUS, asset.cite))

    def _latest(self, index: str) -> ReferenceRate:
        rates = self.rates.get(index, ())
        if not rates or rates[-1].on != self.on:
            raise Missing(f"no Reference Rate of {index} on {self.on}", self.terms.cite_of(index), "rate")
        if rates[-1].value is None:
            raise Missing(rates[-1].reason or f"{index} has no Reference Rate", rates[-1].cite, "rate")
        return rates[-1]

    def rate_of(self, index: str, rate: ReferenceRate) -> Fraction:
        """Return the value of a Reference Rate, traced.

        If another value is tried in its place, the result is that value.
        """
        of_print = (index, rate.publication_date) if rate.published and rate.publication_date else None
        today = of_this_date(self, rate)
        value = self._replaced(index, today, of_print, Fraction(rate.value or 0))
        source = publication_source(
            rate.step, rate.publication_date, rate.published.event if rate.published else None
        )
        return self._note(f"{index}, {rate.on}", value, Unit.RATE, source, index if today else None, of_print)

    def _published(self, index: str, published: Published) -> Fraction:
        day = published.publication_date
        value = self._replaced(index, day == self.on, (index, day), Fraction(published.value or 0))
        source = publication_source(
            AGENT if published.source == AGENT else "published value", day, published.event
        )
        return self._note(
            f"{index}, {day}", value, Unit.RATE, source, index if day == self.on else None, (index, day)
        )

    def _replaced(self, index: str, today: bool, of_print: PrintKey | None, value: Fraction) -> Fraction:
        """Return the rate that is tried in place of a value, or the value itself without one.

        The tried rate is found by the value's date or its print.
        """
        other = self.substituted.get(index) if today else None
        return other if other is not None else self.at_prints.get(of_print, value) if of_print else value

    def _note(
        self,
        name: str,
        value: Fraction,
        unit: Unit,
        source: Source,
        index: str | None = None,
        of_print: PrintKey | None = None,
    ) -> Fraction:
        # By name, so that a figure that is asked for twice is one input of the result.
        self.trace[name] = Used(name, value, unit, source, index, of_print)
        return value

    @property
    def indices_used(self) -> tuple[str, ...]:
        """The indices whose value of this date the measure asked for, in the order asked."""
        return tuple(dict.fromkeys(used.index for used in self.trace.values() if used.index))

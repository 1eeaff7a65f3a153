"""The reports of the periods that a test looks back on: weeks, months or quarters, each there or missing.

The rulings are `rulings.md` 17, 47 and 51.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

from engine.determination.measure_inputs import Missing, Reported, within_a_week
from engine.determination.rate_windows import days_of_months
from engine.events.results import NotDetermined
from engine.terms.contract_dates import months_before
from engine.terms.in_force import TermsInForce
from engine.terms.periods import Period

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
ReportsByPeriod = tuple[tuple[date, Reported], ...]
"""The last day of each period with its report, oldest first."""
Periods = tuple[tuple[date, Reported | None], ...]
QUARTER = 3
"""The months of one report, if reports are quarterly."""
PERIODS: Mapping[str, str] = {"week": "Calculation Windows", "month": "months", "quarter": "quarters"}
"""What the periods of a deal's reports are called."""


class ReportFacts(Protocol):
    """What this module needs of a date's facts."""

    @property
    def on(self) -> date:
        """The date that is determined."""

    @property
    def terms(self) -> TermsInForce:
        """The deal's terms in force on the date."""

    @property
    def report(self) -> Reported | NotDetermined:
        """The Servicer's report that serves on the date, or why none does."""

    @property
    def windows(self) -> Periods:
        """The Calculation Windows up to the date, newest last, each with its report or None."""

    @property
    def months(self) -> Periods:
        """The months or quarters up to the date, newest last, each with its report or None."""

    def report_cite(self) -> str:
        """Return the section that says when the Servicer reports."""

    def optional(self, name: str) -> Fraction | None:
        """Return a figure of the serving report, or None if the report lacks it."""


def every(facts: ReportFacts) -> str:
    """Return how often the deal's Servicer reports: `week`, `month` or `quarter`."""
    return facts.terms.servicer_reports.every if facts.terms.servicer_reports is not None else "week"


def by_months(facts: ReportFacts) -> bool:
    """Return whether reports are of months or quarters."""
    return every(facts) != "week"


def unit_of_period(facts: ReportFacts, report: Reported) -> str:
    """Return whether a report is of a week, a month or a quarter."""
    # Identity and not equality: two periods may report the same figures.
    return every(facts) if any(report is of_period for _, of_period in facts.months) else "week"


def trailing_reports(facts: ReportFacts, count: int) -> ReportsByPeriod:
    """Return the reports of the last `count` report periods of the deal, oldest first.

    Raises Missing if one is missing.
    """
    return full(facts, facts.months if by_months(facts) else facts.windows, count, PERIODS[every(facts)])


def period_reports(facts: ReportFacts, period: Period) -> tuple[tuple[date, Reported], ...]:
    """Return the reports of the trailing months, oldest first: every week's, or every month's.

    Raises Missing if one is missing. A worked example states the figures of the whole period at once.
    """
    if isinstance(facts.report, Reported) and facts.report.source.kind == "worked example":
        return ((facts.on, facts.report),)
    if by_months(facts):
        return trailing_reports(facts, period.count // (QUARTER if every(facts) == "quarter" else 1))
    start = months_before(facts.on, period.count)
    first = facts.windows[0][0] - WEEK if facts.windows else facts.terms.closing_date
    # The reports on hand must reach back to the start of the months, or to closing if that is later.
    if first >= max(start, facts.terms.closing_date + timedelta(days=1)):
        reason = (
            f"window not full: {period} begin on {start}, reports are looked back on to "
            f"{first + timedelta(days=1)}"
        )
        raise Missing(reason, facts.report_cite(), "window")
    return window_reports(facts, sum(start <= end for end, _ in facts.windows))


def period_days(facts: ReportFacts, period: Period) -> tuple[date, date]:
    """Return the first and the last day of the reports of the trailing months.

    Raises Missing if one of them is missing.
    """
    reports = period_reports(facts, period)
    first, last = reports[0][1].period, reports[-1][1].period
    # The reports' own days go first: the mean rate is over exactly these (`rulings.md` 48).
    if first is not None and last is not None:
        return first[0], last[1]
    ends = None if by_months(facts) else [end for end, _ in facts.windows]
    each = QUARTER if every(facts) == "quarter" else 1
    whole = days_of_months(facts.on, period.count, facts.terms.closing_date, ends, each)
    if whole is None:
        raise Missing(
            f"window not full: {period} before {facts.on} begin before closing", facts.report_cite(), "window"
        )
    return whole


def certified(facts: ReportFacts, name: str, weeks: int) -> Fraction | None:
    """Return a figure that the serving report certifies for the trailing weeks, or None if it lacks it.

    Raises Missing if it is of other days than the Calculation Windows of these weeks (`rulings.md` 47).
    """
    figure = facts.optional(name) if isinstance(facts.report, Reported) else None
    if figure is None or not isinstance(facts.report, Reported) or not facts.windows:
        return figure
    of, window = facts.report.days_of(name), (facts.windows[-1][0] - weeks * WEEK + DAY, facts.windows[-1][0])
    if of is not None and of != window and not within_a_week(of):
        raise Missing(
            f"`{name}` is of {of[0]} to {of[1]}; the window is {window[0]} to {window[1]}",
            facts.report_cite(),
            "report",
        )
    if of != window:  # a weekly report certifies the weeks that end with its own
        full(facts, facts.windows, 1, "periods")
    return figure


def window_reports(facts: ReportFacts, count: int) -> tuple[tuple[date, Reported], ...]:
    """Return the reports of the last `count` Calculation Windows, oldest first.

    Raises Missing if one is missing.
    """
    of, last = facts.report.period if isinstance(facts.report, Reported) else None, facts.windows[-1:]
    lacking = any(report is None for _, report in facts.windows[-count:])
    if lacking and of is not None and not within_a_week(of) and len(facts.windows) >= count:
        window = f"the window is {last[0][0] - count * WEEK + DAY} to {last[0][0]}"
        raise Missing(
            f"window not full: the Servicer's report is of {of[0]} to {of[1]}; {window}",
            facts.report_cite(),
            "report",
        )
    return full(facts, facts.windows, count, "Calculation Windows")


def full(
    facts: ReportFacts, periods: tuple[tuple[date, Reported | None], ...], count: int, what: str
) -> tuple[tuple[date, Reported], ...]:
    """Return the newest `count` periods with their reports.

    Raises Missing if there are fewer, or if one has no report.
    """
    # The start is written out, because a slice from `-0` would be the whole and not empty.
    newest = periods[len(periods) - count :] if count <= len(periods) else periods
    absent = [str(end) for end, report in newest if report is None]
    cite = facts.report_cite()
    # A young deal is told apart from a missing report: `if_not_determined`
    # acts on the latter only (rulings 21).
    if len(newest) < count:
        raise Missing(f"window not full: {len(newest)} of {count} {what} since closing", cite, "window")
    if absent:
        raise Missing(
            f"window not full: no Servicer's report for the {every(facts)} to {', '.join(absent)}",
            cite,
            "report",
        )
    return tuple((end, report) for end, report in newest if report is not None)

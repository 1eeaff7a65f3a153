"""The date whose tests a day determines, if they wait for the period's report (`rulings.md` 49a).

Everything measured is as of the Determination Date. The state moves on the day of the delivery. Without a
report the tests are NOT DETERMINED on the day after it was due. A report that comes with or after that of a
later date determines nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from engine.basics.calendar import BusinessCalendar
from engine.events.reports import ReportFacts
from engine.terms.contract_dates import counted_from, determination_dates, period_ends, period_start
from engine.terms.in_force import TermsInForce

DAY = timedelta(days=1)
LOOKED_BACK_ON = 8
"""The number of Determination Dates whose report may still be awaited: two years of quarters."""


def period_end_of(terms: TermsInForce, on: date) -> date | None:
    """Return the last day of the report period that ended by a Determination Date.

    The result is None if the deal does not ask for reports.
    """
    rule = terms.servicer_reports
    return period_ends(rule, on + DAY)[0] if rule is not None else None


def determined_on(
    terms: TermsInForce, calendar: BusinessCalendar, day: date, reports: Sequence[ReportFacts]
) -> date | None:
    """Return the Determination Date whose tests are determined on `day`; None if there is not one.

    This is for a deal whose tests wait for the report: they are determined on the day of its delivery, or on
    the day after it was due if it has not come.
    """
    # The newest date goes first: a report that comes with or after that of a later date determines nothing.
    for as_of in reversed(determination_dates(terms, calendar, day)[-LOOKED_BACK_ON:]):
        came = tuple(_deliveries(terms, as_of, reports))
        if day in came or (not any(one <= day for one in came) and day == _missed(terms, calendar, as_of)):
            return as_of
        # A report has come for this date already, so no older date waits any more.
        if any(one <= day for one in came):
            return None
    return None


def _deliveries(terms: TermsInForce, as_of: date, reports: Sequence[ReportFacts]) -> Iterator[date]:
    """Yield the days on which the reports of a date's period were delivered, never before the date.

    Corrected reports do not count as deliveries if an original report has come.
    """
    rule, end = terms.servicer_reports, period_end_of(terms, as_of)
    if rule is None or end is None:
        return
    of_period = [one for one in reports if period_start(rule, end) <= one.period_end <= end]
    # A log that holds only corrections still shows that the period was reported, so they count then.
    first = [one for one in of_period if one.corrects is None] or of_period
    # A report that comes early waits for its date: nothing is determined before the date itself.
    yield from (max(one.delivered_on, as_of) for one in first)


def _missed(terms: TermsInForce, calendar: BusinessCalendar, as_of: date) -> date | None:
    """Return the day after the report of a date was due."""
    rule = terms.servicer_reports
    return max(counted_from(rule.due, as_of, calendar) + DAY, as_of) if rule is not None else None

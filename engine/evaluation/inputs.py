"""What is known on one date of one deal: the inputs of its decision, and what a template may see of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.basics.calendar import BusinessCalendar
from engine.determination.determine import ShareBelow
from engine.determination.template import Template
from engine.evaluation.delivered_dates import determined_on
from engine.events.deal_state import DealState
from engine.events.rates import Published
from engine.events.reports import ReportFacts
from engine.events.series_lately import upto
from engine.events.states import Deadline
from engine.terms.as_written import Deal, calendar_named, calendar_on, calendars_of, resolve, since_of
from engine.terms.contract_dates import (
    is_determination_date,
    payment_dates,
    publication_dates,
)
from engine.terms.in_force import TermsInForce
from engine.terms.taken_away import TakenAway

DETERMINATION, PUBLICATION, PAYMENT = "determination dates", "publication dates", "payment dates"
AS_OF = "as-of dates"
"""Dates that are determined later, on delivery of their report (`rulings.md` 49a).

On the date itself only its Reference Rates are determined.
"""


@dataclass(frozen=True)
class Inputs:
    """All that decides one date of one deal.

    Attributes:
        on: the date.
        kinds: the kinds of date that it is: determination, publication, payment, or one whose report is
            awaited.
        terms: the deal's terms in force on it.
        templates: the covenant templates by name.
        calendar: the deal's Business Days.
        series: what each Publication Date up to `on` gave, by index, oldest first.
        state: the deal as its past left it, with reports and Acts.
        example: whether figures come from a worked example rather than from a servicer.
        share_below: how listings are resampled; None if a rate comes without observations.
        terms_since: the date since which the terms in force have been in force.
        taken_away: the triggers that an amendment has taken away by the date.
        as_of: the Determination Date as of which its tests measure, if they wait for a report (`rulings.md`
            49a); None otherwise.
        terms_as_of: the terms in force on that one.
        calendar_sha256: the hash of the calendar's table, where the record names it.
        calendars: the Business Days of every calendar that the deal has in its life, by name.
        counts_since: from when the deal counts by the table of a calendar, where it is not its first.
    """

    on: date
    kinds: frozenset[str]
    terms: TermsInForce
    templates: Mapping[str, Template]
    calendar: BusinessCalendar
    series: Mapping[str, Sequence[Published]]
    state: DealState
    example: bool = False
    share_below: ShareBelow | None = None
    terms_since: date = date.min
    taken_away: tuple[TakenAway, ...] = ()
    as_of: date | None = None
    terms_as_of: TermsInForce | None = None
    calendar_sha256: str | None = None
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    counts_since: Mapping[str, date] = field(default_factory=dict)

    def calendar_of(self, clock: Deadline | None) -> BusinessCalendar:
        """Return the Business Days that a running clock counts by: it keeps the calendar of when it began."""
        return self.calendar if clock is None else self.calendars.get(clock.calendar, self.calendar)

    @property
    def measured_on(self) -> date:
        """The date whose limits, rates and balances the tests take."""
        return self.as_of or self.on

    @property
    def measured_terms(self) -> TermsInForce:
        """The terms in force on the date of `measured_on`."""
        return self.terms_as_of or self.terms


def kinds_of(
    terms: TermsInForce, calendar: BusinessCalendar, on: date, reports: Sequence[ReportFacts]
) -> frozenset[str]:
    """Return the kinds of date that `on` is for a deal.

    The result is empty up to closing, and on a day on which nothing happens.

    Args:
        terms: the terms in force on it.
        calendar: the deal's Business Days.
        on: the day.
        reports: the Servicer's reports on record, one of which may be delivered on it.
    """
    # The Closing Date itself is not determined: its level is a term of the deal.
    if on <= terms.closing_date:
        return frozenset()
    waits, dated = terms.determination_dates.on_delivery, is_determination_date(terms, calendar, on)
    due = {
        PUBLICATION: bool(tuple(publication_dates(on, on))),
        DETERMINATION: determined_on(terms, calendar, on, reports) is not None if waits else dated,
        # A date that waits for its report is not determined on its own day, but its rates are.
        AS_OF: waits and dated,
        PAYMENT: on in payment_dates(terms, calendar, on, on),
    }
    return frozenset(kind for kind, is_one in due.items() if is_one)


def inputs_of(
    deal: Deal,
    day: date,
    series: Mapping[str, Sequence[Published]],
    state: DealState,
    templates: Mapping[str, Template],
    share_below: ShareBelow | None = None,
) -> Inputs:
    """Return what decides one date of a deal: the terms in force on it, and the prints known by then."""
    terms = resolve(deal, day)
    calendar = calendar_on(deal, day)
    kinds = kinds_of(terms, calendar, day, state.reports)
    waits = terms.determination_dates.on_delivery and DETERMINATION in kinds
    as_of = determined_on(terms, calendar, day, state.reports) if waits else None
    # A date decided late must not see what was published after it.
    known = {name: upto(prints, day) for name, prints in series.items()}
    return Inputs(
        day,
        kinds,
        terms,
        templates,
        calendar,
        known,
        state,
        share_below=share_below,
        terms_since=since_of(deal, day),
        taken_away=tuple(removal for removal in deal.taken_away if removal.on <= day),
        as_of=as_of,
        # An amendment between the date and its delivery must not change what was measured as of the date.
        terms_as_of=None if as_of is None else resolve(deal, as_of),
        calendar_sha256=calendar.sha256 if calendar.name in deal.calendars else None,
        calendars={name: calendar_named(deal, name) for name in calendars_of(deal)},
        counts_since=deal.counts_since,
    )

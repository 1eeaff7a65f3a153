"""What is known on one date of one deal: the inputs of its decision, and what a template may see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from engine.basics.calendar import BusinessCalendar, load_calendar
from engine.determination.determine import ShareBelow
from engine.determination.facts import Facts
from engine.determination.measure_inputs import ReportDue, Reported
from engine.determination.reference_rate import Published
from engine.determination.template import Template
from engine.events.deal_state import DealState
from engine.events.kinds import ReportReceived
from engine.events.results import NotDetermined, Source
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import (
    counted_from,
    determination_dates,
    earlier,
    month_end,
    next_determination_date,
    payment_dates,
    period_ends,
    publication_dates,
)
from engine.terms.in_force import TermsInForce

WEEK = timedelta(days=7)
WINDOWS_KEPT = 60
"""Calculation Windows whose reports a template may look back on: a little over a year."""


DETERMINATION, PUBLICATION, PAYMENT = "determination dates", "publication dates", "payment dates"


@dataclass(frozen=True)
class Inputs:
    """All that one date of one deal is decided by.

    Attributes:
        on: the date.
        kinds: which kinds of date it is: determination, publication, payment.
        terms: the deal's terms in force on it.
        templates: the covenant templates by name.
        calendar: the deal's Business Days.
        series: what each Publication Date up to `on` gave, by index, oldest first.
        state: the deal as its past left it, reports and Acts included.
        example: whether figures come from a worked example rather than from a servicer.
        share_below: how listings are resampled; None where a rate comes without observations.
    """

    on: date
    kinds: frozenset[str]
    terms: TermsInForce
    templates: Mapping[str, Template]
    calendar: BusinessCalendar
    series: Mapping[str, tuple[Published, ...]]
    state: DealState
    example: bool = False
    share_below: ShareBelow | None = None


def kinds_of(terms: TermsInForce, calendar: BusinessCalendar, on: date) -> frozenset[str]:
    """Which kinds of date `on` is for a deal: none up to closing, and none on a day on which nothing happens."""
    if on <= terms.closing_date:
        return frozenset()
    found = {
        PUBLICATION: bool(tuple(publication_dates(on, on))),
        DETERMINATION: on in determination_dates(terms, calendar, on)[-3:],
        PAYMENT: on in payment_dates(terms, calendar, on, on),
    }
    return frozenset(kind for kind, is_one in found.items() if is_one)


def inputs_of(
    deal: Deal,
    day: date,
    series: Mapping[str, tuple[Published, ...]],
    state: DealState,
    templates: Mapping[str, Template],
    share_below: ShareBelow | None = None,
) -> Inputs:
    """What one date of a deal is decided by: the terms in force on it, and of each series what had come by it."""
    terms = resolve(deal, day)
    calendar = load_calendar(terms.business_days)
    known = {name: tuple(one for one in prints if one.publication_date <= day) for name, prints in series.items()}
    return Inputs(day, kinds_of(terms, calendar, day), terms, templates, calendar, known, state, share_below=share_below)


def facts(inputs: Inputs, state: DealState) -> Facts:
    """What the templates may know on a date whose rates stand in `state`."""
    dates = set(determination_dates(inputs.terms, inputs.calendar, inputs.on)) | {inputs.on}
    return Facts(
        on=inputs.on,
        terms=inputs.terms,
        rates={name: tuple(r for r in known if r.on in dates) for name, known in state.rates.items()},
        published=inputs.series,
        report=serving(inputs),
        windows=_windows(inputs),
        months=_months(inputs),
        report_due=_report_due(inputs),
        received=tuple(_reported(report, inputs) for report in _newest_first(inputs)),
    )


def serving(inputs: Inputs) -> Reported | NotDetermined:
    """The newest report received by the date, unless it is too old (`rulings.md` 26)."""
    rule = inputs.terms.servicer_reports
    cite = rule.cite if rule else "deal file"
    received = _newest_first(inputs)
    if not received:
        return NotDetermined(reason="no Servicer's report has been received", cite=cite, lacks="report")
    newest = received[0]
    age = (inputs.on - newest.as_of).days
    limit = (inputs.on - earlier(inputs.on, rule.too_old_after)).days if rule else age
    if age > limit:
        reason = f"the newest Servicer's report is as of {newest.as_of}, {age} days old; more than {limit} is too old"
        return NotDetermined(reason=reason, cite=cite, lacks="report")
    return _reported(newest, inputs)


def _newest_first(inputs: Inputs) -> tuple[ReportReceived, ...]:
    """Every report received by the date: by its as-of date, then its receipt, then the order of the log."""
    received = [report for report in inputs.state.reports if came(report, inputs) <= inputs.on]
    return tuple(sorted(received, key=lambda report: (report.as_of, report.received)))[::-1]


def came(report: ReportReceived, inputs: Inputs) -> date:
    """From when a report serves: its receipt; a corrected one, where the deal says retest, from that of the first."""
    rule = inputs.terms.servicer_reports
    if report.corrects is None or rule is None or rule.corrected_report != "retest":
        return report.received
    return min(other.received for other in inputs.state.reports if other.period_end == report.period_end)


def _reported(report: ReportReceived, inputs: Inputs) -> Reported:
    kind = "worked example" if inputs.example else "servicer report"
    text = report.document if inputs.example else f"Servicer's report {report.document}"
    source = Source.model_validate({"kind": kind, "text": text, "as_of": report.as_of, "reference": report.sha256 or None})
    return Reported(report.figures, source, report.given)


def _windows(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """For each Calculation Window since closing, oldest first, the newest report whose period ends inside it."""
    last = next(iter(publication_dates(inputs.on - timedelta(days=6), inputs.on))) - timedelta(days=1)
    received = _newest_first(inputs)
    found: list[tuple[date, Reported | None]] = []
    for back in range(WINDOWS_KEPT):
        end = last - back * WEEK
        if end <= inputs.terms.closing_date:
            break
        inside = next((report for report in received if end - WEEK < report.period_end <= end), None)
        found.append((end, _reported(inside, inputs) if inside is not None else None))
    return tuple(reversed(found))


def _months(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """For each month since closing, oldest first, the newest report whose period ends in it; none where reports are weekly.

    The last month is the newest that is over and for which a report was due or has come: a gap before it is a gap.
    """
    rule, due = inputs.terms.servicer_reports, next(reports_due(inputs), None)
    if rule is None or rule.every != "month":
        return ()
    newest: dict[date, ReportReceived] = {}
    for report in _newest_first(inputs):
        end = month_end(report.period_end)
        if end < inputs.on:
            newest.setdefault(end, report)
    last = max((*newest, *((due.period_end,) if due else ())), default=inputs.terms.closing_date)
    found: list[tuple[date, Reported | None]] = []
    while last > inputs.terms.closing_date:
        found.append((last, _reported(newest[last], inputs) if last in newest else None))
        last = last.replace(day=1) - timedelta(days=1)
    return tuple(reversed(found))


def reports_due(inputs: Inputs) -> Iterator[ReportDue]:
    """Every period whose report had to be in by the date, newest first, and when it came: the first report for it counts."""
    rule = inputs.terms.servicer_reports
    for end in period_ends(rule.every, inputs.on) if rule is not None else ():
        if rule is None or end <= inputs.terms.closing_date:
            return
        due = counted_from(rule.due, next_determination_date(inputs.terms, inputs.calendar, end), inputs.calendar)
        if due <= inputs.on:
            start = end - WEEK if rule.every == "week" else end.replace(day=1) - timedelta(days=1)
            came = [r.received for r in inputs.state.reports if start < r.period_end <= end and r.received <= inputs.on]
            yield ReportDue(end, due, min(came, default=None))


def _report_due(inputs: Inputs) -> ReportDue | None:
    """The report whose lateness counts: the newest due, or the oldest of a run that has not come: a newer one excuses none."""
    known = tuple(reports_due(inputs))
    run = tuple(takewhile(lambda one: one.received is None, known))
    return (*known[:1], *run)[-1] if known else None


def overdue_reports(inputs: Inputs) -> tuple[ReportDue, ...]:
    """The newest periods in a row whose reports are late and have not come, oldest first."""
    return tuple(reversed(tuple(takewhile(lambda one: one.received is None and one.due < inputs.on, reports_due(inputs)))))

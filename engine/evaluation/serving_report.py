"""Which report serves on a date, and which reports are due or overdue (rulings 26)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import takewhile

from engine.determination.measure_inputs import ReportDue, Reported
from engine.evaluation.inputs import Inputs
from engine.events.kinds import ReportReceived
from engine.events.results import NotDetermined, Source
from engine.terms.contract_dates import counted_from, earlier, next_determination_date, period_ends

WEEK = timedelta(days=7)


def serving(inputs: Inputs) -> Reported | NotDetermined:
    """The newest report received by the date, unless it is too old (`rulings.md` 26)."""
    rule = inputs.terms.servicer_reports
    cite = rule.cite if rule else "deal file"
    received = newest_first(inputs)
    if not received:
        return NotDetermined(reason="no Servicer's report has been received", cite=cite, lacks="report")
    newest = received[0]
    age = (inputs.on - newest.as_of).days
    limit = (inputs.on - earlier(inputs.on, rule.too_old_after)).days if rule else age
    if age > limit:
        reason = f"the newest Servicer's report is as of {newest.as_of}, {age} days old; more than {limit} is too old"
        return NotDetermined(reason=reason, cite=cite, lacks="report")
    return reported(newest, inputs)


def newest_first(inputs: Inputs) -> tuple[ReportReceived, ...]:
    """Every report received by the date: by its as-of date, then its receipt, then the order of the log."""
    received = [report for report in inputs.state.reports if receipt_day(report, inputs) <= inputs.on]
    return tuple(sorted(received, key=lambda report: (report.as_of, report.received)))[::-1]


def receipt_day(report: ReportReceived, inputs: Inputs) -> date:
    """From when a report serves: its receipt; a corrected one, where the deal says retest, from that of the first."""
    rule = inputs.terms.servicer_reports
    if report.corrects is None or rule is None or rule.corrected_report != "retest":
        return report.received
    return min(other.received for other in inputs.state.reports if other.period_end == report.period_end)


def reported(report: ReportReceived, inputs: Inputs) -> Reported:
    """A received report as the tests read it, with the words that name its source."""
    kind = "worked example" if inputs.example else "servicer report"
    text = report.document if inputs.example else f"Servicer's report {report.document}"
    source = Source.model_validate({"kind": kind, "text": text, "as_of": report.as_of, "reference": report.sha256 or None})
    return Reported(report.figures, source, report.given)


def reports_due(inputs: Inputs) -> Iterator[ReportDue]:
    """Every period whose report had to be in by the date, newest first, and when it receipt_day: the first report for it counts."""
    rule = inputs.terms.servicer_reports
    for end in period_ends(rule.every, inputs.on) if rule is not None else ():
        if rule is None or end <= inputs.terms.closing_date:
            return
        due = counted_from(rule.due, next_determination_date(inputs.terms, inputs.calendar, end), inputs.calendar)
        if due <= inputs.on:
            start = end - WEEK if rule.every == "week" else end.replace(day=1) - timedelta(days=1)
            receipt_day = [r.received for r in inputs.state.reports if start < r.period_end <= end and r.received <= inputs.on]
            yield ReportDue(end, due, min(receipt_day, default=None))


def report_due(inputs: Inputs) -> ReportDue | None:
    """The report whose lateness counts: the newest due, or the oldest of a run that has not come: a newer one excuses none."""
    known = tuple(reports_due(inputs))
    run = tuple(takewhile(lambda one: one.received is None, known))
    return (*known[:1], *run)[-1] if known else None


def overdue_reports(inputs: Inputs) -> tuple[ReportDue, ...]:
    """The newest periods in a row whose reports are late and have not come, oldest first."""
    return tuple(reversed(tuple(takewhile(lambda one: one.received is None and one.due < inputs.on, reports_due(inputs)))))

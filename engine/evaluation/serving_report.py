"""The report that serves on a date, and the reports that are due or overdue (rulings 26, 26a, 53)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile

from engine.basics.kept_by_identity import kept_by_identity
from engine.determination.measure_inputs import ReportDue, Reported
from engine.evaluation.delivered_dates import period_end_of
from engine.evaluation.inputs import Inputs
from engine.events.kinds import ReportReceived
from engine.events.results import Given, NotDetermined, Source
from engine.events.taken_over import TakenOver
from engine.terms.contract_dates import (
    counted_from,
    cut_off_on,
    date_of_period,
    earlier,
    moment_on,
    period_ends,
    period_start,
)
from engine.terms.in_force import TermsInForce

WEEK = timedelta(days=7)


def serving(inputs: Inputs) -> Reported | NotDetermined:
    """Return the newest report received by the date, or why none serves.

    A report that is too old does not serve (`rulings.md` 26).
    """
    rule = inputs.terms.servicer_reports
    cite = rule.cite if rule else "deal file"
    received = known_reports(inputs)
    end = period_end_of(inputs.measured_terms, inputs.as_of) if inputs.as_of is not None else None
    if (
        rule is not None
        and end is not None
        and not any(period_start(rule, end) <= one.period_end for one in received)
    ):
        reason = f"the Servicer's report for the period to {end} has not been delivered"
        return NotDetermined(reason=reason, cite=cite, lacks="report")
    if not received:
        return NotDetermined(reason="no Servicer's report has been received", cite=cite, lacks="report")
    newest = received[0]
    age = (inputs.measured_on - newest.as_of).days
    # A period of months has no fixed number of days, so it is counted back from the date itself.
    limit = (inputs.measured_on - earlier(inputs.measured_on, rule.too_old_after)).days if rule else age
    # The deal says what is too old after a period, so a report of exactly that age still serves.
    if age > limit:
        reason = (
            f"the newest Servicer's report is as of {newest.as_of}, {age} days old; more than {limit} "
            "is too old"
        )
        return NotDetermined(reason=reason, cite=cite, lacks="report")
    return reported(newest, inputs)


@kept_by_identity(8)
def newest_first(inputs: Inputs) -> tuple[ReportReceived, ...]:
    """Return every report received by the date's cut-off, newest first (rulings 26a, 53).

    They are sorted by as-of date, then by receipt. A correction comes after what it corrects. The entry of a
    report decides nothing: a report counts from its receipt.
    """
    cut_off = cut_off_on(inputs.terms, inputs.on)
    received = [
        (serves_from(report, inputs.state.reports, inputs.terms), report) for report in inputs.state.reports
    ]
    by_receipt = [
        (report.as_of, at, report.counts_from(inputs.terms.time_zone), _rank(report), report)
        for at, report in received
    ]
    kept = [one for one in by_receipt if one[1] <= cut_off]
    # The sort looks at the receipt and not at `at`: a correction that serves early is still the later word.
    return tuple(one[-1] for one in sorted(kept, key=lambda one: (one[0], one[2], one[3])))[::-1]


def known_reports(inputs: Inputs) -> tuple[ReportReceived, ...]:
    """Return the reports that the tests of the date may read, newest first.

    As of an earlier date, reports of a later period are left out (`rulings.md` 49a).
    """
    end = period_end_of(inputs.measured_terms, inputs.as_of) if inputs.as_of is not None else None
    return tuple(report for report in newest_first(inputs) if end is None or report.period_end <= end)


def _rank(report: ReportReceived) -> tuple[bool, str]:
    """Return a sort key that says which of two reports of one moment is the later one.

    The order in which they were entered does not matter.
    """
    # The hash decides the rest: any fixed order will do, but it must not depend on the entry.
    return (report.corrects is not None or report.completes is not None, report.sha256)


def serves_from(report: ReportReceived, reports: Iterable[ReportReceived], terms: TermsInForce) -> datetime:
    """Return the moment from which a report serves (rulings 26, 53).

    It is its receipt. If the deal says retest, a corrected report serves from the receipt of the first one. A
    report that counts from its entry, until a document shows its receipt, reaches back to neither.
    """
    rule, zone = terms.servicer_reports, terms.time_zone
    reaches_back = report.corrects is not None and rule is not None and rule.corrected_report == "retest"
    if not reaches_back or report.serves_from_keying:
        return report.counts_from(zone)
    return min(
        other.counts_from(zone) for other in (report, *reports) if other.period_end == report.period_end
    )


def reported(report: ReportReceived, inputs: Inputs) -> Reported:
    """Return a received report as the tests read it, with the words for its source.

    It includes the figures of the report that it completes.
    """
    kind = "worked example" if inputs.example else "servicer report"
    text = report.document if inputs.example else f"Servicer's report {report.document}"
    source = Source.model_validate(
        {"kind": kind, "text": text, "as_of": report.as_of, "reference": report.sha256 or None}
    )
    days = (
        (report.period_start, report.period_end) if report.sha256 else None
    )  # what is assumed is of whatever days are asked for
    whole = Reported(report.figures, source, report.given, report.held, days)
    if report.completes is None:
        return whole
    older = next(
        (one for one in known_reports(inputs) if one is not report and _completed_by(one, report)), None
    )
    # A chain of completions is followed to its first report, since each adds to the one before.
    return whole if older is None else _completed(whole, reported(older, inputs))


def _completed_by(one: ReportReceived, report: ReportReceived) -> bool:
    """Return whether a report adds to another of its period, which came before it."""
    return (
        one.period_end == report.period_end
        and str(one.as_of) == report.completes
        # Two reports that each complete the other would otherwise ask for one another without end.
        and one.completes != str(report.as_of)
    )


def _completed(newer: Reported, older: Reported) -> Reported:
    """Return the figures of both reports together, each with the source that it came from."""
    own = {
        name: Given(as_of=older.source_of(name).as_of, source=None)
        for name in older.figures
        if name not in older.given
    }
    return Reported(
        # The newer figure wins, although a report that completes should not repeat one.
        {**older.figures, **newer.figures},
        newer.source,
        {**own, **older.given, **newer.given},
        {**older.held, **newer.held},
        newer.period,
    )


@kept_by_identity(8)
def reports_due(inputs: Inputs) -> tuple[ReportDue, ...]:
    """Return each period whose report was due by the date, newest first.

    Each entry says when the report was due and when its first version came.
    """
    return tuple(_due(inputs))


def _due(inputs: Inputs) -> Iterator[ReportDue]:
    rule = inputs.terms.servicer_reports
    for end in period_ends(rule, inputs.on) if rule is not None else ():
        if rule is None or end <= inputs.terms.closing_date:
            return
        due = counted_from(rule.due, date_of_period(inputs.terms, inputs.calendar, end), inputs.calendar)
        # Older periods were the former servicer's too, so the search ends here.
        if former_servicers(inputs.state.taken_over, end, due):
            return
        if due <= inputs.on:
            start = period_start(rule, end)
            in_period = [r for r in newest_first(inputs) if start <= r.period_end <= end]
            # The first version decides lateness: a correction that follows does not make the report late.
            first = min(in_period, key=lambda r: r.counts_from(inputs.terms.time_zone), default=None)
            by = moment_on(due, rule.due.at, inputs.terms.time_zone)
            late = (
                first is not None
                and first.delivered_on == due
                and by < first.counts_from(inputs.terms.time_zone)
                and first.received_at is not None
            )
            yield ReportDue(end, due, None if first is None else first.delivered_on, late)


def former_servicers(handed: TakenOver | None, end: date, due: date) -> bool:
    """Return whether a report was due under a former servicer and the takeover is silent about it."""
    return (
        handed is not None
        and due <= handed.as_of
        and (handed.reports_from is None or end < handed.reports_from)
    )


def report_due(inputs: Inputs) -> ReportDue | None:
    """Return the report whose lateness counts on the date; None if none was due yet.

    It is the newest report that was due. If that one has not come, it is the oldest of the unbroken run of
    missing reports that ends with it: a newer report that is due does not excuse an older one.
    """
    known = reports_due(inputs)
    run = tuple(takewhile(lambda one: one.received is None, known))
    return (*known[:1], *run)[-1] if known else None


def overdue_reports(inputs: Inputs) -> tuple[ReportDue, ...]:
    """Return the newest periods in a row whose reports are late and have not come, oldest first."""
    return tuple(
        reversed(
            # On its due date a report can still come, so it is late from the day after.
            tuple(takewhile(lambda one: one.received is None and one.due < inputs.on, reports_due(inputs)))
        )
    )

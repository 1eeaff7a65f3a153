"""What a template sees on a date: the windows and months that reports and rates give it."""

from __future__ import annotations

from datetime import date, timedelta

from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported
from engine.evaluation.inputs import Inputs
from engine.evaluation.pledged_gpus import pledged_gpus
from engine.evaluation.serving_report import WEEK, newest_first, report_due, reported, reports_due, serving
from engine.evaluation.tape_weeks import week_from_tapes
from engine.events.deal_state import DealState
from engine.events.kinds import ReportReceived
from engine.terms.contract_dates import period_of, period_start, publication_dates

WINDOWS_KEPT = 60
"""Calculation Windows whose reports a template may look back on: a little over a year."""


def template_facts(inputs: Inputs, state: DealState) -> Facts:
    """Return what the templates may know on a date whose rates stand in `state`."""
    return Facts(
        on=inputs.on,
        terms=inputs.terms,
        rates=state.rates,
        published=inputs.series,
        report=serving(inputs),
        windows=_windows(inputs),
        months=_months(inputs),
        report_due=report_due(inputs),
        received=tuple(reported(report, inputs) for report in newest_first(inputs)),
        pledged=pledged_gpus(inputs.terms, inputs.state.registers, inputs.on),
    )


def _windows(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """For each Calculation Window since closing, oldest first, the newest report whose period ends inside it."""
    last = next(iter(publication_dates(inputs.on - timedelta(days=6), inputs.on))) - timedelta(days=1)
    received = newest_first(inputs)
    tapes = tuple(report for report in received if report.rent_of_days)
    windows: list[tuple[date, Reported | None]] = []
    for back in range(WINDOWS_KEPT):
        end = last - back * WEEK
        if end <= inputs.terms.closing_date:
            break
        inside = next((report for report in received if end - WEEK < report.period_end <= end and of_a_week(report)), None)
        week = reported(inside, inputs) if inside is not None else week_from_tapes(end, tapes, inputs)
        windows.append((end, week))
    return tuple(reversed(windows))


def of_a_week(report: ReportReceived) -> bool:
    """Return whether a report is of a week at most: a longer one tells nothing of a single Calculation Window (`rulings.md` 47)."""
    return report.period_end - report.period_start < WEEK


def _months(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """For each month or quarter since closing, oldest first, the newest report whose period ends in it; none if reports are weekly.

    The last one is the newest that is over and for which a report was due or has come: a gap before it is a gap.
    """
    rule, due = inputs.terms.servicer_reports, next(reports_due(inputs), None)
    if rule is None or rule.every == "week":
        return ()
    newest: dict[date, ReportReceived] = {}
    for report in newest_first(inputs):
        end = period_of(rule, report.period_end)[1]
        if end < inputs.on:
            newest.setdefault(end, report)
    last = max((*newest, *((due.period_end,) if due else ())), default=inputs.terms.closing_date)
    months: list[tuple[date, Reported | None]] = []
    while last > inputs.terms.closing_date:
        months.append((last, reported(newest[last], inputs) if last in newest else None))
        last = period_start(rule, last) - timedelta(days=1)
    return tuple(reversed(months))

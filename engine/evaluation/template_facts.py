"""What a template sees on a date: the windows and months that reports and rates give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported
from engine.evaluation.inputs import Inputs
from engine.evaluation.pledged_gpus import pledged_gpus
from engine.evaluation.serving_report import WEEK, known_reports, report_due, reported, reports_due, serving
from engine.evaluation.tape_weeks import week_from_tapes
from engine.events.deal_state import DealState
from engine.events.kinds import ReportReceived
from engine.events.rates import Published, ReferenceRate
from engine.terms.contract_dates import period_of, period_start, publication_dates

WINDOWS_KEPT = 60
"""The number of Calculation Windows whose reports a template may look back on: a little over a year."""


def template_facts(inputs: Inputs, state: DealState) -> Facts:
    """Return the facts that templates measure on a date: terms, rates, publications and reports.

    The rates come from `state`, everything else from `inputs`.
    """
    return Facts(
        on=inputs.measured_on,
        terms=inputs.measured_terms,
        rates=_rates_by_then(inputs, state),
        published=_published_by_then(inputs),
        report=serving(inputs),
        windows=_windows(inputs),
        months=_months(inputs),
        report_due=report_due(inputs),
        received=tuple(reported(report, inputs) for report in known_reports(inputs)),
        pledged=pledged_gpus(inputs.measured_terms, inputs.state.registers, inputs.measured_on),
    )


def with_rates(base: Facts, inputs: Inputs, state: DealState) -> Facts:
    """Return `base`, which holds what the reports tell, with the rates of `state` in place of its own.

    The trace starts empty. On several paths of rates the reports are the same, so they are read once.
    """
    return replace(base, rates=_rates_by_then(inputs, state), published=_published_by_then(inputs), trace={})


def _rates_by_then(inputs: Inputs, state: DealState) -> Mapping[str, Sequence[ReferenceRate]]:
    """Return the Reference Rates up to the date that is measured."""
    if inputs.as_of is None:
        return state.rates
    return {
        name: tuple(rate for rate in rates if rate.on <= inputs.measured_on)
        for name, rates in state.rates.items()
    }


def _published_by_then(inputs: Inputs) -> Mapping[str, Sequence[Published]]:
    """Return what each Publication Date gave, by index, up to the date that is measured."""
    if inputs.as_of is None:
        return inputs.series
    last = inputs.measured_on
    return {
        name: tuple(one for one in prints if one.publication_date <= last)
        for name, prints in inputs.series.items()
    }


def _windows(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """Return (last day, report or None) for each Calculation Window since closing, oldest first.

    The report is the newest whose period ends inside the window.
    """
    on = inputs.measured_on
    # Any seven days hold exactly one Publication Date, and its window ends on the day before it.
    last = next(iter(publication_dates(on - timedelta(days=6), on))) - timedelta(days=1)
    received = known_reports(inputs)
    tapes = tuple(report for report in received if report.rent_of_days)
    windows: list[tuple[date, Reported | None]] = []
    for back in range(WINDOWS_KEPT):
        end = last - back * WEEK
        if end <= inputs.terms.closing_date:
            break
        inside = next(
            # A report belongs to the window that its period ends in (ADR 6), or a late one would count twice.
            (report for report in received if end - WEEK < report.period_end <= end and of_a_week(report)),
            None,
        )
        week = reported(inside, inputs) if inside is not None else week_from_tapes(end, tapes, inputs)
        windows.append((end, week))
    return tuple(reversed(windows))


def of_a_week(report: ReportReceived) -> bool:
    """Return whether a report is of at most a week.

    A longer one tells nothing of a single Calculation Window (`rulings.md` 47).
    """
    return report.period_end - report.period_start < WEEK


def _months(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """Return (last day, report or None) for each month or quarter since closing, oldest first.

    The report is the newest whose period ends in it. The result is empty if reports are weekly. The last
    month or quarter is the newest that is over and for which a report was due or has come. So a missing
    report before it shows as missing.
    """
    rule, due = inputs.terms.servicer_reports, next(iter(reports_due(inputs)), None)
    if rule is None or rule.every == "week":
        return ()
    newest: dict[date, ReportReceived] = {}
    # As of a date, the period that ends on that very day is over.
    over = inputs.on if inputs.as_of is None else inputs.as_of + timedelta(days=1)
    for report in known_reports(inputs):
        end = period_of(rule, report.period_end)[1]
        if end < over:
            # Reports come newest first, so a correction stands here before what it corrects.
            newest.setdefault(end, report)
    asked_for = (due.period_end,) if due is not None and due.period_end < over else ()
    last = max((*newest, *asked_for), default=inputs.terms.closing_date)
    months: list[tuple[date, Reported | None]] = []
    while last > inputs.terms.closing_date:
        months.append((last, reported(newest[last], inputs) if last in newest else None))
        last = period_start(rule, last) - timedelta(days=1)
    return tuple(reversed(months))

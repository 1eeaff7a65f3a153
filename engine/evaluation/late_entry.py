"""The decision from when a report that is entered late counts (`rulings.md` 53).

It counts from its receipt, or from its entry until a document shows its receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from engine.determination.template import Template
from engine.evaluation.corrections import by_reports, correction
from engine.evaluation.determined_again import determined_again, would_withdraw
from engine.events.rates import Published
from engine.events.reports import ReportFacts
from engine.events.standing import Recorded
from engine.terms.as_written import Deal, calendar_on, resolve
from engine.terms.contract_dates import counted


def why_from_keying(
    deal: Deal,
    events: Sequence[Recorded],
    further: Recorded,
    report: ReportFacts,
    series: Mapping[str, tuple[Published, ...]],
    templates: Mapping[str, Template],
) -> str | None:
    """Return the reason why a report counts from its entry until a document shows its receipt.

    The result is None if it counts from its receipt. It counts from its entry if the time of `late_keying` is
    over. It also does if it would withdraw an Event of Default, a trigger in effect or what a given notice
    states. A report that affects no determined date is in time.

    Args:
        deal: the deal as adopted.
        events: its log.
        further: the report as an event that is about to be recorded.
        report: the report, with its receipt and its entry.
        series: what each Publication Date gave, by index.
        templates: the covenant templates by name.
    """
    terms = partial(resolve, deal)
    # The terms of the receipt apply, because an amendment since then cannot shorten a time that ran before.
    rule = terms(report.received).servicer_reports
    log = [*events, further]
    causes = tuple(by_reports(log, terms))
    again = correction(log, causes)
    # The same causes without this report show that the report itself reaches back to nothing.
    if rule is None or report.keyed_at is None or again is None or causes == tuple(by_reports(events, terms)):
        return None
    last = counted(report.received, rule.late_keying.accepted_for, calendar_on(deal, report.received).add)
    if report.keyed_at.date() > last:
        return (
            f"it was received on {report.received} and could be entered until {last} "
            f"({rule.late_keying.accepted_for})"
        )
    # The trial determines dates again, which is slow, so the time limit is asked before the trial.
    tried = determined_again(deal, log, again, series, templates, explained=False)
    lost = next(would_withdraw(events, tried), None)
    return None if lost is None else f"it would withdraw {lost}"

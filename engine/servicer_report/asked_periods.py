"""The check that a report is of a period that the deal asks for and fits those on record.

See `rulings.md` 53.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from engine.basics.errors import Problem
from engine.events.reports import ReportFacts
from engine.terms.contract_dates import period_ends
from engine.terms.in_force import TermsInForce
from engine.terms.report_terms import ServicerReports
from engine.terms.source import Tree

DAY = timedelta(days=1)


def out_of_place(
    report: ReportFacts, known: Sequence[ReportFacts], terms: TermsInForce, tree: Tree
) -> Iterator[Problem]:
    """Yield each reason why a report cannot stand among those on record.

    Args:
        report: the report, read.
        known: the reports on record that stand.
        terms: the deal on the day of receipt.
        tree: the report's file, for the places.
    """
    yield from _not_asked_for(report, known, terms, tree)
    same = [one for one in known if one.period_end == report.period_end and one.sha256 != report.sha256]
    if same and report.corrects is None and report.completes is None:
        newest = max(same, key=lambda one: (one.as_of, one.received))
        why = f"{newest.document}, as of {newest.as_of}, is on record for it"
        fix = f"write `corrects: {newest.as_of}`, or `completes: {newest.as_of}` where it adds figures only"
        yield Problem(
            "R117", f"a second report of the period to {report.period_end}", why, fix, tree.place(("period",))
        )
    if report.corrects is not None and report.completes is not None:
        why = "a figure that was given is corrected, one that was not is added"
        yield Problem(
            "R118", "the report corrects and completes", why, "write one of them", tree.place(("completes",))
        )
    elif report.completes is not None:
        given = sorted(
            {name for one in same for name in (*one.figures, *one.awaiting)}
            & {*report.figures, *report.awaiting}
        )
        if given:
            what = f"`{given[0]}` was given for the period already"
            fix = f"write `corrects: {report.completes}`, or leave out {', '.join(given)}"
            yield Problem(
                "R118",
                what,
                "a report that completes another adds figures only",
                fix,
                tree.place(("completes",)),
            )


def _not_asked_for(
    report: ReportFacts, known: Sequence[ReportFacts], terms: TermsInForce, tree: Tree
) -> Iterator[Problem]:
    """Yield a problem for a report of a period that nothing asks for, with the period that is due."""
    rule = terms.servicer_reports
    if rule is None:
        return
    asked = period_ends(rule, report.period_end + DAY)[0]
    if report.period_end == asked and asked > terms.closing_date:
        return
    there = {one.period_end for one in known}
    open_ = [
        end
        for end in period_ends(rule, report.received + DAY)
        if end > terms.closing_date and end not in there
    ]
    following = _next(rule, max(report.received, terms.closing_date))
    due = min(open_, key=lambda end: abs((end - report.period_end).days), default=following)
    what = f"nothing asks for a report of the period to {report.period_end}"
    yield Problem(
        "R116",
        what,
        f"the one that is due is for the period to {due}",
        "correct the period",
        tree.place(("period", "to")),
    )


def _next(rule: ServicerReports, day: date) -> date:
    """Return the end of the first period that ends after a day."""
    end = day + DAY
    while period_ends(rule, end + DAY)[0] != end:
        end += DAY
    return end

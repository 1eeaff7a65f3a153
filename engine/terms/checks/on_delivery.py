"""The check of a deal whose tests wait for the report of the period (`rulings.md` 49a, 26a)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.clause import Cure, MaintenanceClause
from engine.terms.in_force import TermsInForce
from engine.terms.periods import END_OF_DAY
from engine.terms.source import Path, Tree

LENGTHS = ("week", "month", "quarter")


def on_delivery(deal: Deal) -> Iterator[Problem]:
    """Yield each term that contradicts tests determined on delivery of the report.

    It may be a cut-off, a missing rule of reports, or a clock that starts on a date before the delivery.
    """
    for _, terms in deal.segments:
        if terms.determination_dates.on_delivery:
            yield from _dates(terms, deal.tree)
            yield from _clocks(terms, deal.tree)


def _dates(terms: TermsInForce, tree: Tree) -> Iterator[Problem]:
    rule, reports = terms.determination_dates, terms.servicer_reports
    if reports is None:
        why, place = "the deal asks for no report", tree.place(("determination_dates", "determined"))
        yield Problem(
            "D573",
            "no report is ever delivered",
            why,
            "write `servicer_reports:`, or `determined: on the date`",
            place,
        )
    # A rule that names a weekday makes one date a week.
    elif LENGTHS.index(reports.every) > LENGTHS.index(rule.every if rule.every in LENGTHS else "week"):
        why = (
            f"reports are of a {reports.every}, and the tests are as of a date of each "
            f"{rule.every if rule.every in LENGTHS else 'week'}"
        )
        place = tree.place(("servicer_reports", "every"))
        yield Problem(
            "D573",
            "two dates would wait for one report",
            why,
            "let the reports come as often as the dates",
            place,
        )
    if rule.cut_off != END_OF_DAY:
        why = "the day of a delivery ends at 24:00, and a report of that day decides it at any hour"
        yield Problem(
            "D573",
            "a delivery has no cut-off",
            why,
            "write `cut_off: end of day`",
            tree.place(("determination_dates", "cut_off")),
        )


def _clocks(terms: TermsInForce, tree: Tree) -> Iterator[Problem]:
    """Yield a problem for each cure clock that would start on the Determination Date.

    That date can be over before anybody knows of the failure.
    """
    clocks: list[Path] = []
    for key, clause in terms.covenants.items():
        cure = (
            clause.cure
            if isinstance(clause, MaintenanceClause) and clause.tested_on == "determination dates"
            else None
        )
        clocks += (
            [("covenants", key, "cure", "after")]
            if isinstance(cure, Cure) and cure.after == "determination date"
            else []
        )
    for name, trigger in terms.triggers.items():
        own = trigger.cure
        clocks += (
            [("triggers", name, "cure", "after")]
            if own is not None and own.after == "determination date"
            else []
        )
    for path in clocks:
        why = "the tests are determined on delivery of the period's report, weeks after the date"
        yield Problem(
            "D572",
            "the cure clock starts before the failure is known",
            why,
            "write `delivery of the report`",
            tree.place(path),
        )

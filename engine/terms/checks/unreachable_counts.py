"""Counts that would never be reached, money that is never paid, limits that worse figures pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.checks.contradictions import leaves_of
from engine.terms.clause import Clause, Cure, LimitClause, MaintenanceClause
from engine.terms.in_force import TermsInForce
from engine.terms.periods import DateKind, Persistence
from engine.terms.source import Path


def counting(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each count, sweep or limit that cannot work.

    A count may be of dates on which nothing is tested, a sweep may lack Payment Dates, and a limit may be
    reversed.
    """
    for _, terms in deal.segments:
        for path, count, tested_on in _counts(terms):
            if count.dates != tested_on:
                why = f"the test is tested on {tested_on}, and a date of the other kind need not be one"
                fix = f"count {tested_on}"
                yield Problem(
                    "D542",
                    f"`{count}` counts dates on which it is not tested",
                    why,
                    fix,
                    deal.tree.place(path),
                )
        for key, clause in terms.covenants.items():
            cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
            if isinstance(cure, Cure) and cure.passing_for is not None and not cure.passing_for.consecutive:
                place = deal.tree.place(("covenants", key, "cure", "passing_for"))
                why = "a retest cures by dates that follow one another"
                yield Problem(
                    "D542",
                    f"`{cure.passing_for}` is not a run of dates",
                    why,
                    "write it like `2 consecutive determination dates`",
                    place,
                )
            yield from _limit(deal, key, clause)
            if (
                clause.of_weeks
                and terms.servicer_reports is not None
                and terms.servicer_reports.every != "week"
            ):
                what = f"no report of a {terms.servicer_reports.every} determines `{key}` by itself"
                why = (
                    "the test is of whole weeks, and only a figure or a rental tape that says its own "
                    "days "
                    "is of the same ones"
                )
                place = deal.tree.key_place(("covenants", key))
                yield Problem(
                    "W123", what, why, "ask for weekly reports, or see that the Servicer says the days", place
                )
        yield from _unpaid(deal, terms)
        if terms.servicer_reports is None:
            why = "a report of any age serves, and none is ever late"
            fix, place = "write `servicer_reports:`, or see that it is meant", deal.tree.key_place(("deal",))
            yield Problem("W117", "nothing says when the Servicer reports", why, fix, place)


def _counts(terms: TermsInForce) -> Iterator[tuple[Path, Persistence, DateKind]]:
    """Yield (path, count, kind of dates on which its test is tested) for every count of dates.

    Counts whose dates cannot differ from those of their test are left out.
    """
    for key, clause in terms.covenants.items():
        if isinstance(clause, MaintenanceClause) and clause.persists_for is not None:
            yield ("covenants", key, "persists_for"), clause.persists_for, clause.tested_on
        cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
        if isinstance(cure, Cure) and cure.passing_for is not None:
            yield ("covenants", key, "cure", "passing_for"), cure.passing_for, clause.tested_on
    if terms.determination_dates.every == "Thursday":
        # a condition counts where both kinds meet, which is every Thursday but for those that are moved
        return
    for key, clause in terms.covenants.items():
        for end in ("begins", "ends"):
            count = getattr(getattr(clause, end, None), "persistence", None)
            if count is not None:
                yield ("covenants", key, end, "for"), count, clause.tested_on
    for name, trigger in terms.triggers.items():
        for end, condition in (("begins", trigger.begins), ("ends", trigger.ends)):
            for leaf, path in (
                () if isinstance(condition, str) else leaves_of(condition, ("triggers", name, end))
            ):
                tested = terms.covenants.get(leaf.test or "")
                if leaf.result is not None and leaf.persistence is not None and tested is not None:
                    yield (*path, "for"), leaf.persistence, tested.tested_on


def _limit(deal: Deal, key: str, clause: Clause) -> Iterator[Problem]:
    """Yield a problem for a limit that better figures fail and worse figures pass."""
    if not isinstance(clause, LimitClause) or clause.better is None:
        return
    passed = "higher" if clause.limit.comparison in ("at least", "more than") else "lower"
    if passed != clause.better:
        why = f"a {clause.better} figure is the better one, and it fails"
        place = deal.tree.place(("covenants", key, "limit"))
        yield Problem(
            "W118",
            f"`{key}` is passed by a {passed} figure",
            why,
            "turn the comparison round, or see that it is meant",
            place,
        )


def _unpaid(deal: Deal, terms: TermsInForce) -> Iterator[Problem]:
    """Yield a problem for each sweep of a deal without Payment Dates: it would never move money."""
    if terms.payment_dates is not None:
        return
    own: list[tuple[Path, Any]] = [
        (("covenants", key, "sweep"), getattr(covenant, "sweep", None))
        for key, covenant in terms.covenants.items()
    ]
    for name, trigger in terms.triggers.items():
        own += [
            (("triggers", name, "consequences", number, "sweep"), consequence.sweep)
            for number, consequence in enumerate(trigger.consequences)
        ]
    for path, sweep in own:
        if sweep is not None:
            why = "a sweep acts on Payment Dates, so nothing would ever be swept"
            place = deal.tree.key_place(path)
            yield Problem(
                "D543", "a sweep in a deal without Payment Dates", why, "write `payment_dates:`", place
            )

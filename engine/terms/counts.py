"""Counts of dates on which a test is never run: they would stay at nothing, and what waits for them would never come (ruling 23)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.terms.contradictions import ENDS, leaves_of
from engine.terms.deal import TermsInForce
from engine.terms.in_force import Deal
from engine.terms.periods import Persistence
from engine.terms.scale import PlaceOf, placed, values_of
from engine.terms.source import Path

COINCIDE = "Thursday"
"""Determination Dates of every such day are the Publication Dates."""


def counts(deal: Deal) -> Iterator[Problem]:
    """Every count of a kind of date on which its test is not run, in each stretch of the deal's life."""
    for since, terms in deal.segments:
        if terms.determination_dates.every != COINCIDE:
            place = placed(deal, since)
            for path, counted, test in _counted(terms):
                yield from _elsewhere(terms, path, counted, test, place)


def _counted(terms: TermsInForce) -> Iterator[tuple[Path, Persistence, str]]:
    """Every count of a test's results: its path, what it counts, the test."""
    for key, clause in terms.covenants.items():
        for path, value in values_of(clause, ("covenants", key)):
            if isinstance(value, Persistence):
                yield path, value, key
    for name, trigger in terms.triggers.items():
        conditions = {end: condition for end in ENDS if not isinstance(condition := getattr(trigger, end), str)}
        for end, condition in conditions.items():
            for leaf, at in leaves_of(condition, ("triggers", name, end)):
                if leaf.test is not None and leaf.result is not None and leaf.persistence is not None:
                    yield (*at, "for"), leaf.persistence, leaf.test


def _elsewhere(terms: TermsInForce, path: Path, counted: Persistence, test: str, place: PlaceOf) -> Iterator[Problem]:
    clause = terms.covenants.get(test)
    if clause is not None and clause.tested_on != counted.dates:
        why = f"`{test}` is tested on {clause.tested_on}, which are other dates in this deal"
        fix = f"write it in {clause.tested_on}"
        yield Problem("D541", f"`{counted}` counts dates on which `{test}` is not tested", why, fix, place(path))

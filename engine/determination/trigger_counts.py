"""The counts that a trigger keeps: each part of its conditions that counts dates, in the file's order.

The rulings are `rulings.md` 12 and 23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.determination.template import Template, When
from engine.terms.in_force import TermsInForce
from engine.terms.periods import DateKind, Persistence
from engine.terms.trigger_conditions import Condition, Leaf, leaves_of


@dataclass(frozen=True, slots=True)
class Count:
    """One count of a trigger: the test that it looks at, in words what it counts, and on how many dates.

    The test is None for a count of a state.
    """

    test: str | None
    any_verdict: bool
    """Whether a date on which the test was not determined counts as well."""
    what: str
    times: Persistence


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one trigger, towards its beginning and towards its end."""

    begins: tuple[Count, ...]
    ends: tuple[Count, ...]
    has_end: bool
    """Whether a condition ends the trigger."""
    while_met: bool
    irrevocable: bool


def persistence_of(leaf: Leaf, dates: Mapping[str, DateKind]) -> Persistence | None:
    """Return on how many dates a part of a condition must be met.

    It is None for a part on a state, a date, an event or an announcement. A result without `for` needs one
    date of its test's own kind, because the test has no result on another kind. `dates` holds the kind of
    each test.
    """
    if leaf.persistence is not None:
        return leaf.persistence
    stands = leaf.state or leaf.announced or leaf.on_or_after or leaf.event
    return None if stands else Persistence(1, 1, dates.get(leaf.test or "", "determination dates"))


def dates_of_tests(terms: TermsInForce, templates: Mapping[str, Template]) -> dict[str, DateKind]:
    """Return the kind of dates on which each test is run, by the clause's name."""
    return {key: templates[clause.template].dates for key, clause in terms.covenants.items()}


def trigger_counts(terms: TermsInForce, templates: Mapping[str, Template]) -> dict[str, Counts]:
    """Return the counts of every trigger of a deal on a date, by name.

    The triggers are those that clauses bring with them, and composite ones.
    """
    dates = dates_of_tests(terms, templates)
    found: dict[str, Counts] = {}
    for key, clause in terms.covenants.items():
        make = templates[clause.template].rule
        if make is not None:
            rule = make(key, clause)
            over = (
                () if rule.ends is None or rule.ends_for is None else (_of_clause(rule.ends, rule.ends_for),)
            )
            found[key] = Counts(
                (_of_clause(rule.begins, rule.begins_for),), over, rule.ends is not None, False, rule.never
            )
    for name, trigger in terms.triggers.items():
        ends = () if isinstance(trigger.ends, str) else tuple(_of_condition(trigger.ends, dates))
        word = trigger.ends if isinstance(trigger.ends, str) else None
        begins = tuple(_of_condition(trigger.begins, dates))
        found[name] = Counts(
            begins, ends, word is None, word == "when begins is no longer met", word == "never"
        )
    return found


def _of_clause(when: When, times: Persistence) -> Count:
    return Count(
        when.test, when.result == "NOT DETERMINED", f"{when.test} {when.result or when.comparison}", times
    )


def _of_condition(condition: Condition, dates: Mapping[str, DateKind]) -> Iterator[Count]:
    for leaf in leaves_of(condition):
        times = persistence_of(leaf, dates)
        if times is not None:
            # A count of a test's state runs on all dates of its kind, so it
            # does not follow the test's results.
            test = leaf.test if leaf.result is not None else None
            yield Count(
                test,
                leaf.result == "NOT DETERMINED",
                f"{leaf.test or leaf.trigger} {leaf.result or leaf.state}",
                times,
            )

"""`headroom stress`: what a draft does on stated paths, and when; "never" is said as loudly as "when"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from engine.basics.happenings import (
    HAPPENING_WORDS,
    Happening,
    no_date,
    sooner_words,
    times_words,
    undecided_words,
)
from engine.basics.values import listed, printed, printed_apart, weekday_date
from engine.cli.output import print_json, say, table
from engine.events.swept_money import dates_and_money
from engine.foresight.answers import as_data
from engine.foresight.stress import PathOutcome, several_times, unpublished_notes
from engine.queries.foresight_questions import StressAnswer

SIDE_BY_SIDE = 3
"""Paths whose dates stand beside one another on a page."""


def show_stress(answer: StressAnswer, as_json: bool) -> int:
    """Print what the draft did on each path."""
    if as_json:
        print_json(as_data(answer))
        return 0
    outcomes = answer.outcomes
    say(f"{answer.deal}, from {answer.closing} to {answer.until}. Facts: {answer.facts}.")
    for start in range(0, len(outcomes), SIDE_BY_SIDE):
        together = outcomes[start : start + SIDE_BY_SIDE]
        say()
        head = ("what happens", *(cell for outcome in together for cell in (outcome.path, "at")))
        # The rate of each path stands flush right, so that decimals meet.
        say(table(head, list(_rows(together, answer.not_known)), right=range(2, 2 * len(together) + 1, 2)))
    say()
    for note in unpublished_notes(outcomes):
        say(f"NO VALUE: {note}")
    if answer.never:
        say(f"NEVER by {answer.until}, on any of these paths: {listed(answer.never)}.")
    for line in _least(outcomes):
        say(line)
    say_lacking(answer.left_out, answer.undecided, answer.sooner)
    return 0


def say_lacking(
    left_out: Mapping[str, str],
    undecided: Mapping[str, Sequence[str]],
    sooner: Mapping[str, Sequence[str]],
) -> None:
    """Print the tests that nothing determined, and the triggers that are open or may begin sooner."""
    if left_out:
        said = "; ".join(f"{test}, {why}" for test, why in left_out.items())
        say(f"NOT DETERMINED on every date, so left out: {said}.")
    if undecided:
        said = "; ".join(undecided_words(trigger, names) for trigger, names in undecided.items())
        say(f"NOT DECIDED, so neither when nor never is known: {said}.")
    for trigger, names in sooner.items():
        say(f"AT LEAST: {sooner_words(trigger, names)}.")


def events_of(outcomes: Sequence[PathOutcome]) -> tuple[tuple[str, Happening], ...]:
    """Return everything that happens on one of the paths, in the order of its first date."""
    days: dict[tuple[str, Happening], date] = {}
    for outcome in outcomes:
        for first in outcome.firsts:
            key = (first.subject, first.what)
            days[key] = min(days.get(key, first.on), first.on)
    return tuple(sorted(days, key=lambda key: days[key]))


def _rows(
    outcomes: Sequence[PathOutcome], not_known: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, ...]]:
    for subject, what in events_of(outcomes):
        cells: list[str] = []
        for outcome in outcomes:
            first = outcome.first(subject, what)
            cells += (
                [no_date(not_known[outcome.path].get(subject), what), ""]
                if first is None
                else [weekday_date(first.on), f"{first.rate:.4f}" if first.rate is not None else ""]
            )
        yield (f"{subject} {HAPPENING_WORDS[what]}", *cells)
    for trigger in several_times(outcomes):
        cells = []
        for outcome in outcomes:
            why = not_known[outcome.path].get(trigger)
            times = outcome.times(trigger)
            cells += (no_date(why), "") if not times else times_words(times)
        yield (f"{trigger} in effect in all", *cells)
    for clause in dict.fromkeys(amount.clause for outcome in outcomes for amount in outcome.swept):
        cells = []
        for outcome in outcomes:
            amounts = [amount.amount for amount in outcome.swept if amount.clause == clause]
            cells += dates_and_money(amounts, "USD ")
        yield (f"{clause} swept in all", *cells)


def _least(outcomes: Sequence[PathOutcome]) -> Iterator[str]:
    """Yield the worst figure of each test on the first path."""
    for turning in outcomes[0].least:
        measured = printed_apart(turning.measured, turning.limit)
        yield (
            f"Worst of {turning.test} on {outcomes[0].path}: {measured} against {printed(turning.limit)} on "
            f"{turning.on}."
        )

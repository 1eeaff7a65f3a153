"""`headroom stress`: what a draft does on stated paths, and when; "never" is said as loudly as "when"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from engine.basics.values import counted, listed, printed, printed_apart, weekday_date
from engine.cli.output import print_json, say, table
from engine.foresight.answers import as_data
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.stress import Happening, PathOutcome
from engine.terms.as_written import Deal, resolve

WORDS: dict[Happening, str] = {
    "fails": "fails",
    "cure by": "must be cured by",
    "cured": "is cured",
    "default": "Event of Default indicated",
    "begins": "in effect",
    "ends": "ends",
    "obliged": "creates an Obligation",
    "due": "Obligation due",
    "passes again": "passes again",
}
SIDE_BY_SIDE = 3
"""Paths whose dates stand beside one another on a page."""


def show_stress(deal: Deal, outcomes: Sequence[PathOutcome], given: FactsByDate, as_json: bool) -> int:
    """Print what the draft did on each path."""
    if as_json:
        print_json({"deal": deal.name, "facts": given.described(), "paths": [_data(one, deal) for one in outcomes]})
        return 0
    until = outcomes[0].until
    say(f"{deal.name}, from {deal.closing_date} to {until}. Facts: {given.described()}.")
    for start in range(0, len(outcomes), SIDE_BY_SIDE):
        together = outcomes[start : start + SIDE_BY_SIDE]
        say()
        head = ("what happens", *(cell for one in together for cell in (one.path, "at")))
        say(table(head, list(_rows(together)), right=range(2, 2 * len(together) + 1, 2)))
    say()
    for line in _never(deal, outcomes, until):
        say(line)
    for line in _least(outcomes):
        say(line)
    left = {test: why for one in outcomes for test, why in one.undetermined.items()}
    if left:
        say(f"NOT DETERMINED on every date, so left out: {'; '.join(f'{test}, {why}' for test, why in left.items())}.")
    return 0


def events_of(outcomes: Sequence[PathOutcome]) -> tuple[tuple[str, Happening], ...]:
    """Everything that happens on one of the paths, in the order of its first date."""
    found: dict[tuple[str, Happening], date] = {}
    for outcome in outcomes:
        for one in outcome.firsts:
            key = (one.subject, one.what)
            found[key] = min(found.get(key, one.on), one.on)
    return tuple(sorted(found, key=lambda key: found[key]))


def _rows(outcomes: Sequence[PathOutcome]) -> Iterator[tuple[str, ...]]:
    for subject, what in events_of(outcomes):
        cells: list[str] = []
        for outcome in outcomes:
            first = outcome.first(subject, what)
            cells += ["never", ""] if first is None else [weekday_date(first.on), f"{first.rate:.4f}" if first.rate is not None else ""]
        yield (f"{subject} {WORDS[what]}", *cells)
    for clause in dict.fromkeys(one.clause for outcome in outcomes for one in outcome.swept):
        paid = [sum(bool(one.amount) for one in outcome.swept if one.clause == clause) for outcome in outcomes]
        sums = [f"USD {float(outcome.swept_in_all(clause)):,.2f}" for outcome in outcomes]
        cells = [cell for number, amount in zip(paid, sums, strict=True) for cell in (counted(number, "Payment Dates"), amount)]
        yield (f"{clause} swept in all", *cells)


def _never(deal: Deal, outcomes: Sequence[PathOutcome], until: date) -> Iterator[str]:
    """What never happens on any path, said aloud."""
    terms = resolve(deal, deal.closing_date)
    failed = {one.subject for outcome in outcomes for one in outcome.firsts if one.what == "fails"}
    begun = {one.subject for outcome in outcomes for one in outcome.firsts if one.what == "begins"}
    determined = {one.test for outcome in outcomes for one in outcome.least}
    quiet = [name for name in terms.covenants if name in determined and name not in failed]
    if quiet:
        say_fail = "fail" if len(quiet) > 1 else "fails"
        yield f"NEVER by {until}: {listed(quiet)} {say_fail} on none of these paths."
    idle = [name for name in terms.triggers if name not in begun]
    if idle:
        yield f"NEVER by {until}: {listed(idle)} {'begin' if len(idle) > 1 else 'begins'} on none of these paths."


def _least(outcomes: Sequence[PathOutcome]) -> Iterator[str]:
    """The worst figure of each test on the first path."""
    for one in outcomes[0].least:
        measured = printed_apart(one.measured, one.limit)
        yield f"Worst of {one.test} on {outcomes[0].path}: {measured} against {printed(one.limit)} on {one.on}."


def _data(one: PathOutcome, deal: Deal) -> dict[str, object]:
    terms = resolve(deal, deal.closing_date)
    failed = {first.subject for first in one.firsts if first.what in ("fails", "begins")}
    names = [*terms.covenants, *terms.triggers]
    data: dict[str, object] = as_data(one)
    return {**data, "never": [name for name in names if name not in failed and name not in one.undetermined]}

"""The differences between two deal files, and between the events that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.basics.values import printed_apart, trimmed
from engine.events.kinds import ActApplied, Counted, DeadlinePassed, Tested
from engine.events.standing import Recorded
from engine.terms.as_written import Deal, sources


@dataclass(frozen=True)
class TermChange:
    """One term that an amendment changes, with the line that sets it."""

    path: str
    before: str
    after: str
    line: int


@dataclass(frozen=True)
class ResultChange:
    """One date on which a test or trigger differs between the two texts."""

    on: date
    subject: str
    before: str
    after: str
    outcome: bool
    """Whether a result, a state or a deadline differs, and not only the limit."""


def term_changes(before: Deal, after: Deal) -> tuple[TermChange, ...]:
    """Return the terms that differ on some date, as written, each at the first date on which it differs."""
    changes: dict[str, TermChange] = {}
    for day in sorted({since for deal in (before, after) for since, _ in deal.segments}):
        old = {source.path: source.written for source in sources(before, day)}
        for source in sources(after, day):
            # A term that the old text lacks is a change too, and a missing value would read as an empty one.
            was = old.get(source.path, "not written")
            if was != source.written:
                changes.setdefault(source.path, TermChange(source.path, was, source.written, source.line))
    return tuple(changes.values())


def result_changes(before: Sequence[Recorded], after: Sequence[Recorded]) -> tuple[ResultChange, ...]:
    """Return each date and test or trigger whose result, limit or state differs, in the order of dates."""
    old, new = _standings(before), _standings(after)
    changes = []
    for on, subject in sorted({**old, **new}):
        was, now = old.get((on, subject), NOTHING), new.get((on, subject), NOTHING)
        if was != now:
            changes.append(ResultChange(on, subject, was[1], now[1], was[0] != now[0]))
    return tuple(changes)


NOTHING = ("", "-")


def _standings(drafts: Sequence[Recorded]) -> dict[tuple[date, str], tuple[str, str]]:
    """Return, by date and name, each test's and trigger's outcome and the text that is printed of it."""
    standings: dict[tuple[date, str], tuple[str, str]] = {}
    for draft in drafts:
        if isinstance(draft.payload, Tested):
            result, state = draft.payload.result, draft.payload.state
            figures = ""
            if result.measured is not None and result.limit is not None:
                figures = (
                    f" {printed_apart(result.measured, result.limit)} ({result.comparison} "
                    f"{trimmed(result.limit)})"
                )
            cure = f", cure by {state.cure.by}" if state.cure is not None else ""
            outcome = f"{result.verdict.value}; {state.status.value}{cure}"
            standings[(draft.effective_on, draft.subject)] = (
                outcome,
                f"{result.verdict.value}{figures}; {state.status.value}{cure}",
            )
        elif isinstance(draft.payload, (Counted, ActApplied, DeadlinePassed)):
            standings.update(
                {(draft.effective_on, subject): (said, said) for subject, said in _moved(draft.payload)}
            )
    return standings


def _moved(payload: Counted | ActApplied | DeadlinePassed) -> Iterator[tuple[str, str]]:
    """Yield (what it is about, state) for each state that something other than a result leads to."""
    test = (
        None
        if isinstance(payload, Counted)
        else payload.state
        if isinstance(payload, DeadlinePassed)
        else payload.test
    )
    trigger = (
        payload.state
        if isinstance(payload, Counted)
        else payload.trigger
        if isinstance(payload, ActApplied)
        else None
    )
    if test is not None:
        yield test.test, test.status.value
    if trigger is not None:
        counted = f", {trigger.count.count} of {trigger.count.needed}" if trigger.count is not None else ""
        # A clause may bring a trigger of the same name, and the two must not overwrite one another.
        yield f"{trigger.trigger} (trigger)", f"{trigger.status.value}{counted}"

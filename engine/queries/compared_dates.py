"""Two dates of a deal side by side.

The comparison shows what each test and trigger said on both dates, the rates, and what was due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from engine.basics.errors import WrongUsage, dates_there
from engine.basics.values import Figure, printed, printed_apart, printed_headroom, trimmed
from engine.events.kinds import ActApplied, Counted, DeadlinePassed, Determined, Event, Suspended, Tested
from engine.events.rates import ReferenceRate
from engine.events.standing import standing
from engine.events.taken_over import TakenOver
from engine.queries.history import events_of
from engine.workspace.workspace import Workspace

NOTHING = "–"
"""What stands where a date has nothing to say."""


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One thing on both dates: what it is called, what is compared of it, and the two values in words."""

    subject: str
    title: str
    what: str
    first: str
    second: str

    @property
    def changed(self) -> bool:
        """Return whether the two values differ."""
        return self.first != self.second

    def as_data(self) -> dict[str, Any]:
        """Return the row as JSON."""
        return {**asdict(self), "changed": self.changed}


@dataclass(frozen=True, slots=True)
class DatesCompared:
    """Two Determination Dates of a deal side by side, as what stands now says them."""

    deal: str
    first: date
    second: date
    rows: tuple[ComparedRow, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the comparison as JSON: `deal`, `first`, `second`, `rows`."""
        return {
            "deal": self.deal,
            "first": str(self.first),
            "second": str(self.second),
            "rows": [row.as_data() for row in self.rows],
        }


def compare_dates(workspace: Workspace, deal: str, first: date, second: date) -> DatesCompared:
    """Return two dates of a deal side by side.

    Raises WrongUsage for a deal without a log, and for a day that was not determined.
    """
    in_force = standing(events_of(workspace, deal))
    determined = sorted({event.effective_on for event in in_force if isinstance(event.payload, Determined)})
    for day in (first, second):
        if day not in determined:
            raise WrongUsage(
                f"{deal} was not determined on {day}; of its dates {dates_there(determined, day)}"
            )
    return DatesCompared(deal, first, second, tuple(_rows(_Then(in_force, first), _Then(in_force, second))))


class _Then:
    """What stood at the end of a Determination Date."""

    def __init__(self, standing_events: Sequence[Event], on: date) -> None:
        self.rates: dict[str, ReferenceRate] = {}
        self.tested: dict[str, Tested] = {}
        self.states: dict[str, tuple[str, date]] = {}
        self.due: tuple[str, ...] = ()
        for event in standing_events:
            if event.effective_on > on:
                continue
            payload = event.payload
            # Rates and dues belong to the date alone; a result or a state stands until something newer
            # replaces it.
            if isinstance(payload, ReferenceRate) and payload.on == on:
                self.rates[payload.index] = payload
            elif isinstance(payload, Tested):
                self.tested[event.subject] = payload
            elif isinstance(payload, Determined) and event.effective_on == on:
                self.due = tuple(f"{duty.what} by {duty.by}" for duty in payload.due)
            self._state(payload)

    def _state(self, payload: object) -> None:
        if isinstance(payload, TakenOver):
            # A deal that was taken over has states before its first determined date.
            self.states |= {name: (state.status.value, state.since) for name, state in payload.tests.items()}
            self.states |= {
                f"{name} (trigger)": (state.status.value, state.since)
                for name, state in payload.triggers.items()
            }
        test = payload.state if isinstance(payload, (Tested, DeadlinePassed, Suspended)) else None
        trigger = payload.state if isinstance(payload, Counted) else None
        if isinstance(payload, ActApplied):
            test, trigger = payload.test, payload.trigger
        if test is not None:
            self.states[test.test] = (test.status.value, test.since)
        if trigger is not None:
            self.states[f"{trigger.trigger} (trigger)"] = (trigger.status.value, trigger.since)


def _rows(one: _Then, other: _Then) -> Iterator[ComparedRow]:
    for index in sorted({*one.rates, *other.rates}):
        yield ComparedRow(
            index, index, "Reference Rate", _rate(one.rates.get(index)), _rate(other.rates.get(index))
        )
    for test in dict.fromkeys((*one.tested, *other.tested)):
        before, after = one.tested.get(test), other.tested.get(test)
        # The later title is shown, because an amendment may have renamed the clause.
        title = (after or before or other.tested[test]).result.title
        for what, said in SAID.items():
            yield ComparedRow(
                test,
                title,
                what,
                *(NOTHING if tested is None else said(tested) for tested in (before, after)),
            )
    for name in dict.fromkeys((*one.states, *other.states)):
        yield ComparedRow(
            name, name, "state", *(_state_words(then.states.get(name)) for then in (one, other))
        )
    yield ComparedRow(
        "deal", "What is due", "due", *("; ".join(then.due) or "nothing" for then in (one, other))
    )


def _rate(rate: ReferenceRate | None) -> str:
    if rate is None or rate.value is None:
        return "none"
    return f"USD {rate.value} by {rate.step}"


def _measured(tested: Tested) -> str:
    result = tested.result
    if result.measured is None:
        return NOTHING
    return printed(result.measured) if result.limit is None else printed_apart(result.measured, result.limit)


def _figure(figure: Figure | None) -> str:
    return NOTHING if figure is None else trimmed(figure)


def _state_words(state: tuple[str, date] | None) -> str:
    return NOTHING if state is None else f"{state[0]} since {state[1]}"


SAID: dict[str, Callable[[Tested], str]] = {
    "result": lambda tested: f"{tested.result.verdict.value} of {tested.result.on}",
    "measured": _measured,
    "limit": lambda tested: _figure(tested.result.limit),
    "headroom": lambda tested: (
        NOTHING if tested.result.headroom is None else printed_headroom(tested.result.headroom)
    ),
}
"""What is compared of a test."""

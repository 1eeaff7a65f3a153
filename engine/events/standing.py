"""Which events of a deal's log still stand.

A correction withdraws what was determined from its date on, and edits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from engine.events.kinds import Correction

OF_A_DATE = ("rate", "tested", "suspended", "counted", "swept", "determined")
"""The kinds of events whose date is the one that was determined."""
DETERMINED = (*OF_A_DATE, "deadline passed", "act applied", "obligation", "notice owed", "reserve released")
"""Every kind of event that a determination makes. The others are what people did and what came in."""


class Recorded(Protocol):
    """The fields of an event that decide whether the event still stands. A draft of an event has them too."""

    @property
    def kind(self) -> str:
        """The kind of the event."""

    @property
    def subject(self) -> str:
        """What the event is about."""

    @property
    def print(self) -> int:
        """The number of this version of the fact: 1 for the first, one more for each restatement."""

    @property
    def effective_on(self) -> date:
        """The date that counts for the contract."""

    @property
    def payload(self) -> object:
        """The payload, of the type of its kind."""


E = TypeVar("E", bound=Recorded)


def standing(events: Iterable[E]) -> tuple[E, ...]:
    """Return the events that no later correction withdrew, in the log's order."""
    kept: list[E] = []
    for event in events:
        if isinstance(event.payload, Correction):
            cut = _first_of(kept, event.payload.from_on)
            # What people did and what came in stays. Only what was determined of it comes out again.
            kept = [event for place, event in enumerate(kept) if place < cut or event.kind not in DETERMINED]
        kept.append(event)
    return tuple(kept)


def withdrawn(events: Sequence[E]) -> tuple[E, ...]:
    """Return the events that some correction withdrew, in the log's order."""
    # By identity, because a fact that comes out again may equal the one that was withdrawn.
    standing_ids = {id(event) for event in standing(events)}
    return tuple(event for event in events if id(event) not in standing_ids)


def restated(events: Sequence[E]) -> tuple[E, ...]:
    """Return the events withdrawn by corrections that a later print of a rate caused, in the log's order.

    The later print is at least one of the causes.
    """
    withdrawn_ids: set[int] = set()
    for place, event in enumerate(events):
        if isinstance(event.payload, Correction) and event.payload.later_print:
            kept = {id(one) for one in standing(events[: place + 1])}
            withdrawn_ids |= {id(one) for one in standing(events[:place])} - kept
    return tuple(event for event in events if id(event) in withdrawn_ids)


def _first_of(events: Sequence[E], day: date) -> int:
    """Return the place at which the determination of the first date from `day` on begins.

    It is the place after the last event of an earlier date.
    """
    earlier = (
        place
        for place, event in enumerate(events)
        # Deadlines, Acts and duties have dates of their own, which do not say which date was determined.
        if event.kind in OF_A_DATE and event.effective_on < day
    )
    return max(earlier, default=-1) + 1

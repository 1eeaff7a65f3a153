"""A log as it is read again, event by event. Its state is carried on and not folded anew for every date."""

from __future__ import annotations

from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import DealState, apply, as_it_stands
from engine.events.kinds import Correction, Event
from engine.events.standing import withdrawn


class Past:
    """The events of a log up to a place, and what follows from them.

    Attributes:
        events: the events, oldest first.
        keys: their idempotency keys.
        state: the deal as the events that stand leave it.
        withdrawn: the events that a correction withdrew.
        files: the hashes of the adopted deal files, oldest first.
    """

    def __init__(self) -> None:
        """Begin before the first event."""
        self.events: list[Event] = []
        self.keys: set[str] = set()
        self.state = DealState()
        self.withdrawn: tuple[Event, ...] = ()
        self.files: list[str] = []

    def add(self, event: Event) -> None:
        """Go on by one event. Only a correction causes the state to be folded from the beginning."""
        self.events.append(event)
        self.keys.add(event.key)
        if isinstance(event.payload, DealAdopted):
            self.files.append(event.payload.file_sha256)
        if isinstance(event.payload, Correction):
            self.state, self.withdrawn = as_it_stands(self.events), withdrawn(self.events)
        else:
            self.state = apply(self.state, event)

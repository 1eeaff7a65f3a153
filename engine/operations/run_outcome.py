"""What a run did: for the workspace, and for each of its deals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import overload

from engine.basics.processor_time import Work
from engine.events.deal_state import DealState
from engine.events.kinds import Event
from engine.operations.settled import Settled
from engine.operations.stamp_checkpoints import Stamping
from engine.record.entry_events import entry_at
from engine.record.log import deal_log, event_of
from engine.record.store import Store


@dataclass
class DealOutcome:
    """What a run did for one deal."""

    deal: str
    file: Path
    events: Sequence[Event] = field(default_factory=list)
    """What was recorded, oldest first; read from the record when somebody looks, once the deal is done."""
    notices: list[Path] = field(default_factory=list)
    state: DealState = field(default_factory=DealState)
    """How it stands. Once it is done, a run keeps its tests, its triggers and its last dates alone."""
    reason: str | None = None
    """Why it could not be evaluated, if that is so."""
    earlier_edition: bool = False
    """Whether the deal's log is of an earlier edition of the rulings.

    Nothing is added to such a log, not even the reason.
    """
    beside: tuple[str, ...] = ()
    """The hash of the register that could not be read, if one is why."""
    problems: tuple[str, ...] = ()
    """What has to be mended for it to be evaluated: each with its place."""
    waiting: str | None = None
    """What it waits for, if a date could not be evaluated yet."""
    not_issued: str | None = None
    """Why a notice that is due could not be made, if that is so."""

    def add(self, recorded: Sequence[Event]) -> None:
        """Take what was recorded of the deal."""
        self.events = [*self.events, *recorded]

    def done(self, store: Store) -> None:
        """Let go of what grows with a deal's past: what a run holds then does not grow with it."""
        self.state = shown(self.state)
        if self.events:
            self.events = Recorded(store, deal_log(self.deal), [event.seq for event in self.events])


class Recorded(Sequence[Event]):
    """Events of a log that are read when somebody looks at them.

    An entry that is missing then is never passed over: VerificationFailed is raised.
    """

    def __init__(self, store: Store, log: str, numbers: Sequence[int]) -> None:
        """Keep the numbers of the entries alone, oldest first."""
        self._store, self._log, self._numbers = store, log, tuple(numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Event]:
        return iter(self[:])

    @overload
    def __getitem__(self, place: int) -> Event: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...

    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        numbers = self._numbers[place] if isinstance(place, slice) else (self._numbers[place],)
        with self._store.read() as reader:
            events = [event_of(entry_at(reader, self._log, number)) for number in numbers]
        return events if isinstance(place, slice) else events[0]


@dataclass
class RunOutcome:
    """What a run did."""

    on: date
    publications: list[Event] = field(default_factory=list)
    deals: list[DealOutcome] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """The deals that were left to the next run, or their notices, because it was asked to stop."""
    processor_seconds: Mapping[Work, float] = field(default_factory=dict)
    """Seconds of processor by kind of work, in this process and those that drew for it."""
    settled: Settled | None = None
    """Why nothing is due, and until when.

    None means that the next run looks again, whatever has changed.
    """
    stamping: Stamping = field(default_factory=Stamping)
    """What came of asking for time stamps of the signed checkpoints."""


def shown(state: DealState) -> DealState:
    """Return of a state what a run's answer shows, and nothing that grows with a deal's past."""
    parts = ("tests", "triggers", "reached", "last_date")
    return DealState().model_copy(update={part: getattr(state, part) for part in parts})

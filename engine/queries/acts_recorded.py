"""The Recorded Acts of a deal, the newest first, and which of them stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.events.deal_state import fold
from engine.events.kinds import ActRecorded, Event
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """One Act with its entry; `stands` is False if it was withdrawn."""

    act: ActRecorded
    entry: int
    recorded_at: datetime
    by: str
    stands: bool


def acts_recorded(workspace: Workspace, deal: str) -> tuple[RecordedAct, ...]:
    """Return the Acts of a deal, the newest first, with those that were withdrawn."""
    events = read(workspace.store, deal_log(deal))
    standing = {act.identity for act in fold(events).acts}
    acts = [
        _of(event, event.payload.identity in standing)
        for event in events
        if isinstance(event.payload, ActRecorded)
    ]
    return tuple(reversed(acts))


def _of(event: Event, standing: bool) -> RecordedAct:
    return RecordedAct(
        event.payload,
        event.seq,
        event.recorded_at,
        event.actor,
        standing or event.payload.act == "act withdrawn",
    )

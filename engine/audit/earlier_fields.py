"""Fields that events did not have when an earlier record was made (`rulings.md` 72).

Such a record is compared without these fields. Once a record has begun to state them, it must go on: a field
that is missing afterwards is a difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from engine.events.fields_gone import with_fields_gone
from engine.events.kinds import Determined, Event
from engine.record.canonical import canonical

LATER = ("facts", "leaf", "asset_class", "state_sha256", "standing_sha256", "last_determined")
"""The names of fields that the first records of this edition lack.

They are facts beside sentences, and the hashes of the state.
"""


def of_earlier_record(events: Sequence[Event], seq: int) -> bool:
    """Return whether an event belongs to a date that was recorded without these fields.

    The result is False if an earlier event already has them.
    """
    dates = [event for event in events if isinstance(event.payload, Determined)]
    said = [event.seq for event in dates if event.payload.state_sha256 is not None]
    own = next((event for event in dates if event.seq >= seq), dates[-1] if dates else None)
    # Once a date has stated the hash, a later gap is not age: somebody took the field away.
    return own is not None and own.payload.state_sha256 is None and not any(number < seq for number in said)


def as_then(recorded: bytes, again: bytes, earlier: Callable[[], bool]) -> bytes:
    """Return what comes out again, with the fields that a record of that time has.

    Fields that such a record does not have are left out, and fields that are gone today are put in.

    Args:
        recorded: the body in the log.
        again: the body that comes out now.
        earlier: whether the event was recorded before events had these fields; asked only if the two differ.
    """
    # Nearly all events come out alike, so the rest is asked only for those that differ.
    if recorded == again:
        return again
    said = json.loads(recorded)
    here = with_fields_gone(json.loads(again), said)
    return canonical(_without(here, said) if earlier() else here)


def _without(again: Any, recorded: Any) -> Any:
    if isinstance(again, dict) and isinstance(recorded, dict):
        kept = {key: one for key, one in again.items() if key in recorded or key not in LATER}
        return {key: _without(one, recorded.get(key)) for key, one in kept.items()}
    if isinstance(again, list) and isinstance(recorded, list) and len(again) == len(recorded):
        return [_without(one, other) for one, other in zip(again, recorded, strict=True)]
    return again

"""Events read from the entries of a log: each once, however often it is asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic_core import from_json

from engine.basics.errors import VerificationFailed
from engine.events.kinds import KINDS, Event
from engine.record.entry import Entry

if TYPE_CHECKING:
    from engine.record.store import Reader


def entry_at(reader: Reader, log: str, seq: int) -> Entry:
    """Return the entry of a log under a number that the log must have.

    Raises VerificationFailed if the entry is missing: it is never passed over.
    """
    entry = reader.entry(log, seq)
    if entry is None:
        raise VerificationFailed(f"entry {seq} of {log} is missing from the record: see `headroom verify`")
    return entry


def event_of(entry: Entry) -> Event:
    """Return a recorded event with its payload read into the type of its kind.

    Raises:
        VerificationFailed: the body is not an event; nobody has written it through this door.
    """
    return _read_once(entry.log, entry.seq, entry.leaf, entry.body)


@lru_cache(maxsize=4096)
def _read_once(log: str, seq: int, leaf: bytes, data: bytes) -> Event:
    """Return the event that a row is: a log is read several times in a run, and its rows do not change.

    The cache asks for the whole row, not its number, so an edited row is read anew.
    """
    return event_in(log, seq, leaf, data)


def event_in(log: str, seq: int, leaf: bytes, data: bytes) -> Event:
    """Return the event that a row is, read anew. Raises VerificationFailed if the body is not an event."""
    try:
        body = from_json(data)
        payload = KINDS[body["kind"]].model_validate(body.pop("payload"))
        return Event(**body, log=log, seq=seq, leaf=leaf.hex(), payload=payload)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"entry {seq} of {log} cannot be read as an event ({type(error).__name__})"
        raise VerificationFailed(f"{what}; the record was changed: see `headroom verify`") from error

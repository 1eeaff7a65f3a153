"""Events in and out of the log: canonical JSON, one idempotency key each, nothing ever written twice.

A draft whose key is already in the log is skipped: the recorded event stands, whatever a later run would say
(`rulings.md` 31). A change of the past is a new print, never an edit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.basics.errors import HeadroomError
from engine.basics.machine_clock import refuse_lost_day
from engine.basics.values import Fact
from engine.events.draft import Draft
from engine.events.key_replaced import KeyReplaced
from engine.events.kinds import Event
from engine.events.log_names import SNAPSHOTS as SNAPSHOTS
from engine.events.log_names import deal_log as deal_log
from engine.events.log_names import index_log as index_log
from engine.record.canonical import canonical
from engine.record.consistency import SLACK as SLACK
from engine.record.entry_events import event_in as event_in
from engine.record.entry_events import event_of as event_of
from engine.record.key_spans import of_kind
from engine.record.merkle import leaf_hash
from engine.record.store import Entry, Store, Writer


@dataclass(frozen=True, slots=True)
class Scribe:
    """Who records, when, with which engine: what an event says beyond its draft."""

    actor: str
    engine: str
    at: datetime
    deal_file: str | None = None


VERSION = 2
"""The version of events that this engine writes: it computes one edition of the rulings (`rulings.md` 72)."""


class ClockBehind(HeadroomError):
    """The clock stands before what the record says has happened.

    Either the clock or the record is wrong, and nothing is recorded.
    """


class EarlierEdition(HeadroomError):
    """The log was recorded under an earlier edition of the rulings (`rulings.md` 72).

    This engine reads the log and adds nothing to it.
    """


def append(writer: Writer, log: str, drafts: Iterable[Draft], scribe: Scribe) -> tuple[Event, ...]:
    """Record the drafts whose keys are new, in order; the recorded events come back.

    Raises:
        ClockBehind: the clock was set back, or had been ahead when the log was last written.
        EarlierEdition: the log was recorded under an earlier edition of the rulings.
        Unavailable: the clock lost its day.
    """
    # Of two drafts under one key the first counts, as if each were recorded before the next is looked at.
    by_key: dict[str, Draft] = {}
    for draft in drafts:
        by_key.setdefault(draft.key, draft)
    # The recorded event stands, whatever this run would say: a run that was killed and begins again adds
    # nothing twice.
    there = writer.keys_there(log, by_key) if by_key and writer.size(log) else frozenset()
    new = [(key, body_of(draft, scribe)) for key, draft in by_key.items() if key not in there]
    if not new:
        return ()
    # Once for each call: all of its drafts carry the same moment.
    _goes_on(log, writer.newest(log), scribe.at)
    # One statement for all: a transaction is whole or not at all, so nothing is gained by one for each.
    first = writer.extend(log, new) - len(new)
    return tuple(
        # Events say nothing of the root, so it is not asked for.
        event_of(Entry(log, first + place, key, body, leaf_hash(body), b""))
        for place, (key, body) in enumerate(new)
    )


def _goes_on(log: str, newest: bytes | None, now: datetime) -> None:
    """Check that a log may go on from its newest entry. Raises as `append`."""
    refuse_lost_day(now)
    if newest is None:
        return
    body = json.loads(newest)
    # The edition is asked for before the order of moments: an earlier log is not extended, whatever the time.
    if body["version"] != VERSION:
        raise EarlierEdition(not_extended(log))
    refuse_clock_behind(log, datetime.fromisoformat(body["recorded_at"]), now)


def refuse_not_going_on(store: Store, log: str, now: datetime) -> None:
    """Refuse early what a log would not take now. Raises as `append`."""
    with store.read() as reader:
        newest = reader.newest(log)
    _goes_on(log, newest, now)


def refuse_clock_behind(log: str, last: datetime, now: datetime) -> None:
    """Refuse a clock that stands before the `last` entry of a log was recorded. Raises ClockBehind."""
    # Times in a log must not run backwards beyond what a person beside a run explains: order is evidence.
    if now < last - SLACK:
        raise ClockBehind(
            f"the clock stands at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, before the last entry of {log}, "
            f"recorded at {last:%Y-%m-%d %H:%M}; nothing was recorded: set the clock right"
        )


def not_extended(log: str) -> str:
    """Return why nothing is added to a log of an earlier edition, and what to do."""
    return (
        f"{log} was recorded under edition 1 of the rulings; headroom 0.1 extends and replays it, and this "
        "version reads it, verifies it and adds nothing: begin a new workspace for this edition"
    )


def of_earlier_edition(events: Sequence[Event]) -> bool:
    """Return whether a log was recorded under an earlier edition of the rulings.

    This engine computes by a later edition (`rulings.md` 72).
    """
    return bool(events) and events[0].version != VERSION


def body_of(draft: Draft, scribe: Scribe) -> bytes:
    """Return the canonical JSON of an event."""
    payload = draft.payload.model_dump(mode="json") if isinstance(draft.payload, Fact) else draft.payload
    said = {
        "version": VERSION,
        "kind": draft.kind,
        "subject": draft.subject,
        "effective_on": draft.effective_on.isoformat(),
        "print": draft.print,
        # Always three decimals: a time that drops its zeros would sort before another of the same second.
        "recorded_at": scribe.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actor": scribe.actor,
        "engine": scribe.engine,
        "deal_file": scribe.deal_file,
        "inputs": list(draft.inputs),
        "supersedes": draft.supersedes,
        "reason": draft.reason,
        "payload": payload,
    }
    try:
        return canonical(said)
    except TypeError:  # hardly any payload holds a float
        return canonical(as_text(said))


def as_text(value: Any) -> Any:
    """Return JSON in which every float is text, so that each reader sees the same digits."""
    # RFC 8785 prints floats by a rule of its own, and canonical JSON here refuses them (ADR 3).
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_text(item) for item in value]
    return value


def imagined(draft: Draft, scribe: Scribe, log: str) -> Event:
    """Return the event that a draft would be if it were recorded: it has no place in a log, and no leaf."""
    # -1 is not a number of an entry, so an imagined event cannot be taken for a recorded one.
    return event_of(Entry(log, -1, draft.key, body_of(draft, scribe), b"", b""))


def prints_in(store: Store, series: str) -> Sequence[Event]:
    """Return the prints of a series, oldest first.

    The replacement of the log's key is an entry and not a print, so it is left out.
    """
    return tuple(
        event for event in read(store, index_log(series)) if not isinstance(event.payload, KeyReplaced)
    )


def read(store: Store, log: str) -> Sequence[Event]:
    """Return all events of a log, oldest first."""
    if store.in_hand is not None:
        return store.in_hand(store, log)
    return tuple(event_of(entry) for entry in store.entries(log))


def of_kinds(store: Store, log: str, *kinds: str) -> tuple[Event, ...]:
    """Return the events of a log that are of some kinds, oldest first; no other entry is read."""
    with store.read() as reader:
        return tuple(map(event_of, reader.among(log, [of_kind(kind) for kind in kinds])))

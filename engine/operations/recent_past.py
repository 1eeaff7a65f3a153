"""What a late date needs of a deal's log.

It is the state that the last date left, what people brought, and the entries since.

A date that reaches further back than this asks for the whole log (`deal_history`). Verification and replay
read the record itself and know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from engine.events.deal_state import DealState, fold
from engine.events.draft import key_parts
from engine.events.kept_state import BROUGHT, OF_DUTIES, NotAsKept, restored
from engine.events.kinds import Correction, Event, NoticeIssued
from engine.events.rates import ReferenceRate
from engine.events.rates_on_record import Told, told_of_rate
from engine.events.standing import standing
from engine.record.entry_events import entry_at
from engine.record.key_spans import of_kind
from engine.record.log import event_of
from engine.record.store import Reader, Store
from engine.workspace.kept_states import kept_of
from engine.workspace.workspace import Workspace

DETERMINED, ISSUED, RATES = of_kind("determined"), of_kind("notice issued"), "rate"
REACH_BACK = ("correction", "deal adopted", "taken over", "calendar taken", "register changed")
"""Kinds of events after which more of the past is needed than the state that the last date left."""


@dataclass(frozen=True, slots=True)
class RecentPast:
    """A log as far as a late date needs it.

    Attributes:
        log: its name.
        events: in the log's order, what people brought from the beginning on; everything since the last but
            one determined date, the notices issued left out; and the log's last entry.
        state: the deal as the whole log leaves it.
        last: the entry of the last determined date.
        determined_before: the number of the entry of the date before it, or -1.
    """

    log: str
    events: tuple[Event, ...]
    state: DealState
    last: Event
    determined_before: int


def recent_past(workspace: Workspace, log: str, engine: str) -> RecentPast | None:
    """Return what a late date needs of a log as it stands now; None if the whole log is to be read.

    The newest determined date must be this engine's own: another engine may find that something reaches back.

    Raises:
        VerificationFailed: an entry cannot be read as an event.
    """
    kept = kept_of(workspace, log)
    if kept is None:
        return None
    with workspace.store.read() as reader:
        newest = reader.last_in(log, DETERMINED)
        entry = None if newest is None else reader.entry(log, newest)
        if newest is None or entry is None or (newest, entry.leaf.hex()) != (kept.seq, kept.leaf):
            return None
        last = event_of(entry)
        # A record of an earlier release states no hash of its state, so nothing shows that the cache is
        # right.
        if last.engine != engine or last.payload.state_sha256 is None:
            return None
        before = reader.last_in(log, DETERMINED, newest)
        since = 0 if before is None else before + 1
        brought = [event_of(one) for one in reader.among(log, [of_kind(kind) for kind in BROUGHT])]
        moved = [event_of(one) for one in reader.among(log, [of_kind(kind) for kind in OF_DUTIES])]
        # Only a correction withdraws entries, so without one the keys of the log need not be read.
        if any(isinstance(event.payload, Correction) for event in brought):
            stands = _standing(reader, log, brought, newest)
            moved = [event for event in moved if event.seq in stands]
        recent = [event_of(one) for one in reader.outside(log, ISSUED, since)]
        # The last entry is needed in any case: its number is what the next entry is checked against.
        ends = {reader.size(log) - 1, *filter(None, [reader.last_in(log, ISSUED)])}
        issued = [event_of(entry_at(reader, log, seq)) for seq in sorted(ends)]
    if any(event.seq > newest and event.kind in REACH_BACK for event in recent) or _open(brought, last):
        return None
    upto = sorted((event for event in (*brought, *moved) if event.seq <= newest), key=lambda event: event.seq)
    try:
        state = restored(
            kept,
            upto,
            lambda index: partial(_rates, workspace.store, log, index, upto),
            last.payload.state_sha256,
        )
    except NotAsKept:
        return None
    state = fold((event for event in recent if event.seq > newest), state)
    numbers = (event.payload.number for event in reversed(issued) if isinstance(event.payload, NoticeIssued))
    events = {event.seq: event for event in (*brought, *recent, *issued[-1:])}
    return RecentPast(
        log,
        tuple(events[seq] for seq in sorted(events)),
        state.model_copy(update={"notices": next(numbers, 0)}),
        last,
        -1 if before is None else before,
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry as its key tells it; of a correction, which says more, the payload."""

    seq: int
    kind: str
    subject: str
    effective_on: date
    print: int
    payload: object


def _standing(reader: Reader, log: str, brought: Sequence[Event], upto: int) -> frozenset[int]:
    """Return the numbers of the entries up to a date that no correction has withdrawn.

    No other body is read.
    """
    made = {event.seq: event.payload for event in brought if isinstance(event.payload, Correction)}
    placed = []
    for seq, key in reader.keys_upto(log, upto):
        placed.append(_Placed(seq, *key_parts(key), made.get(seq)))
    return frozenset(one.seq for one in standing(placed))


def _open(brought: Sequence[Event], last: Event) -> bool:
    """Return whether the newest correction was still open when the last date was determined."""
    made = [event for event in brought if isinstance(event.payload, Correction) and event.seq < last.seq]
    # At `until` itself the correction has caught up, and an ordinary date follows.
    return bool(made) and last.effective_on < made[-1].payload.until


def _rates(
    store: Store, log: str, index: str, brought: Sequence[Event], told: Sequence[Told]
) -> tuple[ReferenceRate, ...]:
    """Return the rates that are told so, in their order, as the log or a takeover holds them.

    Raises:
        NotAsKept: a rate is not there.
    """
    if not told:
        return ()
    with store.read() as reader:
        span = f"{RATES}|{index}|{told[0][0]}", f"{RATES}|{index}|{told[-1][0]}}}"
        there = [event_of(one).payload for one in reader.among(log, [span])]
    handed = [
        rate for event in brought if event.kind == "taken over" for rate in event.payload.rates.get(index, ())
    ]
    known: Mapping[Told, ReferenceRate] = {told_of_rate(rate): rate for rate in (*handed, *there)}
    try:
        return tuple(known[one] for one in told)
    except KeyError as error:
        raise NotAsKept(f"a rate of {index} is not in {log}") from error

"""Logs that a process reads repeatedly, kept as events in memory.

The process reads a log once, and afterwards only what was added. The root over the kept entries must be the
root in the database. Verification and replay open a store of their own, and read the record itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.events.kinds import Event
from engine.events.log_names import deal_of_log
from engine.record.log import event_in, event_of
from engine.record.store import Store

AT_MOST = 15_000
"""How many events of all logs are kept, some sixteen kilobytes each.

The log that was read longest ago goes first.
"""
OF_SERIES = 4_000
"""How many are kept of series and snapshots during a run, whose memory is not to grow with its deals."""


class EventsInHand:
    """The events of the logs that were read last, for many threads."""

    def __init__(self, at_most: int = AT_MOST) -> None:
        """Keep about `at_most` events: the log that was read last is kept, however long it is."""
        self._most = at_most
        self._kept: OrderedDict[str, tuple[bytes, tuple[Event, ...]]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def events(self, store: Store, log: str) -> tuple[Event, ...]:
        """Return all events of a log as it stands now, oldest first.

        Events that were read before are the same objects.

        Raises:
            VerificationFailed: an entry cannot be read as an event.
        """
        with self._lock:
            root, known = self._kept.get(log, (b"", ()))
        # The lock is free while the database is read. Two threads may read the same, which harms nothing.
        with store.read() as reader:
            if known:
                # The root covers all entries before it, so one hash shows if the log was replaced meanwhile.
                last = reader.entry(log, len(known) - 1)
                if last is None or last.root != root:
                    known = ()
            added = reader.entries(log, len(known))
        if added:
            root = added[-1].root
            known = (*known, *(event_in(one.log, one.seq, one.leaf, one.body) for one in added))
        self._keep(log, root, known)
        return known

    def _keep(self, log: str, root: bytes, events: tuple[Event, ...]) -> None:
        with self._lock:
            # Counted by what is kept now, since another thread may have stored this log meanwhile.
            _, before = self._kept.pop(log, (b"", ()))
            self._count += len(events) - len(before)
            self._kept[log] = (root, events)
            while len(self._kept) > 1 and self._count > self._most:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._count -= len(dropped)


@contextmanager
def series_in_hand(store: Store) -> Iterator[None]:
    """Keep the events of series and snapshots inside the block, in which notices of many deals show them.

    A deal's log is needed once, so nothing of it is kept.
    """
    before, kept = store.in_hand, EventsInHand(OF_SERIES)

    def of_series(at: Store, log: str) -> Sequence[Event]:
        if deal_of_log(log) is None:
            return kept.events(at, log)
        return tuple(event_of(entry) for entry in at.entries(log))

    if before is None:
        store.in_hand = of_series
    try:
        yield
    finally:
        store.in_hand = before

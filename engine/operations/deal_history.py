"""A deal's log in hand: its rows, its events, and the state that they leave.

They are carried from a run of a process to its next run.

It is kept in memory alone and serves only what the database confirms: the root over its entries must be the
one that stands there. Verification and replay read the record itself and know nothing of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from engine.events.kinds import Event
from engine.events.running_state import Past
from engine.record.log import event_in, event_of
from engine.record.store import Entry, Reader, Store

AT_MOST = 6_000
"""How many events of all deals are kept.

Nothing is kept of the deals that were read longest ago, so memory does not grow with the number of deals.
"""


class History:
    """One log up to its last entry that was read.

    Attributes:
        entries: its rows.
        past: its events, and what follows from them.
    """

    def __init__(self) -> None:
        """Begin before the first entry."""
        self.entries: list[Entry] = []
        self.past = Past()

    @property
    def events(self) -> list[Event]:
        """Return the events of the log, oldest first."""
        return self.past.events

    def stands(self, reader: Reader, log: str) -> bool:
        """Return whether the log still begins with these entries: the root over them binds every byte."""
        if not self.entries:
            return True
        there = reader.entry(log, self.entries[-1].seq)
        return there is not None and there.root == self.entries[-1].root

    def read_on(self, reader: Reader, log: str) -> None:
        """Read the entries that were added since the last reading."""
        for entry in reader.entries(log, self.entries[-1].seq + 1 if self.entries else 0):
            self.entries.append(entry)
            self.past.add(event_of(entry))


class _Kept(OrderedDict[str, History]):
    """The histories that are kept, the one used longest ago first, and how many events they have together."""

    events = 0

    def take(self, log: str) -> History:
        """Return the history of a log, which is not kept any more; an empty one if none was."""
        history = self.pop(log, None) or History()
        self.events -= len(history.entries)
        return history

    def keep(self, log: str, history: History) -> None:
        """Keep a history, and let go of others while there are too many events.

        The log in use stays, even if it is longer than the bound: it was read for the caller.
        """
        self[log] = history
        self.events += len(history.entries)
        while len(self) > 1 and self.events > AT_MOST:
            self.take(next(iter(self)))


# A weak key, so that what is kept goes with its store, as between two tests.
_KEPT: WeakKeyDictionary[Store, _Kept] = WeakKeyDictionary()


def history_of(store: Store, log: str) -> History:
    """Return a log as it stands now; what was read of it before is not read again.

    A caller must not change the history, because other calls get the same object.

    Raises:
        VerificationFailed: an entry cannot be read as an event.
    """
    kept = _KEPT.setdefault(store, _Kept())
    history = kept.take(log)
    with store.read() as reader:
        if not history.stands(reader, log):
            # A root that differs means another database under the same name, so nothing of it is believed.
            history = History()
        history.read_on(reader, log)
    kept.keep(log, history)
    return history


def in_hand(store: Store, log: str) -> int:
    """Return how many events of a log are kept in memory."""
    kept = _KEPT.get(store)
    return len(kept[log].entries) if kept is not None and log in kept else 0


def rows_and_events(store: Store, log: str) -> tuple[Sequence[Entry], Sequence[Event]]:
    """Return the rows of a log as it stands now, and their events.

    Of a log that is not in hand nothing is kept, and no state is folded: a notice needs neither.

    Raises:
        VerificationFailed: an entry cannot be read as an event.
    """
    if log in _KEPT.get(store, ()):
        history = history_of(store, log)
        return tuple(history.entries), tuple(history.events)
    entries = store.entries(log)
    return entries, [event_in(one.log, one.seq, one.leaf, one.body) for one in entries]

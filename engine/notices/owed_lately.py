"""Which notices a log owes and has not issued, read from its last entries.

The newest notice says up to where all are issued.

Notices are issued in the order in which the log owes them, and their numbers have no gaps. So whatever was
owed before the event that the newest notice states has been issued, or is owed no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.events.kinds import Correction, Event
from engine.notices.due import Owed, owed_notices
from engine.record.entry_events import entry_at
from engine.record.key_spans import of_kind
from engine.record.log import event_of
from engine.record.store import Reader, Store

DETERMINED, ISSUED = of_kind("determined"), of_kind("notice issued")
BESIDE = tuple(of_kind(kind) for kind in ("deal adopted", "not evaluated", "correction"))
"""What is read from the beginning of a log on.

It is the deal, the dates that were lost, and the corrections.
"""


@dataclass(frozen=True, slots=True)
class OwedLately:
    """The notices of a log that are owed and not issued.

    Attributes:
        owed: the notices that are owed, in the order of the log.
        number: the number of the newest notice that was issued.
        heads: the root of the log at the event that each notice states, in the same order.
    """

    owed: tuple[Owed, ...]
    number: int
    heads: tuple[bytes, ...]

    @property
    def ordinary(self) -> bool:
        """Return whether each notice follows from its own date alone.

        Such a notice supersedes none, and corrects nothing.
        """
        return all(one.kind != "correction" and one.supersedes_on is None for one in self.owed)


def owed_lately(store: Store, log: str, engine: str) -> OwedLately | None:
    """Return what is owed and not issued; None if the whole log is to be read for it.

    The newest notice must be this engine's own: another engine may owe notices that the one before it did
    not.

    Raises:
        VerificationFailed: an entry is missing, or cannot be read as an event.
    """
    with store.read() as reader:
        newest = reader.last_in(log, ISSUED)
        entry = None if newest is None else reader.entry(log, newest)
        if entry is None:
            return None
        issued = event_of(entry)
        stated = reader.number_of(log, issued.payload.of)
        # Another engine may derive other duties from the same entries, so the whole log is read.
        if issued.engine != engine or stated is None:
            return None
        before = reader.last_in(log, DETERMINED, stated)
        since = 0 if before is None else before + 1
        beside = [event_of(one) for one in reader.among(log, BESIDE)]
        if not _closed(reader, log, beside, since, before):
            return None
        recent = [event_of(one) for one in reader.outside(log, ISSUED, since)]
        events = {
            event.seq: event for event in (*beside, *recent) if not isinstance(event.payload, Correction)
        }
        size = reader.size(log)
        owed = {
            _key(one): one for one in owed_notices([events[seq] for seq in sorted(events)]) if one.at(size)
        }
        # Asked of the whole log: a notice of a recent date may have been issued before the newest one.
        there = reader.keys_there(log, owed)
        left = tuple(one for key, one in owed.items() if key not in there)
        roots = tuple(entry_at(reader, log, one.event.seq).root for one in left)
    return OwedLately(left, issued.payload.number, roots)


def _key(owed: Owed) -> str:
    """Return the key of the event that says that a notice was issued."""
    return f"notice issued|{owed.label}|{owed.on}|{owed.print}"


def _closed(reader: Reader, log: str, beside: Sequence[Event], since: int, before: int | None) -> bool:
    """Return whether every correction was completed before an entry.

    Its last date must have been determined again by then.
    """
    made = [event for event in beside if isinstance(event.payload, Correction)]
    if not made:
        return True
    last = None if before is None else reader.entry(log, before)
    # An open correction needs states from before it, which the last entries do not hold.
    if made[-1].seq >= since or last is None or last.seq < made[-1].seq:
        return False
    until: date = made[-1].payload.until
    return event_of(last).effective_on >= until

"""Whether a log is what it was.

Rows are compared with each other, with signed checkpoints, and with checkpoints held elsewhere. Each check is
a defence with a name, and each catches what the earlier checks cannot (`docs/security.md`). A hash shows that
a body was edited. The link between entries shows that hashes were made again. A checkpoint shows that the
whole log was made again. A checkpoint that somebody else holds shows that the operator made both again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from engine.basics.errors import VerificationFailed
from engine.basics.values import counted
from engine.record.checkpoint import verify
from engine.record.entry import Entry
from engine.record.keys import VerifierKey
from engine.record.merkle import EMPTY, CompactRange, leaf_hash

SLACK = timedelta(hours=1)
"""How far a clock may stand before the newest entry of a log.

A run may take as long as this while a person records.
"""


MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-5][0-9])?"
)
"""A time as events say it; one without a zone is told apart below."""


class Defence(StrEnum):
    """What caught a change."""

    NUMBER = "dense numbers"
    KEY = "idempotency key"
    LEAF = "leaf hash"
    LINK = "root link"
    SIGNATURE = "signature"
    ORIGIN = "origin"
    STORED = "stored checkpoint"
    KEPT = "checkpoint kept beside the database"
    PEAK = "subtree root"
    HELD = "held checkpoint"
    TIME = "time of a cosignature"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a log that is not what it should be."""

    defence: Defence
    what: str


def audit(
    entries: Sequence[Entry],
    origin: str,
    keys: Sequence[VerifierKey],
    stored: Iterable[str] = (),
    held: Iterable[str] = (),
    kept: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Return everything wrong with a log; empty if all of it fits together.

    Args:
        entries: the whole log, in the order of its numbers.
        origin: the log's name in checkpoints (`checkpoint.origin_of`).
        keys: the keys that are trusted; they never come from the log.
        stored: the checkpoints kept beside the log.
        held: the checkpoints that somebody other than the operator kept.
        kept: the newest checkpoint, as the operator keeps it outside the database.
    """
    # From the bodies and not from the stored leaves: whoever edited a body could have edited its leaf.
    roots = _roots(leaf_hash(entry.body) for entry in entries)
    findings = [*_rows(entries)]
    for notes, defence in ((stored, Defence.STORED), (kept, Defence.KEPT), (held, Defence.HELD)):
        for note in notes:
            findings += _against(note, roots, origin, keys, defence)
    return tuple(findings)


MINUTE = "%Y-%m-%d %H:%M"
"""How a time is written in what is found, in UTC."""


def out_of_time(
    entries: Sequence[Entry], keys: Sequence[VerifierKey], notes: Iterable[str]
) -> Iterator[Finding]:
    """Yield the first entry whose time of recording lies after its cosignature.

    Clocks may differ by `SLACK`.

    Args:
        entries: the whole log, in which `audit` finds nothing wrong.
        keys: the keys that are trusted.
        notes: checkpoints of this log that these keys signed.
    """
    cosigned = [
        (verification.checkpoint.size, verification.cosigned_at)
        for verification in (verify(note, keys) for note in notes)
    ]
    # The smallest checkpoint first: it covers the fewest entries, so the finding is the narrowest.
    for size, at in sorted((size, at) for size, at in cosigned if at is not None):
        try:
            not_after(at, ((f"entry {entry.seq}", entry.body) for entry in entries[:size]))
        except VerificationFailed as late:
            yield Finding(Defence.TIME, str(late))
            return


def not_after(at: datetime, events: Iterable[tuple[str, bytes]], done: str = "cosigned") -> None:
    """Check that a trustee who cosigns events at a time vouches for none that says it was recorded later.

    Args:
        at: the trustee's time, or an authority's.
        events: each with what it is called and its body.
        done: what was done to their log at that time.

    Raises:
        VerificationFailed: one says a later time, by more than two clocks may differ, or no time.
    """
    for name, body in events:
        said = _recorded_at(name, body)
        # `>`: exactly the slack apart is still explained by two clocks.
        if said > at + SLACK:
            raise VerificationFailed(
                f"{name} says that it was recorded at {said:{MINUTE}}, and its log was {done} at "
                f"{at:{MINUTE}}"
            )


def _recorded_at(name: str, body: bytes) -> datetime:
    """Return when an event says that it was recorded, in UTC.

    Raises VerificationFailed if it says no time.
    """
    try:
        text = json.loads(body.decode())["recorded_at"]
        # In the one form in which it is written: Python reads a dozen others, which a browser does not.
        if MOMENT.fullmatch(text) is None:
            raise ValueError(text)
        said = datetime.fromisoformat(text)
        # A time without a zone would be read in the zone of the verifier, and mean another moment there.
        if said.tzinfo is not None:
            return said.astimezone(UTC)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise VerificationFailed(f"{name} does not say when it was recorded") from error
    raise VerificationFailed(f"{name} says when it was recorded without a time zone")


def event_key(body: bytes) -> str:
    """Return the idempotency key that an event's body stands for (`rulings.md` 31).

    Raises ValueError if it has none.
    """
    try:
        fields = json.loads(body)
        return "|".join(str(fields[name]) for name in ("kind", "subject", "effective_on", "print"))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("the body is not an event") from error


def _rows(entries: Sequence[Entry]) -> Iterator[Finding]:
    tree = CompactRange()
    for place, entry in enumerate(entries):
        # From the stored leaf, so that an edited body shows once, and not at every later root as well.
        peak = tree.append(entry.leaf)
        link = tree.root()
        if entry.seq != place:
            yield Finding(Defence.NUMBER, f"number {place} is followed by {entry.seq}")
        if not _has_its_key(entry):
            yield Finding(
                Defence.KEY, f"entry {entry.seq} is filed under `{entry.key}`, which its body does not say"
            )
        if entry.leaf != leaf_hash(entry.body):
            yield Finding(Defence.LEAF, f"the body of entry {entry.seq} is not the one that was hashed")
        if entry.root != link:
            yield Finding(Defence.LINK, f"the root at entry {entry.seq} is not over the entries before it")
        if entry.peak is not None and entry.peak != peak:
            yield Finding(
                Defence.PEAK,
                f"the root of the subtree that entry {entry.seq} completes is not over its entries",
            )


def _has_its_key(entry: Entry) -> bool:
    try:
        return entry.key == event_key(entry.body)
    except ValueError:
        return False


def roots_of(bodies: Iterable[bytes]) -> list[bytes]:
    """Return the root of a log of these entries at each size, from 0 on."""
    return _roots(map(leaf_hash, bodies))


def _roots(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the root of the log at each size, from 0 on."""
    tree, roots = CompactRange(), [EMPTY]
    for leaf in leaves:
        tree.append(leaf)
        roots.append(tree.root())
    return roots


def _against(
    note: str, roots: Sequence[bytes], origin: str, keys: Sequence[VerifierKey], defence: Defence
) -> Iterator[Finding]:
    try:
        checkpoint = verify(note, keys).checkpoint
    except VerificationFailed as error:
        yield Finding(Defence.SIGNATURE, str(error))
        return
    if checkpoint.origin != origin:
        yield Finding(Defence.ORIGIN, f"a checkpoint is of {checkpoint.origin}, this log is {origin}")
    # `>=`: `roots` begins with the empty log, so it has one root more than the log has entries.
    elif checkpoint.size >= len(roots):
        yield Finding(
            defence,
            f"a checkpoint counts {counted(checkpoint.size, 'entries')}, the log has {len(roots) - 1}",
        )
    elif checkpoint.root != roots[checkpoint.size]:
        yield Finding(
            defence, f"the first {counted(checkpoint.size, 'entries')} are not the ones that were signed"
        )

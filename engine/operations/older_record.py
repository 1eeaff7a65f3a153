"""Whether a record is older than what was made from it: its checkpoints, and the notices beside it.

It is then an older copy, and nothing is added to it (`rulings.md` 67).
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.basics.errors import HeadroomError, VerificationFailed, WrongUsage
from engine.basics.regular_files import bytes_in
from engine.basics.values import counted
from engine.notices.pdf import read_file, read_notice
from engine.record.checkpoint import LONGEST_NOTE, Checkpoint, verify
from engine.record.heads import Head
from engine.record.inclusion_proof import parse_proof
from engine.record.keys import BadKey, VerifierKey, parse_private
from engine.record.log import deal_log
from engine.record.merkle import EMPTY
from engine.record.note_files import read_note, trusted
from engine.record.store import Reader
from engine.record.stored_row import hash_or_nothing
from engine.workspace.checkpoints import KEY, own_key, witness
from engine.workspace.workspace import Workspace

PROOF = "event.tlog-proof"
"""The attachment that holds the checkpoint of a notice's day."""
NUMBERED = re.compile(r"-(?P<number>\d{4,})-\d{4}-\d\d-\d\d-")
"""What stands in a notice's file name after the deal's own name."""


class Doubt(StrEnum):
    """Why an answer may lack what was recorded later. The value is its key in an answer as JSON."""

    OLDER = "older_record"
    NOT_COMPARED = "record_not_compared"


@dataclass(frozen=True, slots=True)
class DoubtfulRecord:
    """A record that is older than what was signed, or could not be compared with it; and a sentence of it."""

    doubt: Doubt
    said: str


class OlderRecord(VerificationFailed):
    """The record lacks what was signed beside it, or holds something else in its place."""


def refuse_older_record(workspace: Workspace) -> None:
    """Refuse to go on with a record that is older than what was signed, or than a notice beside it.

    Every command that adds to the record asks this first. What is entered would be lost with the older copy.

    Raises:
        VerificationFailed: the record is older, or is another's, or has lost the key that signed it.
        BadKey: the key cannot be read, or others can read it.
    """
    # Without this, a record whose key is gone would go on unsigned, and nobody would notice.
    if own_key(workspace) is None and _was_signed(workspace):
        raise VerificationFailed(
            f"this record was signed until now, and {KEY} is not there; put the key back, so that it "
            "goes on signed"
        )
    refuse_older_without_key(workspace)


def refuse_older_without_key(workspace: Workspace) -> None:
    """Refuse as `refuse_older_record` does, in a workspace whose private key is not needed, or is lost.

    Nothing is refused in a workspace that knows no key. Raises VerificationFailed.
    """
    if keys := _keys_there(workspace):
        _refuse_less_than_signed(workspace, keys)
        _refuse_older_than_notices(workspace, keys)


def record_doubt(workspace: Workspace) -> DoubtfulRecord | None:
    """Return that a record is older than what was signed beside it, or was not compared; None if it is not.

    Commands that only read ask this, since they show what an older copy holds and say that it is one. A
    checkpoint that states what the record holds is taken at its word here, because it hides nothing newer.
    """
    try:
        if keys := _keys_there(workspace):
            _refuse_less_than_signed(workspace, keys, equal_is_enough=True)
            _refuse_older_than_notices(workspace, keys)
    except OlderRecord as error:
        return DoubtfulRecord(Doubt.OLDER, f"what is shown may lack what was recorded later: {error}")
    # A key or a file that cannot be read says nothing about the age of the record.
    except (HeadroomError, OSError) as error:
        return DoubtfulRecord(
            Doubt.NOT_COMPARED,
            "the record could not be compared with what was signed beside it, so what is shown may lack what "
            f"was recorded later: {error}",
        )
    return None


def _was_signed(workspace: Workspace) -> bool:
    """Return whether the record, or a file beside it, holds a signed checkpoint."""
    return bool(workspace.store.noted()) or any((workspace.root / "checkpoints").glob("*.checkpoint"))


def _keys_there(workspace: Workspace) -> list[VerifierKey]:
    """Return the keys that have signed here; none for a workspace without a key.

    They are those of the public file, and the private key's own, which may be newer than that file.

    Raises:
        VerificationFailed: the public file is there and holds no key.
        BadKey: the private key cannot be read, and there is not a public file.
    """
    public, private = workspace.root / f"{KEY}.pub", workspace.root / KEY
    keys = trusted([public]) if public.exists() else []
    # With no key to verify by, each checkpoint and each notice would be passed over.
    if public.exists() and not keys:
        raise VerificationFailed(
            f"{KEY}.pub holds no key, so nobody can tell whether this record is an older copy; put that file "
            "back as it was"
        )
    # Nothing is signed here, so it does not matter who else may read the private key. Where this process may
    # not read it, as in a copy of a workspace to be read, the public file has to do.
    if private.is_file() and os.access(private, os.R_OK):
        try:
            keys = [parse_private(read_note(private).strip()).verifier, *keys]
        except (BadKey, WrongUsage):
            # A key whose file was damaged is lost: its replacement asks here by the public file.
            if not keys:
                raise
    return keys


def _refuse_less_than_signed(
    workspace: Workspace, keys: list[VerifierKey], equal_is_enough: bool = False
) -> None:
    """Refuse a record that has less than was signed by keys that are known, or something else.

    With `equal_is_enough` no signature is verified of a checkpoint that states a log as it stands.
    Raises VerificationFailed.
    """
    with workspace.store.read() as reader:
        there = {head.log: head for head in reader.heads()}
        # A log that was signed and has lost all its entries is not among the heads.
        for log in sorted({*there, *reader.noted()}):
            head, kept = there.get(log, Head(log, 0, EMPTY.hex(), 0)), witness(workspace, log)
            # Thousands of signatures take seconds, which each question about a portfolio would wait for.
            if equal_is_enough and _states(kept, head):
                continue
            held = _held(kept, keys)
            try:
                _refuse_less(reader, head, held)
            except OlderRecord:
                # This read stands still while others record and sign, so a read after the file decides.
                with workspace.store.read() as later:
                    _refuse_less(later, later.head_of(log), held)


def _states(kept: Path, head: Head) -> bool:
    """Return whether a checkpoint's file, unverified, states the size and the root that a log has."""
    try:
        stated = bytes_in(kept)[:LONGEST_NOTE].split(b"\n", 3)[1:3]
    except OSError:
        return False
    return stated == [str(head.size).encode(), base64.b64encode(hash_or_nothing(head.root))]


def not_older(reader: Reader, head: Head, kept: Path, keys: list[VerifierKey]) -> int:
    """Refuse an older copy of the record: less than was signed, or something else at that size.

    Returns the number of entries that the checkpoint outside the database covers; zero without one.
    Raises VerificationFailed.
    """
    return _refuse_less(reader, head, _held(kept, keys))


def _held(kept: Path, keys: list[VerifierKey]) -> Checkpoint | None:
    """Return the checkpoint of a file, verified; None without that file."""
    return verify(read_note(kept), keys).checkpoint if kept.exists() else None


def _refuse_less(reader: Reader, head: Head, held: Checkpoint | None) -> int:
    """Refuse a log that has less than a checkpoint covers, or something else; return how much it covers."""
    if held is None:
        return 0
    if head.size < held.size:
        raise OlderRecord(
            f"{head.log} has {counted(head.size, 'entries')} and {held.size} were signed; this is an older "
            "copy of the record"
        )
    # Entries are read only of a log that has grown since: nearly all have not.
    last = head.root if head.size == held.size else _root_at(reader, head.log, held.size)
    if last is not None and last != held.root.hex():
        raise OlderRecord(
            f"the first {counted(held.size, 'entries')} of {head.log} are not the ones that were signed"
        )
    return held.size


def _root_at(reader: Reader, log: str, size: int) -> str | None:
    """Return the root over the first `size` entries of a log as stored; None for zero entries."""
    last = reader.entry(log, size - 1) if size else None
    return None if last is None else last.root.hex()


def _refuse_older_than_notices(workspace: Workspace, keys: list[VerifierKey]) -> None:
    """Refuse to go on with a record that has less than a notice beside it was made from.

    A copy of yesterday's database comes back with yesterday's checkpoints where a program restores the
    folder. Today's notices are still there, and each carries the signed checkpoint of its day. Names are
    compared first; a file is read only where the record has issued no notice of its number.

    Raises OlderRecord.
    """
    with workspace.store.read() as reader:
        for deal, path in _not_issued(workspace, reader):
            carried, log = _carried(path, keys), deal_log(deal)
            if carried is None or _is_of(reader, log, carried):
                continue
            # Another process may have issued the notice since this read began, so a later read decides.
            with workspace.store.read() as later:
                if not _is_of(later, log, carried):
                    raise OlderRecord(
                        f"{path.relative_to(workspace.root)} was made when {log} had "
                        f"{counted(carried.size, 'entries')}, which are not all in this record; this is an "
                        "older copy of the record: put the whole record back (`headroom db restore`), then "
                        "`headroom verify`"
                    )


def _not_issued(workspace: Workspace, reader: Reader) -> Iterator[tuple[str, Path]]:
    """Yield the newest notice of each deal that its log has not issued, by its number."""
    folder, issued = workspace.root / "notices", reader.issued()
    for deal in sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else ():
        numbers = {
            int(match["number"]): Path(found)
            for found in os.scandir(deal)
            # The name alone decides: thousands of deals have some hundred thousand files.
            if found.name.endswith(".pdf") and (match := NUMBERED.match(found.name.removeprefix(deal.name)))
        }
        newest = max(numbers, default=0)
        # Numbers have no gaps, so the count of issued notices is the highest number.
        if newest > issued.get(deal_log(deal.name), 0):
            yield deal.name, numbers[newest]


def _carried(path: Path, keys: list[VerifierKey]) -> Checkpoint | None:
    """Return the checkpoint that a notice carries; None for a file that carries none by a known key."""
    try:
        proof = read_notice(read_file(path)).attachments.get(PROOF)
        return None if proof is None else verify(parse_proof(proof.decode()).note, keys).checkpoint
    except (VerificationFailed, UnicodeDecodeError, ValueError):
        return None


def _is_of(reader: Reader, log: str, carried: Checkpoint) -> bool:
    """Return whether a log begins with what a checkpoint covers: an interrupted run leaves such a notice."""
    last = reader.entry(log, carried.size - 1) if carried.size else None
    return not carried.size or (last is not None and last.root == carried.root)

"""Whether a record is older than what was made from it: its checkpoints, and the notices beside it.

It is then an older copy, and nothing is added to it (`rulings.md` 67).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.basics.errors import VerificationFailed
from engine.basics.values import counted
from engine.notices.pdf import read_file, read_notice
from engine.record.checkpoint import Checkpoint, verify
from engine.record.inclusion_proof import parse_proof
from engine.record.keys import VerifierKey
from engine.record.log import deal_log
from engine.record.store import Reader
from engine.workspace.checkpoints import KEY, own_key, refuse_less_than_signed, refuse_older, trusted
from engine.workspace.workspace import Workspace

PROOF = "event.tlog-proof"
"""The attachment that holds the checkpoint of a notice's day."""
NUMBERED = re.compile(r"-(?P<number>\d{4,})-\d{4}-\d\d-\d\d-")
"""What stands in a notice's file name after the deal's own name."""


def refuse_older_record(workspace: Workspace) -> None:
    """Refuse to go on with a record that is older than what was signed, or than a notice beside it.

    Every command that adds to the record asks this first. What is entered would be lost with the older copy.

    Raises VerificationFailed.
    """
    refuse_older(workspace)
    _refuse_older_than_notices(workspace, _verifier_keys(workspace))


def refuse_older_without_key(workspace: Workspace) -> None:
    """Refuse as `refuse_older_record` does, in a workspace whose private key is not needed, or is lost.

    Nothing is refused in a workspace that knows no key. Raises VerificationFailed.
    """
    if keys := _verifier_keys(workspace):
        refuse_less_than_signed(workspace, keys)
        _refuse_older_than_notices(workspace, keys)


def _refuse_older_than_notices(workspace: Workspace, keys: list[VerifierKey]) -> None:
    """Refuse to go on with a record that has less than a notice beside it was made from.

    A copy of yesterday's database comes back with yesterday's checkpoints where a program restores the
    folder. Today's notices are still there, and each carries the signed checkpoint of its day. Names are
    compared first; a file is read only where the record has issued no notice of its number.

    Raises VerificationFailed.
    """
    if not keys:
        return
    with workspace.store.read() as reader:
        for deal, path in _not_issued(workspace, reader):
            carried = _carried(path, keys)
            if carried is not None and not _is_of(reader, deal_log(deal), carried):
                raise VerificationFailed(
                    f"{path.relative_to(workspace.root)} was made when {deal_log(deal)} had "
                    f"{counted(carried.size, 'entries')}, which are not all in this record; this is an "
                    "older copy of the record: put the whole record back (`headroom db restore`), then "
                    "`headroom verify`"
                )


def _verifier_keys(workspace: Workspace) -> list[VerifierKey]:
    """Return the keys that have signed here; none for a workspace without a key."""
    public = workspace.root / f"{KEY}.pub"
    # The public half is enough: a copy of a workspace to be read has no private key.
    if public.exists():
        return trusted([public])
    key = own_key(workspace)
    return [] if key is None else [key.verifier]


def _not_issued(workspace: Workspace, reader: Reader) -> Iterator[tuple[str, Path]]:
    """Yield the newest notice of each deal that its log has not issued, by its number."""
    folder = workspace.root / "notices"
    for deal in sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else ():
        numbers = {
            int(match["number"]): path
            for path in deal.glob("*.pdf")
            if (match := NUMBERED.match(path.name.removeprefix(deal.name))) is not None
        }
        newest = max(numbers, default=0)
        # Numbers have no gaps, so the count of issued notices is the highest number.
        if newest and newest > reader.count(deal_log(deal.name), "notice issued|"):
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

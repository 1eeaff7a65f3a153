"""Sign a checkpoint of every log, and take a trustee's cosignature back into the record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.files import write_all_whole, write_whole
from engine.basics.regular_files import text_in
from engine.basics.values import counted
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.trust_policy import read_policy
from engine.operations.older_record import not_older
from engine.record.checkpoint import (
    Checkpoint,
    Growth,
    cosign,
    has_line_of,
    newest,
    sign,
    stated,
    verify,
    with_cosignatures,
)
from engine.record.consistency import not_after
from engine.record.key_lives import key_lives
from engine.record.keys import BadKey, Kind, SigningKey, VerifierKey, read_key
from engine.record.merkle import consistency_proof, leaf_hash, root
from engine.record.store import Reader, Writer
from engine.record.tiles import read_tiles
from engine.workspace.checkpoints import (
    KEY,
    LONGEST_SAID,
    TRUSTEES,
    kept_stamp,
    known_keys,
    origin,
    own_key,
    read_note,
    stamp_beside,
    trusted,
    witness,
)
from engine.workspace.workspace import Workspace

NOTES = re.compile(r"(?:[^\n—][^\n]*\n){3}\n(?:— [^\n]+\n)+")
"""The notes in a memory, one after the other."""


def read_whole_note(memory: Path) -> str:
    """Return the text of a memory, which grows and has no bound of a single note."""
    return text_in(memory)


@dataclass(frozen=True, slots=True)
class Taken:
    """A cosigned checkpoint that is kept: of which size, who cosigned it, and whether that was new."""

    size: int
    note: str
    cosigned_by: tuple[str, ...]
    new: bool


def trustees_of(workspace: Workspace, paths: list[Path]) -> list[VerifierKey]:
    """Return the trustees' keys in `paths`, or where none is given those that the workspace knows.

    Raises:
        WrongUsage: it is missing, or a file cannot be read.
        BadKey: one is a log's key, which cosigns nothing.
    """
    known = workspace.root / TRUSTEES
    keys = trusted(paths or ([known] if known.exists() else []))
    if not keys:
        raise WrongUsage(
            f"whose cosignature is it? Give the trustee's verifier key with --trust, or put it into {known}"
        )
    for key in keys:
        if key.kind is not Kind.COSIGNER:
            raise BadKey(
                f"{key.name} is a log's key; a trustee has one made by `headroom keys NAME --cosigner`"
            )
    return keys


def take(workspace: Workspace, log: str, note: str, trustees: list[VerifierKey]) -> Taken:
    """Keep a trustee's cosignature with its log, beside those that are there.

    Taken a second time, it changes nothing.

    Raises:
        WrongUsage: the workspace has no key, so nothing of it can have been cosigned.
        VerificationFailed: the note is not of this log as it stands, was not signed by its key, or no trustee
            cosigned it.
    """
    key = own_key(workspace)
    if key is None:
        raise WrongUsage(
            f"the key is missing; make one with `headroom keys NAME --into {workspace.root / KEY}`"
        )
    own = known_keys(workspace, key)
    # By the bytes of the keys: one key under two names would witness itself.
    if {key.public for key in own} & {trustee.public for trustee in trustees}:
        raise VerificationFailed(
            "a trustee's key is the log's own; a trustee has a key that the operator does not hold"
        )
    verification = verify(note, [*own, *trustees])
    checkpoint, signed = verification.checkpoint, [signature.key for signature in verification.signatures]
    if checkpoint.origin != origin(workspace, log):
        raise VerificationFailed(
            f"the checkpoint is of {checkpoint.origin[:LONGEST_SAID]!r}, this log is {origin(workspace, log)}"
        )
    # A cosignature over a note that the operator did not sign would witness a log that is not the operator's.
    if not set(signed) & set(own):
        raise VerificationFailed("the checkpoint is not signed by this log's key")
    if not set(signed) & set(trustees):
        raise VerificationFailed("no trustee whose key is known has cosigned the checkpoint")
    with workspace.store.begin() as writer:
        _is_a_beginning(writer, log, checkpoint)
        kept = newest(signed for signed in writer.checkpoints(log) if signed[0] == checkpoint.size)
        # This size may lack a note of its own; the check above has shown that it is safe to sign.
        before = kept[1] if kept is not None else sign(checkpoint, key)
        after = with_cosignatures(before, note, trustees)
        # Before the note is kept: a cosignature by a key that is not known could not be verified.
        _remember(workspace, [trustee for trustee in trustees if trustee in signed])
        writer.save_checkpoint(log, checkpoint.size, after)
        last = newest(writer.checkpoints(log))
    # The file beside the record holds the newest checkpoint; an older one does not replace it.
    if last == (checkpoint.size, after):
        write_whole(witness(workspace, log), after.encode())
    names = tuple(
        signature.key.name
        for signature in verify(after, [*own, *trustees]).signatures
        if signature.at is not None
    )
    return Taken(checkpoint.size, after, names, after != before)


def _remember(workspace: Workspace, keys: list[VerifierKey]) -> None:
    """Add the trustees who cosigned to those whom the workspace knows.

    The workspace can then verify the record by itself.
    """
    path = workspace.root / TRUSTEES
    lines = text_in(path).splitlines() if path.exists() else []
    new = [key.text for key in keys if key.text not in {line.strip() for line in lines}]
    if new:
        write_whole(path, "".join(f"{line}\n" for line in (*lines, *new)).encode())


def _is_a_beginning(reader: Reader, log: str, checkpoint: Checkpoint) -> None:
    """Check that a checkpoint is over the first entries of a log.

    Raises VerificationFailed. The tree is built anew, and no row is believed.
    """
    bodies = [entry.body for entry in reader.entries(log)]
    # A checkpoint over 0 entries agrees with every log, so it shows nothing.
    if not 0 < checkpoint.size <= len(bodies):
        raise VerificationFailed(
            f"the checkpoint counts {counted(checkpoint.size, 'entries')}, {log} has {len(bodies)}"
        )
    if root([leaf_hash(body) for body in bodies[: checkpoint.size]]) != checkpoint.root:
        raise VerificationFailed(
            f"the first {counted(checkpoint.size, 'entries')} of {log} are not the ones that were cosigned"
        )


def sign_all(workspace: Workspace, beside: bool = True, logs: Sequence[str] | None = None) -> tuple[str, ...]:
    """Sign and keep a checkpoint of every log that has grown since its last one.

    `logs` can name the logs. The function returns the logs of which it signed a checkpoint.

    Only while `alone`.

    All go into one transaction. The newest one stands in a file outside the database as well, unless `beside`
    is left to a call that follows in the same run; if a killed run left it out or behind, it is written
    again.
    """
    key = own_key(workspace)
    if key is None:
        return ()
    keys, kept = known_keys(workspace, key), dict[str, int]()
    with workspace.store.read() as reader:
        for head in reader.heads() if logs is None else map(reader.head_of, logs):
            size = not_older(reader, head, witness(workspace, head.log), keys)
            # The three agree if nothing was added, and both the record and the file beside it have the note.
            if not size == head.size == head.signed:
                kept[head.log] = size
    if not kept:
        return ()
    with workspace.store.begin() as writer:
        signed = [(log, *_checkpoint(workspace, writer, log, key)) for log in kept]
    behind = {
        witness(workspace, log): note.encode()
        for log, size, note, grown in signed
        # What a killed run did not write beside the record is written now, although nothing is signed.
        if grown or kept[log] < size
    }
    if beside:
        write_all_whole(behind)
    return tuple(log for log, _, _, grown in signed if grown)


def _checkpoint(workspace: Workspace, writer: Writer, log: str, key: SigningKey) -> tuple[int, str, bool]:
    """Return a checkpoint of all entries of a log: its size, its note, and whether it is new.

    The function signs a new checkpoint if the newest one does not cover the whole log.
    """
    size, root = writer.head(log)
    known = newest(writer.checkpoints(log))
    if known is not None and not has_line_of(known[1], key.verifier):
        raise VerificationFailed(
            f"{log} was signed by another key until now, and does not record that {key.name} replaces it; "
            "put that key back, and use `headroom keys replace`"
        )
    if known is not None and known[0] >= size:
        return *known, False
    note = sign(Checkpoint(origin(workspace, log, writer), size, root), key)
    writer.save_checkpoint(log, size, note)
    return size, note, True


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A log's newest signed checkpoint: how many entries it covers, and the note."""

    log: str
    size: int
    note: str
    stamp: str | None = None
    """Its time stamp, as it stands beside the note."""

    def as_data(self) -> dict[str, object]:
        """Return the checkpoint as JSON: `log`, `size`, `note`, `time_stamp`."""
        return {"log": self.log, "size": self.size, "note": self.note, "time_stamp": self.stamp}


def all_signed(workspace: Workspace, log: str) -> bool:
    """Return whether the newest checkpoint of a log covers all of it.

    Nothing is then to be signed or written.
    """
    newest_note = newest(workspace.store.checkpoints(log))
    return newest_note is not None and newest_note[0] == workspace.store.size(log)


def kept_checkpoint(workspace: Workspace, log: str) -> SignedCheckpoint | None:
    """Return a log's newest checkpoint as it is kept; nothing is signed for it. None if none was signed."""
    note = newest(workspace.store.checkpoints(log))
    return None if note is None else SignedCheckpoint(log, *note, kept_stamp(workspace, log, note[1]))


def newest_signed(workspace: Workspace, log: str) -> SignedCheckpoint:
    """Return a log's newest checkpoint, signed now where the log has grown.

    Raises WrongUsage without a key.
    """
    # A record that is only inspected is not signed; a checkpoint that covers all of it is enough.
    if workspace.to_inspect and all_signed(workspace, log) and (kept := kept_checkpoint(workspace, log)):
        return kept
    if not (workspace.root / KEY).exists():
        raise WrongUsage(
            f"the key is missing; make one with `headroom keys NAME --into {workspace.root / KEY}`"
        )
    sign_all(workspace)
    signed = kept_checkpoint(workspace, log)
    if signed is None:
        raise VerificationFailed(f"no checkpoint of {log} is kept")
    return signed


def take_cosignature(workspace: Workspace, log: str, file: Path, trust: list[Path]) -> Taken:
    """Keep a trustee's cosignature, read from a file, with its log.

    Exports of this size and notices made after it carry the cosignature.
    """
    return take(workspace, log, read_note(file), trustees_of(workspace, trust))


@dataclass(frozen=True, slots=True)
class Cosigned:
    """An exported log that was cosigned: the note, and what its time stamp says if it has one."""

    note: str
    stamp: str | None


def cosign_folder(
    folder: Path,
    key: Path,
    trust: list[Path],
    since: Path | None,
    at: datetime,
    policy: Path | None = None,
) -> Cosigned:
    """Return a trustee's cosignature on an exported log, from files alone.

    The function checks first that the log has only grown since the held checkpoint, and looks at a time stamp
    beside the checkpoint. The cosigned note stands in the folder too; the `policy` names the authorities that
    the trustee believes.

    Raises:
        WrongUsage: the folder or the key is not one.
        VerificationFailed: the log is not what it was, or its time stamp is wrong; nothing was signed.
    """
    keys = trusted(trust)
    if not folder.is_dir():
        raise WrongUsage(
            f"no such folder: {folder}; the operator makes one with `headroom export DEAL --as tiles --into "
            f"{folder}`"
        )
    if not key.is_file():
        raise WrongUsage(f"no such file: {key}; make a key with `headroom keys NAME --cosigner --into {key}`")
    note = read_note(folder / "checkpoint")
    signing = read_key(key)
    if signing.kind is not Kind.COSIGNER:
        raise WrongUsage(
            f"{key} is a log's key; a trustee cosigns with one made by `headroom keys NAME --cosigner`"
        )
    _, bodies = read_tiles(
        folder, [*keys, signing.verifier]
    )  # a cosigner may have approved that a lost key was replaced
    # A trustee vouches for nothing that is dated after the trustee's own time.
    not_after(at, ((f"entry {seq}", body) for seq, body in enumerate(bodies)))
    keys = [*key_lives(bodies, stated(note).origin, [*keys, signing.verifier]).keys]
    stamp = stamp_beside(folder / "checkpoint")
    believed = frozenset[str]() if policy is None else read_policy(policy).authorities()
    words = None if stamp is None else stamp_words(time_of_log(stamp, note, bodies, keys, believed))
    memory = Path(f"{key}.signed")
    leaves = [leaf_hash(body) for body in bodies]
    refuse_fork(memory, signing, keys, note, leaves)
    signed = cosign(note, keys, signing, at, None if since is None else _growth(since, keys, bodies))
    write_whole(
        memory, (read_whole_note(memory) if memory.exists() else "").encode() + signed.encode()
    )  # before it is given away
    write_whole(folder / "checkpoint", signed.encode())
    return Cosigned(signed, words)


def refuse_fork(
    memory: Path, key: SigningKey, keys: list[VerifierKey], note: str, leaves: Sequence[bytes]
) -> None:
    """Refuse to cosign a log that is not what this key cosigned before, grown (`rulings.md` 67).

    Raises VerificationFailed, with the size at which they part; what was cosigned before stands in
    `KEY.signed`.
    """
    now = verify(note, keys).checkpoint
    for before in cosigned_before(memory, key, keys):
        if before.origin != now.origin:
            continue
        # A log only grows, so a shorter one is an older copy or another log.
        if before.size > now.size:
            raise VerificationFailed(
                f"{now.origin} had {counted(before.size, 'entries')} when this key cosigned it, and now has "
                f"{now.size}"
            )
        if root(leaves[: before.size]) != before.root:
            raise VerificationFailed(
                f"a fork: the first {counted(before.size, 'entries')} of {now.origin} are not the ones that "
                f"this key cosigned; nothing was signed: keep this export, and {memory}"
            )


def cosigned_before(memory: Path, key: SigningKey, keys: list[VerifierKey]) -> list[Checkpoint]:
    """Return what a trustee's key has cosigned, as its memory holds it.

    Raises VerificationFailed if the memory was changed.
    """
    text = read_whole_note(memory) if memory.exists() else ""
    notes = NOTES.findall(text)
    # The pattern skips what is not a note, so the notes found must make up the whole text.
    if "".join(notes) != text:
        raise VerificationFailed(
            f"{memory} is not what was written into it; put it back, for it is what tells a fork"
        )
    return [verify(note, [*keys, key.verifier]).checkpoint for note in notes]


def _growth(since: Path, keys: list[VerifierKey], bodies: Sequence[bytes]) -> Growth:
    """Return the checkpoint that is held, and the proof that the log has only grown since."""
    held = verify(read_note(since), keys).checkpoint
    leaves = [leaf_hash(body) for body in bodies]
    return Growth(held, tuple(consistency_proof(leaves, held.size)) if 0 < held.size <= len(leaves) else ())


def every_checkpoint(workspace: Workspace) -> list[SignedCheckpoint]:
    """Return the newest signed checkpoint of every log, signed now where a log has grown.

    Raises WrongUsage without a key.
    """
    return [newest_signed(workspace, log) for log in workspace.store.logs()]

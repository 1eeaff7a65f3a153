"""Replace the key that signs the logs (`rulings.md` 66).

Every log records the replacement, signed by both keys, or by the new key and a cosigner. The events and the
first checkpoints by the new key are one transaction. The files of the keys are moved after it. A command that
was killed in between is finished by the same command.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.files import write_whole
from engine.basics.regular_files import text_in
from engine.basics.strict_json import read_json
from engine.events.draft import Draft
from engine.events.key_replaced import KeyReplaced, KeySignature
from engine.operations.older_record import refuse_older_record, refuse_older_without_key
from engine.operations.sign_checkpoints import cosigned_before, sign_all
from engine.record.canonical import canonical
from engine.record.checkpoint import Checkpoint, from_base64, newest, sign, stated
from engine.record.key_lives import KIND, Handover, called, key_lives
from engine.record.keys import (
    BadKey,
    Kind,
    SigningKey,
    VerifierKey,
    generate_key,
    parse_verifier,
    read_key,
    write_key,
)
from engine.record.log import Scribe, append, event_of, refuse_not_going_on
from engine.record.store import Writer
from engine.workspace.checkpoints import (
    ASKED,
    KEY,
    LONGEST_SAID,
    NEXT,
    TRUSTEES,
    origin,
    own_key,
    read_note,
    trusted,
    write_witness,
)
from engine.workspace.workspace import Workspace

VERSION = 1


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """A key that was replaced.

    It says the old key, the new key, the reason, the logs that record it, and where the old private file
    lies.
    """

    old: str
    new: str
    why: str
    logs: tuple[str, ...]
    kept: Path | None

    def as_data(self) -> dict[str, Any]:
        """Return the replacement as JSON: `old`, `new`, `why`, `logs`, `old_private`."""
        return {
            "old": self.old,
            "new": self.new,
            "why": self.why,
            "logs": list(self.logs),
            "old_private": str(self.kept or "") or None,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A replacement that a cosigner is asked to sign: its file, both keys, the logs."""

    file: Path
    old: str
    new: str
    why: str
    logs: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Return what a cosigner is asked as JSON: `file`, `old`, `new`, `why`, `logs`."""
        return {
            "file": str(self.file),
            "old": self.old,
            "new": self.new,
            "why": self.why,
            "logs": list(self.logs),
        }


def replace_key(workspace: Workspace, scribe: Scribe) -> KeyChanged:
    """Replace the log key by a new one, with both keys signing.

    Called again after a crash, the function finishes what was begun.

    Raises:
        WrongUsage: the workspace has not got a key to replace.
        VerificationFailed: the record is older than what was signed.
        ClockBehind, Unavailable, EarlierEdition: a log would not take the replacement now; no key was made.
    """
    path, following = workspace.root / KEY, workspace.root / NEXT
    # A key that waits there is of a killed command: it may be on record, so another is not made.
    if not following.exists():
        if own_key(workspace) is None:
            raise WrongUsage(f"{path} is not there, so it cannot be replaced; if it was lost, give --lost")
        refuse_older_record(workspace)
        # Before the new key is made: one that waits keeps every other command out until it is on record.
        for log in workspace.store.logs():
            refuse_not_going_on(workspace.store, log, scribe.at)
        sign_all(workspace)  # the last checkpoints of the old key cover all that it stands for
        write_key(following, generate_key(read_key(path).name))
    new = read_key(following)
    # If the record has it already, only the files are left to be moved.
    done = _recorded(workspace, new.verifier)
    if done is None:
        refuse_older_without_key(workspace)
        old = read_key(path)
        with workspace.store.begin() as writer:
            steps = {
                log: _step_of(workspace, writer, log, old.verifier, new.verifier, scribe.at.date())
                for log in writer.logs()
            }
            for log, step in steps.items():
                _record(writer, log, step, step.event(step.signed((old, new))), new, scribe)
        done = Replaced(old.verifier, "replaced", tuple(steps))
    return _put_in_place(workspace, done, new)


def ask_for_replacement(workspace: Workspace, why: str, into: Path, on: date) -> Asked:
    """Write what a cosigner is asked to sign, because the old key was lost or stolen.

    The new private key waits in the workspace until a cosigner has signed.

    Raises:
        WrongUsage: the public half of the old key is not there, or nothing was signed by it.
        VerificationFailed: the record is older than what was signed.
    """
    old, waiting = _public(workspace), workspace.root / ASKED
    refuse_older_without_key(workspace)
    if not waiting.exists():
        # A private key is written into this folder, so nobody else may look into it.
        waiting.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_key(waiting, generate_key(old.name))
    new = read_key(waiting)
    with workspace.store.read() as reader:
        notes = {log: newest(reader.checkpoints(log)) for log in reader.logs()}
    if not any(notes.values()):
        raise WrongUsage(
            "no log has a checkpoint, so that no key is to be replaced; make one with `headroom keys NAME`"
        )
    steps = {
        log: Handover(stated(note[1]), old, new.verifier, why, on)
        for log, note in notes.items()
        if note is not None
    }
    logs = [
        {
            "log": log,
            "origin": step.last.origin,
            "size": step.last.size,
            "root": step.event(()).root,
            "signatures": [one.model_dump() for one in step.signed((new,))],
        }
        for log, step in steps.items()
    ]
    asked = {
        "version": VERSION,
        "old": old.text,
        "new": new.verifier.text,
        "why": why,
        "on": str(on),
        "logs": logs,
    }
    write_whole(into, canonical(asked) + b"\n")
    return Asked(into, old.text, new.verifier.text, why, tuple(steps))


def approve_replacement(file: Path, key: Path, trust: Sequence[Path]) -> Asked:
    """Add a cosigner's signature to what an operator asks, for every log in it; the file is written again.

    Raises:
        WrongUsage: the key is not a cosigner's.
        VerificationFailed: the file does not hold together, replaces a key that is not trusted, or
            contradicts what this key cosigned.
    """
    signing = read_key(key)
    if signing.kind is not Kind.COSIGNER:
        raise WrongUsage(
            f"{key} is a log's key; a cosigner signs with one made by `headroom keys NAME --cosigner`"
        )
    asked, steps = _read_asked(file)
    old, known = parse_verifier(asked["old"]), trusted(list(trust))
    # A cosigner who does not know the old key cannot tell that the log is the operator's.
    if old not in known:
        raise VerificationFailed(
            f"{file.name} replaces {called(old)}, which is not among the keys given with --trust"
        )
    _agrees_with_memory(Path(f"{key}.signed"), signing, known, [step for step, _ in steps.values()])
    for one in asked["logs"]:
        step, signed = steps[one["log"]]
        one["signatures"] = [item.model_dump() for item in (*signed, *step.signed((signing,)))]
    write_whole(file, canonical(asked) + b"\n")
    return Asked(file, asked["old"], asked["new"], asked["why"], tuple(steps))


def replace_approved_key(workspace: Workspace, file: Path, scribe: Scribe) -> KeyChanged:
    """Replace a lost or stolen key, as a cosigner approved it.

    Called again after a crash, the function finishes what was begun.

    Raises:
        WrongUsage: nothing was asked for in this workspace, or a log was begun since that the file does not
            name.
        VerificationFailed: no cosigner whom the workspace knows signed the file, or it is not about this
            record.
    """
    waiting, following = workspace.root / ASKED, workspace.root / NEXT
    if not waiting.exists() and not following.exists():
        raise WrongUsage(
            f"no replacement was asked for here: {waiting} is not there; begin with --lost or --stolen and "
            "--ask FILE"
        )
    asked, steps = _read_asked(file)
    new = read_key(following if following.exists() else waiting)
    if new.verifier.text != asked["new"]:
        raise VerificationFailed(f"{file.name} is about another new key than the one that waits here")
    done = _recorded(workspace, new.verifier)
    if done is None:
        if asked["old"] != _public(workspace).text:
            raise VerificationFailed(f"{file.name} replaces another key than the one that signs here")
        refuse_older_without_key(workspace)
        known = workspace.root / TRUSTEES
        with workspace.store.begin() as writer:
            # A log without a checkpoint was never signed by the old key, so it needs no approval.
            lacking = [log for log in writer.logs() if log not in steps and writer.checkpoints(log)]
            if lacking:
                raise WrongUsage(
                    f"{file.name} does not name {lacking[0]}, which was begun since; ask again with --ask"
                )
            for log, (step, signatures) in steps.items():
                _record(writer, log, step, step.event(signatures), new, scribe)
                # Verified as others will do it, inside the transaction: what fails is not recorded.
                bodies = [entry.body for entry in writer.entries(log)]
                key_lives(bodies, step.last.origin, [step.old, *(trusted([known]) if known.exists() else [])])
        done = Replaced(parse_verifier(asked["old"]), asked["why"], tuple(steps))
    if not following.exists():
        # The private file moves last, since its place is what tells that this step is done.
        Path(f"{waiting}.pub").replace(f"{following}.pub")
        waiting.replace(following)
    return _put_in_place(workspace, done, new)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What the record says of a replacement: the old key, why, and in which logs."""

    old: VerifierKey
    why: str
    logs: tuple[str, ...]


def _recorded(workspace: Workspace, new: VerifierKey) -> Replaced | None:
    """Return the replacement by a key, if the record has it.

    Either all logs have the replacement or none of them has it, since it is a single transaction.
    """
    found: dict[str, KeyReplaced] = {}
    with workspace.store.read() as reader:
        for log in reader.logs():
            for entry in reader.entries(log):
                if (
                    # The bytes are looked at first: to parse every entry of every log takes far longer.
                    new.text.encode() in entry.body
                    and isinstance(said := event_of(entry).payload, KeyReplaced)
                    and said.new == new.text
                ):
                    found[log] = said
    said_by = next(iter(found.values()), None)
    return None if said_by is None else Replaced(parse_verifier(said_by.old), said_by.why, tuple(found))


def _step_of(
    workspace: Workspace, writer: Writer, log: str, old: VerifierKey, new: VerifierKey, on: date
) -> Handover:
    """Return the replacement of a log's key now: the old key stands for every entry so far."""
    size, top = writer.head(log)
    return Handover(Checkpoint(origin(workspace, log, writer), size, top), old, new, "replaced", on)


def _record(
    writer: Writer, log: str, step: Handover, said: KeyReplaced, new: SigningKey, scribe: Scribe
) -> None:
    """Record a replacement in a log, and sign the log's first checkpoint with the new key.

    Both are part of the caller's transaction.
    """
    append(
        writer, log, [Draft(kind=KIND, subject=called(step.old), effective_on=step.on, payload=said)], scribe
    )
    # Read after the event, so that the new key's first checkpoint covers its own replacement.
    size, top = writer.head(log)
    writer.save_checkpoint(log, size, sign(Checkpoint(step.last.origin, size, top), new))


def _put_in_place(workspace: Workspace, done: Replaced, new: SigningKey) -> KeyChanged:
    """Move the key files to their places.

    The new public half comes first, with the keys that ended below it. The old private file is kept aside.
    """
    path, following = workspace.root / KEY, workspace.root / NEXT
    public = Path(f"{path}.pub")
    before = [line for line in (text_in(public).splitlines() if public.exists() else []) if line.strip()]
    lines = dict.fromkeys((new.verifier.text, *before, done.old.text))
    # Before the private files move: after a crash in between, each key that has signed is still known.
    write_whole(public, "".join(f"{line}\n" for line in lines).encode())
    aside = workspace.root / "keys" / f"log.key.ended-{done.old.id.hex()}"
    # The old private file may be missing: it was lost, or a killed command has moved it already.
    if path.exists() and read_key(path).verifier == done.old:
        path.replace(aside)
    following.replace(path)
    Path(f"{following}.pub").unlink(missing_ok=True)
    for log in done.logs:
        note = newest(workspace.store.checkpoints(log))
        if note is not None:
            write_witness(workspace, log, note[1])
    return KeyChanged(
        done.old.text, new.verifier.text, done.why, done.logs, aside if aside.exists() else None
    )


def _public(workspace: Workspace) -> VerifierKey:
    """Return the verifier key that signs now: the first line of its file.

    Raises WrongUsage if it is not there.
    """
    path = workspace.root / f"{KEY}.pub"
    keys = trusted([path]) if path.exists() else []
    if not keys:
        raise WrongUsage(
            f"{path} is not there: put back the public half of the old key, which every verifier holds"
        )
    return keys[0]


Signed = tuple[Handover, tuple[KeySignature, ...]]
Steps = dict[str, Signed]


def _read_asked(file: Path) -> tuple[dict[str, Any], Steps]:
    """Return what a file asks to be signed, and by log the step with who signed it.

    Raises VerificationFailed if it does not hold together.
    """
    try:
        asked = read_json(read_note(file))
        old, new, on = (
            parse_verifier(asked["old"]),
            parse_verifier(asked["new"]),
            date.fromisoformat(asked["on"]),
        )
        steps = {str(one["log"]): _asked_step(one, old, new, asked["why"], on) for one in asked["logs"]}
        if asked["version"] != VERSION or asked["why"] not in ("lost", "stolen") or not steps:
            raise ValueError("another version or reason")
    except (ValueError, LookupError, TypeError, BadKey, RecursionError) as error:
        raise VerificationFailed(
            f"{file} is not a replacement that a cosigner can sign: {str(error)[:LONGEST_SAID]}"
        ) from error
    return asked, steps


def _asked_step(one: Mapping[str, Any], old: VerifierKey, new: VerifierKey, why: str, on: date) -> Signed:
    top = from_base64(one["root"])
    # An origin ends with its log's name; otherwise an approval of one log could pass for another's.
    if top is None or not isinstance(one["size"], int) or not str(one["origin"]).endswith(f"/{one['log']}"):
        raise ValueError("a log's size, root or name")
    step = Handover(Checkpoint(str(one["origin"]), one["size"], top), old, new, why, on)
    signatures = tuple(KeySignature.model_validate(item) for item in one["signatures"])
    own = next((item.signature for item in signatures if item.key == new.text), "")
    try:
        # The new key proves that its private half exists; otherwise a log could be given a key that nobody
        # has.
        new.verify(base64.b64decode(own), step.message)
    except Exception as error:
        raise ValueError("the new key did not sign it") from error
    return step, signatures


def _agrees_with_memory(
    memory: Path, key: SigningKey, known: list[VerifierKey], steps: Sequence[Handover]
) -> None:
    """Refuse a replacement whose last checkpoint contradicts one that this key cosigned.

    Raises VerificationFailed.
    """
    for before in cosigned_before(memory, key, known):
        for step in steps:
            # The file has no entries, so a smaller checkpoint's root cannot be checked against it.
            if before.origin == step.last.origin and (
                before.size > step.last.size
                or (before.size == step.last.size and before.root != step.last.root)
            ):
                raise VerificationFailed(
                    f"this key cosigned {before.origin} at size {before.size}; the file states "
                    f"{step.last.size}, or another root there"
                )

"""Is the whole record still what it was: every log, checkpoint, snapshot and file of a workspace, offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from engine.audit.held_notes import came_after, contradictions, held_notes, known
from engine.audit.held_stamps import Believing, held_stamp_steps, held_stamps
from engine.audit.key_succession import not_replaced, past_its_end, with_followers
from engine.audit.leftovers import AGAIN, guarded, links_outside, without_document, without_event, without_log
from engine.audit.time_stamps import believed, stamps_of_log
from engine.basics.archive_names import snapshot_place
from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.regular_files import bytes_in
from engine.basics.values import counted
from engine.events.kinds import NoticeIssued
from engine.events.log_names import deal_of_log, deals_among
from engine.events.market_events import ListingsExcluded, SnapshotImported
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.notices.trust_policy import Policy, read_policy
from engine.record.canonical import sha256_hex
from engine.record.checkpoint import Checkpoint, holds_all_of, malformed, newest, signed_by_others, verify
from engine.record.consistency import audit, out_of_time, roots_of
from engine.record.key_lives import called, key_lives
from engine.record.keys import BadKey, VerifierKey
from engine.record.log import SNAPSHOTS, deal_log, read
from engine.workspace.checkpoints import KEY, TRUSTEES, origin, read_note, trusted, witness
from engine.workspace.workspace import Workspace

LOG = re.compile(r"(deal|index)/[^\x00-\x20/][^\x00-\x1f/]*")
"""The name of a log of a deal or of an index."""


OF_THE_FOLDER = (
    "read from the folder under test, so they prove nothing about the operator: give the keys that you hold "
    "with --trust"
)
LONGEST_NAME = 120
"""Characters of a held checkpoint's first line that are printed: it may be any file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the verification: what was checked, and the first difference if there is one.

    Nothing was compared if it is `open`, and the step says why.
    """

    step: str
    difference: str | None = None
    open: bool = False

    @property
    def verdict(self) -> str:
        """Return `DIFFERS`, `holds`, or `open` for what could not be compared."""
        return "DIFFERS" if self.difference else "open" if self.open else "holds"


@dataclass(frozen=True, slots=True)
class Verification:
    """The whole verification: its steps in order, and what is known of the time of the record."""

    findings: tuple[Finding, ...]
    time: str

    @property
    def verified(self) -> bool:
        """Whether no step found a difference."""
        return not any(finding.difference for finding in self.findings)

    def as_data(self) -> dict[str, Any]:
        """Return the verification as JSON: `verified`, `time`, `steps`."""
        steps = [
            {"step": finding.step, "difference": finding.difference, "verdict": finding.verdict}
            for finding in self.findings
        ]
        return {"verified": self.verified, "time": self.time, "steps": steps}


@dataclass(frozen=True, slots=True)
class Given:
    """What logs are held against.

    It is keys, checkpoints that somebody else kept, and whether the verifier brought the keys.
    """

    keys: list[VerifierKey]
    held: list[str]
    by_the_verifier: bool
    ended: Mapping[VerifierKey, date]
    """The keys that the verifier's policy says have ended, each with its day."""


def verify_record(
    workspace: Workspace,
    trust: Sequence[Path],
    held: Sequence[Path],
    deal: str | None = None,
    policy: Path | None = None,
) -> Verification:
    """Return every step named, with the first difference where one fails.

    Args:
        workspace: what is verified.
        trust: files with the verifier keys that the verifier trusts; the workspace's own if none is given.
        held: checkpoints that somebody other than the operator kept, or the exported logs that hold them.
        deal: only this deal's log and notices.
        policy: the file that says what the verifier trusts: further keys, and whose time stamps are believed.
    """
    everything = workspace.store.logs()
    logs = everything if deal is None else [log for log in everything if log == deal_log(deal)]
    theirs = Policy() if policy is None else read_policy(policy)
    ended = theirs.ended()
    # If the verifier brings keys, the folder's own do not count: whoever forged it could add one.
    brought = [*trusted(list(trust)), *theirs.keys(), *ended]
    keys, damaged = (brought, []) if brought else _own_keys(workspace)
    authorities = believed(workspace, None if policy is None else theirs.authorities())
    notes = held_notes(held)
    without = [
        _guards(workspace),
        Finding(*guarded("no link leads out of the workspace", lambda: links_outside(workspace))),
        *(damaged or _keys(workspace, keys, notes)),
        *_logs_there(workspace, everything, deal),
        *_without_log(workspace, logs, notes),
        *_whose(keys, given=bool(brought)),
        Finding(
            *guarded(
                "each key that was replaced, replaced in every log that it signed",
                lambda: not_replaced(workspace, logs, keys),
            )
        ),
    ]
    # A deal whose log was deleted is a difference and not a mistyped name, so findings come first.
    if deal is not None and not logs and not any(finding.difference for finding in without):
        known = ", ".join(deals_among(everything))
        raise WrongUsage(f"a log of `{deal}` does not exist; there are {known or 'none yet'}")
    without += _held(workspace, logs, notes, keys)
    audited = [_log(workspace, log, Given(keys, notes, bool(brought), ended)) for log in logs]
    findings = [*without, *(finding for finding, _ in audited)]
    findings += [*(_snapshots(workspace) if deal is None else ()), *_notices(workspace, logs)]
    # A key that followed a trusted one may have signed what was stamped (`rulings.md` 66).
    every_key = with_followers(workspace, logs, keys)
    stamps = [found for log in logs if (found := stamps_of_log(workspace, log, every_key, authorities))]
    findings += [Finding(found.step, found.difference) for found in stamps]
    believing = Believing(every_key, authorities.fingerprints, authorities.by)
    for step in held_stamp_steps(held_stamps(held), believing, partial(_covered, workspace, logs)):
        said = f"{step.name}: {step.found}" if step.found else step.name
        findings.append(Finding(said, step.difference, step.verdict == "open"))
    times = [time for _, time in audited if time is not None]
    times += [found.time for found in stamps if found.time is not None]
    return Verification(tuple(findings), "; ".join(times) or "time asserted by the operator")


def _held(
    workspace: Workspace, logs: Sequence[str], notes: Sequence[str], keys: Sequence[VerifierKey]
) -> Iterator[Finding]:
    """Yield whether held checkpoints contradict each other (`rulings.md` 67).

    The findings also say what came after each of them.
    """
    held = known(notes, with_followers(workspace, logs, keys))
    if not held:
        return
    by_origin = {origin(workspace, log): log for log in logs}
    wanted = {note.origin: by_origin[note.origin] for note in held if note.origin in by_origin}
    roots = {
        name: roots_of(entry.body for entry in workspace.store.entries(log)) for name, log in wanted.items()
    }
    yield Finding(
        *guarded(
            f"{counted(len(held), 'held checkpoints')} agree with each other",
            lambda: contradictions(held, roots),
        )
    )
    for name, log in wanted.items():
        yield from (Finding(said) for said in came_after(held, name, read(workspace.store, log)))


def _covered(workspace: Workspace, logs: Sequence[str], held: Checkpoint) -> Sequence[bytes] | None:
    """Return the entries that a held checkpoint covers; none if its log here does not begin with them.

    The result is None if its log is not here.
    """
    log = next((log for log in logs if origin(workspace, log) == held.origin), None)
    if log is None:
        return None
    bodies = [entry.body for entry in workspace.store.entries(log)][: held.size]
    return bodies if roots_of(bodies)[-1] == held.root else ()


def _own_keys(workspace: Workspace) -> tuple[list[VerifierKey], list[Finding]]:
    """Return the keys that the workspace names itself.

    The second list holds each file of keys that cannot be read, which is damage of the record.
    """
    keys: list[VerifierKey] = []
    damaged: list[Finding] = []
    for name in (f"{KEY}.pub", TRUSTEES):
        try:
            keys += trusted([workspace.root / name] if (workspace.root / name).exists() else [])
        except (BadKey, WrongUsage) as bad:
            damaged.append(Finding(f"the verifier keys in {name}", str(bad)))
    return keys, damaged


def _whose(keys: Sequence[VerifierKey], given: bool) -> Iterator[Finding]:
    """Yield the finding that says by whose keys signatures are checked (`rulings.md` 66).

    The keys are those that the verifier brought, or those of the folder under test.
    """
    names = ", ".join(dict.fromkeys(called(key) for key in keys))
    if keys:
        yield Finding(f"keys: {names}; {'given by the verifier' if given else OF_THE_FOLDER}")


def _guards(workspace: Workspace) -> Finding:
    return Finding("the database's guards stand as they were made", workspace.store.doubt())


def _keys(workspace: Workspace, keys: list[VerifierKey], held: list[str]) -> Iterator[Finding]:
    """Without a key nothing that was signed is checked, and that is not a pass."""
    if not keys and (held or workspace.store.noted() or any((workspace.root / "checkpoints").glob("*"))):
        said = (
            "NOT VERIFIED: no key was given, so no signature was checked; give the log's verifier key with "
            "--trust"
        )
        yield Finding("signed checkpoints", said)


def _logs_there(workspace: Workspace, logs: list[str], deal: str | None) -> Iterator[Finding]:
    """Yield whether every log is there that a checkpoint or a file names.

    A log of an unknown kind is a finding too.
    """
    missing = (what for log, what in without_log(workspace, logs) if deal is None or log == deal_log(deal))
    yield Finding(
        *guarded(
            f"{counted(len(logs), 'logs')}, all that are named by checkpoints and files", lambda: missing
        )
    )
    # Nothing here makes a log of another kind of name, so somebody else has put the log in.
    strange = next((log for log in logs if log != SNAPSHOTS and not LOG.fullmatch(log)), None)
    yield Finding(
        "each a log of a deal, of an index or of snapshots",
        None if strange is None else f"{strange!r} is not one of these",
    )


def _log(workspace: Workspace, log: str, given: Given) -> tuple[Finding, str | None]:
    """Return the finding of a log, and what its cosignatures say of its time.

    The second part is None unless the cosignatures are of this log and the log agrees with them.
    """
    keys = given.keys
    try:
        entries, stored = workspace.store.entries(log), workspace.store.checkpoints(log)
        kept = [read_note(path)] if (path := witness(workspace, log)).exists() else []
        with workspace.store.read() as reader:
            wrong = [*_filed(stored, reader.note_numbers(log))]
        lives = key_lives([entry.body for entry in entries], origin(workspace, log), keys, given.ended)
        keys = [*dict.fromkeys((*lives.keys, *keys))]
    except (VerificationFailed, WrongUsage) as damage:
        return Finding(f"{log}: read whole", str(damage)), None
    name = origin(workspace, log)
    notes = [note for _, note in stored] if keys else []
    # A held note of another log is not a finding of this one; `_without_log` looks at each of them.
    theirs = [note for note in given.held if _of(note) == name] if keys else []
    findings = audit(entries, name, keys, notes, theirs, kept if keys else ())
    # What follows needs signatures that hold and entries that fit; otherwise it would raise or mislead.
    if not findings:
        findings = tuple(out_of_time(entries, keys, [*notes, *theirs]))
        wrong += [*_kept(stored, kept, path.name), *(() if given.by_the_verifier else _unknown(notes, keys))]
        wrong += past_its_end([*notes, *theirs], lives, keys)
    wrong = [*(f"{finding.what} ({finding.defence.value})" for finding in findings), *wrong]
    cosigned = 0 if wrong else sum(verify(note, keys).cosigned_at is not None for note in notes)
    others = 0 if wrong else sum(bool(signed_by_others(note, keys)) for note in notes)
    signed = f"{counted(len(notes), 'signed checkpoints')}" + (
        f", {cosigned} of them cosigned" if cosigned else ""
    )
    signed += f", {others} with a signature by no key given" if others else ""
    step = (
        f"{log}: {counted(len(entries), 'entries')}, each linked to all before it; {signed}, {len(theirs)} "
        "held elsewhere"
    )
    return Finding(step, wrong[0] if wrong else None), None if wrong else _time(log, [*notes, *theirs], keys)


def _filed(stored: Sequence[tuple[int, str]], numbers: Sequence[int]) -> Iterator[str]:
    """Yield whether signed checkpoints stand one after the other, each at the size that it says."""
    if list(numbers) != list(range(len(numbers))):
        yield "one of its signed checkpoints was taken away: their numbers have a gap"
    yield from (
        f"a checkpoint is filed at size {size}, which it does not say"
        for size, note in stored
        if note.split("\n")[1:2] != [str(size)]
    )


def _kept(stored: Sequence[tuple[int, str]], kept: Sequence[str], name: str) -> Iterator[str]:
    """Yield how the newest checkpoint outside the database differs from the one within.

    Whoever has only one of the two places cannot turn the record back unnoticed.
    """
    last = newest(stored)
    if not kept and last is not None:
        yield f"checkpoints/{name} is missing ({AGAIN})"
    for note in kept:
        size = int(note.split("\n")[1])
        if last is None or size > last[0]:
            yield (
                f"checkpoints/{name} is of {counted(size, 'entries')}, and no checkpoint of them is in the "
                "database any more"
            )
        elif size < last[0]:
            yield (
                f"checkpoints/{name} is of {counted(size, 'entries')}, and {last[0]} were signed since "
                f"({AGAIN})"
            )
        elif not holds_all_of(last[1], note):
            yield f"checkpoints/{name} has a signature that the database has no more"


def _unknown(notes: Sequence[str], keys: list[VerifierKey]) -> Iterator[str]:
    """Yield signatures in the record by keys that the record does not name.

    Either a trustee's key was taken away, or a line was put in.
    """
    names = dict.fromkeys(name for note in notes for name in signed_by_others(note, keys))
    if keys and names:
        yield (
            f"a checkpoint has a signature of {', '.join(names)}, whose key is not in {KEY}.pub or {TRUSTEES}"
        )


def _time(log: str, notes: list[str], keys: list[VerifierKey]) -> str | None:
    """Return what trustees vouch for: how far a log had come, and when at the latest."""
    cosigned = [
        (verification.checkpoint.size, verification.cosigned_at)
        for verification in (verify(note, keys) for note in notes)
    ]
    # The greatest cosigned size says the most, and its first cosignature is the earliest proof of it.
    size = max((size for size, at in cosigned if at is not None), default=None)
    if size is None:
        return None
    at = min(at for its, at in cosigned if its == size and at is not None)
    return f"{log}: its first {counted(size, 'entries')} cosigned at {at.isoformat()}"


def _of(note: str) -> str:
    """Return the log that a checkpoint says it is of: its first line (C2SP tlog-checkpoint)."""
    return note.partition("\n")[0]


def _without_log(workspace: Workspace, logs: list[str], held: list[str]) -> Iterator[Finding]:
    """Yield held checkpoints to which no log here answers (ADR 3).

    Only such checkpoints can show that a log is gone or was renamed.

    Raises WrongUsage for one of another log of this workspace if one deal alone is verified.
    """
    here = {origin(workspace, log) for log in logs}
    elsewhere = {origin(workspace, log) for log in workspace.store.logs()} - here
    for note in held:
        name, damage = _of(note), malformed(note)
        if damage is not None:
            yield Finding(
                f"held checkpoint of {name[:LONGEST_NAME]!r}",
                f"damaged on its way, or no checkpoint: {damage}",
            )
            continue
        # Not a difference: the note is of a log that exists, and the person chose not to verify it.
        if name in elsewhere:
            raise WrongUsage(
                f"the held checkpoint is of {name}, which is not verified here; name no deal, and every log "
                "is"
            )
        if name not in here:
            yield Finding(
                f"held checkpoint of {name[:LONGEST_NAME]!r}",
                f"no such log here; there are {', '.join(sorted(here)) or 'none'}",
            )


def _snapshots(workspace: Workspace) -> Iterator[Finding]:
    imported: list[SnapshotImported] = []

    def differences() -> Iterator[str]:
        imported.extend(
            event.payload
            for event in read(workspace.store, SNAPSHOTS)
            if isinstance(event.payload, SnapshotImported)
        )
        yield from filter(None, (_snapshot(workspace, payload) for payload in imported))
        overrides = (
            event.payload
            for event in read(workspace.store, SNAPSHOTS)
            if isinstance(event.payload, ListingsExcluded)
        )
        named = "a Manifest Error Override"
        yield from filter(
            None, (without_document(workspace, override.document_sha256, named) for override in overrides)
        )

    _, lost = guarded("", differences)
    yield Finding(f"snapshots: {counted(len(imported), 'files')}, each named by its hash", lost)


def _snapshot(workspace: Workspace, payload: SnapshotImported) -> str | None:
    path = (
        workspace.root
        / "snapshots"
        / snapshot_place(payload.collected_at.date(), payload.sha256, payload.form)
    )
    if not path.is_file():
        return f"{path.name} is missing"
    try:
        sha256 = read_snapshot(bytes_in(path), path.name).sha256
    except SnapshotRefused as error:
        return str(error)
    return None if sha256 == payload.sha256 else f"{path.name} has been changed"


def _notices(workspace: Workspace, logs: list[str]) -> Iterator[Finding]:
    for log in logs:
        name = deal_of_log(log)
        if name is not None:
            yield Finding(
                *guarded(
                    f"{name}: its notices, each the file that was issued", partial(_changed, workspace, log)
                )
            )
            yield Finding(
                *guarded(
                    f"{name}: its deal files, reports and notices, all on record",
                    partial(without_event, workspace, log),
                )
            )


def _changed(workspace: Workspace, log: str) -> Iterator[str]:
    issued = (
        event.payload for event in read(workspace.store, log) if isinstance(event.payload, NoticeIssued)
    )
    yield from filter(None, (_notice(workspace, payload) for payload in issued))


def _notice(workspace: Workspace, payload: NoticeIssued) -> str | None:
    path = workspace.root / payload.file
    if not path.is_file():
        return f"{payload.file} is missing"
    return None if sha256_hex(bytes_in(path)) == payload.sha256 else f"{payload.file} has been changed"

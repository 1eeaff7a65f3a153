"""`headroom verify`: the whole record checked against itself, offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from engine.checkpoints import KEY, origin, trusted
from engine.commands.belongs import guarded, origins, without_event, without_log
from engine.commands.output import print_json, say
from engine.determination.template import Template
from engine.errors import VerificationFailed, WrongUsage
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.record.audit import audit
from engine.record.canonical import sha256_hex
from engine.record.checkpoint import verify
from engine.record.event import NoticeIssued
from engine.record.keys import VerifierKey
from engine.record.log import SNAPSHOTS, deal_log, read
from engine.record.market_event import SnapshotImported
from engine.record.notice_check import verify_notice
from engine.record.policy import read_policy
from engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the verification: what was checked, and the first difference where there is one."""

    step: str
    difference: str | None = None


def verify_workspace(workspace: Workspace, trust: list[Path], held: list[Path], as_json: bool, deal: str | None = None) -> int:
    """Every step named, with the first difference where one fails; 3 where any fails.

    Args:
        workspace: what is verified.
        trust: files with the verifier keys that the verifier trusts; the workspace's own where none is given.
        held: checkpoints that somebody other than the operator kept.
        as_json: print JSON.
        deal: only this deal's log and notices.
    """
    everything = workspace.store.logs()
    logs = everything if deal is None else [log for log in everything if log == deal_log(deal)]
    own = workspace.root / f"{KEY}.pub"
    keys = trusted(trust or ([own] if own.exists() else []))
    notes = [path.read_text(encoding="utf-8") for path in held]
    gone = _gone(workspace, everything, notes, deal)
    if deal is not None and not logs and gone.difference is None:
        known = ", ".join(log.removeprefix("deal/") for log in everything if log.startswith("deal/"))
        raise WrongUsage(f"there is no log of `{deal}`; there are {known or 'none yet'}")
    findings = [_guards(workspace), gone, *_logs(workspace, logs, keys, notes)]
    findings += [*(_snapshots(workspace) if deal is None else ()), *_notices(workspace, logs)]
    failed = [finding for finding in findings if finding.difference is not None]
    times = [at for note in notes if (at := verify(note, keys).cosigned_at) is not None] if not failed else []
    time = f"cosigned at {min(times).isoformat()}" if times else "time asserted by the operator"
    if as_json:
        steps = [{"step": f.step, "difference": f.difference} for f in findings]
        print_json({"verified": not failed, "time": time, "steps": steps})
    else:
        for finding in findings:
            verdict = "DIFFERS" if finding.difference else "holds  "
            say(f"{verdict} {finding.step}" + (f": {finding.difference}" if finding.difference else ""))
        say(time)
    return 3 if failed else 0


def _guards(workspace: Workspace) -> Finding:
    return Finding("the database's guards stand as they were made", workspace.store.doubt())


def _gone(workspace: Workspace, logs: list[str], held: list[str], deal: str | None) -> Finding:
    """Whether every log is there that a checkpoint, a file or a note held elsewhere names."""
    named = origins(workspace, logs)
    missing = [*without_log(workspace, logs)]
    own = origin(workspace, "")
    first = [note.partition("\n")[0] for note in held]
    missing += [
        (name.removeprefix(own), f"a checkpoint of {name} is held, and that log is not there") for name in first if name not in named
    ]
    wanted = [what for log, what in missing if deal is None or log == deal_log(deal)]
    return Finding(f"{len(logs)} logs, all that are named by checkpoints and files", wanted[0] if wanted else None)


def _logs(workspace: Workspace, logs: list[str], keys: list[VerifierKey], held: list[str]) -> Iterator[Finding]:
    for log in logs:
        try:
            yield _log(workspace, log, keys, held)
        except VerificationFailed as damage:
            yield Finding(f"{log}: read whole", str(damage))


def _log(workspace: Workspace, log: str, keys: list[VerifierKey], held: list[str]) -> Finding:
    entries = workspace.store.entries(log)
    notes = [note for _, note in workspace.store.checkpoints(log)] if keys else []
    name = origin(workspace, log)
    theirs = [note for note in held if note.startswith(f"{name}\n")]
    wrong = audit(entries, name, keys, notes, theirs)
    step = f"{log}: {len(entries)} entries, each linked to all before it; {len(notes)} signed checkpoints, {len(theirs)} held elsewhere"
    return Finding(step, f"{wrong[0].what} ({wrong[0].defence.value})" if wrong else None)


def _snapshots(workspace: Workspace) -> Iterator[Finding]:
    imported: list[SnapshotImported] = []

    def differences() -> Iterator[str]:
        imported.extend(event.payload for event in read(workspace.store, SNAPSHOTS) if isinstance(event.payload, SnapshotImported))
        yield from filter(None, (_snapshot(workspace, payload) for payload in imported))

    _, lost = guarded("", differences)
    yield Finding(f"snapshots: {len(imported)} files, each named by its hash", lost)


def _snapshot(workspace: Workspace, payload: SnapshotImported) -> str | None:
    ending = "json.gz" if payload.form == "offers" else "csv.gz"
    path = workspace.root / "snapshots" / payload.collected_at.date().isoformat() / f"{payload.sha256}.{ending}"
    if not path.is_file():
        return f"{path.name} is missing"
    try:
        found = read_snapshot(path.read_bytes(), path.name).sha256
    except SnapshotRefused as error:
        return str(error)
    return None if found == payload.sha256 else f"{path.name} has been changed"


def _notices(workspace: Workspace, logs: list[str]) -> Iterator[Finding]:
    for log in logs:
        if log.startswith("deal/"):
            name = log.removeprefix("deal/")
            yield Finding(*guarded(f"{name}: its notices, each the file that was issued", partial(_changed, workspace, log)))
            yield Finding(*guarded(f"{name}: its deal files, reports and notices, all on record", partial(without_event, workspace, log)))


def _changed(workspace: Workspace, log: str) -> Iterator[str]:
    issued = (event.payload for event in read(workspace.store, log) if isinstance(event.payload, NoticeIssued))
    yield from filter(None, (_notice(workspace, payload) for payload in issued))


def _notice(workspace: Workspace, payload: NoticeIssued) -> str | None:
    path = workspace.root / payload.file
    if not path.is_file():
        return f"{payload.file} is missing"
    return None if sha256_hex(path.read_bytes()) == payload.sha256 else f"{payload.file} has been changed"


def verify_file(notice: Path, policy: Path, templates: Mapping[str, Template], as_json: bool) -> int:
    """One notice by itself, offline, by the verifier's policy: every step named, up to the first difference; 3 where one fails."""
    if not notice.is_file():
        raise WrongUsage(f"no such file: {notice}")
    steps = list(verify_notice(notice.read_bytes(), read_policy(policy), templates))
    failed = any(step.difference for step in steps)
    if as_json:
        print_json({"notice": str(notice), "verified": not failed, "steps": [asdict(step) for step in steps]})
    else:
        for step in steps:
            say(f"DIFFERS  {step.name}: {step.difference}" if step.difference else f"holds    {step.name}: {step.found}")
        say("" if failed else f"{notice.name} is what it says, by {policy.name}")
    return 3 if failed else 0

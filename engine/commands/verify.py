"""`headroom verify`: the whole record checked against itself, offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.checkpoints import KEY, origin, trusted
from engine.commands.output import print_json, read_text, say
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
from engine.record.notice_check import read_policy, verify_notice
from engine.workspace import Workspace

LONGEST_NAME = 120
"""Characters of a held checkpoint's first line that are printed: it may be any file."""


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
    logs = workspace.store.logs() if deal is None else [deal_log(deal)]
    if deal is not None and not workspace.store.size(logs[0]):
        known = ", ".join(log.removeprefix("deal/") for log in workspace.store.logs() if log.startswith("deal/"))
        raise WrongUsage(f"there is no log of `{deal}`; there are {known or 'none yet'}")
    own = workspace.root / f"{KEY}.pub"
    keys = trusted(trust or ([own] if own.exists() else []))
    notes = [read_text(path) for path in held]
    findings = [
        *_logs(workspace, logs, keys, notes),
        *_without_log(workspace, logs, notes),
        *(_snapshots(workspace) if deal is None else ()),
        *_notices(workspace, logs),
    ]
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


def _logs(workspace: Workspace, logs: list[str], keys: list[VerifierKey], held: list[str]) -> Iterator[Finding]:
    for log in logs:
        entries = workspace.store.entries(log)
        notes = [note for _, note in workspace.store.checkpoints(log)] if keys else []
        name = origin(workspace, log)
        theirs = [note for note in held if _of(note) == name]
        wrong = audit(entries, name, keys, notes, theirs)
        step = f"{log}: {len(entries)} entries, each linked to all before it; {len(notes)} signed checkpoints, {len(theirs)} held elsewhere"
        yield Finding(step, f"{wrong[0].what} ({wrong[0].defence.value})" if wrong else None)


def _of(note: str) -> str:
    """The log that a checkpoint says it is of: its first line (C2SP tlog-checkpoint)."""
    return note.partition("\n")[0]


def _without_log(workspace: Workspace, logs: list[str], held: list[str]) -> Iterator[Finding]:
    """Held checkpoints that no log here answers to: a log that is gone or renamed is what only they can show (ADR 3).

    Raises WrongUsage for one of another log of this workspace where one deal alone is verified.
    """
    here = {origin(workspace, log) for log in logs}
    elsewhere = {origin(workspace, log) for log in workspace.store.logs()} - here
    for name in (_of(note) for note in held):
        if name in elsewhere:
            raise WrongUsage(f"the held checkpoint is of {name}, which is not verified here; name no deal, and every log is")
        if name not in here:
            yield Finding(f"held checkpoint of {name[:LONGEST_NAME]!r}", f"no such log here; there are {', '.join(sorted(here)) or 'none'}")


def _snapshots(workspace: Workspace) -> Iterator[Finding]:
    imported = [event.payload for event in read(workspace.store, SNAPSHOTS)]
    lost = None
    for payload in imported:
        if isinstance(payload, SnapshotImported):
            lost = lost or _snapshot(workspace, payload)
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
        if not log.startswith("deal/"):
            continue
        issued = [event.payload for event in read(workspace.store, log) if isinstance(event.payload, NoticeIssued)]
        differences = (_notice(workspace, payload) for payload in issued)
        found = next((difference for difference in differences if difference), None)
        yield Finding(f"{log.removeprefix('deal/')}: {len(issued)} notices, each the file that was issued", found)


def _notice(workspace: Workspace, payload: NoticeIssued) -> str | None:
    path = workspace.root / payload.file
    if not path.is_file():
        return f"{payload.file} is missing"
    return None if sha256_hex(path.read_bytes()) == payload.sha256 else f"{payload.file} has been changed"


def verify_file(notice: Path, policy: Path, templates: Mapping[str, Template], as_json: bool) -> int:
    """One notice by itself, offline, by the verifier's policy: every step named, up to the first difference; 3 where one fails."""
    for path in (notice, policy):
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
    data = notice.read_bytes()
    if not data.startswith(b"%PDF-"):
        raise VerificationFailed(f"{notice} is not a PDF, so it is no notice")
    steps = list(verify_notice(data, read_policy(policy), templates))
    failed = any(step.difference for step in steps)
    if as_json:
        print_json({"notice": str(notice), "verified": not failed, "steps": [asdict(step) for step in steps]})
    else:
        for step in steps:
            say(f"DIFFERS  {step.name}: {step.difference}" if step.difference else f"holds    {step.name}: {step.found}")
        say("" if failed else f"{notice.name} is what it says, by {policy.name}")
    return 3 if failed else 0

"""`headroom verify`: the whole record checked against itself, offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.commands.output import print_json, say
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.record.canonical import sha256_hex
from engine.record.event import NoticeIssued
from engine.record.log import SNAPSHOTS, event_of, read
from engine.record.market_event import SnapshotImported
from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import Entry
from engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the verification: what was checked, and the first difference where there is one."""

    step: str
    difference: str | None = None


def verify_workspace(workspace: Workspace, as_json: bool) -> int:
    """Every step named, with the first difference where one fails; 3 where any fails."""
    findings = [*_logs(workspace), *_snapshots(workspace), *_notices(workspace)]
    failed = [finding for finding in findings if finding.difference is not None]
    if as_json:
        print_json({"verified": not failed, "steps": [{"step": f.step, "difference": f.difference} for f in findings]})
    else:
        for finding in findings:
            say(
                f"{'DIFFERS' if finding.difference else 'holds  '} {finding.step}"
                + (f": {finding.difference}" if finding.difference else "")
            )
        say("time asserted by the operator: no cosignature or time stamp is held")
    return 3 if failed else 0


def _logs(workspace: Workspace) -> Iterator[Finding]:
    for log in workspace.store.logs():
        entries = workspace.store.entries(log)
        yield Finding(f"{log}: {len(entries)} entries, each linked to all before it", first_difference(entries))


def first_difference(entries: list[Entry]) -> str | None:
    """The first entry whose number, leaf or root is not what its body and its place make it."""
    tree = CompactRange()
    for place, entry in enumerate(entries):
        if entry.seq != place:
            return f"entry {place} is missing"
        if leaf_hash(entry.body) != entry.leaf:
            return f"the body of entry {place} is not what its leaf says"
        tree.append(entry.leaf)
        if tree.root() != entry.root:
            return f"the root after entry {place} does not follow from the entries before it"
        if event_of(entry).key != entry.key:
            return f"the key of entry {place} is not its event's"
    return None


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


def _notices(workspace: Workspace) -> Iterator[Finding]:
    for log in workspace.store.logs():
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

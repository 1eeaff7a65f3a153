"""`headroom import` of snapshots and `headroom index`: what enters the archive, and one week's value from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.events.draft import Draft
from engine.events.market_events import SnapshotImported
from engine.market.index_value import IndexValue
from engine.market.snapshot import Snapshot, SnapshotRefused
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.workspace import Workspace

ENDINGS = (".json", ".json.gz", ".csv", ".csv.gz")
NOT_SNAPSHOTS = {"manifest.json"}


def import_snapshots(workspace: Workspace, paths: Iterable[Path], scribe: Scribe, as_json: bool) -> int:
    """Take snapshots into the archive; returns the exit code: 1 where some file was refused.

    What is in the archive is in the log: a snapshot that is known is recorded again, which changes nothing unless an earlier
    import was killed before it was recorded.

    Raises:
        WrongUsage: a path does not exist; then nothing is imported.
    """
    added: list[Snapshot] = []
    known = 0
    refused: list[dict[str, str]] = []
    try:
        for path in list(_files(paths)):
            progress(f"importing {path.name}")
            try:
                snapshot, new = workspace.archive.add(path.read_bytes(), path.name)
            except (SnapshotRefused, OSError) as error:
                refused.append({"file": str(path), "reason": str(error)})
                continue
            record_snapshots(workspace, [snapshot], scribe)  # at once, so that an import that is stopped has recorded what it kept
            known += not new
            if new:
                added.append(snapshot)
    finally:
        progress_done()
    _say_imported(added, known, refused, as_json)
    return 1 if refused else 0


def _say_imported(added: list[Snapshot], known: int, refused: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        found = [{"sha256": s.sha256, "collected_at": s.collected_at.isoformat(), "form": s.form} for s in added]
        print_json({"imported": found, "already_known": known, "refused": refused})
        return
    days = sorted({s.day for s in added})
    span = f" of {days[0]} to {days[-1]}" if days else ""
    say(f"{len(added)} snapshots imported{span}; {known} already known; {len(refused)} refused")
    for one in refused:
        say(f"refused: {one['reason']}")


def record_snapshots(workspace: Workspace, snapshots: Iterable[Snapshot], scribe: Scribe, right: dict[str, str] | None = None) -> None:
    """Log what entered the archive, with the right to collect where it was collected."""
    drafts = [
        Draft(
            kind="snapshot imported",
            subject=s.sha256,
            effective_on=s.day,
            payload=SnapshotImported(sha256=s.sha256, collected_at=s.collected_at, form=s.form, source=s.source, collection_right=right),
        )
        for s in snapshots
    ]
    if drafts:
        with workspace.store.begin() as writer:
            append(writer, SNAPSHOTS, drafts, scribe)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named; a folder's manifest is no snapshot."""
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and p.name.endswith(ENDINGS))
            yield from (p for p in found if p.name not in NOT_SNAPSHOTS)
        elif path.exists():
            yield path
        else:
            raise WrongUsage(f"{path} does not exist")


def show_index(workspace: Workspace, name: str, window_end: date, methodology: str, known_at: datetime | None, as_json: bool) -> None:
    """Compute one week's value and print it."""
    from engine.workspace.series import computed

    value = computed(workspace, name, methodology, window_end, known_at)
    if as_json:
        print_json(value.model_dump(mode="json"))
        return
    shown = f"USD {value.value} per GPU-hour" if value.value is not None else "no value"
    say(f"{value.index}  {shown}  (Publication Date {value.publication_date}, window {value.window_start} to {value.window_end})")
    say(f"methodology {value.methodology}; {value.source}; not published by the administrator")
    if value.interval is not None and value.interval_width is not None:
        width = f"{float(value.interval_width) * 100:.1f}%"
        say(f"95% interval {value.interval.low} to {value.interval.high} ({width} of the value), {value.interval.method}")
    if value.host_interval is not None:
        note = f"; {value.host_interval.note}" if value.host_interval.note else ""
        say(f"resampling hosts: {value.host_interval.low} to {value.host_interval.high}, {value.host_interval.method}{note}")
    for line in _dispersion(value):
        say(line)
    flag = "; ".join(value.low_confidence_reasons) if value.low_confidence else "no"
    say(f"Low Confidence: {flag}")
    say()
    say(table(("day", "offers", "qualify", "counts", "kept", "removed by rule", "snapshot"), list(_days(value)), right=(1, 2, 4)))


def _dispersion(value: IndexValue) -> Iterator[str]:
    """Counts, spread, precision class and sellers; of a week without a value only that there is nothing to count."""
    sample = f"{counted(value.observations, 'observations')} on {counted(value.valid_days, 'valid days')}"
    if value.value is None:
        yield sample
        return
    deviation = "not defined for one observation" if value.stdev is None else value.stdev
    yield f"{sample}; min {value.min}, max {value.max}, mean {value.mean}, standard deviation {deviation}"
    yield f"precision class by count {value.precision_class}; by measured width {value.precision_class_measured}"
    yield _sellers(value)


def _sellers(value: IndexValue) -> str:
    if value.hosts is None:
        return "hosts, machines and the largest host's share: not known; the rows name none"
    least = "at least " if value.hosts_at_least else ""
    machines = "machines not known" if value.machines is None else f"{least}{counted(value.machines, 'machines')}"
    basis = "; a day's rows that name no host count as one" if value.hosts_at_least else ""
    return f"{least}{counted(value.hosts, 'hosts')}, {machines}, largest host {value.largest_host_share} of the observations{basis}"


def _days(value: IndexValue) -> Iterator[tuple[str, ...]]:
    for day in value.days:
        removed = ", ".join(f"{rule} {count}" for rule, count in day.excluded.items()) or "-"
        cut = " (cut at the limit)" if day.truncated else ""
        yield (
            str(day.date),
            str(day.offers),
            str(day.qualifying),
            "yes" if day.counts else "no",
            str(day.kept),
            removed + cut,
            (day.snapshot or "none")[:16],
        )

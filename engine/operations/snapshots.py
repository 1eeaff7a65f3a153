"""Take collections into the archive of snapshots.

They come from files, or from the marketplace's answers, and each stands in the log at once with what was
stated of it. Raw answers, unfiltered tables and filtered days come in as they lie (`rulings.md` 61). An
administrator's `.meta.json` is not a snapshot, unless its day was empty: its SHA-256 is compared with the
table beside it. A change of form is not recorded until a person accepts it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.basics.errors import HeadroomError, WrongUsage
from engine.basics.files import is_litter
from engine.basics.received_files import NotReceived, files_below, is_leftover, not_downloaded, read_received
from engine.events.draft import Draft
from engine.events.market_events import SnapshotImported
from engine.market.collect import Query, collect
from engine.market.collection_metadata import ENDING, CollectionMetadata, compared, read_metadata
from engine.market.index_definitions import KNOWN
from engine.market.methodology import current_version, load_methodology
from engine.market.offer_table import TableRefused, collections_of, has_rows
from engine.market.quality.collection_changes import NAMES, changes
from engine.market.snapshot import (
    Snapshot,
    SnapshotRefused,
    plain_bytes,
    read_new_snapshot,
    refuse_two_readings,
    unmarked,
)
from engine.operations.older_record import refuse_older_record
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.documents import Document, keep_document
from engine.workspace.workspace import Workspace

ENDINGS = (".json", ".json.gz", ".csv", ".csv.gz")
NOT_SNAPSHOTS = {"manifest.json"}
OTHER_FILE = "other-file"
"""The name under which a table is taken that is not the one of its administrator's SHA-256."""
CLOCKS_APART = timedelta(hours=1)
"""How far a collector's clock may be before this one."""
LOOK_BACK = timedelta(days=8)
"""How far back the collection before is looked for."""
HELD = "held"
"""The folder of answers that were not recorded, so that none is lost."""
NO_RIGHT = (
    "no right to collect is stated. The marketplace's terms of use are reported to forbid automated "
    "collection without a written agreement. State the right under [collection_right] in headroom.toml "
    "(document, date, holder), or use the two other ways in: import snapshots that you may use (`headroom "
    "import`), or take the administrator's published series (`headroom import --series CRI-H100 FILE.csv`)."
)


class CollectionHeld(HeadroomError):
    """An answer that looks like a change of form; it was kept aside, and nothing was recorded."""


@dataclass
class SnapshotsTaken:
    """What an import did.

    It holds the new snapshots, the number of known ones, and each refused file with its reason. It also holds
    what metadata stated, and the metadata.
    """

    added: list[Snapshot] = field(default_factory=list)
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    stated: list[tuple[str, str]] = field(default_factory=list)
    described: list[tuple[str, CollectionMetadata]] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return what was imported, known, refused and stated, as JSON."""
        imported = [
            {
                "sha256": snapshot.sha256,
                "collected_at": snapshot.collected_at.isoformat(),
                "form": snapshot.form,
            }
            for snapshot in self.added
        ]
        refused = [{"file": file, "reason": reason} for file, reason in self.refused]
        stated = [{"file": file, "said": said} for file, said in self.stated]
        return {"imported": imported, "already_known": self.known, "refused": refused, "stated": stated}


def import_snapshots(
    workspace: Workspace,
    paths: Iterable[Path],
    scribe: Scribe,
    accept: Sequence[str] = (),
    progress: Callable[[str], None] = print,
) -> SnapshotsTaken:
    """Take snapshots into the archive and the log, each at once.

    An import that is stopped has therefore recorded what it kept. A snapshot that is known is recorded again,
    which changes nothing unless an earlier import was killed before it was recorded.

    Args:
        workspace: the workspace whose archive takes them.
        paths: files, and folders of them.
        scribe: who records.
        accept: the changes of form that are taken all the same, by name.
        progress: told the name of each file.

    Raises:
        WrongUsage: a path does not exist, or a name to accept is not one; then nothing is imported.
    """
    refuse_unknown(accept)
    # All paths are looked at before the first import, so that a wrong one imports nothing.
    files = list(_files(paths))
    taken = SnapshotsTaken()
    before: Snapshot | None = None
    for path in files:
        progress(f"importing {path.name}")
        try:
            for snapshot, stated, part_of in _snapshots_in(workspace, path, accept, taken):
                _refuse_later(snapshot, path.name, scribe.at)
                earlier = _before(workspace, snapshot, before)
                accepted = _accepted(workspace, snapshot, earlier, accept)
                _, new = workspace.archive.add(
                    snapshot.plain, f"{path.name.partition('.')[0]}.{_ending(snapshot)}"
                )
                record_snapshots(workspace, [snapshot], scribe, None, accepted, stated, part_of)
                taken.known += not new
                taken.added += [snapshot] if new else []
                before = snapshot
        except (SnapshotRefused, CollectionHeld, TableRefused, NotReceived, OSError) as error:
            taken.refused.append((str(path), str(error)))
    # Last, since the raw answer may be among the files of this import.
    _raw_answers(workspace, taken)
    return taken


def _refuse_later(snapshot: Snapshot, name: str, now: datetime) -> None:
    """Raise SnapshotRefused for a collection after the moment at which it comes in."""
    # Two clocks may differ by some minutes. A day of the future would stand before the real one comes.
    if snapshot.collected_at > now + CLOCKS_APART:
        raise SnapshotRefused(
            f"{name}: it was collected at {snapshot.collected_at:%Y-%m-%d %H:%M} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M} UTC by this clock; correct the clock that is wrong"
        )


def refuse_unknown(accept: Sequence[str]) -> None:
    """Raise WrongUsage for a name under which nothing is accepted."""
    strange = [name for name in accept if name not in NAMES and name != OTHER_FILE]
    if strange:
        raise WrongUsage(
            f"nothing is accepted as {', '.join(strange)}; names are {', '.join((*NAMES, OTHER_FILE))}"
        )


def _snapshots_in(
    workspace: Workspace, path: Path, accept: Sequence[str], taken: SnapshotsTaken
) -> Iterator[tuple[Snapshot, str | None, str | None]]:
    """Yield the snapshots that a file holds.

    Each comes with the SHA-256 that its administrator states, and with the SHA-256 of its file.
    """
    plain = plain_bytes(read_received(path), path.name)
    if path.name.lower().endswith(ENDING) and (said := read_metadata(unmarked(plain))) is not None:
        refuse_two_readings(plain, path.name)
        taken.described.append((path.name, said))
        yield from _empty_day(workspace, path, plain, said)
        return
    stated = _stated(path, plain, accept, taken)
    if (
        path.name.lower().removesuffix(".gz").endswith(".csv")
        and stated is not None
        and not has_rows(plain, path.name)
    ):
        return  # an empty day, which its metadata tells
    parts = collections_of(plain, path.name)
    whole = sha256(plain).hexdigest() if len(parts) > 1 else None
    for part in parts:
        yield read_new_snapshot(part, path.name), stated, whole


def _empty_day(
    workspace: Workspace, path: Path, plain: bytes, said: CollectionMetadata
) -> Iterator[tuple[Snapshot, str | None, str | None]]:
    """Yield the snapshot of a day of which nothing qualified.

    Metadata of any other day only states the SHA-256 of the table beside it.
    """
    if not said.counts.final_observations:
        yield read_new_snapshot(plain, path.name), None, None
    elif _table_of(path, said) is None and not _on_record(workspace, said, said.provenance.sha256):
        raise SnapshotRefused(
            f"{path.name}: the table that it describes, {said.file or 'which it does not name'}, is not "
            "beside it"
        )


def _on_record(workspace: Workspace, said: CollectionMetadata, digest: str) -> bool:
    """Return whether a collection of the day has the SHA-256 that metadata states."""
    try:
        day = datetime.fromisoformat(said.collected_utc).astimezone(UTC).date()
    except ValueError:
        return False
    return any(snapshot.sha256 == digest.lower() for snapshot in workspace.archive.between(day, day))


def _raw_answers(workspace: Workspace, taken: SnapshotsTaken) -> None:
    """Say of each day's metadata whether the raw answer whose SHA-256 it states is on record."""
    for name, said in taken.described:
        stated = said.provenance.archive_sha256
        if stated:
            there = "on record" if _on_record(workspace, said, stated) else "not on record"
            taken.stated.append((name, f"the raw answer {stated[:16]} that it states is {there}"))


def _table_of(path: Path, said: CollectionMetadata) -> Path | None:
    """Return the table that metadata describes, where it lies beside it."""
    names = [name for name in (path.name.removesuffix(ENDING) + ".csv", said.file) if name]
    places = [path.with_name(name + more) for name in names for more in ("", ".gz")]
    return next((place for place in places if place.is_file()), None)


def _stated(path: Path, plain: bytes, accept: Sequence[str], taken: SnapshotsTaken) -> str | None:
    """Return the SHA-256 that the metadata beside a file states of it; None without metadata.

    Raises SnapshotRefused if it is another file.
    """
    stem = path.name.removesuffix(".gz").rpartition(".")[0]
    beside = path.with_name(stem + ENDING)
    if beside == path or not beside.exists():
        return None
    metadata = read_received(beside)
    said = read_metadata(unmarked(metadata))
    if said is None:
        raise SnapshotRefused(
            f"{path.name}: {beside.name} beside it cannot be read, so nobody knows whether this is the "
            "administrator's file. Fetch both again, or move the metadata away"
        )
    refuse_two_readings(metadata, beside.name)
    stated = said.provenance.sha256
    outcome = compared(plain, stated)
    taken.stated.append((path.name, f"SHA-256 of {beside.name}: {outcome}"))
    if outcome == "differs" and OTHER_FILE not in accept:
        raise SnapshotRefused(
            f"{path.name}: its SHA-256 is {sha256(plain).hexdigest()[:16]}, and {beside.name} states "
            f"{stated[:16]}: it is not the file that the administrator published. Fetch it again, or take "
            f"it with --accept {OTHER_FILE}"
        )
    return stated or None


def _ending(snapshot: Snapshot) -> str:
    return "json" if snapshot.form in ("offers", "empty day") else "csv"


def _before(workspace: Workspace, snapshot: Snapshot, last: Snapshot | None) -> Snapshot | None:
    """Return the collection before a snapshot.

    It is the one that was just imported, or else the newest of the last eight days in the archive.
    """
    # Files may come out of order: the last import counts only if it was collected earlier.
    if last is not None and timedelta() < snapshot.collected_at - last.collected_at <= LOOK_BACK:
        return last
    day = snapshot.day
    while day >= snapshot.day - LOOK_BACK:
        there = [
            candidate
            for candidate in workspace.archive.between(day, day)
            if candidate.collected_at < snapshot.collected_at
        ]
        if there:
            return max(there, key=lambda candidate: (candidate.collected_at, candidate.sha256))
        day -= timedelta(days=1)
    return None


def _accepted(
    workspace: Workspace, snapshot: Snapshot, before: Snapshot | None, accept: Sequence[str]
) -> tuple[str, ...]:
    """Return the changes of form that a snapshot shows and that are accepted.

    Raises CollectionHeld if one is not.
    """
    suspected = changes(snapshot, before, {**KNOWN, **workspace.indices}, load_methodology(current_version()))
    # A change of form that is taken unseen would look like a move of the rate.
    open_ = [change for change in suspected if change.name not in accept]
    if open_:
        names = " ".join(f"--accept {name}" for name in dict.fromkeys(change.name for change in open_))
        said = "; ".join(map(str, open_))
        raise CollectionHeld(
            f"the collection of {snapshot.collected_at:%Y-%m-%d %H:%M} UTC is not recorded: {said}. To take "
            f"it: {names}"
        )
    return tuple(dict.fromkeys(change.name for change in suspected))


def record_snapshots(
    workspace: Workspace,
    snapshots: Iterable[Snapshot],
    scribe: Scribe,
    right: dict[str, str] | None = None,
    accepted: tuple[str, ...] = (),
    stated: str | None = None,
    part_of: str | None = None,
) -> None:
    """Log what entered the archive.

    Args:
        workspace: the workspace in whose log it is recorded.
        snapshots: what entered.
        scribe: who records.
        right: the right under which it was collected, if it was.
        accepted: the changes of form that a person accepted.
        stated: the SHA-256 that its administrator states.
        part_of: the SHA-256 of the table that it was cut from.
    """
    drafts = [
        Draft(
            kind="snapshot imported",
            subject=s.sha256,
            effective_on=s.day,
            payload=SnapshotImported(
                sha256=s.sha256,
                collected_at=s.collected_at,
                form=s.form,
                source=s.source,
                collection_right=right,
                accepted=accepted,
                stated_sha256=stated,
                part_of=part_of,
            ),
        )
        for s in snapshots
    ]
    if drafts:
        with workspace.store.begin() as writer:
            append(writer, SNAPSHOTS, drafts, scribe)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files named, and those in the folders named; a folder's manifest is not a snapshot."""
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in files_below(path) if not is_litter(p.name) and not is_leftover(p))
            # What a sync program has not downloaded is refused, because its day would be missing.
            named = ((p, (not_downloaded(p.name) or p.name).lower()) for p in files)
            yield from (p for p, name in named if name.endswith(ENDINGS) and name not in NOT_SNAPSHOTS)
        elif path.exists():
            yield path
        else:
            raise WrongUsage(f"{path} does not exist")


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection: its snapshot, whether it is new, and the right under which it was collected."""

    snapshot: Snapshot
    new: bool
    right: Mapping[str, str]

    @property
    def not_shown_whole(self) -> list[str]:
        """The GPU models whose answers from both ends of the price list did not meet."""
        return sorted(set(self.snapshot.models) - (self.snapshot.whole or frozenset()))

    def as_data(self) -> dict[str, Any]:
        """Return the collection as JSON: hash, moment, whether it is new, what is not shown to be whole."""
        snapshot = {
            "sha256": self.snapshot.sha256,
            "collected_at": self.snapshot.collected_at.isoformat(),
            "new": self.new,
        }
        return {**snapshot, "not_shown_whole": self.not_shown_whole}


def collect_now(
    workspace: Workspace, scribe: Callable[[], Scribe], accept: Sequence[str], progress: Callable[[str], None]
) -> Collection:
    """Collect from the marketplace at once, and record the collection.

    The request does not wait for other commands, since offers change. The recording waits until nobody else
    records.

    Raises:
        WrongUsage: no right is stated, no address is set, or a name to accept is not one.
        CollectionHeld: the answer looks like a change of form; it is kept in `held/`, and nothing is
            recorded.
        VerificationFailed: the record is older than what was signed.
    """
    refuse_older_record(workspace)  # before anybody is asked: an answer that nobody records is lost
    refuse_unknown(accept)
    settings = workspace.settings
    # Asked before anything is sent, because the request itself is what may be forbidden.
    if settings.collection_right is None:
        raise WrongUsage(NO_RIGHT)
    if not settings.collect.base_url:
        raise WrongUsage("no address is set: write `base_url` under [collect] in headroom.toml")
    right = settings.collection_right.model_dump()
    query = Query(
        settings.collect.base_url,
        settings.collect.models,
        settings.collect.limit,
        settings.collect.timeout_seconds,
    )
    asked_at = scribe().at
    answers: list[bytes] = []
    data = collect(query, asked_at, right, progress, answers)
    name = f"{asked_at:%Y%m%dT%H%M%SZ}.json"
    with workspace.alone(told=lambda: progress("collected; another command records in this workspace")):
        refuse_older_record(workspace)
        # Kept before they are judged, so that a collection that is held has its raw answers too.
        for answer in answers:
            keep_document(workspace, Document("answer.json", sha256(answer).hexdigest(), answer))
        snapshot = read_new_snapshot(data, name)
        try:
            accepted = _accepted(workspace, snapshot, _before(workspace, snapshot, None), accept)
        except CollectionHeld as error:
            kept = workspace.root / HELD / name
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(data)
            said = f"{error}. The answer is kept: `headroom import {HELD}/{name}` with that takes it"
            raise CollectionHeld(said) from None
        _, new = workspace.archive.add(data, name)
        # The clock is read again after the wait, so what others recorded meanwhile is not later.
        record_snapshots(workspace, [snapshot], scribe(), right, accepted)
    return Collection(snapshot, new, right)

"""The snapshot archive: files named by their content, written once, one folder per UTC day.

See `record.md`, Event log.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from engine.basics.archive_names import snapshot_place
from engine.basics.files import write_whole
from engine.basics.regular_files import bytes_in
from engine.market.snapshot import Snapshot, SnapshotRefused, read_snapshot


class Archive:
    """A folder of snapshots: `YYYY-MM-DD/<sha256>.json.gz` or `.csv.gz`.

    The name is the hash of the plain bytes.
    """

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which need not exist yet."""
        self.folder = folder

    def add(self, data: bytes, name: str) -> tuple[Snapshot, bool]:
        """Keep one snapshot, and return it with whether it is new.

        Raises SnapshotRefused if it is damaged.
        """
        snapshot = read_snapshot(data, name)
        place = self._place(snapshot)
        if place.exists():
            # What is there is read again: a damaged file must not pass for the one that was just offered.
            read_snapshot(bytes_in(place), place.name)
            return snapshot, False
        # The time stamp is left at zero, so that the file does not differ with the moment at which it was
        # written.
        write_whole(place, gzip.compress(snapshot.plain, compresslevel=9, mtime=0))
        return snapshot, True

    def between(self, first: date, last: date) -> Iterator[Snapshot]:
        """Yield the snapshots of the days from `first` to `last`.

        Each one is checked against the hash that names it.
        """
        for _, path in self._files(first, last):
            yield self._read(path)

    def named(self, first: date, last: date) -> Iterator[tuple[date, str]]:
        """Yield day and SHA-256 of the snapshots of some days as their names say it; no file is opened."""
        for day, path in self._files(first, last):
            yield day, path.name.partition(".")[0]

    def _files(self, first: date, last: date) -> Iterator[tuple[date, Path]]:
        for n in range((last - first).days + 1):
            folder = self.folder / (day := first + timedelta(days=n)).isoformat()
            for path in sorted(folder.glob("*.gz")) if folder.is_dir() else ():
                yield day, path

    def _read(self, path: Path) -> Snapshot:
        snapshot = read_snapshot(bytes_in(path), path.name)
        # The name is the only witness of the content; a file changed on disk would move values on record.
        if not path.name.startswith(snapshot.sha256):
            raise SnapshotRefused(
                f"{path}: the file is not the snapshot that its name says; it has been changed"
            )
        return snapshot

    def _place(self, snapshot: Snapshot) -> Path:
        return self.folder / snapshot_place(snapshot.day, snapshot.sha256, snapshot.form)

"""What enters the archive is in the log, whatever interrupts the import; an index rests on nothing that no log names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.commands.market import import_snapshots
from engine.errors import WrongUsage
from engine.market.archive import Archive
from engine.record.log import SNAPSHOTS, Scribe, read
from engine.workspace import Workspace, create, opened
from tests.market.make import AT, document, offer

SCRIBE = Scribe("t", "t", datetime(2026, 3, 6, tzinfo=UTC))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path / "desk")
    workspace = opened(tmp_path / "desk")
    yield workspace
    workspace.store.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"{n}.json" for n in range(3)]
    for n, path in enumerate(found):
        path.write_bytes(document([offer(dph_total=4.0 + n)], AT + timedelta(minutes=n)))
    return found


def archived(desk: Workspace) -> set[str]:
    return {one.sha256 for one in desk.archive.between(AT.date(), AT.date())}


def logged(desk: Workspace) -> set[str]:
    return {event.subject for event in read(desk.store, SNAPSHOTS)}


def test_a_path_that_is_wrong_imports_nothing(desk: Workspace, files: list[Path]) -> None:
    with pytest.raises(WrongUsage, match=r"typo\.json does not exist"):
        import_snapshots(desk, [*files, files[0].with_name("typo.json")], SCRIBE, as_json=True)
    assert archived(desk) == logged(desk) == set()


def test_an_import_that_is_stopped_in_the_middle_has_recorded_what_it_kept(
    desk: Workspace, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Archive.add

    def stopped(archive: Archive, data: bytes, name: str) -> Any:
        if name == files[2].name:
            raise KeyboardInterrupt
        return whole(archive, data, name)

    monkeypatch.setattr(Archive, "add", stopped)
    with pytest.raises(KeyboardInterrupt):
        import_snapshots(desk, files, SCRIBE, as_json=True)
    assert archived(desk) == logged(desk)
    assert len(logged(desk)) == 2


def test_a_snapshot_that_no_log_names_is_recorded_by_the_next_import_and_once(desk: Workspace, files: list[Path]) -> None:
    """As a killed import leaves it: in the archive, and in no log."""
    for path in files[:2]:
        desk.archive.add(path.read_bytes(), path.name)
    for _ in range(2):
        assert import_snapshots(desk, files, SCRIBE, as_json=True) == 0
        assert archived(desk) == logged(desk)
        assert desk.store.size(SNAPSHOTS) == 3

"""What enters the archive is in the log, whatever interrupts the import; an index rests on nothing that no log names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import WrongUsage
from engine.cli.show.index import import_snapshots, record_snapshots
from engine.cli.show.series import restate
from engine.demo import plan
from engine.determination.template import Template
from engine.market.archive import Archive
from engine.operations.run import Tools, run
from engine.record.log import SNAPSHOTS, Scribe, index_log, read
from engine.workspace.series import computed
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
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


def test_a_snapshot_that_no_log_names_is_not_published_from(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    """As an import or a collection leaves it that is killed, or goes on beside the run: published from, it could not be replayed."""
    shutil.copy(DEALS / "meridian-2026-1.yaml", desk.root / "deals")
    thursday = plan.THURSDAYS[0]
    night, morning = datetime(2026, 1, 9, 7, tzinfo=UTC), datetime(2026, 1, 9, 9, tzinfo=UTC)
    kept = [desk.archive.add(one.data, one.name)[0] for one in plan.snapshots(thursday)]
    wanted = set(computed(desk, "CRI-H100", "1.1-wp", thursday - timedelta(days=1)).inputs)
    left_out = min(wanted)
    record_snapshots(desk, [one for one in kept if one.sha256 != left_out], Scribe("t", "t", night - timedelta(hours=1)))
    tools = Tools(all_templates, lambda notices: (b"x" for _ in notices), night, "t", lambda _: None)
    (published,) = run(desk, thursday, tools).publications
    assert left_out not in published.inputs
    record_snapshots(desk, kept, Scribe("t", "t", morning))
    assert [one.difference for one in Replay(desk, all_templates).run() if one.difference] == []
    assert restate(desk, "CRI-H100@1.1-wp", thursday, "imported again", True, all_templates, Scribe("t", "t", morning), as_json=True) == 0
    again = read(desk.store, index_log("CRI-H100@1.1-wp"))[-1]
    assert (again.print, set(again.inputs)) == (2, wanted)
    assert [one.difference for one in Replay(desk, all_templates).run() if one.difference] == []

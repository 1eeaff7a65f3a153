"""What enters the archive is in the log, whatever interrupts the import; an index rests on nothing that no
log names.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import WrongUsage
from engine.cli.show.index import import_snapshots
from engine.cli.show.series import restate
from engine.demo import plan
from engine.determination.template import Template
from engine.events.market_events import SnapshotImported
from engine.market.archive import Archive
from engine.operations.run import Tools, run
from engine.operations.snapshots import SnapshotsTaken, record_snapshots
from engine.operations.snapshots import import_snapshots as take_snapshots
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


def test_a_collection_of_the_future_is_refused_and_the_others_are_taken(
    desk: Workspace, files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """It would stand for its day before that day comes."""
    files[1].write_bytes(document([offer()], datetime(9999, 12, 31, tzinfo=UTC)))
    files[2].write_bytes(document([offer()], SCRIBE.at + timedelta(minutes=59)))
    assert import_snapshots(desk, files, SCRIBE, as_json=False) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "it was collected at 9999-12-31 00:00 UTC, and it is 2026-03-06" in said
    assert len(logged(desk)) == 2


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


def test_a_snapshot_that_no_log_names_is_recorded_by_the_next_import_and_once(
    desk: Workspace, files: list[Path]
) -> None:
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
    """As an import or a collection leaves it that is killed, or goes on beside the run: published from, it
    could not be replayed.
    """
    shutil.copy(DEALS / "meridian-2026-1.yaml", desk.root / "deals")
    thursday = plan.THURSDAYS[0]
    night, morning = datetime(2026, 1, 9, 7, tzinfo=UTC), datetime(2026, 1, 9, 9, tzinfo=UTC)
    kept = [desk.archive.add(one.data, one.name)[0] for one in plan.snapshots(thursday)]
    wanted = set(computed(desk, "CRI-H100", "1.1-wp", thursday - timedelta(days=1)).inputs)
    left_out = min(wanted)
    record_snapshots(
        desk, [one for one in kept if one.sha256 != left_out], Scribe("t", "t", night - timedelta(hours=1))
    )
    tools = Tools(all_templates, lambda notices: (b"x" for _ in notices), night, "t", lambda _: None)
    (published,) = run(desk, thursday, tools).publications
    assert left_out not in published.inputs
    record_snapshots(desk, kept, Scribe("t", "t", morning))
    assert [one.difference for one in Replay(desk, all_templates).run() if one.difference] == []
    assert (
        restate(
            desk,
            "CRI-H100@1.1-wp",
            thursday,
            "imported again",
            True,
            all_templates,
            Scribe("t", "t", morning),
            as_json=True,
        )
        == 0
    )
    again = read(desk.store, index_log("CRI-H100@1.1-wp"))[-1]
    assert (again.print, set(again.inputs)) == (2, wanted)
    assert [one.difference for one in Replay(desk, all_templates).run() if one.difference] == []


META: dict[str, Any] = {
    "collected_utc": "2026-03-05T15:00:18+00:00",
    "target_gpu": "H100 SXM",
    "geography": "US",
    "counts": {"final_observations": 0},
    "provenance": {"output_file": "data\\2026-03-05.csv", "sha256": "0" * 64},
}
FILTERED = "gpu_name,num_gpus,dph_total,geolocation,collected_utc\n"
DAY = FILTERED + 'H100 SXM,1,1.7,"Texas, US",2026-03-05T15:00:00+00:00\n' * 9


def described(folder: Path, table: str, **changed: Any) -> Path:
    """A day as its administrator publishes it: the table, and its metadata."""
    folder.mkdir()
    (folder / "2026-03-05.csv").write_text(table, encoding="utf-8")
    (folder / "2026-03-05.meta.json").write_text(json.dumps({**META, **changed}), encoding="utf-8")
    return folder


def stated(table: str, count: int = 9) -> dict[str, Any]:
    return {
        "counts": {"final_observations": count},
        "provenance": {"sha256": sha256(table.encode()).hexdigest()},
    }


def taken_from(desk: Workspace, *paths: Path, accept: tuple[str, ...] = ()) -> SnapshotsTaken:
    return take_snapshots(desk, paths, SCRIBE, accept, lambda _: None)


def test_a_day_that_was_not_downloaded_is_named_and_not_missing(desk: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    for name in (".2026-03-05.json.icloud", "._2026-03-05.json", ".notes.pdf.icloud"):
        (folder / name).write_bytes(b"bplist00")
    (folder / "2026-03-06.json").symlink_to(tmp_path / "nowhere.json")
    (folder / "2026-03-07.csv.part").write_bytes(b"half of it")
    (folder / "2026-03-08.json").touch()
    taken = taken_from(desk, folder)
    assert taken.added == []
    said = dict(zip((".05", "06", "07", "08"), (why for _, why in sorted(taken.refused)), strict=True))
    assert "stands for 2026-03-05.json" in said[".05"]
    assert "a link to a file that is not there" in said["06"]
    assert "stands for 2026-03-07.csv" in said["07"]
    assert "the file has no content" in said["08"]


def test_a_leftover_beside_a_whole_day_is_passed_over(desk: Workspace, tmp_path: Path) -> None:
    day = tmp_path / "days" / "2026-03-05.csv"
    day.parent.mkdir()
    day.write_text(DAY, encoding="utf-8")
    day.with_name(f"{day.name}.part").write_bytes(b"half of it")
    day.with_name(f".{day.name}.icloud").write_bytes(b"bplist00")
    taken = taken_from(desk, day.parent)
    assert (len(taken.added), taken.refused) == (1, [])


def test_a_day_is_imported_whatever_the_letters_of_its_name_and_from_a_linked_folder(
    desk: Workspace, tmp_path: Path
) -> None:
    days, folder = tmp_path / "elsewhere", tmp_path / "in"
    days.mkdir()
    folder.mkdir()
    (days / "2026-03-05.CSV").write_text(DAY, encoding="utf-8")
    (folder / "linked").symlink_to(days)
    # A link back must not be walked for ever.
    (days / "back").symlink_to(folder)
    taken = taken_from(desk, folder)
    assert (len(taken.added), taken.refused) == (1, [])


def test_a_folder_that_cannot_be_listed_ends_the_import(
    desk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in" / "closed").mkdir(parents=True)
    listed = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(PermissionError):
        taken_from(desk, tmp_path / "in")


def test_the_administrators_own_hash_is_compared(desk: Workspace, tmp_path: Path) -> None:
    refused = taken_from(desk, described(tmp_path / "wrong", DAY, counts={"final_observations": 9}))
    assert (refused.added, len(refused.refused)) == ([], 1)
    assert "not the file that the administrator published" in refused.refused[0][1]
    taken = taken_from(desk, described(tmp_path / "right", DAY, **stated(DAY)))
    assert [said for _, said in taken.stated] == ["SHA-256 of 2026-03-05.meta.json: equal"]
    payload = read(desk.store, SNAPSHOTS)[-1].payload
    assert isinstance(payload, SnapshotImported)
    assert payload.stated_sha256 == payload.sha256 == taken.added[0].sha256


def test_the_raw_answer_that_metadata_states_is_looked_for(desk: Workspace, tmp_path: Path) -> None:
    raw = tmp_path / "raw.json"
    raw.write_bytes(document([offer()], datetime(2026, 3, 5, 15, tzinfo=UTC)))
    known = {
        "sha256": sha256(DAY.encode()).hexdigest(),
        "archive_sha256": sha256(raw.read_bytes()).hexdigest(),
    }
    day = described(tmp_path / "day", DAY, counts={"final_observations": 9}, provenance=known)
    before = taken_from(desk, day)
    assert before.stated[-1][1].endswith("that it states is not on record")
    taken_from(desk, raw)
    (day / "2026-03-05.csv").unlink()
    again = taken_from(desk, day)
    assert (again.refused, again.stated[-1][1].endswith("that it states is on record")) == ([], True)


def test_another_file_is_taken_where_that_is_accepted(desk: Workspace, tmp_path: Path) -> None:
    wrong = described(tmp_path / "wrong", DAY, counts={"final_observations": 9})
    assert len(taken_from(desk, wrong, accept=("other-file",)).added) == 1
    with pytest.raises(WrongUsage, match="nothing is accepted as perhaps"):
        taken_from(desk, wrong, accept=("perhaps",))


def test_ends_of_lines_that_a_tool_rewrote_are_told_apart(desk: Workspace, tmp_path: Path) -> None:
    taken = taken_from(desk, described(tmp_path / "crlf", DAY, **stated(DAY.replace("\n", "\r\n"))))
    assert [said for _, said in taken.stated] == [
        "SHA-256 of 2026-03-05.meta.json: equal but for the ends of its lines"
    ]
    assert len(taken.added) == 1


def test_a_day_that_was_collected_and_empty_is_a_day_of_no_listings(desk: Workspace, tmp_path: Path) -> None:
    taken = taken_from(desk, described(tmp_path / "empty", FILTERED, **stated(FILTERED, 0)))
    assert ([one.form for one in taken.added], taken.refused) == (["empty day"], [])
    value = computed(desk, "CRI-H100", "1.1.1", date(2026, 3, 5))
    assert value.low_confidence_reasons == ("no Qualifying Listing in the week",)
    assert [one.form for one in desk.archive.between(date(2026, 3, 5), date(2026, 3, 5))] == ["empty day"]


def test_a_table_of_several_collections_becomes_as_many_snapshots(desk: Workspace, tmp_path: Path) -> None:
    head = "collected_at,gpu_name,num_gpus,dph_total,reliability,rentable,geolocation\n"
    rows = [
        f'2026-03-05T{hour}:00:00+00:00,H100 SXM,1,{price},0.99,True,"Texas, US"\n'
        for hour, price in (("06", 2.0), ("14", 3.0))
    ]
    path = tmp_path / "offers.csv"
    path.write_text(head + (rows[0] + rows[1]) * 9, encoding="utf-8")
    assert [one.collected_at.hour for one in taken_from(desk, path).added] == [6, 14]
    payloads = [event.payload for event in read(desk.store, SNAPSHOTS)]
    assert {one.part_of for one in payloads if isinstance(one, SnapshotImported)} == {
        sha256(path.read_bytes()).hexdigest()
    }
    value = computed(desk, "CRI-H100", "1.1.1", date(2026, 3, 5))
    assert value.collection_range is not None
    assert [
        str(one) for one in (value.value, value.collection_range.lowest, value.collection_range.highest)
    ] == [
        "3.0000",
        "2.0000",
        "3.0000",
    ]
    assert value.days[-1].unchecked == ("staleness",)


def test_a_plain_import_records_what_it_always_did(desk: Workspace, files: list[Path]) -> None:
    taken_from(desk, *files[:1])
    body = json.loads(desk.store.entries("snapshots")[0].body)
    assert set(body["payload"]) == {"sha256", "collected_at", "form", "source", "collection_right"}


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ('{"collected_utc": "2026-03-05T15:00', "beside it cannot be read"),
        (
            json.dumps({**META, **stated(DAY)})[:-1] + ', "counts": {"final_observations": 9}}',
            "the key `counts`",
        ),
        ("", "has no content"),
    ],
)
def test_metadata_that_has_no_reading_does_not_pass_for_none(
    desk: Workspace, tmp_path: Path, metadata: str, why: str
) -> None:
    folder = described(tmp_path / "days", DAY, **stated(DAY))
    (folder / "2026-03-05.meta.json").write_text(metadata, encoding="utf-8")
    taken = taken_from(desk, folder / "2026-03-05.csv")
    assert taken.added == []
    assert why in taken.refused[0][1]


def test_metadata_with_a_byte_order_mark_states_the_same(desk: Workspace, tmp_path: Path) -> None:
    folder = described(tmp_path / "days", DAY, **stated("another table\n"))
    beside = folder / "2026-03-05.meta.json"
    beside.write_bytes(b"\xef\xbb\xbf" + beside.read_bytes())
    taken = taken_from(desk, folder / "2026-03-05.csv")
    assert "not the file that the administrator published" in taken.refused[0][1]

"""Trustees who hold: forks that a memory refuses, notes that contradict each other, notices as held
checkpoints, what came after.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.audit import held_notes as held_notes_module
from engine.audit.held_notes import contradictions, held_notes
from engine.audit.verify_workspace import verify_record
from engine.basics.errors import VerificationFailed, WrongUsage
from engine.cli.show.keys import export_log, make_key, show_every
from engine.events.notice import NoticeInputs
from engine.operations.sign_checkpoints import cosign_folder
from engine.record import note_files
from engine.record.checkpoint import Checkpoint, sign
from engine.record.keys import read_key
from engine.record.log import deal_log
from engine.record.merkle import leaf_hash, root
from engine.record.tiles import export
from engine.workspace.checkpoints import trusted
from engine.workspace.workspace import Workspace, opened
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.operations.test_run import DEAL

AT = datetime(2026, 7, 4, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


@pytest.fixture
def record(desk: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(desk, tmp_path / "desk")
    workspace = opened(tmp_path / "desk")
    yield workspace
    workspace.store.close()


def noted(workspace: Workspace, size: int, change: bytes = b"") -> str:
    """The operator's note over the first entries of the deal's log, the last of which may be another."""
    bodies = [entry.body for entry in workspace.store.entries(deal_log(DEAL))][:size]
    bodies[-1] += change
    origin = workspace.store.checkpoints(deal_log(DEAL))[0][1].partition("\n")[0]
    return sign(
        Checkpoint(origin, size, root([leaf_hash(body) for body in bodies])),
        read_key(workspace.root / "keys" / "log.key"),
    )


def held(folder: Path, *notes: str) -> list[Path]:
    paths = [folder / f"{n}.checkpoint" for n in range(len(notes))]
    for path, note in zip(paths, notes, strict=True):
        path.write_text(note, encoding="utf-8")
    return paths


def test_a_memory_refuses_a_fork_and_a_shorter_log(record: Workspace, tmp_path: Path) -> None:
    """The operator signs two logs of one name; the trustee's key cosigns the first, and never the second."""
    make_key("trustee.example", tmp_path / "trustee.key", cosigner=True, as_json=True)
    trust = [record.root / "keys" / "log.key.pub"]
    export_log(record, DEAL, "tiles", tmp_path / "one", None, as_json=True)
    cosign_folder(tmp_path / "one", tmp_path / "trustee.key", trust, None, AT)
    memory = tmp_path / "trustee.key.signed"
    first = memory.read_text(encoding="utf-8")
    cosign_folder(
        tmp_path / "one", tmp_path / "trustee.key", trust, None, AT
    )  # the same log again is not a fork
    entries = record.store.entries(deal_log(DEAL))
    forged = [*entries[:-1], entries[-2]]
    bodies = [one.body for one in forged]
    note = sign(
        Checkpoint(first.partition("\n")[0], len(bodies), root([leaf_hash(body) for body in bodies])),
        read_key(record.root / "keys" / "log.key"),
    )
    export(forged, note, trusted(trust), tmp_path / "two")
    with pytest.raises(
        VerificationFailed, match=f"a fork: the first {len(entries)} entries .* nothing was signed"
    ):
        cosign_folder(tmp_path / "two", tmp_path / "trustee.key", trust, None, AT)
    export(entries[:10], noted(record, 10), trusted(trust), tmp_path / "short")
    with pytest.raises(
        VerificationFailed, match=f"had {len(entries)} entries when this key cosigned it, and now has 10"
    ):
        cosign_folder(tmp_path / "short", tmp_path / "trustee.key", trust, None, AT)
    memory.write_text(first[:-20], encoding="utf-8")
    with pytest.raises(VerificationFailed, match="is not what was written into it"):
        cosign_folder(tmp_path / "one", tmp_path / "trustee.key", trust, None, AT)


def test_two_held_notes_that_contradict_each_other_are_named_with_where_they_part(
    record: Workspace, tmp_path: Path
) -> None:
    size = record.store.size(deal_log(DEAL))
    notes = held(tmp_path, noted(record, 10), noted(record, 20, b" "), noted(record, size))
    found = verify_record(record, [record.root / "keys" / "log.key.pub"], notes)
    (said,) = [
        one.difference
        for one in found.findings
        if one.step.endswith("held checkpoints agree with each other")
    ]
    assert said is not None
    assert "at 20 and" in said
    assert "the first entry at which they part is one of 10 to 19" in said
    both = [Checkpoint("o", 5, bytes(32)), Checkpoint("o", 5, bytes(31) + b"\x01")]
    (said,) = contradictions(both, {})
    assert "at 5 entries contradict each other" in said


def test_a_notice_and_a_folder_of_notices_are_held_checkpoints(record: Workspace) -> None:
    folder = record.root / "notices" / DEAL
    first = sorted(folder.glob("*.pdf"))[0]
    assert len(held_notes([first])) == 1
    assert len(held_notes([folder])) == len(list(folder.glob("*.pdf")))
    found = verify_record(record, [record.root / "keys" / "log.key.pub"], [folder])
    assert found.verified
    (said,) = [one.step for one in found.findings if "came after" in one.step]
    size = record.store.size(deal_log(DEAL))
    assert (
        f"{size - 5} entries: 5 came after: 5 notice issued" in said
    )  # the five notices of the run were issued after its checkpoint
    with pytest.raises(WrongUsage, match="holds no exported log"):
        held_notes([record.root / "deals"])


def test_one_file_holds_the_checkpoints_of_all_logs(
    record: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_every(record, as_json=False)
    path = tmp_path / "all.checkpoint"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert len(held_notes([path])) == len(record.store.logs()) == 3
    assert verify_record(record, [record.root / "keys" / "log.key.pub"], [path]).verified


def test_a_damaged_checkpoint_among_several_of_a_file_is_named_and_none_is_cut_off(
    record: Workspace, tmp_path: Path
) -> None:
    """What stands between the notes of a file is damage, and a long file is read to its end."""
    whole, later = noted(record, 10), noted(record, 20)
    path = tmp_path / "all.checkpoint"
    path.write_text("\n".join([whole, later.replace("\n\n", "\n"), later]), encoding="utf-8")
    assert len(held_notes([path])) == 3
    found = verify_record(record, [record.root / "keys" / "log.key.pub"], [path])
    assert "damaged on its way, or no checkpoint" in str([one.difference for one in found.findings])
    path.write_text("\n".join([whole] * 400), encoding="utf-8")
    assert path.stat().st_size > 65_536
    assert held_notes([path]) == [whole] * 400


def test_more_held_files_than_are_read_are_refused_and_none_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_notes_module, "MOST_FILES", 2)
    held(tmp_path, "a", "b", "c")
    with pytest.raises(WrongUsage, match="holds more than 2 held files"):
        held_notes([tmp_path])
    monkeypatch.setattr(note_files, "LONGEST_FILE", 100)
    (tmp_path / "0.checkpoint").write_text("a" * 101, encoding="utf-8")
    with pytest.raises(WrongUsage, match="has more than 100 bytes"):
        held_notes([tmp_path / "0.checkpoint"])

"""Cosignatures: taken into the record, carried on, verified from then on, and refused if they are of anything
else.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.cli.show.keys import cosign_export, export_log, make_key, show_checkpoint, take_checkpoint
from engine.cli.show.verify import verify_workspace
from engine.operations.run import Tools, run
from engine.operations.sign_checkpoints import sign_all
from engine.record.checkpoint import Checkpoint, cosign, sign
from engine.record.guards import SQLITE, sqlite_trigger
from engine.record.keys import BadKey, Kind, SigningKey, generate_key, read_key
from engine.record.log import deal_log, read
from engine.workspace.checkpoints import KEY, TRUSTEES, origin
from engine.workspace.workspace import Workspace
from tests.operations.test_run import DEAL, plan, tools, workspace
from tests.operations.test_sign_checkpoints import AT, cosigned, original, signed

__all__ = [
    "original",
    "signed",
    "tools",
    "workspace",
]  # fixtures of the test that this one stands beside, used here


def test_a_trustee_cosigns_from_files_alone_and_sees_growth(
    signed: Workspace, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trustee, log_key = tmp_path / "trustee.key", signed.root / f"{KEY}.pub"
    make_key("trustee.example", trustee, cosigner=True, as_json=False)
    export_log(signed, DEAL, "tiles", tmp_path / "first", None, as_json=False)
    cosign_export(tmp_path / "first", trustee, [log_key], None, AT, as_json=False)
    run(signed, plan.THURSDAYS[6], tools)
    export_log(signed, DEAL, "tiles", tmp_path / "second", None, as_json=False)
    held = tmp_path / "first" / "checkpoint"
    cosign_export(tmp_path / "second", trustee, [log_key], held, AT, as_json=False)
    trust = [log_key, trustee.with_name("trustee.key.pub")]
    capsys.readouterr()
    assert verify_workspace(signed, trust, [held, tmp_path / "second" / "checkpoint"], as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["time"].endswith(f"entries cosigned at {AT.isoformat()}")
    assert (
        verify_workspace(signed, trust, [tmp_path / "first", tmp_path / "second"], as_json=True) == 0
    )  # the folders will do
    with pytest.raises(VerificationFailed, match="now has"):
        cosign_export(
            tmp_path / "first", trustee, [log_key], tmp_path / "second" / "checkpoint", AT, as_json=False
        )


def test_a_trustee_does_not_vouch_for_what_says_it_comes_later(signed: Workspace, tmp_path: Path) -> None:
    """A cosignature says that its entries were there by its time; an entry of a later time cannot have been."""
    trustee, log_key = tmp_path / "trustee.key", signed.root / f"{KEY}.pub"
    make_key("trustee.example", trustee, cosigner=True, as_json=False)
    export_log(signed, DEAL, "tiles", tmp_path / "export", None, as_json=False)
    before = (tmp_path / "export" / "checkpoint").read_bytes()
    newest = max(event.recorded_at for event in read(signed.store, deal_log(DEAL)))
    with pytest.raises(VerificationFailed, match="says that it was recorded at"):
        cosign_export(
            tmp_path / "export", trustee, [log_key], None, newest - timedelta(minutes=61), as_json=False
        )
    assert (tmp_path / "export" / "checkpoint").read_bytes() == before
    cosign_export(
        tmp_path / "export", trustee, [log_key], None, newest - timedelta(minutes=59), as_json=False
    )


def test_a_cosignature_is_taken_into_the_record_and_carried_on(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note, key = cosigned(signed, tmp_path / "trustee")
    capsys.readouterr()
    take_checkpoint(signed, DEAL, note, [key], as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["taken"], said["cosigned_by"], said["note"]) == (
        True,
        ["trustee.example"],
        note.read_text(encoding="utf-8"),
    )
    export_log(signed, DEAL, "tiles", tmp_path / "again", None, as_json=True)
    assert (tmp_path / "again" / "checkpoint").read_bytes() == note.read_bytes()
    shutil.copy(key, signed.root / TRUSTEES)
    capsys.readouterr()
    assert verify_workspace(signed, [], [], as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["time"] == f"deal/{DEAL}: its first {said['size']} entries cosigned at {AT.isoformat()}"
    assert any("1 of them cosigned" in step["step"] for step in found["steps"])


def test_a_cosignature_that_was_taken_is_verified_from_then_on_and_missed_where_it_is_taken_away(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trustee's key is remembered with it; a verifier who brings the log's key alone is told of a
    signature that is not theirs.
    """
    note, key = cosigned(signed, tmp_path / "trustee")
    take_checkpoint(signed, DEAL, note, [key], as_json=True)
    assert (signed.root / TRUSTEES).read_text(encoding="utf-8") == key.read_text(encoding="utf-8")

    def verified(*trust: Path) -> tuple[int, str]:
        capsys.readouterr()
        return verify_workspace(signed, list(trust), [], as_json=True), capsys.readouterr().out

    code, said = verified()
    assert code == 0
    assert f"cosigned at {AT.isoformat()}" in said
    code, said = verified(signed.root / f"{KEY}.pub")
    assert code == 0
    assert "1 with a signature by no key given" in said
    kept = signed.root / "checkpoints" / f"deal_{DEAL}.checkpoint"
    assert kept.read_bytes() == note.read_bytes()
    (signed.root / TRUSTEES).write_text(
        generate_key("trustee.example", Kind.COSIGNER).verifier.text, encoding="utf-8"
    )
    code, said = verified()
    assert code == 3
    assert "has a signature of trustee.example, whose key is not in" in said
    shutil.copy(key, signed.root / TRUSTEES)
    signed.store.close()
    database = sqlite3.connect(signed.root / "headroom.sqlite", isolation_level=None)
    for trigger in SQLITE:
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute("DELETE FROM checkpoint WHERE note LIKE '%trustee.example%'")
    for trigger in SQLITE:
        database.execute(sqlite_trigger(trigger))
    database.close()
    code, said = verified()
    assert code == 3
    assert "has a signature that the database has no more" in said


def test_a_cosignature_taken_twice_changes_nothing_and_a_second_trustee_s_is_added(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (
        cosigned(signed, tmp_path / "one"),
        cosigned(signed, tmp_path / "other", trustee="another.example"),
    )
    both = tmp_path / "both.pub"
    both.write_text(
        one[1].read_text(encoding="utf-8") + other[1].read_text(encoding="utf-8"), encoding="utf-8"
    )
    found = []
    for note in (one[0], one[0], other[0], other[0], one[0]):
        capsys.readouterr()
        take_checkpoint(signed, DEAL, note, [both], as_json=True)
        said = json.loads(capsys.readouterr().out)
        found.append((said["taken"], len(said["cosigned_by"]), len(signed.store.checkpoints(deal_log(DEAL)))))
    kept = found[0][2]
    assert found == [
        (True, 1, kept),
        (False, 1, kept),
        (True, 2, kept + 1),
        (False, 2, kept + 1),
        (False, 2, kept + 1),
    ]


def test_an_older_cosignature_does_not_become_the_newest_checkpoint(
    signed: Workspace, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note, key = cosigned(signed, tmp_path / "trustee")
    run(signed, plan.THURSDAYS[5], tools)
    take_checkpoint(signed, DEAL, note, [key], as_json=True)
    capsys.readouterr()
    show_checkpoint(signed, DEAL, as_json=True)
    assert json.loads(capsys.readouterr().out)["size"] == signed.store.size(deal_log(DEAL))
    assert sign_all(signed) == ()


def test_a_cosignature_of_anything_else_is_refused(signed: Workspace, tools: Tools, tmp_path: Path) -> None:
    key = read_key(signed.root / KEY)
    trustee, stranger = (
        generate_key("trustee.example", Kind.COSIGNER),
        generate_key("stranger.example", Kind.COSIGNER),
    )
    trust = tmp_path / "trustee.pub"
    trust.write_text(trustee.verifier.text, encoding="utf-8")
    log, name = deal_log(DEAL), origin(signed, deal_log(DEAL))
    size, root = signed.store.head(log)
    good = sign(Checkpoint(name, size, root), key)
    forger = SigningKey(key.name, Kind.LOG, bytes(32))
    notes = {
        "of another log": (
            sign(Checkpoint(origin(signed, "snapshots"), size, root), key),
            trustee,
            "the checkpoint is of",
        ),
        "of another tree": (
            sign(Checkpoint(name, size, bytes(32)), key),
            trustee,
            "not the ones that were cosigned",
        ),
        "of another size": (
            sign(Checkpoint(name, size - 1, root), key),
            trustee,
            "not the ones that were cosigned",
        ),
        "of more entries": (sign(Checkpoint(name, size + 1, root), key), trustee, "the checkpoint counts"),
        "of none": (sign(Checkpoint(name, 0, root), key), trustee, "the checkpoint counts"),
        "by nobody known": (good, stranger, "no trustee whose key is known"),
        "under another log's key": (
            sign(Checkpoint(name, size, root), forger),
            trustee,
            "not signed by this log's key",
        ),
    }
    before = signed.store.checkpoints(log)
    for what, (note, by, said) in notes.items():
        (tmp_path / "note").write_text(
            cosign(note, [key.verifier, forger.verifier], by, AT), encoding="utf-8"
        )
        with pytest.raises(VerificationFailed, match=said):
            take_checkpoint(signed, DEAL, tmp_path / "note", [trust], as_json=True)
        assert signed.store.checkpoints(log) == before, what
    changed = cosign(good, [key.verifier], trustee, AT).splitlines(keepends=True)
    (tmp_path / "note").write_text("".join([*changed[:-1], changed[-1].replace("A", "B")]), encoding="utf-8")
    with pytest.raises(VerificationFailed):
        take_checkpoint(signed, DEAL, tmp_path / "note", [trust], as_json=True)


def test_whose_cosignature_is_taken_must_be_said(signed: Workspace, tmp_path: Path) -> None:
    note, _ = cosigned(signed, tmp_path / "trustee")
    with pytest.raises(WrongUsage, match="--trust"):
        take_checkpoint(signed, DEAL, note, [], as_json=True)
    with pytest.raises(BadKey, match="is a log's key"):
        take_checkpoint(signed, DEAL, note, [signed.root / f"{KEY}.pub"], as_json=True)
    own = read_key(signed.root / KEY)
    (tmp_path / "own.pub").write_text(
        SigningKey(own.name, Kind.COSIGNER, own.seed).verifier.text, encoding="utf-8"
    )
    with pytest.raises(VerificationFailed, match="the log's own"):
        take_checkpoint(signed, DEAL, note, [tmp_path / "own.pub"], as_json=True)

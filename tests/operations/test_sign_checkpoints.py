"""Signing after a run, a trustee who holds and cosigns, exports, and a record that was rolled back."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.cli.show.keys import cosign_export, export_log, make_key, show_checkpoint, take_checkpoint
from engine.cli.show.verify import verify_workspace
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.operations.sign_checkpoints import sign_all
from engine.queries.due_dates import deadlines
from engine.record.consistency import not_after
from engine.record.log import deal_log, read
from engine.workspace.checkpoints import KEY, witness
from engine.workspace.workspace import Workspace, create, opened
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.operations.test_run import DEAL, fill, plan, running, tools, workspace

__all__ = ["tools", "workspace"]  # fixtures of the run, used here

AT = datetime(2026, 7, 3, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """A signed workspace of five weeks, with the reports and snapshots of eight."""
    root = tmp_path_factory.mktemp("signed") / "desk"
    create(root)
    shutil.copy(DEALS / f"{DEAL}.yaml", root / "deals")
    workspace = opened(root)
    make_key("agent.example/log", workspace.root / KEY, cosigner=False, as_json=False)
    fill(workspace, 8, all_templates)
    run(workspace, plan.THURSDAYS[4], running(all_templates))
    workspace.store.close()
    return root


@pytest.fixture
def signed(original: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it to change."""
    workspace = opened(Path(shutil.copytree(original, tmp_path, dirs_exist_ok=True)))
    yield workspace
    workspace.store.close()


def test_a_run_signs_a_checkpoint_of_every_log(signed: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    counts = {log: len(signed.store.checkpoints(log)) for log in signed.store.logs()}
    assert counts == {
        log: 2 if log.startswith("deal/") else 1 for log in counts
    }  # before its notices, which carry it, and after
    assert sign_all(signed) == ()
    capsys.readouterr()
    assert verify_workspace(signed, [], [], as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verified"]
    assert said["time"] == "time asserted by the operator"
    assert (signed.root / KEY).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("left", ["no file", "an older file"])
def test_a_checkpoint_that_a_killed_run_did_not_write_beside_the_database_is_written_by_the_next(
    signed: Workspace, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    """Otherwise an older copy of a log that does not grow again, an index's for one, would not be known."""
    log = deal_log(DEAL)
    shutil.copy(signed.root / "headroom.sqlite", tmp_path / "older.sqlite")
    if left == "no file":
        witness(signed, log).unlink()

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("engine.operations.sign_checkpoints.write_all_whole", killed)
        with pytest.raises(OSError, match="killed"):
            run(signed, plan.THURSDAYS[5], tools)
    assert log not in sign_all(signed)
    size, note = [one for one in signed.store.checkpoints(log) if one[0] == signed.store.size(log)][-1]
    assert witness(signed, log).read_text(encoding="utf-8") == note
    assert sign_all(signed) == ()
    signed.store.close()
    shutil.copy(tmp_path / "older.sqlite", signed.root / "headroom.sqlite")
    older = opened(signed.root)
    assert older.store.size(log) < size
    with pytest.raises(VerificationFailed, match="older copy of the record"):
        run(older, plan.THURSDAYS[5], tools)
    older.store.close()


def test_a_record_rolled_back_to_an_older_file_is_found_by_what_is_held(
    signed: Workspace, tools: Tools, tmp_path: Path
) -> None:
    signed.store.close()
    database = signed.root / "headroom.sqlite"
    shutil.copy(database, tmp_path / "older.sqlite")
    shutil.copytree(signed.root / "checkpoints", tmp_path / "older-checkpoints")
    older = set((signed.root / "notices" / DEAL).iterdir())
    now = opened(signed.root)
    run(now, plan.THURSDAYS[7], tools)
    show_checkpoint(now, DEAL, as_json=False)
    held = tmp_path / "held"
    held.write_text(now.store.checkpoints(f"deal/{DEAL}")[-1][1], encoding="utf-8")
    now.store.close()
    shutil.copy(tmp_path / "older.sqlite", database)
    back = opened(signed.root)
    assert verify_workspace(back, [], [], as_json=False) == 3  # the notices made since are on no record
    for later in set((signed.root / "notices" / DEAL).iterdir()) - older:
        later.unlink()
    shutil.copytree(tmp_path / "older-checkpoints", signed.root / "checkpoints", dirs_exist_ok=True)
    assert verify_workspace(back, [], [], as_json=False) == 0  # what was rolled back whole cannot know
    assert verify_workspace(back, [], [held], as_json=False) == 3
    back.store.close()


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", '{"recorded_at":5}', '{"recorded_at":"soon"}', '{"recorded_at":"2026-07-03T12:00:00"}'],
)
def test_an_event_that_says_no_time_is_a_difference_and_no_stack_trace(body: str) -> None:
    with pytest.raises(VerificationFailed, match="when it was recorded"):
        not_after(AT, [("the event", body.encode())])


def test_nothing_is_recorded_on_an_older_copy(signed: Workspace, tools: Tools) -> None:
    """An Act or a report entered there would be lost with it, once the right record is put back."""
    signed.store.close()
    database = signed.root / "headroom.sqlite"
    older = database.read_bytes()
    run(opened(signed.root), plan.THURSDAYS[5], tools)
    database.write_bytes(older)
    report = str(sorted((signed.root / "reports" / DEAL).iterdir())[0])
    for command in (
        (
            "act",
            DEAL,
            "waiver",
            "--clause",
            "ltv",
            "--effective-on",
            "2026-02-05",
            "--until",
            "2026-03-05",
            "--clock",
            "resumes",
        ),
        ("intake", report, "--received", "2026-02-05"),
        ("import", str(signed.root / "snapshots")),
    ):
        found = headroom("--workspace", str(signed.root), *command)
        assert (found.returncode, "older copy of the record" in found.stderr) == (3, True), (
            command,
            found.stderr,
        )
    assert database.read_bytes() == older


def kept(workspace: Workspace, path: Path) -> Path:
    """The newest checkpoint of the deal's log, as a trustee keeps it."""
    path.write_text(workspace.store.checkpoints(f"deal/{DEAL}")[-1][1], encoding="utf-8")
    return path


def test_a_record_rewritten_under_another_operators_name_is_found_by_what_is_held(
    signed: Workspace,
    tools: Tools,
    all_templates: dict[str, Template],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = kept(signed, tmp_path / "held")
    create(tmp_path / "anew")
    (tmp_path / "anew" / "headroom.toml").write_text('operator = "Another Agent"\n', encoding="utf-8")
    shutil.copytree(signed.root / "deals", tmp_path / "anew" / "deals", dirs_exist_ok=True)
    shutil.copytree(signed.root / "keys", tmp_path / "anew" / "keys")
    anew = opened(tmp_path / "anew")
    fill(anew, 3, all_templates)
    run(anew, plan.THURSDAYS[4], tools)
    assert (
        verify_workspace(anew, [], [], as_json=False) == 0
    )  # the rows and their own checkpoints alone cannot know
    for deal in (None, DEAL):
        capsys.readouterr()
        assert verify_workspace(anew, [], [held], as_json=True, deal=deal) == 3
        said = json.loads(capsys.readouterr().out)
        assert [step["step"] for step in said["steps"] if step["difference"]] == [
            "held checkpoint of 'calculation-agent-name-it-here/deal/meridian-2026-1'"
        ]
        assert said["time"] == "time asserted by the operator"
    anew.store.close()


def test_a_held_checkpoint_of_a_log_that_is_gone_is_a_difference(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = kept(signed, tmp_path / "held")
    create(tmp_path / "empty")
    shutil.copytree(signed.root / "keys", tmp_path / "empty" / "keys")
    empty = opened(tmp_path / "empty")
    assert verify_workspace(empty, [], [held], as_json=False) == 3
    assert "no such log here; there are none" in capsys.readouterr().out
    (tmp_path / "other").write_text("a letter\n", encoding="utf-8")
    assert verify_workspace(signed, [], [held, tmp_path / "other"], as_json=False) == 3
    assert "held checkpoint of 'a letter': damaged on its way, or no checkpoint" in capsys.readouterr().out
    empty.store.close()


def test_a_held_checkpoint_of_another_log_is_refused_where_one_deal_is_verified(
    signed: Workspace, tmp_path: Path
) -> None:
    index = next(log for log in signed.store.logs() if log.startswith("index/"))
    (tmp_path / "held").write_text(signed.store.checkpoints(index)[-1][1], encoding="utf-8")
    assert verify_workspace(signed, [], [tmp_path / "held"], as_json=False) == 0
    with pytest.raises(WrongUsage, match="not verified here"):
        verify_workspace(signed, [], [tmp_path / "held"], as_json=False, deal=DEAL)


def test_exports_say_what_the_log_says(signed: Workspace, tools: Tools, tmp_path: Path) -> None:
    run(signed, plan.THURSDAYS[6], tools)
    export_log(signed, DEAL, "jsonl", tmp_path / "a.jsonl", None, as_json=False)
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    export_log(signed, DEAL, "csv", tmp_path / "a.csv", None, as_json=False)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    failed = [row for row in rows if row["subject"] == "ltv" and row["result"] == "FAIL"]
    assert failed[0]["effective_on"] == "2026-02-19"
    assert failed[0]["by"] == "2026-03-05"
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfseq,")
    assert (failed[0]["unit"], Decimal(failed[0]["measured"]) > Decimal(failed[0]["limit"])) == ("%", True)
    export_log(signed, DEAL, "ics", tmp_path / "a.ics", None, as_json=False)
    calendar = (tmp_path / "a.ics").read_bytes().decode()
    assert "DTSTART;VALUE=DATE:20260305" in calendar
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    assert calendar.count("BEGIN:VEVENT") == calendar.count("END:VEVENT") >= 2
    assert "SUMMARY:meridian-2026-1: borrower: cure by prepayment" in calendar.replace("\r\n ", "")
    with pytest.raises(WrongUsage, match="not a form of export"):
        export_log(signed, DEAL, "pdf", tmp_path / "x", None, as_json=False)


def test_the_calendar_holds_every_deadline_once_with_what_became_of_it(
    signed: Workspace, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(signed, plan.THURSDAYS[6], tools)
    capsys.readouterr()
    export_log(signed, DEAL, "ics", tmp_path / "a.ics", None, as_json=False)
    text = (tmp_path / "a.ics").read_bytes().decode().replace("\r\n ", "")
    parts = [one.partition("BEGIN:VALARM")[0] for one in text.split("BEGIN:VEVENT")[1:]]
    entries = [dict(line.split(":", 1) for line in one.split("\r\n") if ":" in line) for one in parts]
    found = [
        (
            one["DTSTART;VALUE=DATE"],
            one["SUMMARY"].split(": ")[2].split(" ")[0],
            one["DESCRIPTION"].rpartition("; ")[2],
        )
        for one in entries
    ]
    assert found == [
        *(
            (f"2026{day}", "report", f"received on 2026-{day[:2]}-{day[2:]}")
            for day in ("0114", "0121", "0128", "0204", "0211", "0218")
        ),
        ("20260223", "give", "open"),
        ("20260225", "report", "received on 2026-02-25"),
        ("20260305", "cure", "open"),
    ]
    assert len({one["UID"] for one in entries}) == len(entries)
    assert capsys.readouterr().out == f"{tmp_path / 'a.ics'}: 9 deadlines of {DEAL}, as ics\n"
    run(signed, plan.THURSDAYS[7], tools)
    later = {
        one.what.split(" ")[0]: one.outcome
        for one in deadlines(read(signed.store, deal_log(DEAL)))
        if one.due.by > date(2026, 2, 20)
    }
    assert later["cure"] == "ended: COMPLIANT since 2026-02-26"
    assert later["give"] == "overdue since 2026-02-24, 3 days: no Act `notice given` is on record"


def test_an_export_says_what_was_written(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form, said in (
        ("10-d", f"5 tests and triggers of {DEAL}, as 10-d of 2026-02-25"),
        ("jsonl", f"{signed.store.size(deal_log(DEAL))} entries"),
    ):
        capsys.readouterr()
        export_log(signed, DEAL, form, tmp_path / form, None, as_json=False)
        assert said in capsys.readouterr().out


def test_without_a_key_there_is_no_checkpoint(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    run(workspace, plan.THURSDAYS[0], tools)
    with pytest.raises(WrongUsage, match="the key is missing"):
        show_checkpoint(workspace, DEAL, as_json=False)


def cosigned(
    signed: Workspace, folder: Path, name: str = DEAL, trustee: str = "trustee.example"
) -> tuple[Path, Path]:
    """An export that a trustee cosigned: its checkpoint, and the trustee's verifier key."""
    folder.mkdir()
    key = folder / "trustee.key"
    make_key(trustee, key, cosigner=True, as_json=True)
    export_log(signed, name, "tiles", folder / "export", None, as_json=True)
    cosign_export(folder / "export", key, [signed.root / f"{KEY}.pub"], None, AT, as_json=True)
    return folder / "export" / "checkpoint", folder / "trustee.key.pub"


def test_a_log_of_an_index_or_of_snapshots_is_signed_and_exported_as_a_deal_s(
    signed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (index,) = (log for log in signed.store.logs() if log.startswith("index/"))
    for number, name in enumerate((index, index.removeprefix("index/"))):
        capsys.readouterr()
        show_checkpoint(signed, name, as_json=True)
        said = json.loads(capsys.readouterr().out)
        assert (said["log"], said["size"], "deal" in said) == (index, signed.store.size(index), False)
        note, key = cosigned(signed, tmp_path / f"trustee-{number}", name)
        take_checkpoint(signed, name, note, [key], as_json=True)
    export_log(signed, index, "jsonl", tmp_path / "index.jsonl", None, as_json=True)
    assert len((tmp_path / "index.jsonl").read_text(encoding="utf-8").splitlines()) == signed.store.size(
        index
    )
    with pytest.raises(WrongUsage, match="not a form of export of index/"):
        export_log(signed, index, "esma", tmp_path / "x", None, as_json=True)
    with pytest.raises(WrongUsage, match=f"a log of `nobody` does not exist; there are {DEAL}, CRI"):
        show_checkpoint(signed, "nobody", as_json=True)


def test_a_tile_that_is_missing_is_named(signed: Workspace, tmp_path: Path) -> None:
    cosigned(signed, tmp_path / "trustee")
    folder, size = tmp_path / "trustee" / "export", signed.store.size(deal_log(DEAL))
    (folder / "tile" / "0" / f"000.p/{size}").unlink()
    with pytest.raises(VerificationFailed, match=f"lacks tile/0/000.p/{size}; copy the folder whole"):
        cosign_export(
            folder, tmp_path / "trustee" / "trustee.key", [signed.root / f"{KEY}.pub"], None, AT, as_json=True
        )
    shutil.rmtree(folder / "tile")
    with pytest.raises(VerificationFailed, match=f"lacks tile/entries/000.p/{size}, tile/0/000.p/{size}; "):
        cosign_export(
            folder, tmp_path / "trustee" / "trustee.key", [signed.root / f"{KEY}.pub"], None, AT, as_json=True
        )

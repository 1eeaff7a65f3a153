"""What could not be compared is not said to be older, and what was signed during the comparison is not either."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.show.keys import make_key
from engine.operations.older_record import Doubt, record_doubt, refuse_older_record
from engine.record.log import deal_log
from engine.record.store import Reader
from engine.workspace.workspace import PLACEHOLDER, opened
from tests.audit.test_verify_workspace import tampered
from tests.cli import calling
from tests.operations.test_exactly_once import FIRST, WEEK, desk, publish, rows
from tests.operations.test_run import DEAL


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed workspace as it was yesterday, with one notice, and as it is today, with two."""
    root = tmp_path_factory.mktemp("compared") / "today"
    workspace = desk(root)
    settings = root / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent"), encoding="utf-8")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    assert calling.headroom("run", "--on", str(FIRST), folder=root).returncode == 0
    before = Path(shutil.copytree(root, root.parent / "yesterday"))
    assert calling.headroom("run", "--on", str(FIRST + WEEK), folder=root).returncode == 0
    return before, root


@pytest.fixture
def root(signed: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed[1], tmp_path / "desk"))


def no_key(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / "keys" / "log.key.pub").write_text("", encoding="utf-8")


def no_text(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / "keys" / "log.key.pub").write_bytes(b"\xff\xff\x00")


def damaged_checkpoint(root: Path, _: pytest.MonkeyPatch) -> None:
    kept = next((root / "checkpoints").glob(f"deal_{DEAL}*"))
    kept.write_text(kept.read_text(encoding="utf-8")[:40], encoding="utf-8")


def share_gone(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.scandir

    def scandir(folder: object = ".") -> object:
        if str(folder).endswith(f"notices/{DEAL}"):
            raise OSError(errno.ESTALE, "Stale file handle", str(folder))
        return whole(folder)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("hinder", [no_key, no_text, damaged_checkpoint, share_gone])
def test_a_record_that_could_not_be_compared_is_not_said_to_be_older(
    root: Path, monkeypatch: pytest.MonkeyPatch, hinder: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    whole = calling.headroom("history", DEAL, "--json", folder=root)
    hinder(root, monkeypatch)
    done = calling.headroom("history", DEAL, "--json", folder=root)
    answer = json.loads(done.stdout)
    said = answer.pop("record_not_compared")
    assert (done.returncode, answer) == (0, json.loads(whole.stdout))
    assert said.startswith("the record could not be compared with what was signed beside it")
    assert done.stderr == f"headroom: {said}\n"


def test_an_older_record_is_said_to_be_older(signed: tuple[Path, Path], root: Path) -> None:
    shutil.copy(signed[0] / "headroom.sqlite", root / "headroom.sqlite")
    workspace = opened(root)
    found = record_doubt(workspace)
    workspace.store.close()
    assert found is not None
    assert (found.doubt, "this is an older copy of the record" in found.said) == (Doubt.OLDER, True)


def test_a_root_that_was_edited_is_a_sentence_and_no_trace(root: Path) -> None:
    """The root of another log than the one that is asked for was edited."""
    tampered(
        root,
        lambda connection: connection.execute(
            "UPDATE log_entry SET root = 'no hash' WHERE log LIKE 'index/%'"
        ),
    )
    done = calling.headroom("history", DEAL, folder=root)
    assert (done.returncode, "is not 64 lower-case hexadecimal digits" in done.stderr) == (0, True)


@pytest.mark.parametrize("left", [("checkpoints", "notices"), ("notices",)], ids=["both", "notices alone"])
def test_what_another_process_records_and_signs_during_the_comparison_does_not_make_the_record_older(
    signed: tuple[Path, Path], root: Path, monkeypatch: pytest.MonkeyPatch, left: tuple[str, ...]
) -> None:
    """On PostgreSQL a read stands still while others write: the files beside it are then newer than what it
    sees. The first reads of the test see yesterday.
    """
    for name in {"checkpoints", "notices"} - set(left):
        shutil.rmtree(root / name)
        shutil.copytree(signed[0] / name, root / name)
    earlier, now = opened(signed[0]), opened(root)
    with earlier.store.read() as before:
        seen = (before.heads(), before.issued(), before.size(deal_log(DEAL)))
    heads, issued, entry = Reader.heads, Reader.issued, Reader.entry
    first: dict[str, Reader] = {}
    monkeypatch.setattr(
        Reader, "heads", lambda self: seen[0] if first.setdefault("heads", self) is self else heads(self)
    )
    monkeypatch.setattr(
        Reader, "issued", lambda self: seen[1] if first.setdefault("issued", self) is self else issued(self)
    )
    monkeypatch.setattr(
        Reader,
        "entry",
        lambda self, log, at: None if self in first.values() and at >= seen[2] else entry(self, log, at),
    )
    assert record_doubt(now) is None
    first.clear()
    refuse_older_record(now)
    assert first.keys() == {"heads", "issued"}
    for workspace in (earlier, now):
        workspace.store.close()

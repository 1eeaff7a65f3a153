"""A sync tool that restores yesterday's record with yesterday's checkpoints: today's notices show that it is
older.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.show.keys import make_key
from engine.operations import issue_notices
from engine.workspace.workspace import PLACEHOLDER, opened
from tests.cli import calling
from tests.operations.test_exactly_once import (
    FIRST,
    WEEK,
    Broken,
    desk,
    events,
    notices_are_the_log_s,
    publish,
    rows,
)
from tests.operations.test_run import DEAL


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A signed workspace with one date and its notice, as files that a reader opens."""
    root = tmp_path / "desk"
    workspace = desk(root)
    settings = root / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent"), encoding="utf-8")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    assert ran(root, 0).returncode == 0
    return root


def ran(root: Path, weeks: int) -> calling.Done:
    return calling.headroom("run", "--on", str(FIRST + weeks * WEEK), folder=root)


def test_nothing_is_added_to_a_record_that_is_older_than_the_notices_beside_it(
    root: Path, tmp_path: Path
) -> None:
    kept = ("headroom.sqlite", "checkpoints")
    shutil.copytree(root, tmp_path / "yesterday")
    assert ran(root, 1).returncode == 0
    shutil.copytree(root, tmp_path / "today")
    (root / kept[0]).unlink()
    shutil.rmtree(root / kept[1])
    shutil.copy(tmp_path / "yesterday" / kept[0], root)
    shutil.copytree(tmp_path / "yesterday" / kept[1], root / kept[1])
    before = {path: path.read_bytes() for path in (root / "notices").rglob("*.pdf")}
    close = ("close-day", "us-federal-reserve", "2030-04-09", "--reason", "x", "--source", "y")
    for refused in (ran(root, 2), calling.headroom(*close, folder=root)):
        assert refused.returncode == 3
        assert f"{DEAL}-0002-2026-01-15-compliance.pdf was made when deal/{DEAL} had" in refused.stderr
    assert {path: path.read_bytes() for path in (root / "notices").rglob("*.pdf")} == before
    again = opened(root)
    assert max(event.effective_on for event in events(again)) == FIRST
    again.store.close()
    for name in kept:
        (shutil.rmtree if (root / name).is_dir() else Path.unlink)(root / name)
        (shutil.copytree if name == "checkpoints" else shutil.copy)(tmp_path / "today" / name, root / name)
    assert ran(root, 2).returncode == 0


def test_the_notice_of_an_interrupted_run_is_no_sign_of_an_older_record(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise Broken("killed between the file and its event")

    with monkeypatch.context() as patched:
        patched.setattr(issue_notices, "append", broken)
        assert ran(root, 1).returncode == 1
    assert len(list((root / "notices").rglob("*-0002-*.pdf"))) == 1
    assert ran(root, 1).returncode == 0
    again = opened(root)
    assert notices_are_the_log_s(again)
    again.store.close()

"""A disk that fills and a share that goes away: a run ends in a sentence, nothing false is recorded, and the
next run goes on.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from engine.basics.errors import Unavailable
from engine.basics.files import write_only_beside, write_whole
from engine.notices.signature import make_certificate
from engine.operations.run import Tools, run
from engine.record.keys import Kind, generate_key, read_key, write_key
from engine.record.store import Writer
from engine.workspace.workspace import Workspace, opened
from tests.operations.test_exactly_once import (
    FIRST,
    WEEK,
    desk,
    events,
    facts,
    notices_are_the_log_s,
    publish,
    rows,
)
from tests.operations.test_run import tools as tools  # the fixture

LAST = FIRST + 4 * WEEK
WRITES = (1, 2, 4, 6, 8, 10)
"""Writes of a run at which the folder goes, from its first to one between two notices."""


def filled(root: Path) -> Workspace:
    workspace = desk(root)
    publish(workspace, rows(["2.10", "1.90", "1.95", "1.40", "1.40"]), datetime(2026, 1, 1, tzinfo=UTC))
    return workspace


@pytest.fixture
def wanted(tmp_path: Path, tools: Tools) -> list[tuple[str, str]]:
    """What the log says of a run that nobody disturbed."""
    calm = filled(tmp_path / "calm")
    run(calm, LAST, tools)
    found = facts(calm)
    calm.store.close()
    return found


def as_if_calm(root: Path, tools: Tools, wanted: list[tuple[str, str]]) -> None:
    again = opened(root)
    run(again, LAST, tools)
    assert facts(again) == wanted
    assert notices_are_the_log_s(again)
    again.store.close()


@pytest.mark.parametrize("empty", [False, True], ids=["no folder is left", "an empty folder is left"])
def test_nothing_is_written_where_the_workspace_was(
    tmp_path: Path, tools: Tools, wanted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, empty: bool
) -> None:
    """A share that goes away leaves an empty folder: what is written there is on another disk, and lost to
    the record.
    """
    whole, root, away = Writer.extend, tmp_path / "desk", tmp_path / "away"
    for nth in WRITES:
        workspace, count = filled(root), 0

        def goes(self: Writer, log: str, items: Any, nth: int = nth) -> int:
            nonlocal count
            count += 1
            if count == nth:
                root.rename(away)
                if empty:
                    root.mkdir()
            return whole(self, log, items)

        monkeypatch.setattr(Writer, "extend", goes)
        with pytest.raises(Unavailable, match=r"is not there any more|can be written"):
            run(workspace, LAST, tools)
        monkeypatch.setattr(Writer, "extend", whole)
        workspace.store.close()
        assert count >= nth
        assert not root.exists() or not list(root.iterdir())
        if root.exists():
            root.rmdir()
        away.rename(root)
        as_if_calm(root, tools, wanted)
        shutil.rmtree(root)


def test_a_full_disk_is_no_fault_of_a_deal(
    tmp_path: Path, tools: Tools, wanted: list[tuple[str, str]]
) -> None:
    """SQLite has room for some pages more, for each number until the run gets through: it never says that the
    deal cannot be evaluated.
    """
    ended = 0
    for more in range(8):
        workspace = filled(tmp_path / f"full-{more}")
        with sqlite3.connect(workspace.root / "headroom.sqlite") as database:
            pages = database.execute("PRAGMA page_count").fetchone()[0]
        limit = f"PRAGMA max_page_count = {pages + more}"
        event.listen(workspace.store._engine, "connect", lambda made, _, limit=limit: made.execute(limit))
        workspace.store._engine.dispose()
        said = ended_by(workspace, tools)
        assert said is None or "database or disk is full; see that its disk has room" in said
        ended += said is not None
        assert not [one for one in events(workspace) if one.kind == "not evaluated"]
        assert not (workspace.root / "deals" / "refused").exists()
        workspace.store.close()
        as_if_calm(workspace.root, tools, wanted)
    assert 2 <= ended < 8


def ended_by(workspace: Workspace, tools: Tools) -> str | None:
    """The sentence in which a run ends; None if it gets through."""
    try:
        run(workspace, LAST, tools)
    except Unavailable as error:
        return str(error)
    return None


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_key_that_found_no_room_leaves_no_file_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file would bar the place: a key is never written over."""
    log, notices = tmp_path / "log.key", tmp_path / "notices.key"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_key(log, generate_key("agent.example/log", Kind.LOG))
        with pytest.raises(OSError, match="No space"):
            make_certificate("Agent", notices, datetime(2026, 1, 1, tzinfo=UTC))
    assert not list(tmp_path.iterdir())
    write_key(log, generate_key("agent.example/log", Kind.LOG))
    make_certificate("Agent", notices, datetime(2026, 1, 1, tzinfo=UTC))
    assert read_key(log).verifier.text in (tmp_path / "log.key.pub").read_text(encoding="utf-8")
    assert [path.stat().st_mode & 0o077 for path in (log, notices)] == [0, 0]


def test_a_workspace_that_is_there_is_written_in(tmp_path: Path) -> None:
    workspace = desk(tmp_path / "desk")
    write_whole(workspace.root / "documents" / "a.txt", b"a")
    write_whole(tmp_path / "elsewhere" / "b.txt", b"b")
    (workspace.root / "headroom.toml").unlink()
    with pytest.raises(Unavailable, match=r"its headroom\.toml is missing"):
        write_whole(workspace.root / "documents" / "c.txt", b"c")
    write_whole(tmp_path / "elsewhere" / "d.txt", b"d")
    workspace.store.close()


def test_a_folder_named_from_where_one_stands_is_guarded_wherever_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    Path("headroom.toml").touch()
    write_only_beside(Path("headroom.toml"))
    (here / "headroom.toml").unlink()
    monkeypatch.chdir(there)
    write_whole(Path("answer.csv"), b"rows")
    assert (there / "answer.csv").read_bytes() == b"rows"
    with pytest.raises(Unavailable, match=r"headroom\.toml is missing"):
        write_whole(here / "answer.csv", b"rows")

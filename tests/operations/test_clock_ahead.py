"""A clock that leapt far ahead since the last use: nothing is recorded before a person says that it is right."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from engine import assembly
from engine.basics.errors import Unavailable
from engine.cli.show.keys import make_key
from engine.operations.run import Tools
from engine.operations.run_outcome import RunOutcome
from engine.operations.server_round import RoundParts, server_round
from engine.record.log import Scribe
from engine.web.desk import Desk
from engine.web.desk_database import DeskDatabase
from engine.workspace.last_use import LONGEST_PAUSE, UseClock
from engine.workspace.workspace import LOCK, PLACEHOLDER, opened
from tests.cli import calling
from tests.operations.test_exactly_once import desk, events, publish, rows
from tests.operations.test_older_record import MAIL
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture

NOW = datetime(2026, 1, 9, 21, tzinfo=UTC)
MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
AHEAD = NOW + LONGEST_PAUSE + MINUTE
ACT = ("act", DEAL, "discharged", "--effective-on", "2026-01-09", "--document", str(Path(__file__)))

SetTo = Callable[[datetime], None]


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> SetTo:
    """Set the clock of the machine."""

    def to(moment: datetime) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return moment

        monkeypatch.setattr(assembly, "datetime", Clock)

    return to


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ahead") / "desk"
    workspace = desk(root)
    settings = root / "headroom.toml"
    named = settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent")
    settings.write_text(f"{named}\n{MAIL}", encoding="utf-8")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "1.90", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    return root


@pytest.fixture
def lately(made: Path, tmp_path: Path, set_to: SetTo) -> Path:
    """A workspace in which a run has recorded what was due by now."""
    root = Path(shutil.copytree(made, tmp_path / "desk"))
    set_to(NOW)
    assert calling.headroom("run", folder=root).returncode == 0
    return root


def entries(root: Path) -> int:
    workspace = opened(root)
    count = len(events(workspace))
    workspace.store.close()
    return count


@pytest.mark.parametrize(
    "command", [("run",), ("run", "--on", "2026-01-15"), ACT, ("deliver",)], ids=" ".join
)
def test_nothing_is_recorded_or_sent_by_a_clock_that_leapt_ahead(
    lately: Path, set_to: SetTo, command: tuple[str, ...]
) -> None:
    before = entries(lately)
    set_to(AHEAD)
    for _ in range(2):  # to ask again confirms nothing
        done = calling.headroom(*command, folder=lately)
        assert (done.returncode, entries(lately)) == (1, before)
        assert (
            "stands at 2026-02-13 21:01 UTC, 5 weeks after the last command that was to record here, at "
            "2026-01-09 21:00 UTC; nothing was done" in done.stderr
        )
    set_to(NOW + WEEK)
    assert calling.headroom(*command, folder=lately).returncode == 0


def test_a_person_who_says_that_the_clock_is_right_is_asked_no_more(lately: Path, set_to: SetTo) -> None:
    before = entries(lately)
    set_to(AHEAD)
    said = calling.headroom("--clock-is-right", *ACT, folder=lately)
    assert (said.returncode, entries(lately)) == (0, before + 1), said.stderr
    set_to(AHEAD + WEEK)
    assert calling.headroom(*ACT, folder=lately).returncode == 0
    set_to(AHEAD + WEEK + LONGEST_PAUSE + MINUTE)
    assert calling.headroom(*ACT, folder=lately).returncode == 1


def test_a_pause_that_is_usual_is_not_asked_about_nor_what_records_nothing(
    lately: Path, set_to: SetTo
) -> None:
    set_to(AHEAD)
    for command in (("history", DEAL), ("run", "--preview"), ("verify",), ("--clock-is-right", "verify")):
        assert calling.headroom(*command, folder=lately).returncode == 0
    assert calling.headroom(*ACT, folder=lately).returncode == 1  # the word was said to a command that reads
    set_to(NOW + LONGEST_PAUSE)
    assert calling.headroom(*ACT, folder=lately).returncode == 0


@pytest.mark.parametrize("held", ["", "yesterday", "2026-01-09T21:00:00", "\xff" * 200])
def test_a_workspace_without_a_moment_of_its_last_use_is_used(lately: Path, set_to: SetTo, held: str) -> None:
    """As an earlier release left it, or a program that changed the file."""
    (lately / LOCK).write_text(held, encoding="latin-1")
    set_to(AHEAD)
    assert calling.headroom(*ACT, folder=lately).returncode == 0
    set_to(AHEAD + LONGEST_PAUSE + MINUTE)
    assert calling.headroom(*ACT, folder=lately).returncode == 1


def test_the_mark_is_read_and_written_by_the_descriptor_that_holds_the_lock(
    lately: Path, set_to: SetTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of Windows refuses every other descriptor of a locked file."""

    def refused(path: Path, *_: Any, **__: Any) -> Any:
        if path.name == LOCK:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return whole(path, *_, **__)

    whole = Path.open
    monkeypatch.setattr(Path, "open", refused)
    set_to(NOW + WEEK)
    assert calling.headroom("run", folder=lately).returncode == 0
    assert calling.headroom("deliver", folder=lately).returncode == 0  # it asks without the lock
    set_to(AHEAD + WEEK)
    assert calling.headroom("run", folder=lately).returncode == 1


def test_a_server_that_was_told_so_asks_again_at_the_next_leap(lately: Path) -> None:
    """The word held as long as the server ran, which may be for months."""
    now = AHEAD
    workspace = opened(lately, clock=UseClock(lambda: now, is_right=True))
    workspace.refuse_leap()
    with workspace.alone():
        pass
    now += LONGEST_PAUSE + MINUTE
    with pytest.raises(Unavailable, match="Set the clock right"):
        workspace.refuse_leap()
    with pytest.raises(Unavailable, match="Set the clock right"), workspace.alone():
        pytest.fail("it records by a wrong clock")


def test_a_full_disk_leaves_the_moment_of_the_use_before(lately: Path) -> None:
    mark = lately / LOCK
    before = mark.read_bytes()

    class Full(io.FileIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Full(mark, "r+") as file, pytest.raises(OSError, match="No space"):
        UseClock(lambda: NOW + WEEK).use(file)
    assert mark.read_bytes() == before != b""


def test_a_server_and_the_pages_go_on_once_the_clock_is_right_again(lately: Path, tools: Tools) -> None:
    now, foretold = NOW, list[datetime]()
    workspace = opened(lately, clock=UseClock(lambda: now))
    parts = RoundParts(
        lambda: replace(tools, now=now),
        lambda: now,
        lambda: Scribe("t", "t", now),
        lambda at: foretold.append(at) or (),
    )
    round_ = server_round(workspace, RunOutcome(now.date()), parts)
    pages = Desk(workspace, DeskDatabase(lately / "desk.sqlite"), lambda: now)
    before, now = len(events(workspace)), AHEAD
    with pytest.raises(Unavailable, match="Set the clock right"):
        server_round(workspace, round_.last, parts)
    with pytest.raises(Unavailable, match="Set the clock right"), pages.recording():
        pytest.fail("the pages record by a wrong clock")
    assert (len(events(workspace)), foretold) == (before, [NOW])
    now = NOW + WEEK
    assert server_round(workspace, round_.last, parts).looked
    with pages.recording():
        pass
    assert len(events(workspace)) > before
    workspace.store.close()

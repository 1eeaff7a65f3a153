"""One at a time: whoever records has the workspace to itself, reads the clock then, and adds only to the log
that it has read.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.cli import registered
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations import run as thursday
from engine.operations.run import Tools, run
from engine.record.guards import sqlite_trigger
from engine.record.log import Scribe, append, deal_log
from engine.workspace.workspace import LOCK, Busy, Workspace, opened
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, WEEK, desk, events, publish, rows
from tests.operations.test_run import DEAL, NOW

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def waive(workspace: Workspace, clause: str, on: date, at: datetime) -> None:
    act = ActRecorded(
        act="waiver",
        clause=clause,
        effective_on=on,
        until=date(2026, 2, 28),
        document="W",
        details={"clock": "resumes"},
    )
    with workspace.store.begin() as writer:
        draft = Draft(kind="act recorded", subject=act.identity, effective_on=on, payload=act)
        append(writer, deal_log(DEAL), [draft], Scribe("p", "t", at))


def differences(workspace: Workspace, templates: dict[str, Template]) -> list[Any]:
    return [one.difference for one in Replay(workspace, templates).run() if one.difference]


def test_what_enters_the_log_while_a_date_is_decided_is_acted_on(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another workspace on the same database, say, which this one's lock does not keep out."""
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10", "1.20"]), LONG_AGO)
    run(workspace, FIRST, tools)
    whole, entered = thursday.evaluate, []

    def evaluate(inputs: Any) -> Any:
        if inputs.on == FIRST + WEEK and not entered:
            entered.append(True)
            waive(workspace, "cash-sweep", FIRST + WEEK, NOW)
        return whole(inputs)

    monkeypatch.setattr(thursday, "evaluate", evaluate)
    run(workspace, FIRST + WEEK, tools)
    state = run(workspace, FIRST + WEEK, tools).deals[0].state
    assert (entered, state.tests["cash-sweep"].status.value) == ([True], "WAIVED")
    assert [event.seq for event in events(workspace)] == list(range(len(events(workspace))))
    assert differences(workspace, all_templates) == []
    workspace.store.close()


def test_a_log_that_lost_an_entry_does_not_keep_a_run_going_for_ever(tmp_path: Path, tools: Tools) -> None:
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10", "2.00"]), LONG_AGO)
    run(workspace, FIRST, tools)
    workspace.store.close()
    connection = sqlite3.connect(tmp_path / "headroom.sqlite")
    connection.execute("DROP TRIGGER log_entry_no_delete")
    connection.execute("DELETE FROM log_entry WHERE log = ? AND seq = 3", (deal_log(DEAL),))
    connection.execute(sqlite_trigger("log_entry_no_delete"))
    connection.commit()
    connection.close()
    begun: list[str] = []
    run(opened(tmp_path), FIRST + WEEK, replace(tools, progress=begun.append))
    assert not [said for said in begun if "beginning again" in said]


def test_the_clock_of_a_run_is_read_when_it_has_the_workspace_to_itself(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """What was recorded while it waited is not later than what it records: `replay` would leave it out."""
    workspace = desk(tmp_path)
    started = datetime(2026, 1, 8, 22, tzinfo=UTC)
    publish(workspace, "2026-01-08,2.0000,false,44,1.1.1\n", started + timedelta(seconds=30))

    def clock() -> datetime:
        with (workspace.root / LOCK).open("a") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return started + timedelta(seconds=60)

    run(workspace, FIRST, replace(tools, now=started, clock=clock))
    assert {event.recorded_at for event in events(workspace)} == {started + timedelta(seconds=60)}
    assert differences(workspace, all_templates) == []
    workspace.store.close()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A workspace with an entry that is not signed yet, in which another command goes on recording."""
    workspace = desk(tmp_path / "desk")
    (workspace.root / "headroom.toml").write_text(
        'operator = "Example Calculation Agent"\n', encoding="utf-8"
    )
    act = ActRecorded(act="waiver", clause="ltv", effective_on=date(2026, 1, 15), until=date(2026, 2, 1))
    draft = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
    with workspace.store.begin() as writer:
        append(writer, deal_log(DEAL), [draft], Scribe("t", "t", datetime(2026, 1, 15, 22, tzinfo=UTC)))
    with workspace.alone():
        yield workspace.root


RECORDING = [
    f"act {DEAL} waiver --effective-on 2026-01-15",
    "intake report.yaml",
    "import snapshots",
    "import rows.csv --series CRI-H100",
    "restate CRI-H100@1.1-wp --publication-date 2026-01-15 --reason x --record",
    f"checkpoint {DEAL}",
    f"export {DEAL} --as tiles --into export",
    "db restore copy.sqlite",
    "db upgrade",
]


@pytest.mark.parametrize("line", RECORDING, ids=lambda line: " ".join(line.split()[:2]))
def test_a_command_that_records_waits_for_another_and_says_so_where_it_gives_up(
    line: str, held: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(import_module("engine.cli.app"), "PATIENCE", 0.2)
    words = ["--workspace", str(held), *line.split()]
    with pytest.raises(
        Busy, match=r"another command has been recording .* nothing was recorded: enter this again"
    ) as refused:
        registered(words)(words, standalone_mode=False)
    assert refused.value.exit_code == 1
    assert "another command records in this workspace; waiting for it" in capsys.readouterr().err


def test_a_command_that_only_shows_does_not_wait(held: Path) -> None:
    words = ["--workspace", str(held), "portfolio", "--on", "2026-01-15"]
    assert registered(words)(words, standalone_mode=False) == 0


def keeps(root: str, seconds: float, ready: Any) -> None:
    with opened(Path(root)).alone():
        ready.set()
        time.sleep(seconds)


def test_a_command_goes_on_when_the_other_is_done(tmp_path: Path) -> None:
    workspace = desk(tmp_path)
    context = multiprocessing.get_context("fork")
    ready, waited = context.Event(), []
    other = context.Process(target=keeps, args=(str(tmp_path), 0.3, ready))
    other.start()
    assert ready.wait(10)
    with workspace.alone(patience=30, told=lambda: waited.append(True)):
        assert waited == [True]
    other.join()
    with workspace.alone(patience=0, told=lambda: waited.append(True)):
        assert waited == [True]
    workspace.store.close()

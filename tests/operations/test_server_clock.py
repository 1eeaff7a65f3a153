"""A server whose clock is wrong says so in each round, and goes on once the clock is right again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers import blocking

from engine import assembly
from engine.cli.show.serve import serve_until_stopped
from engine.operations.run import Tools
from engine.operations.run_outcome import RunOutcome
from engine.operations.server_round import RoundParts, server_round
from engine.record.log import ClockBehind, Scribe
from tests.operations.test_exactly_once import desk, publish, rows
from tests.operations.test_run import tools as tools  # the fixture

NOW = datetime(2026, 1, 9, 21, tzinfo=UTC)


def test_a_round_by_a_clock_that_was_set_back_is_refused(tmp_path: Path, tools: Tools) -> None:
    workspace, now = desk(tmp_path), NOW
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    parts = RoundParts(
        lambda: replace(tools, now=now), lambda: now, lambda: Scribe("t", "t", now), lambda _: ()
    )
    first = server_round(workspace, RunOutcome(now.date()), parts)
    assert not server_round(workspace, first.last, parts).looked
    now -= timedelta(days=2)
    with pytest.raises(ClockBehind, match="set the clock right"):
        server_round(workspace, first.last, parts)
    workspace.store.close()


def test_a_round_by_a_clock_that_lost_its_day_is_told_and_the_next_goes_on(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = NOW

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock

    class ThreeTicks:
        def __init__(self, **_: Any) -> None: ...

        def add_job(self, job: Any, *_: Any, **__: Any) -> None:
            self.job = job

        def start(self) -> None:
            nonlocal clock
            for moment in (NOW, datetime(1970, 1, 1, 0, 7, tzinfo=UTC), NOW):
                clock = moment
                self.job()

    monkeypatch.setattr(assembly, "datetime", Clock)
    monkeypatch.setattr(blocking, "BlockingScheduler", ThreeTicks)
    workspace = desk(tmp_path)
    serve_until_stopped(workspace, lambda: replace(tools, now=NOW), 3600, as_json=False)
    workspace.store.close()
    assert [line[:60] for line in capsys.readouterr().out.splitlines() if " UTC: " in line] == [
        "2026-01-09 21:00 UTC: 1 publication, 1 notice",
        "1970-01-01 00:07 UTC: the round failed: Unavailable: the clo",
        "2026-01-09 21:00 UTC: 0 publications, 0 notices",
    ]

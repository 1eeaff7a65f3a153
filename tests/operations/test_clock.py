"""What day it is: each deal's own, in its time zone, over the changes of its clocks; and a clock that is
wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path

import pytest

from engine import assembly
from engine.basics.errors import Unavailable
from engine.events.draft import Draft
from engine.operations.run import Tools, run
from engine.operations.waiting_dates import begun
from engine.record.log import ClockBehind, Scribe, append, index_log, read
from engine.workspace.workspace import Workspace
from tests.cli import calling
from tests.operations.test_corrections import made
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, WEEK, events, publish, rows

ADMINISTERED = (
    ("source: computed by the calculation agent", "source: published by the administrator"),
    ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def desk(root: Path, zone: str = "America/New_York", weeks: int = 48, cut_off: str = '"15:00"') -> Workspace:
    zoned = ("time_zone: America/New_York", f"time_zone: {zone}")
    workspace = made(root, *ADMINISTERED, zoned, ('cut_off: "15:00"', f"cut_off: {cut_off}"))
    publish(workspace, rows(["2.10"] * weeks), at("2026-01-01T00:00"))
    return workspace


def determined(workspace: Workspace, when: str, tools: Tools) -> date:
    """The last date that a run at a moment determined."""
    now = at(when)
    run(workspace, begun(now), replace(tools, now=now))
    return [event.effective_on for event in events(workspace) if event.kind == "determined"][-1]


@pytest.mark.parametrize(
    ("cut_off", "before", "after", "thursday"),
    [
        (
            '"15:00"',
            "2026-03-05T19:59",
            "2026-03-05T20:00",
            date(2026, 3, 5),
        ),  # winter time: 15:00 in New York is 20:00 UTC
        (
            '"15:00"',
            "2026-03-12T18:59",
            "2026-03-12T19:00",
            date(2026, 3, 12),
        ),  # summer time began on Sunday, 8 March
        ('"15:00"', "2026-10-29T18:59", "2026-10-29T19:00", date(2026, 10, 29)),
        (
            '"15:00"',
            "2026-11-05T19:59",
            "2026-11-05T20:00",
            date(2026, 11, 5),
        ),  # it ended on Sunday, 1 November
        (
            "end of day",
            "2026-03-06T04:59",
            "2026-03-06T05:00",
            date(2026, 3, 5),
        ),  # the deal's own midnight, not that of UTC
        ("end of day", "2026-03-13T03:59", "2026-03-13T04:00", date(2026, 3, 12)),
    ],
)
def test_a_thursday_is_determined_at_its_cut_off_where_the_deal_is(
    cut_off: str, before: str, after: str, thursday: date, tmp_path: Path, tools: Tools
) -> None:
    workspace = desk(tmp_path, cut_off=cut_off)
    assert determined(workspace, before, tools) == thursday - WEEK
    assert determined(workspace, after, tools) == thursday
    workspace.store.close()


def test_a_deal_ahead_of_utc_has_its_thursday_first(tmp_path: Path, tools: Tools) -> None:
    """At 08:00 on Thursday in Tokyo it is still Wednesday in UTC."""
    tokyo = desk(tmp_path / "tokyo", "Asia/Tokyo", cut_off='"08:00"')
    assert determined(tokyo, "2026-03-04T22:59", tools) == date(2026, 2, 26)
    assert determined(tokyo, "2026-03-04T23:00", tools) == date(2026, 3, 5)
    tokyo.store.close()


def test_a_deadline_is_not_over_before_its_day_is_over_where_the_deal_is(
    tmp_path: Path, tools: Tools
) -> None:
    """At 20:00 in New York on the last day for an appraisal it is the next day in UTC, and the appraisal is
    not overdue.
    """
    workspace = made(tmp_path, *ADMINISTERED)
    publish(workspace, rows(["2.10"] * 10 + ["1.00"] * 8), at("2026-01-01T00:00"))
    determined(workspace, "2026-03-20T12:00", tools)
    (due,) = {event.payload.obligation.due.by for event in events(workspace) if event.kind == "obligation"}

    def overdue(hour_utc: int) -> bool:
        now = datetime.combine(due + timedelta(days=1), time(hour_utc), UTC)
        run(workspace, begun(now), replace(tools, now=now))
        return any(event.subject.endswith("overdue") for event in events(workspace))

    assert (overdue(0), overdue(3), overdue(4)) == (False, False, True)  # New York keeps summer time then
    workspace.store.close()


@pytest.mark.parametrize(
    "thursday", [date(2026, 11, 26), date(2026, 12, 24)], ids=["Thanksgiving", "the day before Christmas"]
)
def test_a_thursday_on_a_holiday_is_determined_as_the_deal_says(
    thursday: date, tmp_path: Path, tools: Tools
) -> None:
    workspace = desk(tmp_path, weeks=52)
    assert (
        determined(workspace, f"{thursday + timedelta(days=4)}T12:00", tools) == thursday
    )  # "if not a business day: same day"
    workspace.store.close()


def test_a_tick_a_minute_over_a_change_of_the_clocks_is_one_run(tmp_path: Path, tools: Tools) -> None:
    workspace = desk(tmp_path)
    start = at("2026-11-01T05:30")  # 01:30 comes twice in New York
    for minutes in range(0, 90, 5):
        now = start + timedelta(minutes=minutes)
        run(workspace, begun(now), replace(tools, now=now))
    found = [event.effective_on for event in events(workspace) if event.kind == "determined"]
    assert len(found) == len(set(found))
    workspace.store.close()


def test_a_clock_that_was_set_back_records_nothing(tmp_path: Path, tools: Tools) -> None:
    workspace = desk(tmp_path)
    run(workspace, FIRST, replace(tools, now=at("2026-01-15T23:00")))
    before = events(workspace)
    with pytest.raises(ClockBehind, match="set the clock right"):
        run(workspace, FIRST + WEEK, replace(tools, now=at("2026-01-15T21:59")))
    assert events(workspace) == before
    run(
        workspace, FIRST + WEEK, replace(tools, now=at("2026-01-15T22:01"))
    )  # within what a run beside a person may take
    assert len(events(workspace)) > len(before)
    workspace.store.close()


def test_a_run_that_would_do_nothing_says_all_the_same_that_the_clock_is_behind(
    tmp_path: Path, tools: Tools
) -> None:
    workspace = desk(tmp_path)
    done = replace(tools, now=at("2026-01-15T21:00"))
    run(workspace, FIRST + WEEK, done)
    size = len(events(workspace))
    assert run(workspace, FIRST, replace(tools, now=at("2026-01-15T20:30"))).deals[0].reason is None
    with pytest.raises(ClockBehind, match="before the last entry"):
        run(workspace, FIRST, replace(tools, now=at("2026-01-13T21:00")))
    assert len(events(workspace)) == size


@pytest.mark.parametrize("year", [1, 1970, 2009, 2061, 2090, 9999])
def test_a_clock_that_lost_its_day_ends_every_command_that_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    class Lost(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Lost:
            return cls(year, 1, 1, 0, 0, 5, tzinfo=tz)

    root = desk(tmp_path / "desk").root
    monkeypatch.setattr(assembly, "datetime", Lost)
    for command in ("run", "portfolio", "owed"):
        done = calling.headroom(command, folder=root)
        assert (command, done.returncode) == (command, 1), done.stdout
        assert f"the clock of this machine stands at {year:04d}-01-01" in done.stderr
    assert assembly.machine_clock().year == year  # a page of the desk shows what the clock says


def test_nothing_is_recorded_by_a_clock_that_lost_its_day(tmp_path: Path) -> None:
    """A page shows what the clock says, so a form may come with a moment that no command would take."""
    workspace = desk(tmp_path)
    log = index_log("CRI-H100@administrator")
    before = read(workspace.store, log)
    again = Draft(
        kind="index published",
        subject="CRI-H100",
        effective_on=FIRST,
        payload=before[0].payload,
        print=2,
    )
    for moment in ("1970-01-01T00:00", "2090-01-01T00:00"):
        with pytest.raises(Unavailable, match="set the clock right"), workspace.store.begin() as writer:
            append(writer, log, [again], Scribe("t", "t", at(moment)))
    assert read(workspace.store, log) == before

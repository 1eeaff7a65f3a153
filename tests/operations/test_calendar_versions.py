"""Calendars have versions: closings that an operator adds, tables that a release changes, and replay by the
table of the time (36a).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import engine.basics.calendar as calendars
from engine.audit.leftovers import without_event
from engine.audit.replay import Replay
from engine.basics.calendar import BusinessCalendar, Holiday, load_calendar, taken_from, with_closings
from engine.basics.errors import WrongUsage
from engine.demo import plan
from engine.determination.template import Template
from engine.events.calendar_events import CalendarClosing, CalendarTaken, ClosingWithdrawn, LastDayMoved
from engine.events.kinds import ActApplied, DealAdopted, Determined, Event
from engine.operations.closings import close_day, withdraw_closing
from engine.operations.run import Tools, run
from engine.queries.history import summary
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, opened
from tests.built import copy_of
from tests.operations.taking import take
from tests.operations.test_corrections import administered as administered  # the fixture
from tests.operations.test_corrections import administered_in, replayed, series
from tests.operations.test_run import DEAL, NOW
from tests.operations.test_run import tools as tools  # the fixture

FAILS = date(2026, 3, 26)
CLOSED = date(2026, 4, 7)
RESERVE = "us-federal-reserve"


def at(day: date, hour: int = 22) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def failed_in(root: Path, tools: Tools, templates: dict[str, Template]) -> None:
    """Twelve weeks, at the end of which Loan to Value fails."""
    workspace = administered_in(root)
    for thursday in plan.THURSDAYS[:12]:
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL) and report.received <= FAILS:
                by = Scribe("t", "t", at(report.received, 23))
                take(workspace, report.text, report.name, report.received, templates, by)
    thursdays = [FAILS - timedelta(weeks=n) for n in reversed(range(12))]
    rows = "".join(f"{day},{'1.3000' if day == FAILS else '2.4000'},false,44,1.1.0\n" for day in thursdays)
    series(workspace, rows, FAILS)
    run(workspace, FAILS, replace(tools, now=at(FAILS)))
    workspace.store.close()


@pytest.fixture
def failing(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """Loan to value fails on 26 March: ten Business Days of the Reserve Banks run to 9 April."""
    made = copy_of(
        ("calendars: failing", tools.render), lambda root: failed_in(root, tools, all_templates), tmp_path
    )
    workspace = opened(made)
    assert cure_by(workspace) == date(2026, 4, 9)
    yield workspace
    workspace.store.close()


def cure_by(workspace: Workspace) -> date | None:
    from engine.events.deal_state import as_it_stands

    cure = as_it_stands(log(workspace)).tests["ltv"].cure
    return cure.by if cure is not None else None


def log(workspace: Workspace) -> tuple[Event, ...]:
    return tuple(read(workspace.store, deal_log(DEAL)))


def of_type(workspace: Workspace, kind: type) -> list[object]:
    return [event.payload for event in log(workspace) if isinstance(event.payload, kind)]


def closed(workspace: Workspace, recorded: datetime) -> None:
    said = CalendarClosing(
        calendar=RESERVE,
        day=CLOSED,
        reason="National day of mourning",
        source="Federal Register of 31 March 2026",
    )
    close_day(workspace, said, Scribe("t", "t", recorded))


def ran(workspace: Workspace, tools: Tools, day: date) -> None:
    run(workspace, day, replace(tools, now=at(day)))


def test_a_closing_in_time_moves_the_running_deadline_and_names_both_dates(
    failing: Workspace, tools: Tools
) -> None:
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    assert cure_by(failing) == date(2026, 4, 10)
    (taken,) = of_type(failing, CalendarTaken)
    assert isinstance(taken, CalendarTaken)
    assert [(one.day, one.closed, one.reason) for one in taken.changes] == [
        (CLOSED, True, "National day of mourning")
    ]
    assert (
        LastDayMoved(of="Cure Period of `ltv`", before=date(2026, 4, 9), after=date(2026, 4, 10))
        in taken.moves
    )
    moved = [
        one.why
        for one in of_type(failing, ActApplied)
        if isinstance(one, ActApplied) and one.test is not None
    ]
    assert moved == [
        "the last day moves from 2026-04-09 to 2026-04-10: the calendar us-federal-reserve has changed"
    ]
    said = next(event for event in log(failing) if event.kind == "calendar taken")
    assert "2026-04-07 closed, National day of mourning (Federal Register of 31 March 2026)" in summary(said)
    assert "Cure Period of `ltv`: 2026-04-09 becomes 2026-04-10" in summary(said)
    ran(failing, tools, date(2026, 4, 1))  # again: nothing more
    assert len(of_type(failing, CalendarTaken)) == 1
    assert replayed(failing, tools) == [None]


def test_a_closing_that_is_found_by_a_later_run_counts_by_when_it_was_recorded(
    failing: Workspace, tools: Tools
) -> None:
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 10))
    assert cure_by(failing) == date(2026, 4, 10)
    assert replayed(failing, tools) == [None]


@pytest.mark.parametrize("runs", [date(2026, 4, 8), date(2026, 4, 9)])
def test_a_closing_after_its_day_moves_none(failing: Workspace, tools: Tools, runs: date) -> None:
    closed(failing, at(date(2026, 4, 8)))
    ran(failing, tools, runs)
    assert cure_by(failing) == date(2026, 4, 9)
    assert of_type(failing, CalendarTaken) == []
    assert replayed(failing, tools) == [None]


def test_the_day_is_the_deals_own(failing: Workspace, tools: Tools) -> None:
    """At 02:00 UTC on the 8th it is still the 7th in New York; at 05:00 it is not."""
    closed(failing, datetime(2026, 4, 8, 2, tzinfo=UTC))
    ran(failing, tools, date(2026, 4, 8))
    assert cure_by(failing) == date(2026, 4, 10)


def test_a_correction_of_the_failing_date_counts_as_the_deadline_does(
    failing: Workspace, tools: Tools
) -> None:
    """The date is determined again after the closing was taken; its deadline is the moved one."""
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    series(failing, "2026-03-27,1.3100,false,44,1.1.0\n", date(2026, 4, 2))
    ran(failing, tools, date(2026, 4, 2))
    assert [event.kind for event in log(failing)].count("correction") == 1
    assert cure_by(failing) == date(2026, 4, 10)
    assert replayed(failing, tools) == [None]


def changed_table(monkeypatch: pytest.MonkeyPatch, *further: date) -> None:
    """A later release, whose table of the Reserve Banks has further closings."""
    ships, load = load_calendar(RESERVE), calendars.load_calendar
    newer = with_closings(ships, [Holiday(day, "National Day", "a later release", False) for day in further])
    fresh: dict[str, BusinessCalendar] = {RESERVE: newer}
    import sys

    for module in list(sys.modules.values()):
        if getattr(module, "load_calendar", None) is load:
            monkeypatch.setattr(module, "load_calendar", lambda name: fresh.get(name) or load(name))


def test_a_releases_table_counts_from_its_installation_and_the_old_log_replays(
    failing: Workspace, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log(failing)
    with monkeypatch.context() as patched:
        changed_table(patched, date(2026, 3, 30), date(2026, 4, 8))
        assert replayed(failing, tools) == [None]  # by the table of the time, though another ships
        ran(failing, tools, date(2026, 4, 1))
        assert cure_by(failing) == date(2026, 4, 10)  # 8 April counts, 30 March had passed
        (taken,) = of_type(failing, CalendarTaken)
        assert isinstance(taken, CalendarTaken)
        assert [entry.day for entry in taken.changes] == [date(2026, 4, 8)]
        assert taken.moves
        assert replayed(failing, tools) == [None]
    assert log(failing)[: len(before)] == before
    assert replayed(failing, tools) == [None]  # and with the older release again, by the table that was kept


def test_a_result_names_its_table(failing: Workspace, tools: Tools) -> None:
    ships = load_calendar(RESERVE).sha256
    (adopted,) = of_type(failing, DealAdopted)
    assert isinstance(adopted, DealAdopted)
    assert adopted.calendars == {RESERVE: ships}
    assert {one.calendar_sha256 for one in of_type(failing, Determined) if isinstance(one, Determined)} == {
        ships
    }
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 3))
    newest = of_type(failing, Determined)[-1]
    assert isinstance(newest, Determined)
    assert newest.calendar_sha256 not in (None, ships)


def test_a_table_that_was_lost_or_changed_is_named(failing: Workspace, tools: Tools) -> None:
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    (taken,) = of_type(failing, CalendarTaken)
    assert isinstance(taken, CalendarTaken)
    path = failing.root / "documents" / f"{taken.sha256}.csv"
    path.write_text(path.read_text().replace("National day", "Notional day"))
    assert any("has been changed" in said for said in without_event(failing, deal_log(DEAL)))
    (difference,) = [
        one.difference for one in Replay(failing, tools.templates).run() if one.log == deal_log(DEAL)
    ]
    assert difference is not None
    assert "is missing or has been changed" in difference.what


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"day": date(2026, 4, 4)}, "closed on 2026-04-04 already: Saturday"),
        ({"day": date(2026, 5, 25)}, "already: Memorial Day"),
        ({"calendar": "US"}, "known are"),
        ({"source": " "}, "a reason and a source"),
    ],
)
def test_what_is_no_closing_is_refused(
    administered: Workspace, said: dict[str, object], refused: str
) -> None:
    entry = {"calendar": RESERVE, "day": CLOSED, "reason": "mourning", "source": "Federal Register", **said}
    with pytest.raises(WrongUsage, match=refused):
        close_day(administered, CalendarClosing.model_validate(entry), Scribe("t", "t", NOW))


def test_what_is_closed_twice_is_recorded_once(administered: Workspace) -> None:
    entry = CalendarClosing(calendar=RESERVE, day=CLOSED, reason="mourning", source="Federal Register")
    assert close_day(administered, entry, Scribe("t", "t", at(date(2026, 4, 1)))).new
    assert not close_day(administered, entry, Scribe("t", "t", at(date(2026, 4, 2)))).new


def test_the_hash_of_a_table_is_that_of_its_file() -> None:
    from hashlib import sha256

    for name in calendars.known_calendars():
        path = Path("deals") / "calendars" / f"{name}.csv"
        assert (
            load_calendar(name).sha256 == sha256((Path(__file__).parents[2] / path).read_bytes()).hexdigest()
        )


def test_a_new_table_leaves_the_past_as_it_was() -> None:
    old = load_calendar(RESERVE)
    new = with_closings(old, [Holiday(day, "x", "y", False) for day in (date(2026, 3, 30), date(2026, 4, 8))])
    both = taken_from(old, new, date(2026, 4, 1))
    assert both.is_business_day(date(2026, 3, 30))
    assert not both.is_business_day(date(2026, 4, 8))
    assert taken_from(old, old, date(2026, 4, 1)).sha256 == old.sha256


def opened_again(workspace: Workspace, recorded: datetime) -> None:
    said = ClosingWithdrawn(
        calendar=RESERVE, day=CLOSED, reason="it was 7 May", source="Federal Register of 31 March 2026"
    )
    assert withdraw_closing(workspace, said, Scribe("t", "t", recorded)).new


@pytest.mark.parametrize("withdrawn", [at(date(2026, 4, 2)), datetime(2026, 4, 8, 2, tzinfo=UTC)])
def test_a_closing_that_is_withdrawn_in_time_moves_the_deadline_back_and_says_why(
    failing: Workspace, tools: Tools, withdrawn: datetime
) -> None:
    """Fails 26 March, ten Business Days; at 02:00 UTC on the 8th it is still the 7th where the deal is."""
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    assert cure_by(failing) == date(2026, 4, 10)
    before = log(failing)
    opened_again(failing, withdrawn)
    ran(failing, tools, date(2026, 4, 8))
    assert cure_by(failing) == date(2026, 4, 9)
    assert log(failing)[: len(before)] == before  # nothing is rewritten
    _, taken = of_type(failing, CalendarTaken)
    assert isinstance(taken, CalendarTaken)
    assert (
        LastDayMoved(of="Cure Period of `ltv`", before=date(2026, 4, 10), after=date(2026, 4, 9))
        in taken.moves
    )
    said = [summary(event) for event in log(failing) if event.kind == "calendar taken"][-1]
    why = "2026-04-07 open, its closing for National day of mourning is withdrawn: it was 7 May"
    assert why in said
    assert "Cure Period of `ltv`: 2026-04-10 becomes 2026-04-09" in said
    ran(failing, tools, date(2026, 4, 8))  # again: nothing more
    assert len(of_type(failing, CalendarTaken)) == 2
    assert replayed(failing, tools) == [None]


def test_a_closing_that_is_withdrawn_after_its_day_stays_as_it_was_counted(
    failing: Workspace, tools: Tools
) -> None:
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    opened_again(failing, at(date(2026, 4, 8)))
    ran(failing, tools, date(2026, 4, 9))
    assert cure_by(failing) == date(2026, 4, 10)
    assert len(of_type(failing, CalendarTaken)) == 1
    assert replayed(failing, tools) == [None]


@pytest.mark.parametrize("runs", [date(2026, 4, 3), date(2026, 4, 9)])
def test_a_closing_that_no_run_has_seen_before_it_was_withdrawn_moves_nothing(
    failing: Workspace, tools: Tools, runs: date
) -> None:
    closed(failing, at(date(2026, 4, 1)))
    opened_again(failing, at(date(2026, 4, 2)))
    ran(failing, tools, runs)
    assert cure_by(failing) == date(2026, 4, 9)
    assert of_type(failing, CalendarTaken) == []
    assert replayed(failing, tools) == [None]


def test_a_day_may_be_closed_again(failing: Workspace, tools: Tools) -> None:
    """Each entry is kept, and the last one that came in time counts."""
    closed(failing, at(date(2026, 4, 1)))
    opened_again(failing, at(date(2026, 4, 2)))
    ran(failing, tools, date(2026, 4, 2))
    closed(failing, at(date(2026, 4, 3)))
    ran(failing, tools, date(2026, 4, 3))
    assert cure_by(failing) == date(2026, 4, 10)
    kinds = [event.kind for event in read(failing.store, "snapshots") if event.kind.startswith("calendar")]
    assert kinds == ["calendar closing", "calendar closing withdrawn", "calendar closing"]
    assert replayed(failing, tools) == [None]


def test_only_a_closing_that_stands_is_withdrawn(administered: Workspace) -> None:
    said = {"calendar": RESERVE, "reason": "an error", "source": "A. Reyes"}
    for day in (CLOSED, date(2026, 5, 25)):  # never closed; closed by the table itself
        wrong = ClosingWithdrawn.model_validate({**said, "day": day})
        with pytest.raises(WrongUsage, match=f"no closing of {RESERVE} on {day} stands"):
            withdraw_closing(administered, wrong, Scribe("t", "t", NOW))
    closed(administered, NOW)
    unsaid = ClosingWithdrawn.model_validate({**said, "day": CLOSED, "source": " "})
    with pytest.raises(WrongUsage, match="a reason and a source"):
        withdraw_closing(administered, unsaid, Scribe("t", "t", NOW))
    opened_again(administered, NOW)
    with pytest.raises(WrongUsage, match="stands on record"):
        opened_again(administered, NOW)


def test_a_closing_that_a_later_table_has_as_well_stays_in_the_table(
    failing: Workspace, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    with monkeypatch.context() as patched:
        changed_table(patched, CLOSED)
        opened_again(failing, at(date(2026, 4, 2)))
        ran(failing, tools, date(2026, 4, 2))
        assert cure_by(failing) == date(2026, 4, 10)
        assert replayed(failing, tools) == [None]


@pytest.mark.parametrize(
    ("entered", "withdrawn", "late"),
    [(-1, None, True), (1, None, False), (-1, 1, True), (-2, -1, False), (None, None, False)],
)
def test_a_report_before_the_first_run_is_judged_by_the_closings_of_its_time(
    administered: Workspace, tools: Tools, entered: int | None, withdrawn: int | None, late: bool
) -> None:
    """On record without a warning, and replayed with one: the first run's tables had the closing.

    The hours are before and after the report is entered, on the day that is closed.
    """
    report = next(one for one in plan.reports(plan.THURSDAYS[0]) if one.name.startswith(DEAL))
    keyed = at(report.received, 17)
    steps = [(0, None), (entered, True), (withdrawn, False)]
    for hours, closes in sorted((hours, closes) for hours, closes in steps if hours is not None):
        by = Scribe("t", "t", keyed + timedelta(hours=hours))
        if closes is None:
            take(administered, report.text, report.name, report.received, tools.templates, by)
        elif closes:
            said = CalendarClosing(calendar=RESERVE, day=report.received, reason="mourning", source="FR")
            close_day(administered, said, by)
        else:
            back = ClosingWithdrawn(calendar=RESERVE, day=report.received, reason="an error", source="FR")
            withdraw_closing(administered, back, by)
    thursday = plan.THURSDAYS[0]
    series(administered, f"{thursday},2.4000,false,44,1.1.0\n", thursday)
    ran(administered, tools, thursday)
    (warnings,) = [event.payload.warnings for event in log(administered) if event.kind == "report received"]
    assert [one.partition(", ")[2] for one in warnings] == ["1 day after it was due"] * late
    assert replayed(administered, tools) == [None]

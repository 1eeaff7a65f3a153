"""A run that left nothing to do is not repeated until a log, a file, a key or the day has changed; whatever
could be due is looked at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli.show.keys import make_key
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.settled import Settled
from engine.operations.waiting_dates import begun
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Reader
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, desk, publish, rows
from tests.operations.test_run import DEAL

FRIDAY = datetime(2026, 1, 9, 21, tzinfo=UTC)  # 16:00 in New York, an hour after the deal's cut-off


def at(workspace: Workspace, tools: Tools, now: datetime) -> RunOutcome:
    return run(workspace, begun(now), replace(tools, now=now))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = desk(tmp_path)
    publish(found, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    return found


def left(outcome: RunOutcome) -> Settled:
    assert outcome.settled is not None
    return outcome.settled


def test_it_holds_until_the_day_ends_first_where_the_administrator_or_the_deal_is(
    workspace: Workspace, tools: Tools
) -> None:
    found = left(at(workspace, tools, FRIDAY))
    assert found.until == datetime(
        2026, 1, 10, 5, tzinfo=UTC
    )  # midnight in New York, an hour before Chicago's
    assert found.holds(workspace, FRIDAY + timedelta(hours=1))
    assert not found.holds(workspace, found.until)
    early = datetime(2026, 1, 10, 5, 30, tzinfo=UTC)
    assert left(at(workspace, tools, early)).until == datetime(2026, 1, 10, 6, tzinfo=UTC)
    workspace.store.close()


def test_it_does_not_hold_for_a_clock_that_was_set_back(workspace: Workspace, tools: Tools) -> None:
    """Clocks may differ by an hour; beyond that, a run looks, and refuses what its logs contradict."""
    found = left(at(workspace, tools, FRIDAY))
    assert found.holds(workspace, FRIDAY - timedelta(hours=1))
    assert not found.holds(workspace, FRIDAY - timedelta(hours=1, seconds=1))
    workspace.store.close()


def test_a_cut_off_ends_it(tmp_path: Path, tools: Tools) -> None:
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10"]), datetime(2026, 1, 1, tzinfo=UTC))
    noon = datetime(2026, 1, 8, 17, tzinfo=UTC)
    outcome = at(workspace, tools, noon)
    assert outcome.deals[0].waiting is not None
    ends = datetime(2026, 1, 8, 20, tzinfo=UTC)  # 15:00 in New York
    assert left(outcome).until == ends
    assert [
        event.effective_on
        for event in at(workspace, tools, ends).deals[0].events
        if event.kind == "determined"
    ] == [FIRST]
    workspace.store.close()


def test_whatever_a_run_decides_by_ends_it(workspace: Workspace, tools: Tools) -> None:
    now = FRIDAY
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")

    def act() -> None:
        told = ActRecorded(
            act="waiver",
            clause="ltv",
            effective_on=date(2026, 1, 9),
            until=date(2026, 2, 1),
            details={"clock": "resumes"},
        )
        with workspace.store.begin() as writer:
            draft = Draft(
                kind="act recorded", subject=told.identity, effective_on=told.effective_on, payload=told
            )
            append(writer, deal_log(DEAL), [draft], Scribe("p", "t", now))

    changes = (
        act,
        lambda: publish(workspace, "2026-01-22,1.9000,false,40,1.1.1\n", datetime(2026, 1, 1, tzinfo=UTC)),
        lambda: path.write_text(text + "\n# seen\n", encoding="utf-8"),
        lambda: (workspace.root / "deals" / "other.yaml").write_text(
            text.replace(DEAL, "other"), encoding="utf-8"
        ),
        lambda: make_key(
            "agent.example/log", workspace.root / "keys" / "log.key", cosigner=False, as_json=True
        ),
    )
    for change in changes:
        found = left(at(workspace, tools, now))
        assert found.holds(workspace, now)
        change()
        assert not found.holds(workspace, now)
    workspace.store.close()


def test_it_reads_no_entry(workspace: Workspace, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    found = left(at(workspace, tools, FRIDAY))

    def never(*_: object) -> object:
        raise AssertionError("an entry was read")

    for name in ("entries", "entry", "body", "newest"):
        monkeypatch.setattr(Reader, name, never)
    assert found.holds(workspace, FRIDAY)
    workspace.store.close()


def test_what_went_wrong_is_tried_again_at_once(workspace: Workspace, tools: Tools) -> None:
    def fails(_: object) -> object:
        raise KeyError("no such block")
        yield b""

    assert at(workspace, replace(tools, render=fails), FRIDAY).settled is None  # type: ignore[arg-type]
    (workspace.root / "deals" / "bad.yaml").write_text("deal: [", encoding="utf-8")
    assert at(workspace, tools, FRIDAY).settled is None
    workspace.store.close()


def test_a_run_up_to_an_earlier_date_settles_nothing(workspace: Workspace, tools: Tools) -> None:
    assert run(workspace, FIRST, replace(tools, now=FRIDAY)).settled is None
    workspace.store.close()

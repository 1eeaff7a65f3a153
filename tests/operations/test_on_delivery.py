"""A deal whose tests wait for the quarter's report, lived in a workspace: both dates on its notice, late
keying, a restatement, replay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.cli.show.history import explain
from engine.determination.template import Template
from engine.events.kinds import Correction, Determined
from engine.events.results import Verdict
from engine.events.states import TestStatus
from engine.queries.due_dates import deadlines
from reports.notice.words import page_words
from tests.operations.said_desk import ADMINISTERED, Desk
from tests.terms.test_on_delivery import quarterly

AS_OF, DELIVERED = date(2026, 3, 31), date(2026, 5, 12)
REPORT = (
    "deal: said\nperiod: {from: 2026-01-01, to: 2026-03-31}\nas_of: 2026-03-31\nsource: "
    'test\noutstanding_principal: "USD 16,477,560"\n'
)


@pytest.fixture
def desk(tmp_path: Path, all_templates: dict[str, Template]) -> Iterator[Desk]:
    found = Desk(tmp_path, all_templates, quarterly("", ADMINISTERED))
    yield found
    found.workspace.store.close()


def at(day: date, hour: int = 14) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_the_result_and_its_notice_carry_both_dates(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.run(date(2026, 5, 11))
    assert desk.tested() == []
    desk.take(at(DELIVERED), REPORT)
    desk.run(DELIVERED)
    (tested,) = desk.tested()
    assert (tested.result.verdict, tested.result.on, tested.result.as_of) == (Verdict.FAIL, DELIVERED, AS_OF)
    assert (tested.state.status, tested.state.since) == (TestStatus.CURE_PERIOD, DELIVERED)
    assert tested.state.cure is not None
    assert tested.state.cure.by == date(2026, 5, 27)
    (whole,) = [event.payload for event in desk.events if isinstance(event.payload, Determined)]
    assert (whole.as_of, whole.next_determination_date) == (AS_OF, date(2026, 6, 30))
    (due,) = [one for one in whole.due if one.act == "report"]
    assert due.by == date(2026, 8, 14)
    desk.replays()
    assert (len(desk.made), desk.unverified()) == (2, [])
    words = page_words(desk.made[0]).decode()
    assert "Tuesday 12 May 2026, as of Tuesday 31 March 2026" in words
    assert "66.000% against a maximum of 65%, as of Tuesday 31 March 2026" in words
    capsys.readouterr()
    explain(desk.workspace, "said", "ltv", DELIVERED, as_json=False)
    said = capsys.readouterr().out
    assert "as of 2026-03-31" in said
    assert "2026-05-12" in said


def test_the_day_after_the_report_was_due_says_that_it_is_not_determined(desk: Desk) -> None:
    desk.run(date(2026, 5, 15))
    assert desk.tested() == []
    desk.run(date(2026, 5, 16))
    (tested,) = desk.tested()
    assert (tested.result.verdict, tested.result.on, tested.result.as_of) == (
        Verdict.NOT_DETERMINED,
        date(2026, 5, 16),
        AS_OF,
    )
    desk.replays()


def test_the_calendar_says_when_the_awaited_report_came(desk: Desk) -> None:
    """The report of 30 June, due on 14 August, is open until then; on 11 August it comes."""
    desk.take(at(DELIVERED), REPORT)
    desk.run(DELIVERED)

    def outcome() -> list[tuple[date, str]]:
        return [(one.due.by, one.outcome) for one in deadlines(desk.events) if one.due.act == "report"]

    assert outcome() == [(date(2026, 8, 14), "open")]
    desk.run(date(2026, 7, 2))
    assert outcome() == [(date(2026, 8, 14), "open")]
    following = REPORT.replace("2026-03-31", "2026-06-30").replace("2026-01-01", "2026-04-01")
    desk.take(at(date(2026, 8, 11)), following)
    desk.run(date(2026, 8, 11))
    assert outcome()[0] == (date(2026, 8, 14), "received on 2026-08-11")


def test_a_report_that_is_entered_late_counts_from_its_receipt(desk: Desk) -> None:
    """Received on 12 May, entered on 20 May: the day after it was due had said NOT DETERMINED, which is
    withdrawn.
    """
    desk.run(date(2026, 5, 18))
    assert [one.result.verdict for one in desk.tested()] == [Verdict.NOT_DETERMINED]
    desk.take(at(date(2026, 5, 20)), REPORT, "2026-05-12T10:00")
    desk.run(date(2026, 5, 20))
    (tested,) = desk.tested()
    assert (tested.result.verdict, tested.result.on, tested.result.as_of) == (Verdict.FAIL, DELIVERED, AS_OF)
    assert tested.state.cure is not None
    assert tested.state.cure.by == date(2026, 5, 27)
    assert sum(isinstance(event.payload, Correction) for event in desk.events) == 1
    desk.replays()


def test_a_restated_rate_of_the_date_runs_the_delivery_again(desk: Desk) -> None:
    """The print of 26 March becomes 2.10 within its five Business Days: 16,477,560 / 26,214,300 = 62.857%."""
    desk.run(date(2026, 3, 30))
    desk.publish(at(date(2026, 3, 31)), "2026-03-26,2.1000,false,44,1.1.1\n")
    desk.take(at(DELIVERED), REPORT)
    desk.run(DELIVERED)
    (tested,) = desk.tested()
    assert tested.result.verdict is Verdict.PASS
    desk.replays()

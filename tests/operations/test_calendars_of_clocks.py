"""A running clock keeps the calendar of when it began, and what is asked of a deal counts by the table of its
record (36a).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from engine.demo import plan
from engine.events.calendar_events import CalendarClosing, CalendarTaken
from engine.events.deal_adopted import facts_on
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, DealAdopted, Determined
from engine.events.notice import NoticeInputs
from engine.operations.closings import close_day
from engine.operations.run import Tools, run
from engine.queries.backtest_questions import deal_by_file_or_name
from engine.queries.foresight_questions import draft_or_deal
from engine.queries.proofs import prove_deal_files
from engine.record.log import Scribe, append, deal_log
from engine.terms.as_written import calendar_on
from engine.workspace.workspace import Workspace
from tests.operations.taking import take
from tests.operations.test_calendar_versions import (
    CLOSED,
    RESERVE,
    at,
    changed_table,
    closed,
    cure_by,
    of_type,
    ran,
)
from tests.operations.test_calendar_versions import failing as failing  # the fixture
from tests.operations.test_corrections import replayed, series
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture


def amended(workspace: Workspace, tools: Tools) -> None:
    """From 30 March the deal's Business Days are those of TARGET, which is closed on 3 and 6 April and on 1
    May.
    """
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    head, _, tail = path.read_text(encoding="utf-8").partition("amendments: []")
    amendment = (
        "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-03-30\n    changes:\n"
        "      - {term: business_days, replaces: us-federal-reserve, with: target, cite: CA §1.01}\n"
    )
    path.write_text(head + amendment + tail[tail.index("\nworked_examples:") :], encoding="utf-8")
    outcome = run(workspace, date(2026, 3, 31), replace(tools, now=at(date(2026, 3, 31))))
    assert outcome.deals[0].reason is None


def test_a_running_clock_keeps_the_calendar_of_when_it_began(failing: Workspace, tools: Tools) -> None:
    """Ten Business Days after 26 March end on 9 April at the Reserve Banks; by TARGET they would end on 13
    April.
    """
    amended(failing, tools)
    ran(failing, tools, date(2026, 4, 3))
    assert cure_by(failing) == date(2026, 4, 9)
    newest = of_type(failing, Determined)[-1]
    assert isinstance(newest, Determined)
    numbers = {day.day: day.number for day in newest.strip}
    assert (numbers[date(2026, 4, 3)], numbers[date(2026, 4, 9)]) == (6, 10)
    adopted = of_type(failing, DealAdopted)[-1]
    assert isinstance(adopted, DealAdopted)
    named = [facts_on(adopted, day).business_days for day in (date(2026, 3, 29), date(2026, 3, 30))]
    assert named == [RESERVE, "target"]
    assert replayed(failing, tools) == [None]


def test_a_closing_of_the_former_calendar_moves_the_clock_that_it_runs_by(
    failing: Workspace, tools: Tools
) -> None:
    amended(failing, tools)
    entered = Scribe("t", "t", at(date(2026, 4, 1)))
    for calendar, day in (("target", date(2026, 4, 8)), (RESERVE, CLOSED)):
        close_day(failing, CalendarClosing(calendar=calendar, day=day, reason="x", source="y"), entered)
    ran(failing, tools, date(2026, 4, 1))
    moved = {
        one.calendar: [move for move in one.moves if move.of == "Cure Period of `ltv`"]
        for one in of_type(failing, CalendarTaken)
        if isinstance(one, CalendarTaken) and one.before_sha256 is not None
    }
    assert moved["target"] == []
    assert [(move.before, move.after) for move in moved[RESERVE]] == [(date(2026, 4, 9), date(2026, 4, 10))]
    assert cure_by(failing) == date(2026, 4, 10)
    assert replayed(failing, tools) == [None]


def test_a_clock_that_a_waiver_stopped_goes_on_by_its_own_calendar(failing: Workspace, tools: Tools) -> None:
    """On 1 April seven Business Days are left at the Reserve Banks; from 30 April they end on 11 May."""
    amended(failing, tools)
    waiver = ActRecorded(
        act="waiver",
        clause="ltv",
        effective_on=date(2026, 4, 1),
        until=date(2026, 4, 30),
        document="W",
        details={"clock": "resumes"},
    )
    draft = Draft(
        kind="act recorded", subject=waiver.identity, effective_on=waiver.effective_on, payload=waiver
    )
    with failing.store.begin() as writer:
        append(writer, deal_log(DEAL), [draft], Scribe("t", "t", at(date(2026, 4, 1))))
    ran(failing, tools, date(2026, 5, 1))
    assert cure_by(failing) == date(2026, 5, 11)
    assert replayed(failing, tools) == [None]


def test_what_is_asked_of_a_deal_on_record_counts_by_its_table(
    failing: Workspace, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closing that the record took, and a release that has others: a backtest, a draft and a proof count as
    the record does.
    """
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    path = failing.root / "deals" / f"{DEAL}.yaml"
    changed_table(monkeypatch, date(2026, 4, 2))
    for deal in (
        deal_by_file_or_name(failing, DEAL, tools.templates),
        deal_by_file_or_name(failing, str(path), tools.templates),
        draft_or_deal(DEAL, failing, tools.templates),
        draft_or_deal(str(path), failing, tools.templates),
    ):
        table = calendar_on(deal, date(2026, 4, 1))
        assert (table.is_business_day(date(2026, 4, 2)), table.is_business_day(CLOSED)) == (True, False)


def test_a_worked_example_is_proved_by_the_table_of_the_record(failing: Workspace, tools: Tools) -> None:
    """The example ends its cure over a day that the record has closed since."""
    path = failing.root / "deals" / f"{DEAL}.yaml"
    head = path.read_text(encoding="utf-8").partition("\nworked_examples:")[0]
    rates = " ".join(["2.40"] * 11 + ["1.30"])
    example = (
        "\nworked_examples:\n  - name: A cure over a day of mourning\n    first_publication: 2026-01-08\n"
        f'    rates: {{CRI-H100: {rates}}}\n    facts: {{outstanding_principal: "USD 16,000,000"}}\n'
        "    expect:\n      - {on: 2026-03-26, test: ltv, result: FAIL, cure_by: 2026-04-10}\n"
    )
    path.write_text(head + example, encoding="utf-8")
    assert len(prove_deal_files([path], tools.templates, failing).problems) == 1
    closed(failing, at(date(2026, 4, 1)))
    ran(failing, tools, date(2026, 4, 1))
    assert prove_deal_files([path], tools.templates, failing).problems == ()
    assert len(prove_deal_files([path], tools.templates).problems) == 1


def test_a_report_is_late_by_the_table_of_the_record(failing: Workspace, tools: Tools) -> None:
    """It is due on the Business Day before Thursday 2 April: on Tuesday, for the Wednesday was closed in
    time.
    """
    wednesday = date(2026, 4, 1)
    said = CalendarClosing(calendar=RESERVE, day=wednesday, reason="mourning", source="Federal Register")
    close_day(failing, said, Scribe("t", "t", at(date(2026, 3, 30))))
    ran(failing, tools, date(2026, 3, 30))
    report = next(one for one in plan.reports(date(2026, 4, 2)) if one.name.startswith(DEAL))
    entered = Scribe("t", "t", at(wednesday, 23))
    _, warnings, _ = take(failing, report.text, report.name, wednesday, tools.templates, entered)
    late = [one for one in warnings if one.code == "RW02"]
    assert [(one.what, one.why) for one in late] == [
        ("received on 2026-04-01, 1 day after it was due", "it was due on 2026-03-31 (IND §3.05)")
    ]
    assert replayed(failing, tools) == [None]


def test_the_next_notice_of_the_deal_names_the_closing_that_moved_its_deadline(
    failing: Workspace, tools: Tools
) -> None:
    """As the run hands it to the renderer, and so with the log that it really reads."""
    from reports.notice.compose import compose

    said: list[str] = []

    def render(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
        for notice in notices:
            blocks = compose(notice)
            note = next(
                one["note"] for one in (*blocks["first"], *blocks["proof"]) if one["block"] == "dates"
            )
            said.append(note)
            yield note.encode()

    closed(failing, at(date(2026, 4, 1)))
    thursday = date(2026, 4, 2)
    series(failing, f"{thursday},1.3000,false,44,1.1.0\n", thursday)
    run(failing, thursday, replace(tools, now=at(thursday), render=render))
    assert said
    assert (
        "From 2 Apr 2026 on, the calendar us-federal-reserve counts 7 Apr 2026 as closed, National day of "
        "mourning (Federal Register of 31 March 2026). The last day moved for Cure Period of"
    ) in said[-1]
    assert "from 9 Apr 2026 to 10 Apr 2026" in said[-1]

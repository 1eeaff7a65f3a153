"""What is shown before something is recorded is what the next run does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.act import record_act
from engine.cli.show.intake import intake
from engine.demo import plan
from engine.determination.template import Template, clauses_of
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Event
from engine.events.standing import standing
from engine.foresight.differences import ResultChange, result_changes
from engine.foresight.impact import Reach
from engine.market.administrator_series import SeriesKnown, read_series
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.queries.preview import of_event, of_print
from engine.record.log import Scribe, append, deal_log, imagined, index_log, read
from engine.terms.as_written import load_deal
from engine.workspace.deals_by_name import find_deal
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import ROWS, made
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, WEEK, desk, events, publish, rows
from tests.operations.test_run import DEAL, fill

LATER = datetime(2026, 3, 5, 22, tzinfo=UTC)
LOG = index_log("CRI-H100@administrator")
FALLING = ["2.10", "2.10", "1.49", "1.48", "1.60", "1.49", "1.49", "1.49", "1.49"]
LAST = FIRST + 8 * WEEK


def lived(root: Path, tools: Tools) -> Workspace:
    workspace = desk(root)
    publish(workspace, rows(FALLING), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, LAST, replace(tools, now=LATER))
    return workspace


def print_of(workspace: Workspace, day: date, value: str) -> Draft:
    known = {event.effective_on: event.payload.value for event in read(workspace.store, LOG)}
    found = read_series(
        f"{ROWS}{day},{value},false,44,1.1.1\n", "rows.csv", "CRI-H100", SeriesKnown(known), LATER
    )
    assert (found.problems, found.findings) == ([], [])
    return draft(found.values[0].model_copy(update={"published_on": LATER.date()}))


def happened(before: list[Event], after: list[Event], found: Reach) -> tuple[ResultChange, ...]:
    def within(log: list[Event]) -> list[Event]:
        return [
            event
            for event in standing(log)
            if found.correction.from_on <= event.effective_on <= found.correction.until
        ]

    return result_changes(within(before), within(after))


def superseded(before: list[Event], after: list[Event]) -> set[int]:
    return {
        event.payload.supersedes
        for event in after[len(before) :]
        if event.kind == "notice issued" and event.payload.supersedes
    }


def test_a_restated_print_is_shown_before_it_is_recorded(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = lived(tmp_path, tools)
    before, day = events(workspace), LAST - WEEK
    new, scribe = print_of(workspace, day, "1.62"), Scribe("t", "t", LATER)
    (shown,) = of_print(workspace, imagined(new, scribe, LOG), all_templates)
    assert events(workspace) == before
    assert shown.correction.why == (f"Restatement of CRI-H100 for {day}: 1.49, now 1.62",)
    with workspace.store.begin() as writer:
        append(writer, LOG, [new], scribe)
    run(workspace, LAST, replace(tools, now=LATER))
    after = events(workspace)
    assert shown.changes == happened(before, after, shown)
    assert any(change.outcome for change in shown.changes)
    assert superseded(before, after) <= {one.number for one in shown.notices}
    assert superseded(before, after)
    workspace.store.close()


def test_a_waiver_of_the_past_is_shown_before_it_is_recorded(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = lived(tmp_path, tools)
    before = events(workspace)
    said = {"act": "waiver", "clause": "cash-sweep", "document": "W1", "details": {"clock": "resumes"}}
    act = ActRecorded.model_validate({**said, "effective_on": FIRST + 3 * WEEK, "until": FIRST + 5 * WEEK})
    new, scribe = (
        Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act),
        Scribe("t", "t", LATER),
    )
    text = (workspace.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    deal, _ = load_deal(text, "deal.yaml", clauses_of(all_templates))
    assert deal is not None
    (shown,) = of_event(workspace, deal, imagined(new, scribe, deal_log(DEAL)), all_templates)
    with workspace.store.begin() as writer:
        append(writer, deal_log(DEAL), [new], scribe)
    run(workspace, LAST, replace(tools, now=LATER))
    after = events(workspace)
    assert shown.changes == happened(before, after, shown)
    assert any(
        change.subject == "cash-sweep (trigger)" and change.after.startswith("WAIVED")
        for change in shown.changes
    )
    workspace.store.close()


@pytest.mark.parametrize("value", ["1.49", "1.4900"])
def test_what_changes_nothing_reaches_nothing(
    value: str, tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A print that the deal no longer accepts, of a date long past."""
    workspace = lived(tmp_path, tools)
    new = print_of(workspace, FIRST, "1.99")
    assert of_print(workspace, imagined(new, Scribe("t", "t", LATER), LOG), all_templates) == []
    workspace.store.close()


def test_an_act_is_previewed_and_nothing_is_recorded(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = lived(tmp_path, tools)
    before, scribe = events(workspace), Scribe("t", "t", LATER)
    said = {"act": "waiver", "clause": "cash-sweep", "document": "W1", "details": {"clock": "resumes"}}
    act = ActRecorded.model_validate({**said, "effective_on": FIRST + 3 * WEEK, "until": FIRST + 5 * WEEK})
    deal = find_deal(workspace, DEAL, all_templates)
    capsys.readouterr()
    record_act(workspace, deal, act, scribe, as_json=True, preview=all_templates)
    shown = json.loads(capsys.readouterr().out)
    assert events(workspace) == before
    assert (shown["recorded"], shown["name"]) == (False, act.identity)
    assert any(row["subject"] == "cash-sweep (trigger)" for row in shown["changes"][0]["results"])
    record_act(workspace, deal, act, scribe, as_json=False, preview=all_templates)
    words = capsys.readouterr().out
    assert "would be determined again" in words
    assert "not recorded; without --preview it is" in words
    assert events(workspace) == before
    with pytest.raises(WrongUsage, match="is not a clause"):
        record_act(
            workspace,
            deal,
            act.model_copy(update={"clause": "nothing"}),
            scribe,
            as_json=True,
            preview=all_templates,
        )
    record_act(workspace, deal, act, scribe, as_json=True)
    capsys.readouterr()
    record_act(workspace, deal, act, scribe, as_json=True, preview=all_templates)
    assert json.loads(capsys.readouterr().out)["changes"] == []
    workspace.store.close()


def test_a_report_is_previewed_and_nothing_is_taken(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = made(tmp_path)
    fill(workspace, 4, all_templates)
    run(workspace, plan.THURSDAYS[3], tools)
    before, kept = events(workspace), sorted((workspace.root / "reports").rglob("*"))
    report = next(one for one in plan.reports(plan.THURSDAYS[4]) if one.name.startswith(DEAL))
    path = tmp_path / report.name
    path.write_text(report.text, encoding="utf-8")
    capsys.readouterr()
    for as_json in (True, False):
        assert (
            intake(
                Intake(workspace, all_templates, Scribe("t", "t", tools.now)),
                [path],
                report.received,
                as_json,
                preview=True,
            )
            == 0
        )
        assert (events(workspace), sorted((workspace.root / "reports").rglob("*"))) == (before, kept)
    words = capsys.readouterr().out
    assert '"changes": []' in words
    assert "no result of a past date would change" in words
    assert "not taken; without --preview it is" in words
    workspace.store.close()

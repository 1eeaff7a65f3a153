"""The run end to end in a workspace: catch-up, idempotence, what is shown, the record."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.history import explain, history
from engine.cli.show.run import run_on
from engine.cli.show.verify import verify_workspace
from engine.demo import plan
from engine.determination.template import Template
from engine.events.deal_state import DealState, fold
from engine.events.notice import NoticeInputs
from engine.events.states import SweptPeriod
from engine.operations.run import Tools, run
from engine.operations.run_answer import run_answer
from engine.operations.run_outcome import RunOutcome
from engine.operations.snapshots import record_snapshots
from engine.queries.history import SUMMARIES
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS, shared
from tests.operations.states_left import states_left
from tests.operations.taking import take

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
DEAL = "meridian-2026-1"


def paper(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
    """A renderer for tests of the run: what it is given, in one line."""
    for notice in notices:
        yield f"{notice.deal} {notice.number} {notice.kind} {notice.on} {notice.log_head}".encode()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path)
    shutil.copy(DEALS / f"{DEAL}.yaml", tmp_path / "deals")
    found = opened(tmp_path)
    yield found
    found.store.close()


def running(templates: dict[str, Template]) -> Tools:
    """What a run of the tests needs from outside the engine."""
    return Tools(templates, paper, NOW, "tester", lambda _: None)


@pytest.fixture
def tools(all_templates: dict[str, Template]) -> Tools:
    return running(all_templates)


def keep(workspace: Workspace, thursday: date, at: datetime) -> None:
    """A week's snapshots in the archive and on record."""
    kept = [workspace.archive.add(one.data, one.name)[0] for one in plan.snapshots(thursday)]
    record_snapshots(workspace, kept, Scribe("t", "t", at))


def fill(workspace: Workspace, thursdays: int, templates: dict[str, Template]) -> None:
    for thursday in plan.THURSDAYS[:thursdays]:
        keep(workspace, thursday, NOW)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                take(workspace, report.text, report.name, report.received, templates, Scribe("t", "t", NOW))


def bodies(workspace: Workspace, log: str) -> list[bytes]:
    return [entry.body for entry in workspace.store.entries(log)]


def test_a_second_run_changes_nothing(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 4, all_templates)
    first = run(workspace, plan.THURSDAYS[3], tools)
    before = {log: bodies(workspace, log) for log in workspace.store.logs()}
    files = {path: path.read_bytes() for path in (workspace.root / "notices").rglob("*.pdf")}
    second = run(workspace, plan.THURSDAYS[3], tools)
    assert first.deals[0].events
    assert (second.publications, second.deals[0].events, second.deals[0].notices) == ([], [], [])
    assert before == {log: bodies(workspace, log) for log in workspace.store.logs()}
    assert files == {path: path.read_bytes() for path in (workspace.root / "notices").rglob("*.pdf")}


def test_catching_up_equals_running_week_by_week(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    found: list[list[dict[str, object]]] = []
    for name, stops in (("weekly", plan.THURSDAYS[:12]), ("at-once", plan.THURSDAYS[11:12])):
        create(tmp_path / name)
        shutil.copy(DEALS / f"{DEAL}.yaml", tmp_path / name / "deals")
        workspace = opened(tmp_path / name)
        fill(workspace, 12, all_templates)
        for thursday in stops:
            run(workspace, thursday, tools)
        events = read(workspace.store, deal_log(DEAL))
        found.append(
            [
                {"key": e.key, "payload": e.payload.model_dump(mode="json")}
                for e in events
                if e.kind != "notice issued"
            ]
        )
        workspace.store.close()
    assert found[0] == found[1]


def test_state_is_the_fold_of_the_log(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace, 10, all_templates)
    states = states_left(monkeypatch)
    outcome = run(workspace, plan.THURSDAYS[9], tools)
    folded = fold(read(workspace.store, deal_log(DEAL)))
    assert folded.model_copy(update={"notices": 0}) == states[0].model_copy(update={"notices": 0})
    assert outcome.deals[0].state == DealState(
        tests=folded.tests, triggers=folded.triggers, reached=folded.reached, last_date=folded.last_date
    )


def test_no_event_of_a_week_takes_a_page_of_the_database_for_itself(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A row that is longer than a quarter of a page of 32 KB is put on pages of its own; a deal file's facts
    may be, once.
    """
    from tests.operations.test_corrections import computed

    workspace = computed(tmp_path, 12, tools, all_templates)
    found = [
        event
        for log in workspace.store.logs()
        if log.startswith("deal/")
        for event in workspace.store.entries(log)
    ]
    longest = max(
        (entry for entry in found if not entry.key.startswith("deal adopted")),
        key=lambda entry: len(entry.body),
    )
    assert len(longest.body) < 7_700, longest.key
    workspace.store.close()


def test_notices_are_numbered_without_gaps(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 12, all_templates)
    run(workspace, plan.THURSDAYS[11], tools)
    issued = [
        event.payload for event in read(workspace.store, deal_log(DEAL)) if event.kind == "notice issued"
    ]
    assert [payload.number for payload in issued] == list(range(1, len(issued) + 1))
    assert {"compliance", "test_failed"} <= {payload.kind for payload in issued}
    assert sum(payload.kind == "compliance" for payload in issued) == 12


def test_money_of_any_size_is_listed_to_the_cent() -> None:
    amount = Fraction("90071992547409.93")  # more digits than a float holds
    period = SweptPeriod(
        clause="sweep",
        payment_date=date(2026, 4, 15),
        excess_cash_flow=amount,
        swept=amount,
        reserve_balance=Fraction(1, 2),
    )
    assert SUMMARIES[SweptPeriod](period) == "USD 90,071,992,547,409.93 swept; reserve USD 0.50"


def test_a_week_that_is_not_over_is_not_a_non_publication(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    thursday = plan.THURSDAYS[0]
    during = Tools(
        all_templates, paper, datetime(2026, 1, 9, 5, 59, tzinfo=UTC), "t", lambda _: None
    )  # 23:59 in Chicago
    outcome = run(workspace, thursday, during)
    assert "not yet published" in (outcome.deals[0].waiting or "")
    assert outcome.publications == []
    after = Tools(all_templates, paper, datetime(2026, 1, 9, 6, 0, tzinfo=UTC), "t", lambda _: None)
    outcome = run(workspace, thursday, after)
    assert outcome.publications[0].payload.value["value"] is None
    assert outcome.deals[0].waiting is None
    results = [
        event.payload.result.verdict.value for event in outcome.deals[0].events if event.kind == "tested"
    ]
    assert set(results) == {"NOT DETERMINED"}


def test_the_run_as_json_has_what_programs_need(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 7, all_templates)
    data = run_answer(workspace, run(workspace, plan.THURSDAYS[6], tools)).as_data()
    assert json.loads(json.dumps(data))["publication"]["publication_date"] == "2026-02-19"
    (deal,) = data["deals"]
    ltv = next(test for test in deal["tests"] if test["test"] == "ltv")
    assert (ltv["result"], ltv["state"], ltv["cure_by"]) == ("FAIL", "CURE PERIOD", "2026-03-05")
    assert {"tests", "events", "notice"} <= set(deal)
    assert deal["notice"].endswith(".pdf")


def test_the_summary_says_what_is_due_when(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace, 7, all_templates)
    assert run_on(workspace, plan.THURSDAYS[6], tools, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "CURE PERIOD" in shown
    assert "by 2026-03-05 (prepay USD " in shown


def test_explain_goes_from_listings_to_verdict(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace, 7, all_templates)
    run(workspace, plan.THURSDAYS[6], tools)
    explain(workspace, DEAL, "ltv", plan.THURSDAYS[6], as_json=False)
    shown = capsys.readouterr().out
    for words in (
        "offers, removed",
        "median of",
        "8,760 h",
        "Result: FAIL",
        "Break-even Rate",
        "To cure today: prepay",
        "Cure by 2026-03-05",
    ):
        assert words in shown
    history(workspace, DEAL, as_json=True)
    assert json.loads(capsys.readouterr().out)["events"][0]["kind"] in ("report received", "deal adopted")
    with pytest.raises(WrongUsage, match="was not tested on"):
        explain(workspace, DEAL, "ltv", date(2026, 2, 20), as_json=False)
    with pytest.raises(WrongUsage, match=DEAL):
        history(workspace, "nobody", as_json=False)


def test_verify_finds_what_was_changed(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace, 3, all_templates)
    run(workspace, plan.THURSDAYS[2], tools)
    assert verify_workspace(workspace, [], [], as_json=False) == 0
    notice = next((workspace.root / "notices").rglob("*.pdf"))
    kept = notice.read_bytes()
    notice.write_bytes(kept + b" ")
    assert verify_workspace(workspace, [], [], as_json=True) == 3
    notice.write_bytes(kept)
    workspace.store.close()
    with sqlite3.connect(workspace.root / "headroom.sqlite") as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            "UPDATE log_entry SET body = replace(body, 'PASS', 'FAIL') WHERE log LIKE 'deal/%'"
        )
        for _, sql in guards:
            connection.execute(sql)
    connection.close()
    capsys.readouterr()
    tampered = opened(workspace.root)
    assert verify_workspace(tampered, [], [], as_json=False) == 3
    assert "DIFFERS" in capsys.readouterr().out
    tampered.store.close()


def test_the_run_on_the_real_snapshots(workspace: Workspace, tools: Tools) -> None:
    folder = shared()
    if folder is None:
        pytest.skip("the real snapshots are not beside this checkout; set HEADROOM_SHARED to their folder")
    for path in [folder / "data/cri-h100/2026-02-26.csv", *(folder / "data/cri-h100/snapshots").iterdir()]:
        record_snapshots(
            workspace, [workspace.archive.add(path.read_bytes(), path.name)[0]], Scribe("t", "t", NOW)
        )
    outcome: RunOutcome = run(workspace, date(2026, 3, 5), tools)
    assert outcome.publications[-1].payload.value["value"] == "1.6021"
    assert len(outcome.publications) == 9
    assert outcome.deals[0].state.triggers["cash-sweep"].status.value == "NOT IN EFFECT"


def test_the_table_shows_states_as_they_are_now(
    tmp_path: Path, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deadline that passed between two monthly tests, and a springing test that is off, stand in the table."""
    create(tmp_path)
    for deal in ("summit-abs-2026-2", "granite-revolver-2026"):
        shutil.copy(DEALS / f"{deal}.yaml", tmp_path / "deals")
    workspace = opened(tmp_path)
    for thursday in plan.THURSDAYS[:9]:
        keep(workspace, thursday, NOW)
    assert run_on(workspace, plan.THURSDAYS[0], tools, as_json=False) == 0
    assert "SUSPENDED" in capsys.readouterr().out
    assert run_on(workspace, plan.THURSDAYS[0], tools, as_json=True) == 0
    found = {deal["deal"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
    assert [(one["test"], one["status"]) for one in found["granite-revolver-2026"]["not_tested"]] == [
        ("ltv", "SUSPENDED")
    ]
    assert run_on(workspace, plan.THURSDAYS[8], tools, as_json=True) == 0
    found = {deal["deal"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
    reporting = next(one for one in found["summit-abs-2026-2"]["tests"] if one["test"] == "reporting")
    assert (reporting["result"], reporting["state"], reporting["cure_by"]) == (
        "FAIL",
        "EVENT OF DEFAULT",
        None,
    )
    assert run_on(workspace, plan.THURSDAYS[8], tools, as_json=False) == 0
    assert "EVENT OF DEFAULT" in capsys.readouterr().out
    workspace.store.close()

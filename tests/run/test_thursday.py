"""The run end to end in a workspace: catch-up, idempotence, a bad deal beside good ones, reports, the record."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from engine.calendar import OutsideTable
from engine.commands.history import SUMMARIES, explain, history
from engine.commands.intake import take
from engine.commands.run import as_data, run_on
from engine.commands.verify import verify_workspace
from engine.demo import plan
from engine.determination.template import Template
from engine.errors import InputProblems, WrongUsage
from engine.known import Inputs
from engine.record.draft import Draft
from engine.record.fold import fold
from engine.record.log import Scribe, deal_log, read
from engine.record.notice import NoticeInputs
from engine.thursday import RunOutcome, Tools, run
from engine.triggers.facts import SweptPeriod
from engine.week import evaluate
from engine.workspace import Workspace, create, opened
from tests.conftest import DEALS, shared

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


@pytest.fixture
def tools(all_templates: dict[str, Template]) -> Tools:
    return Tools(all_templates, paper, NOW, "tester", lambda _: None)


def fill(workspace: Workspace, thursdays: int, templates: dict[str, Template]) -> None:
    for thursday in plan.THURSDAYS[:thursdays]:
        for one in plan.snapshots(thursday):
            workspace.archive.add(one.data, one.name)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                take(workspace, report.text, report.name, report.received, templates, Scribe("t", "t", NOW))


def bodies(workspace: Workspace, log: str) -> list[bytes]:
    return [entry.body for entry in workspace.store.entries(log)]


def test_a_second_run_changes_nothing(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 4, all_templates)
    first = run(workspace, plan.THURSDAYS[3], tools)
    before = {log: bodies(workspace, log) for log in workspace.store.logs()}
    files = {path: path.read_bytes() for path in (workspace.root / "notices").rglob("*.pdf")}
    second = run(workspace, plan.THURSDAYS[3], tools)
    assert first.deals[0].events
    assert (second.publications, second.deals[0].events, second.deals[0].notices) == ([], [], [])
    assert before == {log: bodies(workspace, log) for log in workspace.store.logs()}
    assert files == {path: path.read_bytes() for path in (workspace.root / "notices").rglob("*.pdf")}


def test_catching_up_equals_running_week_by_week(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> None:
    found: list[list[dict[str, object]]] = []
    for name, stops in (("weekly", plan.THURSDAYS[:12]), ("at-once", plan.THURSDAYS[11:12])):
        create(tmp_path / name)
        shutil.copy(DEALS / f"{DEAL}.yaml", tmp_path / name / "deals")
        workspace = opened(tmp_path / name)
        fill(workspace, 12, all_templates)
        for thursday in stops:
            run(workspace, thursday, tools)
        events = read(workspace.store, deal_log(DEAL))
        found.append([{"key": e.key, "payload": e.payload.model_dump(mode="json")} for e in events if e.kind != "notice issued"])
        workspace.store.close()
    assert found[0] == found[1]


def test_state_is_the_fold_of_the_log(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 10, all_templates)
    outcome = run(workspace, plan.THURSDAYS[9], tools)
    folded = fold(read(workspace.store, deal_log(DEAL)))
    assert folded.model_copy(update={"notices": 0}) == outcome.deals[0].state.model_copy(update={"notices": 0})


def test_notices_are_numbered_without_gaps(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 12, all_templates)
    run(workspace, plan.THURSDAYS[11], tools)
    issued = [event.payload for event in read(workspace.store, deal_log(DEAL)) if event.kind == "notice issued"]
    assert [payload.number for payload in issued] == list(range(1, len(issued) + 1))
    assert {"compliance", "test_failed"} <= {payload.kind for payload in issued}
    assert sum(payload.kind == "compliance" for payload in issued) == 12


def test_money_of_any_size_is_listed_to_the_cent() -> None:
    amount = Fraction("90071992547409.93")  # more digits than a float holds
    period = SweptPeriod(
        clause="sweep", payment_date=date(2026, 4, 15), excess_cash_flow=amount, swept=amount, reserve_balance=Fraction(1, 2)
    )
    assert SUMMARIES[SweptPeriod](period) == "USD 90,071,992,547,409.93 swept; reserve USD 0.50"


def test_a_bad_deal_gets_its_reason_and_stops_no_other(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 2, all_templates)
    bad = (DEALS / "harbour-bilateral-2026.yaml").read_text(encoding="utf-8").replace("maximum: 60%", "maximum: 60")
    (workspace.root / "deals" / "harbour.yaml").write_text(bad, encoding="utf-8")
    outcome = run(workspace, plan.THURSDAYS[1], tools)
    by_name = {deal.deal: deal for deal in outcome.deals}
    assert "D101" in (by_name["harbour-bilateral-2026"].reason or "")
    assert by_name[DEAL].reason is None
    assert by_name[DEAL].state.tests["ltv"].status.value == "COMPLIANT"
    logged = read(workspace.store, deal_log("harbour-bilateral-2026"))
    assert [event.kind for event in logged] == ["not evaluated", "notice issued"]
    assert by_name["harbour-bilateral-2026"].notices


HARBOUR = "harbour-bilateral-2026"
CIRCLE = """triggers:
  first:  {cite: FA cl. 23, begins: {trigger: second, state: IN EFFECT}, ends: never}
  second: {cite: FA cl. 23, begins: {trigger: first, state: IN EFFECT}, ends: never}

notices:
"""
LATER = "triggers:\n  late: {cite: FA cl. 23, begins: {test: nothing, result: FAIL}, ends: never}\n\nnotices:\n"
# (text of a deal, what it becomes, what the reason says)
STOPPED: list[tuple[str, str, str]] = [
    ("minimum: 80%", "minimum: 80", "D101"),
    ("notices:\n", LATER, "D502"),
    ("notices:\n", CIRCLE, "D508"),
    ("time_zone: America/New_York", "time_zone: New York", "D513"),
    ("within: 30 days, after", "within: 1 month, after", "D123"),
    ("policy: pinned, version: 1.1-wp", "policy: pinned, version: 9.9", "there is no methodology version `9.9`"),
    ("CRI-H100", "CRI-B300", "index `CRI-B300` is not known"),
    ("every: Thursday, if", "every: Thursday, first: 9999-12-30, if", "D108"),
    ("trailing_period: 90 days", "trailing_period: 9999 years", "D533"),
]


@pytest.mark.parametrize(("good", "bad", "said"), STOPPED, ids=[f"{n}-{one[2]}" for n, one in enumerate(STOPPED)])
def test_whatever_is_wrong_with_one_deal_stops_no_other(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], good: str, bad: str, said: str
) -> None:
    fill(workspace, 2, all_templates)
    text = (DEALS / f"{HARBOUR}.yaml").read_text(encoding="utf-8")
    assert good in text
    (workspace.root / "deals" / "a.yaml").write_text(text.replace(good, bad), encoding="utf-8")
    by_name = {deal.deal: deal for deal in run(workspace, plan.THURSDAYS[1], tools).deals}
    assert (by_name[DEAL].reason, by_name[DEAL].state.tests["ltv"].status.value) == (None, "COMPLIANT")
    wrong = by_name[HARBOUR]
    assert said in (wrong.reason or "")
    assert "not evaluated" in [event.kind for event in wrong.events]
    assert len(wrong.notices) >= 1


@pytest.mark.parametrize("error", [OutsideTable("2041-01-02 is outside the table"), ValueError("year 10000 is out of range")])
def test_what_no_check_foresaw_stops_no_other_deal_either(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fill(workspace, 1, all_templates)
    shutil.copy(DEALS / f"{HARBOUR}.yaml", workspace.root / "deals")

    def breaks(inputs: Inputs) -> tuple[Draft, ...]:
        if inputs.terms.deal == HARBOUR:
            raise error
        return evaluate(inputs)

    monkeypatch.setattr("engine.thursday.evaluate", breaks)
    by_name = {deal.deal: deal for deal in run(workspace, plan.THURSDAYS[0], tools).deals}
    assert by_name[DEAL].reason is None
    assert str(error) in (by_name[HARBOUR].reason or "")


@pytest.mark.parametrize("file", ["wrong.yaml", "...yaml"])
@pytest.mark.parametrize("named", ["../../escaped", "/escaped", "..", "a/b", "Harbour 2026"])
def test_a_deal_s_name_never_leads_out_of_its_folder(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], named: str, file: str
) -> None:
    (workspace.root / "deals" / file).write_text(f"deal: {named}\nformat: 1\n", encoding="utf-8")
    around = set(workspace.root.parent.iterdir())
    outcome = run(workspace, plan.THURSDAYS[0], tools)
    wrong = next(deal for deal in outcome.deals if deal.file.name == file)
    assert wrong.deal in ("wrong", "deal")
    assert [path.parent for path in wrong.notices] == [workspace.root / "notices" / wrong.deal]
    assert set(workspace.root.parent.iterdir()) == around


def test_no_file_of_the_record_lies_outside_the_workspace(workspace: Workspace) -> None:
    assert workspace.inside("notices", "a", "b.pdf") == workspace.root / "notices" / "a" / "b.pdf"
    for parts in (("notices", "../../b.pdf"), ("notices", "/b.pdf"), ("..",), ("notices", "x/../../../b.pdf")):
        with pytest.raises(ValueError, match="outside the workspace"):
            workspace.inside(*parts)


def test_what_cannot_be_read_at_all_stops_no_other(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 1, all_templates)
    (workspace.root / "deals" / "folder.yaml").mkdir()
    (workspace.root / "deals" / "gone.yaml").symlink_to("nowhere")
    by_name = {deal.deal: deal for deal in run(workspace, plan.THURSDAYS[0], tools).deals}
    assert by_name[DEAL].reason is None
    assert all("cannot be read" in (by_name[name].reason or "") for name in ("folder", "gone"))


def test_a_deal_with_an_error_does_not_go_live_and_a_warning_stops_none(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    text = (DEALS / f"{HARBOUR}.yaml").read_text(encoding="utf-8")
    path = workspace.root / "deals" / "harbour.yaml"
    path.write_text(text.replace("notices:\n", LATER), encoding="utf-8")
    run(workspace, plan.THURSDAYS[0], tools)
    assert "deal adopted" not in [event.kind for event in read(workspace.store, deal_log(HARBOUR))]
    path.write_text(text.replace("for_at_most: 1 publication date, ", ""), encoding="utf-8")  # W105
    by_name = {deal.deal: deal for deal in run(workspace, plan.THURSDAYS[0], tools).deals}
    assert by_name[HARBOUR].reason is None
    assert "deal adopted" in [event.kind for event in by_name[HARBOUR].events]


def test_terms_changed_after_go_live_are_refused(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 2, all_templates)
    run(workspace, plan.THURSDAYS[0], tools)
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("maximum_decline: 25%", "maximum_decline: 35%"), encoding="utf-8")
    assert "after the deal went live" in (run(workspace, plan.THURSDAYS[1], tools).deals[0].reason or "")
    amendment = """amendments:
  - number: 1
    document: CA
    effective: 2026-01-10
    changes:
      - {term: covenants.appraisal.maximum_decline, replaces: 25%, with: 35%, cite: CA §7.04}
"""
    path.write_text(text.replace("amendments: []\n", amendment), encoding="utf-8")
    good = run(workspace, plan.THURSDAYS[1] + timedelta(days=1), tools).deals[0]
    assert good.reason is None
    assert any(event.kind == "deal adopted" and event.print == 2 for event in good.events)


def test_a_week_that_is_not_over_is_not_a_non_publication(workspace: Workspace, all_templates: dict[str, Template]) -> None:
    thursday = plan.THURSDAYS[0]
    during = Tools(all_templates, paper, datetime(2026, 1, 9, 5, 59, tzinfo=UTC), "t", lambda _: None)  # 23:59 in Chicago
    outcome = run(workspace, thursday, during)
    assert "not yet published" in (outcome.deals[0].waiting or "")
    assert outcome.publications == []
    after = Tools(all_templates, paper, datetime(2026, 1, 9, 6, 0, tzinfo=UTC), "t", lambda _: None)
    outcome = run(workspace, thursday, after)
    assert outcome.publications[0].payload.value["value"] is None
    assert outcome.deals[0].waiting is None
    results = [event.payload.result.verdict.value for event in outcome.deals[0].events if event.kind == "tested"]
    assert set(results) == {"NOT DETERMINED"}


def test_the_run_as_json_has_what_programs_need(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> None:
    fill(workspace, 7, all_templates)
    data = as_data(workspace, run(workspace, plan.THURSDAYS[6], tools))
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
        connection.execute("UPDATE log_entry SET body = replace(body, 'PASS', 'FAIL') WHERE log LIKE 'deal/%'")
        for _, sql in guards:
            connection.execute(sql)
    connection.close()
    capsys.readouterr()
    tampered = opened(workspace.root)
    assert verify_workspace(tampered, [], [], as_json=False) == 3
    assert "DIFFERS" in capsys.readouterr().out
    tampered.store.close()


REPORTS = [
    ("outstanding_principal:\n  class_a: USD 15,900,000", "outstanding_principal:\n  class_a: USD 17,900,000", "R130"),
    ("class_a: USD", "class_z: USD", "R125"),
    ("deal: ", "nothing: ", "R101"),
    ("as_of: 2026-01-07", "as_of: 2026-02-07", "R112"),
    ("as_of: 2026-01-07", "as_of: 2025-01-07", "R113"),
    ("as_of: 2026-01-07", "as_of: soon", "R110"),
    ("period: {from: 2026-01-01", "period: {from: 2026-01-09", "R111"),
    ("period: {from: 2026-01-01, to: 2026-01-07}", "period: {}", "R110"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: 1,519,820", "R132"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: 165,000", "R133"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: -5", "R123"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: many", "R121"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: USD 5", "R122"),
    ("rented_gpu_hours: 151,990", "rented_hours: 151,990", "R120"),
    ("weighted_average_rate: USD 2.1624", "weighted_average_rate: USD 216.24", "R135"),
    ("fees: USD", "fee: USD", "R120"),
    ("rental:\n  h100:\n", "rental:\n  h100:\n    revenue: USD 1\n", "R134"),
    ("    rented_gpu_hours: 151,990", '    tape: [{gpu_hours: "-80000", rate: USD 2.00 per GPU-hour}]', "R123"),
    ("    rented_gpu_hours: 151,990", '    tape: [{gpu_hours: "USD 900,000", rate: USD 2.16 per GPU-hour}]', "R122"),
    ("    rented_gpu_hours: 151,990", '    tape: [{gpu_hours: "900,000", rate: USD 2.1624 per GPU-hour}]', "R132"),
    ("    rented_gpu_hours: 151,990", '    tape: [{gpu_hours: "165,000", rate: USD 2.1624 per GPU-hour}]', "R133"),
    ("    rented_gpu_hours: 151,990", '    tape: [{gpu_hours: "140,000", rate: USD 1.95 per GPU-hour}]', "R136"),
    (
        "    rented_gpu_hours: 151,990",
        "    rented_gpu_hours: 151,990\n    tape: [{gpu_hours: 140000, rate: USD 2.1624 per GPU-hour}]",
        "R136",
    ),
    ("    rented_gpu_hours: 151,990", "    tape: [{gpu_hours: 151990, rate: USD 2.1624 per GPU-hour, price: USD 9}]", "R104"),
    ("    rented_gpu_hours: 151,990", "    tape: [{gpu_hours: 151990}]", "R124"),
    ("    rented_gpu_hours: 151,990", "    tape: {gpu_hours: 151990, rate: USD 2.1624 per GPU-hour}", "R124"),
    ("outstanding_principal:\n", "tape: [{gpu_hours: 1, rate: USD 2.00 per GPU-hour}]\noutstanding_principal:\n", "R120"),
    ("outstanding_principal:\n", 'resale_quote: {h100: {value: "USD 21,500", asof: 2024-01-01}}\noutstanding_principal:\n', "R104"),
    ("outstanding_principal:\n", 'resale_quote: {h100: {value: "USD 21,500", as_of: 2036-01-01}}\noutstanding_principal:\n', "R112"),
    ("outstanding_principal:\n", 'resale_quote: {h100: {value: "USD 21,500", as_of: 2024-01-01}}\noutstanding_principal:\n', "R113"),
    ("outstanding_principal:\n", "certificates: {h100: [{gpus: 9, on: 2036-01-01, performance: 98%}]}\noutstanding_principal:\n", "R112"),
    ("outstanding_principal:\n", "corrects: 1999-01-01\noutstanding_principal:\n", "R114"),
    ("outstanding_principal:\n", "corrects: the first one\noutstanding_principal:\n", "R110"),
    ("to: 2026-01-07}", "to: 2026-01-07, until: 2026-01-08}", "R104"),
]


@pytest.mark.parametrize(("good", "bad", "code"), REPORTS, ids=[f"{n}-{one[2]}" for n, one in enumerate(REPORTS)])
def test_bad_reports_are_refused_with_their_place(
    workspace: Workspace, all_templates: dict[str, Template], good: str, bad: str, code: str
) -> None:
    report = next(plan.reports(plan.THURSDAYS[0]))
    assert good in report.text
    with pytest.raises(InputProblems) as refused:
        take(workspace, report.text.replace(good, bad), report.name, report.received, all_templates, Scribe("t", "t", NOW))
    problems = refused.value.problems
    assert code in {problem.code for problem in problems}
    assert all(problem.place.line >= 1 for problem in problems)
    assert list(read(workspace.store, deal_log(DEAL))) == []


def test_a_report_as_a_table_says_the_same(workspace: Workspace, all_templates: dict[str, Template]) -> None:
    rows = ["figure,value,as_of,source", f"deal,{DEAL},,", "period.from,2026-01-01,,", "period.to,2026-01-07,,", "as_of,2026-01-07,,"]
    rows += ['outstanding_principal.class_a,"USD 15,900,000",2026-01-06,ledger', 'rental.h100.rented_gpu_hours,"151,990",,']
    report, problems, new = take(workspace, "\n".join(rows), "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW))
    assert (new, problems) == (True, [])
    assert {name: str(figure.value) for name, figure in report.figures.items()} == {
        "outstanding_principal.class_a": "15900000",
        "rental.h100.rented_gpu_hours": "151990",
    }
    assert not take(workspace, "\n".join(rows), "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW))[2]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("figure,value,asof,source\n", "R102"),
        ("figure,value\noutstanding_principal,USD 16,000,000\n", "R105"),
    ],
)
def test_a_table_that_would_be_read_in_part_is_refused(
    workspace: Workspace, all_templates: dict[str, Template], rows: str, code: str
) -> None:
    head, _, tail = rows.partition("\n")
    text = "\n".join([head, f"deal,{DEAL}", "period.from,2026-01-01", "period.to,2026-01-07", "as_of,2026-01-07", tail])
    with pytest.raises(InputProblems) as refused:
        take(workspace, text, "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW))
    assert {problem.code for problem in refused.value.problems} == {code}


def test_a_tape_that_agrees_with_what_is_written_is_taken(workspace: Workspace, all_templates: dict[str, Template]) -> None:
    report = next(plan.reports(plan.THURSDAYS[0]))
    tape = (
        "    tape: [{contract: C-1, gpu_hours: 100000, rate: USD 2.1624 per GPU-hour}, {gpu_hours: 51990, rate: USD 2.1624 per GPU-hour}]\n"
    )
    text = report.text.replace("    rented_gpu_hours", f"{tape}    rented_gpu_hours")
    taken, _, _ = take(workspace, text, report.name, report.received, all_templates, Scribe("t", "t", NOW))
    assert taken.figures["rental.h100.rented_gpu_hours"].value == 151_990
    alone, _, _ = take(
        workspace, text.replace("    rented_gpu_hours: 151,990\n", ""), report.name, report.received, all_templates, Scribe("t", "t", NOW)
    )
    assert alone.figures == taken.figures


def test_the_run_on_the_real_snapshots(workspace: Workspace, tools: Tools) -> None:
    folder = shared()
    if folder is None:
        pytest.skip("the real snapshots are not beside this checkout; set HEADROOM_SHARED to their folder")
    for path in [folder / "data/cri-h100/2026-02-26.csv", *(folder / "data/cri-h100/snapshots").iterdir()]:
        workspace.archive.add(path.read_bytes(), path.name)
    outcome: RunOutcome = run(workspace, date(2026, 3, 5), tools)
    assert outcome.publications[-1].payload.value["value"] == "1.6021"
    assert len(outcome.publications) == 9
    assert outcome.deals[0].state.triggers["cash-sweep"].status.value == "NOT IN EFFECT"


def test_the_table_shows_states_as_they_are_now(tmp_path: Path, tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    """A deadline that passed between two monthly tests, and a springing test that is off, stand in the table."""
    create(tmp_path)
    for deal in ("summit-abs-2026-2", "granite-revolver-2026"):
        shutil.copy(DEALS / f"{deal}.yaml", tmp_path / "deals")
    workspace = opened(tmp_path)
    for thursday in plan.THURSDAYS[:9]:
        for one in plan.snapshots(thursday):
            workspace.archive.add(one.data, one.name)
    assert run_on(workspace, plan.THURSDAYS[0], tools, as_json=False) == 0
    assert "SUSPENDED" in capsys.readouterr().out
    assert run_on(workspace, plan.THURSDAYS[0], tools, as_json=True) == 0
    found = {deal["deal"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
    assert [(one["test"], one["status"]) for one in found["granite-revolver-2026"]["not_tested"]] == [("ltv", "SUSPENDED")]
    assert run_on(workspace, plan.THURSDAYS[8], tools, as_json=True) == 0
    found = {deal["deal"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
    reporting = next(one for one in found["summit-abs-2026-2"]["tests"] if one["test"] == "reporting")
    assert (reporting["result"], reporting["state"], reporting["cure_by"]) == ("FAIL", "EVENT OF DEFAULT", None)
    assert run_on(workspace, plan.THURSDAYS[8], tools, as_json=False) == 0
    assert "EVENT OF DEFAULT" in capsys.readouterr().out
    workspace.store.close()

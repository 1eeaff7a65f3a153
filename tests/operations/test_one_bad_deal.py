"""What is wrong with one deal is its reason, and stops no other."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics.calendar import OutsideTable
from engine.basics.errors import InputProblems
from engine.basics.values import long_date
from engine.cli.show.keys import make_key
from engine.demo import plan
from engine.determination.template import Template
from engine.evaluation.inputs import Inputs
from engine.evaluation.one_date import evaluate
from engine.events.draft import Draft
from engine.notices.pdf import read_notice
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import STEPS, verify_notice
from engine.operations.run import Tools, run
from engine.operations.run_answer import run_answer
from engine.record.log import deal_log, read
from engine.workspace.checkpoints import KEY
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.conftest import DEALS
from tests.operations.test_run import DEAL, NOW, fill
from tests.operations.test_run import tools as tools  # the fixture
from tests.operations.test_run import workspace as workspace  # the fixture


def test_a_bad_deal_gets_its_reason_and_stops_no_other(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 2, all_templates)
    bad = (
        (DEALS / "harbour-bilateral-2026.yaml")
        .read_text(encoding="utf-8")
        .replace("maximum: 60%", "maximum: 60")
    )
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
AMENDED = """amendments:
  - number: 1
    document: CA
    effective: 2026-01-10
    changes:
      - {term: covenants.appraisal.maximum_decline, replaces: 25%, with: 35%, cite: CA §7.04}
"""
CIRCLE = """triggers:
  first:  {cite: FA cl. 23, begins: {trigger: second, state: IN EFFECT}, ends: never}
  second: {cite: FA cl. 23, begins: {trigger: first, state: IN EFFECT}, ends: never}

notices:
"""
LATER = (
    "triggers:\n  late: {cite: FA cl. 23, begins: {test: nothing, result: FAIL}, ends: never}\n\nnotices:\n"
)
# (text of a deal, what it becomes, what the reason says)
STOPPED: list[tuple[str, str, str]] = [
    ("minimum: 80%", "minimum: 80", "D101"),
    ("notices:\n", LATER, "D502"),
    ("notices:\n", CIRCLE, "D508"),
    ("time_zone: America/New_York", "time_zone: New York", "D513"),
    ("within: 30 days, after", "within: 1 year, after", "D123"),
    (
        "policy: pinned, version: 1.1-wp",
        "policy: pinned, version: 9.9",
        "the methodology version `9.9` does not exist",
    ),
    ("CRI-H100", "CRI-B300", "index `CRI-B300` is not known"),
    ("every: Thursday, if", "every: Thursday, first: 9999-12-30, if", "D108"),
    ("trailing_period: 90 days", "trailing_period: 9999 years", "D533"),
]


def refused(workspace: Workspace, templates: dict[str, Template]) -> Path:
    """The document of a deal whose first file is broken, made by the renderer that is shipped."""
    fill(workspace, 1, templates)
    bad = (DEALS / f"{HARBOUR}.yaml").read_text(encoding="utf-8").replace("maximum: 60%", "maximum: 60")
    (workspace.root / "deals" / "harbour.yaml").write_text(bad, encoding="utf-8")
    make_key("agent.example/log", workspace.root / KEY, cosigner=False, as_json=True)
    real = Tools(
        templates, lambda many: map(render_notice, many), NOW, "tester", lambda _: None, pages=NoticePages()
    )
    by_name = {deal.deal: deal for deal in run(workspace, plan.THURSDAYS[0], real).deals}
    assert by_name[DEAL].notices
    (notice,) = by_name[HARBOUR].notices
    return notice


def test_a_deal_that_was_never_adopted_has_its_report_on_one_page(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    """The page names what is known, the deal, the reason, the file and who runs the engine, and nothing that
    nobody knows.
    """
    notice = refused(workspace, all_templates)
    (page,) = read_notice(notice.read_bytes()).pages
    (kept,) = (workspace.root / "deals" / "refused").iterdir()
    known = (
        "Report of a Date Not Evaluated No. 1",
        f"The deal was not evaluated on {long_date(plan.THURSDAYS[0])}.",
        "deals/harbour.yaml:",
        "D101",
        workspace.settings.operator,
        kept.stem[:8],
    )
    assert [one for one in known if one not in page] == []
    assert "Harbour" not in page  # a party's name stands in the file that was refused, so nobody knows it


def test_the_report_of_a_deal_that_was_never_adopted_verifies_and_replays(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    notice = refused(workspace, all_templates)
    key = (workspace.root / f"{KEY}.pub").read_text(encoding="utf-8").strip()
    steps = list(
        verify_notice(
            notice.read_bytes(),
            Policy(log_keys=(key,), signature_needed=False),
            all_templates,
            pages=NoticePages(),
        )
    )
    assert [step.difference for step in steps] == [None] * (len(STEPS) - 1)  # no log is held
    assert [
        one.difference for one in Replay(workspace, all_templates).run() if one.log == deal_log(HARBOUR)
    ] == [None]


@pytest.mark.parametrize(
    ("good", "bad", "said"), STOPPED, ids=[f"{n}-{one[2]}" for n, one in enumerate(STOPPED)]
)
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
    assert [
        one.difference for one in Replay(workspace, all_templates).run() if one.log == deal_log(HARBOUR)
    ] == [None]


@pytest.mark.parametrize(
    "error", [OutsideTable("2041-01-02 is outside the table"), ValueError("year 10000 is out of range")]
)
def test_what_no_check_foresaw_stops_no_other_deal_either(
    workspace: Workspace,
    tools: Tools,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    fill(workspace, 1, all_templates)
    shutil.copy(DEALS / f"{HARBOUR}.yaml", workspace.root / "deals")

    def breaks(inputs: Inputs) -> tuple[Draft, ...]:
        if inputs.terms.deal == HARBOUR:
            raise error
        return evaluate(inputs)

    monkeypatch.setattr("engine.operations.run.evaluate", breaks)
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
    for parts in (
        ("notices", "../../b.pdf"),
        ("notices", "/b.pdf"),
        ("..",),
        ("notices", "x/../../../b.pdf"),
    ):
        with pytest.raises(ValueError, match="outside the workspace"):
            workspace.inside(*parts)


def test_what_cannot_be_read_at_all_stops_no_other(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
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


def test_terms_changed_after_go_live_are_refused(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 2, all_templates)
    run(workspace, plan.THURSDAYS[0], tools)
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("maximum_decline: 25%", "maximum_decline: 35%"), encoding="utf-8")
    refused = run(workspace, plan.THURSDAYS[1], tools).deals[0]
    assert "after the deal went live" in (refused.reason or "")
    line = text[: text.index("maximum_decline: 25%")].count("\n") + 1
    assert refused.problems == (
        (
            f"deals/{DEAL}.yaml:{line}: `covenants.appraisal.maximum_decline` is 35%; the file on record "
            "says "
            "25%"
        ),
    )
    (recorded,) = [event.payload for event in refused.events if event.kind == "not evaluated"]
    assert recorded.problems == refused.problems
    assert [
        one.difference for one in Replay(workspace, all_templates).run() if one.log == deal_log(DEAL)
    ] == [None]
    path.write_text(text.replace("amendments: []\n", AMENDED), encoding="utf-8")
    good = run(workspace, plan.THURSDAYS[1] + timedelta(days=1), tools).deals[0]
    assert good.reason is None
    issued = [
        event.payload for event in read(workspace.store, deal_log(DEAL)) if event.kind == "notice issued"
    ]
    (lost,) = [one.number for one in issued if one.kind == "not_evaluated"]
    assert [one.supersedes for one in issued if one.kind == "compliance"] == [None, lost]
    assert any(event.kind == "deal adopted" and event.print == 2 for event in good.events)


@pytest.mark.parametrize("wrong", [False, True], ids=["both good", "one with an error"])
def test_of_two_files_that_say_one_deal_neither_is_evaluated(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], wrong: bool
) -> None:
    """The amended file beside the old one: each would be adopted as an amendment of the other at every tick."""
    fill(workspace, 2, all_templates)
    for name in (DEAL, HARBOUR):
        shutil.copy(DEALS / f"{name}.yaml", workspace.root / "deals")
    run(workspace, plan.THURSDAYS[0], tools)
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    again = (
        text.replace("maximum_decline: 25%", "maximum_decline: 25")
        if wrong
        else text.replace("amendments: []\n", AMENDED)
    )
    assert again != text
    before = read(workspace.store, deal_log(DEAL))
    (workspace.root / "deals" / "meridian-am1.yaml").write_text(again, encoding="utf-8")
    outcome = run(workspace, plan.THURSDAYS[1], tools)
    reasons = {one.file.name: one.reason for one in outcome.deals}
    for name, other in (
        ("meridian-2026-1.yaml", "meridian-am1.yaml"),
        ("meridian-am1.yaml", "meridian-2026-1.yaml"),
    ):
        reason = reasons[name] or ""
        assert (
            reason.startswith(f"deals/{name}:"),
            f"D539 the name `{DEAL}` is claimed twice: deals/{other}:" in reason,
        ) == (True, True)
    assert reasons[f"{HARBOUR}.yaml"] is None
    with pytest.raises(InputProblems) as refused:
        find_deal(workspace, DEAL, all_templates)
    assert [problem.code for problem in refused.value.problems] == ["D539", "D539"]
    assert find_deal(workspace, HARBOUR, all_templates).name == HARBOUR
    # Two files are the operator's mistake and no fact about the deal: a run stops there, and no party hears of it.
    assert read(workspace.store, deal_log(DEAL)) == before
    assert not run_answer(workspace, outcome).complete
    (workspace.root / "deals" / "meridian-am1.yaml").unlink()
    run(workspace, plan.THURSDAYS[1], tools)
    kinds = [event.kind for event in read(workspace.store, deal_log(DEAL))[len(before) :]]
    assert "tested" in kinds
    assert "not evaluated" not in kinds


@pytest.mark.parametrize("kept", ["kept.yaml", "our-deal.yaml"], ids=["read before it", "read after it"])
def test_a_file_that_cannot_be_read_is_no_second_file_of_the_deal_that_it_is_named_after(
    workspace: Workspace, tools: Tools, kept: str
) -> None:
    """The run says what is wrong with the file, and records nothing of it, because it is not of the deal."""
    (workspace.root / "deals" / f"{DEAL}.yaml").rename(workspace.root / "deals" / kept)
    (workspace.root / "deals" / f"{DEAL}.yaml").write_text(": : :\n", encoding="utf-8")
    by_file = {one.file.name: one for one in run(workspace, plan.THURSDAYS[0], tools).deals}
    assert (by_file[kept].reason, by_file[kept].deal) == (None, DEAL)
    assert by_file[f"{DEAL}.yaml"].reason is not None
    kinds = {event.kind for event in read(workspace.store, deal_log(DEAL))}
    assert "tested" in kinds
    assert "not evaluated" not in kinds

"""Backtest, diff and the regulatory rows, on a workspace whose history is the demonstration's first weeks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.backtest import backtest, diff
from engine.demo import plan
from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event
from engine.operations.run import Tools
from engine.queries.regulatory import esma_csv, form_10d_csv
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import computed
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_run import DEAL

WEEKS = 14


@pytest.fixture
def desk(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    workspace = computed(tmp_path, WEEKS, tools, all_templates)
    yield workspace
    workspace.store.close()


def test_a_backtest_says_what_the_log_says(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    """Lived over the same rates and reports, the deal does what it did."""
    assert backtest(desk, DEAL, [], plan.THURSDAYS[WEEKS - 1], all_templates, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    logged = [event.payload.result for event in read(desk.store, deal_log(DEAL)) if event.kind == "tested"]
    for one in found["tests"]:
        verdicts = [result.verdict.value for result in logged if result.test == one["test"]]
        assert (one["passed"], one["failed"], one["not_determined"]) == tuple(
            verdicts.count(v) for v in ("PASS", "FAIL", "NOT DETERMINED")
        )
    assert {one["trigger"] for one in found["triggers"]} == {"cash-sweep", "early-amortization"}


def test_levels_on_a_history_that_may_have_been_known_are_said_to_show_nothing(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file that no run has adopted, and a deal as if it had closed earlier; an adopted one says nothing."""
    until, rest = plan.THURSDAYS[WEEKS - 1], "that they hold on it shows nothing of what comes."

    def said(name: str, closed: date | None = None) -> str:
        backtest(desk, name, [], until, all_templates, as_json=False, closed=closed)
        return capsys.readouterr().out

    def drafted(old: str, new: str) -> str:
        text = (desk.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
        assert old in text
        for beside in (desk.root / "deals").glob("*.csv"):
            (tmp_path / beside.name).write_bytes(beside.read_bytes())
        draft = tmp_path / f"{DEAL}.yaml"
        draft.write_text(text.partition("worked_examples:")[0].replace(old, new), encoding="utf-8")
        return str(draft)

    assert rest not in said(DEAL)
    draft = drafted("multiple: 1.5", "multiple: 1.6")
    assert f"its levels may have been chosen on this history: {rest}" in said(draft)
    backtest(desk, draft, [], until, all_templates, as_json=True)
    assert json.loads(capsys.readouterr().out)["levels"].endswith(rest)
    late = drafted("closing_date: 2026-01-06", "closing_date: 2027-01-05")
    earlier = said(late, date(2026, 1, 20))
    assert f"chosen when this history was known, up to 2027-01-05: {rest}" in earlier


def test_a_backtest_of_a_file_needs_no_report_where_facts_are_assumed(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(Path("deals") / "keystone-contracted-2026.yaml")
    assert (
        backtest(
            desk,
            path,
            ["contracted_rate=USD 2.30 per GPU-hour"],
            plan.THURSDAYS[-1],
            all_templates,
            as_json=True,
        )
        == 0
    )
    (spread,) = json.loads(capsys.readouterr().out)["tests"]
    assert spread["test"] == "contract-spread"
    assert spread["passed"] + spread["failed"] >= WEEKS - 2
    with pytest.raises(WrongUsage, match="is not a fact"):
        backtest(desk, path, ["contracted_rate=about two"], plan.THURSDAYS[-1], all_templates, as_json=True)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("outstanding_principal=65%", "another unit"),
        ("outstanding_principle=USD 16,000,000", "the figure `outstanding_principle` does not exist"),
        ("outstanding_principal.class_z=USD 16,000,000", "the class `class_z` does not exist"),
        ("outstanding_principal=USD -1", "is not a fact"),
    ],
)
def test_a_fact_is_held_to_what_a_worked_example_may_say(
    desk: Workspace, all_templates: dict[str, Template], fact: str, said: str
) -> None:
    with pytest.raises(WrongUsage, match="is not a fact") as refused:
        backtest(desk, DEAL, [fact], plan.THURSDAYS[-1], all_templates, as_json=False)
    assert said in str(refused.value)


def test_a_deal_that_is_not_closed_is_said_to_be_so(
    desk: Workspace, tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        (Path("deals") / "keystone-contracted-2026.yaml")
        .read_text(encoding="utf-8")
        .partition("worked_examples:")[0]
    )
    closing = text[text.index("closing_date:") : text.index("\n", text.index("closing_date:"))]
    later = tmp_path / "later.yaml"
    later.write_text(
        text.replace(closing, "closing_date: 2027-01-05").replace(
            "first_tested: 2026-", "first_tested: 2027-"
        ),
        encoding="utf-8",
    )
    with pytest.raises(
        WrongUsage, match="is not closed: it closes on 2027-01-05, and the history here ends on 20"
    ):
        backtest(desk, str(later), [], plan.THURSDAYS[-1], all_templates, as_json=True)


def test_a_backtest_without_the_deal_s_series_says_which_it_reads_and_which_there_are(
    desk: Workspace, tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path("deals") / "lakeshore-ddtl-2025.yaml").read_text(encoding="utf-8")
    theirs = tmp_path / "theirs.yaml"
    text = text.replace("computed by the calculation agent", "published by the administrator").replace(
        "version: 1.1-wp", "version: 1.1.1"
    )
    theirs.write_text(text, encoding="utf-8")
    said = (
        "A published history of CRI-H100@administrator is not at hand, which is what the deal reads; the "
        "series on record: "
    )
    assert backtest(desk, str(theirs), [], plan.THURSDAYS[-1], all_templates, as_json=False) == 0
    assert capsys.readouterr().out.startswith(said)
    assert diff(desk, str(theirs), 2, [], plan.THURSDAYS[-1], all_templates, as_json=False) == 0
    assert said in capsys.readouterr().out


COVERAGE = """
  coverage:
    template: debt_service_coverage
    failure_is: a trigger event
    cite: CA §7.06
    period: 1 month
    limit: at least 1.20x
    if_not_determined: hold
"""


def test_a_diff_says_which_dates_change(
    desk: Workspace, tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (desk.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    since = plan.THURSDAYS[3]
    head, _, tail = text.partition("amendments: []")
    amended = (
        f"amendments:\n  - number: 1\n    document: CA\n    effective: {since}\n    changes:\n"
        "      - {term: covenants.ltv.maximum, replaces: 65%, with: 40%, later_steps: drop, cite: CA §7.02}\n"
    )
    path = tmp_path / "amended.yaml"
    path.write_text(head + amended + tail[tail.index("\nworked_examples:") :], encoding="utf-8")
    assert diff(desk, str(path), 1, [], plan.THURSDAYS[WEEKS - 1], all_templates, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["path"], one["before"], one["after"]) for one in found["terms"]] == [
        ("covenants.ltv.maximum", "65%", "40%")
    ]
    changed = [one for one in found["results"] if one["subject"] == "ltv" and one["outcome"]]
    assert changed[0]["on"] == str(since)
    assert changed[0]["before"].startswith("PASS")
    assert changed[0]["after"].startswith("FAIL")
    assert all(date.fromisoformat(one["on"]) >= since for one in found["results"])
    # No report of the desk gives a coverage its figures, so that nothing was compared of it.
    later = path.read_text(encoding="utf-8").replace("\ntriggers:", f"{COVERAGE}\ntriggers:", 1)
    path.write_text(later, encoding="utf-8")
    assert diff(desk, str(path), 1, [], plan.THURSDAYS[WEEKS - 1], all_templates, as_json=True) == 0
    assert list(json.loads(capsys.readouterr().out)["left_out"]) == ["coverage"]
    assert diff(desk, str(path), 1, [], plan.THURSDAYS[WEEKS - 1], all_templates, as_json=False) == 0
    assert "NOT DETERMINED on every date, so left out: coverage, " in capsys.readouterr().out
    with pytest.raises(WrongUsage, match="has no amendment 2; it has 1"):
        diff(desk, str(path), 2, [], plan.THURSDAYS[-1], all_templates, as_json=True)


def identified(desk: Workspace) -> list[Event]:
    """The log of the desk, of a deal that has the unique identifier that IVSR1 is."""
    events = list(read(desk.store, deal_log(DEAL)))
    named = {"unique_id": "5493001KJTIIGC8Y1R12N202601"}
    adopted = {
        e.seq: e.payload.model_copy(update=named) for e in events if isinstance(e.payload, DealAdopted)
    }
    return [e.model_copy(update={"payload": adopted[e.seq]}) if e.seq in adopted else e for e in events]


def test_regulatory_rows_state_the_log_as_of_the_cut_off(desk: Workspace) -> None:
    events = identified(desk)
    cut_off = next(
        e.effective_on
        for e in events
        if e.kind == "tested" and e.subject == "ltv" and e.payload.result.verdict == "FAIL"
    )
    rows = list(csv.DictReader(io.StringIO(esma_csv(DEAL, events, cut_off))))
    assert [row["IVSR2"] for row in rows] == [
        f"5493001KJTIIGC8Y1R12N202601-{key}"
        for key in ("rate-floor", "ltv", "cash-sweep", "appraisal", "early-amortization")
    ]
    ltv, amortization = rows[1], rows[4]
    result = next(
        e.payload.result
        for e in events
        if e.kind == "tested" and e.subject == "ltv" and e.effective_on == cut_off
    )
    assert (ltv["IVSR5"], ltv["IVSR7"], ltv["IVSR9"]) == ("65.0000", "Y", "7")
    assert float(ltv["IVSR6"]) == pytest.approx(float(result.measured.value) * 100, abs=1e-4)
    assert [row["IVSR8"] for row in rows] == [
        "15",
        "10",
        "0",
        "0",
        "0",
    ]  # days granted: 15 and 10 Business Days, and no cure
    assert amortization["IVSR6"] == "ND5"
    assert (amortization["IVSR7"], amortization["IVSR10"]) == ("N", "CHPP")
    table = list(csv.DictReader(io.StringIO(form_10d_csv(events, cut_off))))
    assert [row["met"] for row in table][1] == "no"
    assert table[1]["cure by"]


def test_rows_without_a_unique_identifier_are_refused(desk: Workspace) -> None:
    with pytest.raises(
        WrongUsage,
        match=f"IVSR1 is the unique identifier of the securitisation, and {DEAL} has none; write `unique_id:`",
    ):
        esma_csv(DEAL, list(read(desk.store, deal_log(DEAL))), plan.THURSDAYS[6])


def test_a_test_that_is_not_determined_is_nd5_with_its_last_value(desk: Workspace) -> None:
    events = identified(desk)
    gap = [
        e
        for e in events
        if e.kind == "tested" and e.subject == "cash-sweep" and e.payload.result.measured is None
    ]
    if not gap:
        pytest.fail("the demonstration has a missing week inside its first fourteen")
    row = list(csv.DictReader(io.StringIO(esma_csv(DEAL, events, gap[-1].effective_on))))[2]
    assert (row["IVSR6"], row["IVSR7"]) == ("ND5", "ND5")
    assert f"Not determined on {gap[-1].effective_on}; last" in row["IVSR4"]

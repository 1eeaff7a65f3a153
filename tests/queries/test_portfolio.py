"""The portfolio: every test of every deal on a date, the worst first, and nothing that is missing looks like
a pass.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.act import record_act
from engine.cli.show.portfolio import show_portfolio
from engine.demo import plan
from engine.determination.template import Template
from engine.events.kinds import ActRecorded
from engine.operations.run import Tools, run
from engine.queries.due_dates import deadlines
from engine.record.log import deal_log, read
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.conftest import DEALS
from tests.operations.test_corrections import computed
from tests.operations.test_run import DEAL, fill, tools, workspace

__all__ = ["tools", "workspace"]  # fixtures of the run, used here

ON = plan.THURSDAYS[6]
"""2026-02-19: the LTV test fails for the first time."""


def no_page(*_: object) -> bytes:
    return b"%PDF-"


def rows(workspace: Workspace, on: date, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert show_portfolio(workspace, on, None, no_page, as_json=True) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["rows"]
    return found


@pytest.fixture
def ran(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    workspace = computed(tmp_path, 8, tools, all_templates)
    yield workspace
    workspace.store.close()


def test_the_worst_stands_first_with_what_is_due(ran: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(ran, ON, capsys)
    assert [one["test"] for one in found] == [
        "ltv",
        "early-amortization",
        "cash-sweep",
        "rate-floor",
        "appraisal",
    ]
    worst = found[0]
    assert (worst["state"], worst["result"], worst["on"], worst["urgent"]) == (
        "CURE PERIOD",
        "FAIL",
        "2026-02-19",
        True,
    )
    assert [(one["by"], one["who"]) for one in worst["due"]] == [
        ("2026-02-23", "servicer"),
        ("2026-03-05", "borrower"),
    ]  # type: ignore[index, union-attr, attr-defined]
    assert not any(one["urgent"] for one in found[1:])


def test_a_later_date_shows_what_was_so_then(ran: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    cured = next(one for one in rows(ran, plan.THURSDAYS[7], capsys) if one["test"] == "ltv")
    assert cured["state"] == "COMPLIANT"
    (duty,) = cured[
        "due"
    ]  # the cure is no longer due; the duty to give notice stays until it is fulfilled (rulings 54)
    assert duty["what"] == "give notice of test failed (ltv) of 2026-02-19 to borrower, administrative agent"
    assert (duty["by"], duty["who"], duty["overdue"]) == ("2026-02-23", "servicer", False)


def test_what_is_missing_stands_above_what_passes(
    ran: Workspace, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(
        DEALS / "northfield-abs-2026-1.yaml", ran.root / "deals"
    )  # its file is there and it was never run
    bad = (
        (DEALS / "harbour-bilateral-2026.yaml")
        .read_text(encoding="utf-8")
        .replace("maximum: 60%", "maximum: 60")
    )
    (ran.root / "deals" / "harbour.yaml").write_text(bad, encoding="utf-8")
    before = rows(ran, plan.THURSDAYS[7], capsys)
    states = {one["deal"]: one["state"] for one in before if one["test"] == "deal"}
    assert states == {
        "northfield-abs-2026-1": "NOT YET DETERMINED",
        "harbour-bilateral-2026": "NOT YET DETERMINED",
    }
    (ran.root / "deals" / "northfield-abs-2026-1.yaml").unlink()
    run(ran, plan.THURSDAYS[7], tools)
    after = rows(ran, plan.THURSDAYS[7], capsys)
    assert (after[0]["deal"], after[0]["state"], after[0]["urgent"]) == (
        "harbour-bilateral-2026",
        "NOT EVALUATED",
        True,
    )
    assert "D101" in str(after[0]["note"])


def test_a_test_that_is_not_determined_stands_above_a_pass(
    ran: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    found = rows(ran, plan.THURSDAYS[0], capsys)
    floor = next(place for place, one in enumerate(found) if one["test"] == "rate-floor")
    assert found[floor]["result"] == "NOT DETERMINED"
    assert "window not full" in str(found[floor]["note"])
    assert all(one["result"] != "PASS" for one in found[:floor])


def test_it_is_written_as_csv_or_pdf_and_nothing_else(
    ran: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_portfolio(ran, ON, tmp_path / "p.csv", no_page, as_json=False)
    read = list(csv.DictReader(io.StringIO((tmp_path / "p.csv").read_text(encoding="utf-8"))))
    assert (read[0]["test"], read[0]["headroom"][:1], read[0]["due_by"]) == ("ltv", "-", "2026-02-23")
    show_portfolio(ran, ON, tmp_path / "p.pdf", no_page, as_json=False)
    assert f"5 rows of 1 deal on {ON}" in capsys.readouterr().out
    with pytest.raises(WrongUsage, match=r"written as \.csv, \.pdf, \.xlsx or \.parquet"):
        show_portfolio(ran, ON, tmp_path / "p.docx", no_page, as_json=False)


def test_what_a_discharge_has_closed_is_owed_by_nobody(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    last = plan.THURSDAYS[11]  # 2026-03-26: the appraisal is due
    fill(workspace, 12, all_templates)
    run(workspace, last, tools)
    (appraisal,) = [one for one in rows(workspace, last, capsys) if one["test"] == "appraisal"]
    assert appraisal["urgent"]
    act = ActRecorded(act="discharged", effective_on=last + timedelta(days=1), document="release.pdf")
    record_act(workspace, find_deal(workspace, DEAL, all_templates), act, tools.scribe(), as_json=True)
    run(workspace, last + timedelta(days=2), tools)
    (appraisal,) = [
        one for one in rows(workspace, last + timedelta(days=2), capsys) if one["test"] == "appraisal"
    ]
    assert [one["what"] for one in appraisal["due"] if one["what"].startswith("deliver")] == []  # type: ignore[attr-defined]
    (owed,) = [one for one in deadlines(read(workspace.store, deal_log(DEAL))) if one.due.act == "deliver"]
    assert owed.outcome == "ended by the discharge of 2026-03-27"


def test_a_clause_stands_as_it_was_amended_by_the_date(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    amendment = """amendments:
  - number: 1
    document: CA
    effective: 2026-01-10
    changes:
      - {term: covenants.ltv.cite, replaces: CA §7.02, with: CA §7.02A, cite: CA §7.02A}
"""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("amendments: []\n", amendment), encoding="utf-8")
    fill(workspace, 2, all_templates)
    run(workspace, plan.THURSDAYS[1], tools)
    cites = [
        next(one["cite"] for one in rows(workspace, day, capsys) if one["test"] == "ltv")
        for day in plan.THURSDAYS[:2]
    ]
    assert cites == ["CA §7.02", "CA §7.02A"]

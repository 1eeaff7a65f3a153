"""`run --preview`: what the dates that are due would be, as known now, and nothing of it recorded
(`rulings.md` 26a).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli.show.run import preview_on
from engine.demo import plan
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.operations.run_preview import preview
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.taking import take
from tests.operations.test_run import DEAL, keep, paper

LAST = plan.THURSDAYS[11]
MORNING = datetime.combine(LAST, datetime.min.time(), UTC) + timedelta(hours=15)
"""10:00 in New York, eight hours before the deal's cut-off."""
EVENING = MORNING + timedelta(hours=8)


@pytest.fixture
def workspace(tmp_path: Path, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    create(tmp_path)
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    (tmp_path / "deals" / f"{DEAL}.yaml").write_text(
        text.replace('cut_off: "15:00"', 'cut_off: "18:00"'), encoding="utf-8"
    )
    shutil.copy(DEALS / "meridian-serials.csv", tmp_path / "deals")
    found = opened(tmp_path)
    for thursday in plan.THURSDAYS[:12]:
        keep(found, thursday, MORNING - timedelta(hours=1))
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                take(
                    found,
                    report.text,
                    report.name,
                    report.received,
                    all_templates,
                    Scribe("t", "t", MORNING - timedelta(hours=1)),
                )
    yield found
    found.store.close()


def tools(templates: dict[str, Template], now: datetime) -> Tools:
    return Tools(templates, paper, now, "tester", lambda _: None)


def of_the_date(events: object) -> dict[str, object]:
    return {one.subject: one.payload for one in events if one.kind == "tested" and one.effective_on == LAST}  # type: ignore[attr-defined]


def test_it_shows_what_the_run_after_the_cut_off_then_records(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    done = run(workspace, LAST, tools(all_templates, MORNING))
    assert (done.deals[0].waiting or "").startswith(f"waits for the cut-off of {LAST}, 18:00")
    before = {log: [entry.body for entry in workspace.store.entries(log)] for log in workspace.store.logs()}
    files = sorted(path for path in workspace.root.rglob("*") if path.is_file())
    found = preview(workspace, LAST, all_templates, Scribe("t", "t", MORNING))
    assert before == {
        log: [entry.body for entry in workspace.store.entries(log)] for log in workspace.store.logs()
    }
    assert files == sorted(path for path in workspace.root.rglob("*") if path.is_file())
    (deal,) = found.deals
    assert [(one.on, one.cut_off) for one in deal.dates] == [(LAST, f"{LAST}, 18:00 New York")]
    run(workspace, LAST, tools(all_templates, EVENING))
    recorded = of_the_date(read(workspace.store, deal_log(DEAL)))
    assert recorded
    assert of_the_date(deal.answer.outcome.events) == recorded


def test_it_goes_over_every_date_of_a_deal_that_was_never_run(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    (deal,) = preview(workspace, LAST, all_templates, Scribe("t", "t", MORNING)).deals
    assert len([one for one in deal.dates if one.cut_off is None]) >= 11
    assert "deal adopted" in [event.kind for event in deal.answer.outcome.events]
    assert list(workspace.store.logs()) != []
    assert read(workspace.store, deal_log(DEAL))[0].kind != "deal adopted"


def test_it_says_what_would_be_determined_again(
    workspace: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    run(workspace, LAST, tools(all_templates, EVENING))
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("\namendments: []\n") == 1
    change = (
        "{term: covenants.ltv.cure.within, replaces: 10 business days, with: 5 business days, cite: AM1 "
        "§2(a)}"
    )
    document = f"documents: {{AM1: {{title: First Amendment, dated: {LAST}}}}}"
    amendment = (
        f"amendments:\n- {{number: 1, document: AM1, effective: {LAST}, {document}, changes: [{change}]}}\n"
    )
    path.write_text(text.replace("amendments: []\n", amendment), encoding="utf-8")
    scribe = Scribe("t", "t", EVENING + timedelta(hours=1))
    assert preview_on(workspace, LAST, all_templates, scribe, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["recorded"] is False
    assert said["deals"][0]["corrected"]["from_on"] == str(LAST)
    assert preview_on(workspace, LAST, all_templates, scribe, as_json=False) == 0
    assert "would be determined again" in capsys.readouterr().out
    assert "correction" not in [event.kind for event in read(workspace.store, deal_log(DEAL))]


def test_what_a_run_would_refuse_it_says(
    workspace: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    run(workspace, LAST, tools(all_templates, EVENING))
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("85%", "86%"), encoding="utf-8")
    assert preview_on(workspace, LAST, all_templates, Scribe("t", "t", EVENING), as_json=False) == 1
    assert "terms above `amendments` were changed" in capsys.readouterr().out

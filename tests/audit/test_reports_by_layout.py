"""Reports read by a sender's layout, from the door to the replay: each is read again by the layout kept with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.formatting.rule import DataBarRule

from engine.audit.replay import Replay
from engine.cli.show.replay import replay
from engine.cli.show.verify import verify_workspace
from engine.demo import plan
from engine.determination.template import Template
from engine.operations import intake
from engine.operations.intake import Intake
from engine.operations.run import run
from engine.record.log import Scribe
from engine.servicer_report.received_file import open_report, reopen
from engine.terms.sender_layout import SenderLayout, TapeLayout
from engine.workspace.kept_reports import layout_path
from engine.workspace.workspace import Workspace
from tests.operations.test_run import DEAL, NOW, keep, running
from tests.operations.test_run import workspace as workspace  # the fixture
from tests.servicer_report.workbooks import saved

CAME = date(2026, 1, 7)
CELLS = {"period.from": "Cover!B1", "period.to": "Cover!B2", "outstanding_principal.class_a": "Cover!B3"}
OF_A_CLASS: dict[str, Any] = {
    "sheet": "Tape",
    "contract": "Contract",
    "asset_class": "Model",
    "classes": {"H100 SXM5": "h100"},
    "gpu_hours": "Hours",
    "rate": "Rate",
}
WITH_DAYS = {**OF_A_CLASS, "from": "From", "to": "To"}


def barred(cover: Any) -> None:
    """A bar in the place of the principal."""
    cover.conditional_formatting.add("B3", DataBarRule("min", None, "max", None, "FF638EC6", showValue=False))


def sent(
    hours: str = "General",
    principal: str = "General",
    change: Callable[[Any], None] = lambda _: None,
) -> bytes:
    """A workbook with a tape, and the number formats of its hours and of the principal."""
    made = openpyxl.Workbook()
    tape, cover = made.active, made.create_sheet("Cover")
    assert tape is not None
    tape.title = "Tape"
    tape.append(["Contract", "Model", "From", "To", "Hours", "Rate"])
    for number in range(3):
        tape.append([f"C-{number}", "H100 SXM5", "2026-01-01", "2026-01-07", 100 + number, 1.92])
        tape.cell(number + 2, 5).number_format = hours
    for row in [["from", "2026-01-01"], ["to", "2026-01-07"], ["principal", 15_900_000]]:
        cover.append(row)
    cover["B3"].number_format = principal
    change(cover)
    return saved(made)


def door(workspace: Workspace, templates: dict[str, Template], tape: dict[str, Any]) -> Intake:
    """The intake of a workspace whose settings have the layout."""
    layout = SenderLayout(files=("acme*.xlsx",), deal=DEAL, cells=CELLS, tape=TapeLayout.model_validate(tape))
    settings = workspace.settings.model_copy(update={"intake": {"acme": layout}})
    return Intake(Workspace(workspace.root, settings), templates, Scribe("t", "t", NOW))


def run_of(workspace: Workspace, templates: dict[str, Template]) -> None:
    keep(workspace, plan.THURSDAYS[0], NOW)
    run(workspace, plan.THURSDAYS[0], running(templates))


def kept(workspace: Workspace) -> Path:
    (path,) = (workspace.root / "layouts").iterdir()
    return path


@pytest.mark.parametrize("tape", [OF_A_CLASS, WITH_DAYS], ids=["plain", "with days"])
def test_a_tape_is_taken_run_replayed_and_verified(
    workspace: Workspace, all_templates: dict[str, Template], tape: dict[str, Any]
) -> None:
    taken = door(workspace, all_templates, tape).take(sent(), "acme-01.xlsx", CAME)
    assert kept(workspace) == layout_path(workspace, taken.report.sha256)
    run_of(workspace, all_templates)
    assert replay(workspace, all_templates, None, as_json=False) == 0
    assert verify_workspace(workspace, [], [], as_json=False) == 0


def test_a_layout_that_an_earlier_build_kept_is_read_as_it_was_meant(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    """The first builds wrote `from_`, which the settings do not know."""
    door(workspace, all_templates, WITH_DAYS).take(sent(), "acme-01.xlsx", CAME)
    run_of(workspace, all_templates)
    path = kept(workspace)
    earlier = path.read_bytes().replace(b'"from":', b'"from_":')
    assert earlier != path.read_bytes()
    path.write_bytes(earlier)
    assert replay(workspace, all_templates, None, as_json=False) == 0
    with pytest.raises(ValueError, match="Extra inputs"):
        TapeLayout.model_validate({**OF_A_CLASS, "from_": "From"})


@pytest.mark.parametrize("broken", [b"", b"{", b'{"files": []}', b'{"files":["*"],"tape":{"rows":1}}'])
def test_a_kept_layout_that_cannot_be_read_is_a_difference_in_words(
    workspace: Workspace, all_templates: dict[str, Template], broken: bytes
) -> None:
    door(workspace, all_templates, OF_A_CLASS).take(sent(), "acme-01.xlsx", CAME)
    run_of(workspace, all_templates)
    path = kept(workspace)
    path.write_bytes(broken)
    (found,) = [one.difference for one in Replay(workspace, all_templates).run() if one.difference]
    assert found.what.startswith(f"the layout in layouts/{path.name} cannot be read: ")
    assert replay(workspace, all_templates, None, as_json=False) == 3


def without_the_question(data: bytes, file: str, layouts: Any) -> Any:
    """The door of a build that did not know what is asked today."""
    (layout,) = layouts.values()
    return reopen(data, file, layout.as_kept())


LATER: dict[str, tuple[dict[str, Any], str]] = {
    "a principal shown below zero": ({"principal": "-#,##0"}, "R148"),
    "a principal in the place of which stands a bar": ({"change": barred}, "R148"),
    "hours in per cent": ({"hours": "0%"}, "R148"),
    "hours in thousands": ({"hours": "#,##0,"}, "RW11"),
}


@pytest.mark.parametrize(("shown", "code"), LATER.values(), ids=LATER)
def test_a_report_that_an_earlier_build_took_without_a_question_comes_out_again(
    workspace: Workspace,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
    shown: dict[str, Any],
    code: str,
) -> None:
    today = door(workspace, all_templates, OF_A_CLASS)
    opened, asked = open_report(sent(**shown), "acme-01.xlsx", today.workspace.settings.intake)
    found = asked if opened is None else opened.remarks
    assert code in [one.code for one in found]
    with monkeypatch.context() as patched:
        patched.setattr(intake, "open_report", without_the_question)
        today.take(sent(**shown), "acme-01.xlsx", CAME)
    run_of(workspace, all_templates)
    assert replay(workspace, all_templates, None, as_json=False) == 0


def test_a_remark_on_a_tape_is_on_record_and_comes_out_again(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    taken = door(workspace, all_templates, OF_A_CLASS).take(sent("#,##0,"), "acme-01.xlsx", CAME)
    assert any("without its last 3 digits" in said for said in taken.report.warnings)
    run_of(workspace, all_templates)
    assert replay(workspace, all_templates, None, as_json=False) == 0


def test_what_earlier_builds_asked_of_a_report_is_asked_of_a_kept_one_too() -> None:
    layout = SenderLayout(files=("*",), deal=DEAL, cells=CELLS).as_kept()
    assert [one.code for one in reopen(sent(principal='0"k"'), "acme-01.xlsx", layout)[1]] == ["R148"]

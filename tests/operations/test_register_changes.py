"""A change of the register is an event with the file's hash and counts from its date (`rulings.md` 57a)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from engine.audit.leftovers import without_event
from engine.audit.replay import Replay
from engine.cli.show.deals import check
from engine.demo import plan
from engine.determination.template import Template
from engine.events.kinds import Correction, Event
from engine.events.servicing import RegisterChanged
from engine.operations.run import run
from engine.operations.run_outcome import DealOutcome
from engine.operations.run_preview import preview
from engine.operations.settled import files_there
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW, keep, running

REGISTER = "meridian-serials.csv"
THIRD, FOURTH = plan.THURSDAYS[2:4]


@pytest.fixture
def workspace(tmp_path: Path, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """Reports that give no count of GPUs, so that the pledged count decides."""
    create(tmp_path)
    shutil.copy(DEALS / f"{DEAL}.yaml", tmp_path / "deals")
    shutil.copy(DEALS / REGISTER, tmp_path / "deals")
    found = opened(tmp_path)
    for thursday in plan.THURSDAYS[:4]:
        keep(found, thursday, NOW)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                text = "\n".join(
                    line for line in report.text.splitlines() if "gpus:" not in line and line != "available:"
                )
                take(found, text, report.name, report.received, all_templates, Scribe("t", "t", NOW))
    yield found
    found.store.close()


def release(workspace: Workspace, count: int, on: str) -> None:
    """Write a release of the first GPUs into the register."""
    path = workspace.root / "deals" / REGISTER
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([head, *(row + on for row in rows[:count]), *rows[count:]]) + "\n", encoding="utf-8"
    )


def gpus(workspace: Workspace) -> dict[date, int]:
    """The GPUs that each Determination Date counted, by the newest result of the LTV test."""
    found: dict[date, int] = {}
    for event in of_kind(workspace, "tested"):
        if event.subject == "ltv":
            used = [one for one in event.payload.result.inputs if one.name == "GPUs of h100"]
            found[event.effective_on] = int(used[0].figure.value)
    return found


def of_kind(workspace: Workspace, kind: str) -> list[Event]:
    return [event for event in read(workspace.store, deal_log(DEAL)) if event.kind == kind]


def ran(workspace: Workspace, on: date, templates: dict[str, Template]) -> DealOutcome:
    return run(workspace, on, running(templates)).deals[0]


def replayed(workspace: Workspace, templates: dict[str, Template]) -> list[str]:
    return [str(one.difference) for one in Replay(workspace, templates).run() if one.difference is not None]


def test_the_first_register_is_an_event_and_changes_no_count(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    ran(workspace, THIRD, all_templates)
    (event,) = of_kind(workspace, "register changed")
    register: RegisterChanged = event.payload
    assert register.sha256 == sha256((DEALS / REGISTER).read_bytes()).hexdigest()
    assert [(step.gpus, step.since) for step in register.counts["h100"]] == [(1024, date(2026, 1, 6))]
    assert set(gpus(workspace).values()) == {1024}
    assert not of_kind(workspace, "correction")
    assert replayed(workspace, all_templates) == []


def test_a_release_of_a_day_to_come_counts_from_it(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    ran(workspace, THIRD, all_templates)
    before = files_there(workspace)
    release(workspace, 24, str(FOURTH))
    assert files_there(workspace) != before  # so that a server looks again
    (deal,) = preview(workspace, FOURTH, all_templates, Scribe("t", "t", NOW)).deals
    assert "register changed" in [event.kind for event in deal.answer.outcome.events]
    ran(workspace, FOURTH, all_templates)
    assert gpus(workspace) == {**dict.fromkeys(plan.THURSDAYS[:3], 1024), FOURTH: 1000}
    assert [event.effective_on for event in of_kind(workspace, "register changed")] == [
        date(2026, 1, 6),
        FOURTH,
    ]
    assert not of_kind(workspace, "correction")
    assert replayed(workspace, all_templates) == []


def test_a_release_of_a_day_that_is_past_is_run_again_from_it(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    ran(workspace, FOURTH, all_templates)
    release(workspace, 24, str(THIRD - timedelta(days=3)))
    ran(workspace, FOURTH, all_templates)
    (event,) = of_kind(workspace, "correction")
    again: Correction = event.payload
    assert again.from_on == THIRD
    assert again.why == (f"the register {REGISTER}: on {THIRD} 1,024 GPUs of H100, now 1,000",)
    assert gpus(workspace) == {**dict.fromkeys(plan.THURSDAYS[:2], 1024), THIRD: 1000, FOURTH: 1000}
    size = len(read(workspace.store, deal_log(DEAL)))
    ran(workspace, FOURTH, all_templates)
    assert len(read(workspace.store, deal_log(DEAL))) == size
    assert replayed(workspace, all_templates) == []


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("30.2.2026", "`30.2.2026` under `released_on` is not a date"),
        ("2026-02-30", "`2026-02-30`"),
        ("soon", "`soon`"),
    ],
)
def test_a_date_that_cannot_be_read_stops_the_deal_at_its_place(
    cell: str,
    said: str,
    workspace: Workspace,
    all_templates: dict[str, Template],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran(workspace, THIRD, all_templates)
    release(workspace, 1, cell)
    reason = ran(workspace, FOURTH, all_templates).reason or ""
    assert f"deals/{REGISTER}:2:1: D528" in reason
    assert said in reason
    assert FOURTH not in gpus(workspace)
    assert replayed(workspace, all_templates) == []
    assert (
        check([workspace.root / "deals" / f"{DEAL}.yaml"], all_templates, as_json=False, workspace=workspace)
        == 1
    )
    assert said in capsys.readouterr().out


def test_a_register_that_is_gone_leaves_the_one_on_record(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    release(workspace, 24, str(THIRD))
    ran(workspace, THIRD, all_templates)
    (workspace.root / "deals" / REGISTER).unlink()
    ran(workspace, FOURTH, all_templates)
    assert gpus(workspace)[FOURTH] == 1000


def test_a_kept_register_that_is_changed_is_found(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    ran(workspace, THIRD, all_templates)
    (kept,) = (workspace.root / "deals" / "registers").iterdir()
    assert list(without_event(workspace, deal_log(DEAL))) == []
    kept.write_bytes(kept.read_bytes() + b"X,h100,here,,\n")
    assert any("the register" in said for said in without_event(workspace, deal_log(DEAL)))
    assert replayed(workspace, all_templates) != []

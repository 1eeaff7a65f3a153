"""A round of the server does its parts in one order, and a later round looks only if something can be due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.events.market_events import RateForecast
from engine.operations import server_round as module
from engine.operations.run import Tools
from engine.operations.run_outcome import RunOutcome, Stamping
from engine.operations.server_round import RoundParts, server_round
from engine.operations.settled import Settled
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace, create, opened

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the parts of a round did, in their order; none of them does anything else."""
    said: list[str] = []
    outcome = RunOutcome(NOW.date(), settled=object.__new__(Settled))
    for name, gives in (
        ("refuse_older_record", None),
        ("record_forecasts", ()),
        ("run", outcome),
        ("stamp_checkpoints", Stamping()),
    ):
        monkeypatch.setattr(module, name, lambda *_, name=name, gives=gives: (said.append(name), gives)[1])
    return said


def parts(done: list[str]) -> RoundParts[str]:
    def forecasts(_: datetime) -> list[RateForecast]:
        done.append("forecasts")
        return []

    def deliver() -> str:
        done.append("deliver")
        return "delivered"

    def tools() -> Tools:
        done.append("tools")
        return object.__new__(Tools)

    return RoundParts(tools, lambda: NOW, lambda: Scribe("t", "t", NOW), forecasts, deliver)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    create(tmp_path, "Agent")
    with (tmp_path / "headroom.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[mail]\nmaildir = "post"\nsender = "a@example.com"\nbounces = "a@example.com"\n')
    return opened(tmp_path)


@pytest.mark.parametrize("holds", [True, False], ids=["nothing can be due", "something can be due"])
def test_a_round_after_a_run_looks_only_if_something_can_be_due(
    workspace: Workspace, done: list[str], monkeypatch: pytest.MonkeyPatch, holds: bool
) -> None:
    monkeypatch.setattr(Settled, "holds", lambda *_: holds)
    first = server_round(workspace, RunOutcome(NOW.date()), parts(done))
    assert done == ["refuse_older_record", "forecasts", "record_forecasts", "tools", "run", "deliver"]
    assert (first.looked, first.delivered) == (True, "delivered")
    assert first.last.settled is first.outcome.settled is not None
    done.clear()
    again = server_round(workspace, first.last, parts(done))
    looked = ["stamp_checkpoints"] if holds else ["tools", "run"]
    assert done == ["refuse_older_record", "forecasts", "record_forecasts", *looked, "deliver"]
    assert (again.looked, again.last.settled) == (not holds, first.last.settled)


def test_a_workspace_without_mail_sends_nothing(workspace: Workspace, done: list[str]) -> None:
    silent = replace(workspace, settings=workspace.settings.model_copy(update={"mail": None}))
    assert server_round(silent, RunOutcome(NOW.date()), parts(done)).delivered is None
    assert "deliver" not in done

"""A round of the server does its parts in one order, and a later round looks only if something can be due."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show import serve as served
from engine.cli.show.deliver import show_delivered
from engine.delivery.deliver import Delivered, Step
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


def parts(done: list[str]) -> RoundParts:
    def forecasts(_: datetime) -> list[RateForecast]:
        done.append("forecasts")
        return []

    def tools() -> Tools:
        done.append("tools")
        return object.__new__(Tools)

    return RoundParts(tools, lambda: NOW, lambda: Scribe("t", "t", NOW), forecasts)


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
    assert done == ["refuse_older_record", "forecasts", "record_forecasts", "tools", "run"]
    assert first.looked
    assert first.last.settled is first.outcome.settled is not None
    done.clear()
    again = server_round(workspace, first.last, parts(done))
    looked = ["stamp_checkpoints"] if holds else ["tools", "run"]
    assert done == ["refuse_older_record", "forecasts", "record_forecasts", *looked]
    assert (again.looked, again.last.settled) == (not holds, first.last.settled)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Callable[..., bool]:
    """Serve a workspace in rounds one after the other; an error in one is told and ends nothing."""

    def serve(
        tick: Callable[[], None], _: int, told: Callable[[str], None], *__: object, **___: object
    ) -> int:
        for _ in range(3):
            try:
                tick()
            except Exception as error:
                told(str(error))
        return 3

    monkeypatch.setattr(served, "serve", serve)
    monkeypatch.setattr(served, "forecasts_due", lambda *_: ())
    monkeypatch.setattr(served, "deals_without_file", lambda *_: ("gone",))
    monkeypatch.setattr(Settled, "holds", lambda *_: True)

    def means() -> Tools:
        return Tools({}, lambda _: (), NOW, "t", lambda *_: None)

    return lambda at=workspace, as_json=False: served.serve_until_stopped(at, means, 3600, as_json)


def test_a_delivery_that_fails_takes_neither_the_outcome_nor_what_is_settled_with_it(
    rounds: Callable[..., bool],
    done: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object, **__: object) -> Delivered:
        raise WrongUsage("another command is delivering from this workspace")

    monkeypatch.setattr(served, "deliver", fails)
    rounds()
    said = capsys.readouterr().out
    assert (done.count("run"), done.count("stamp_checkpoints")) == (1, 2)
    assert said.count("0 publications, 0 notices") == 3
    assert said.count("another command is delivering") == 3
    assert said.count("deals/ has no file of this deal") == 1


def test_a_notice_that_does_not_go_is_the_same_object_in_each_line_of_json(
    rounds: Callable[..., bool],
    done: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = Delivered(not_sent=[Step("a-deal", 1, "", "released", "why")])
    monkeypatch.setattr(served, "deliver", lambda *_, **__: held)
    rounds(as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    in_serve = [line["not_sent"] for line in lines if "not_sent" in line]
    assert show_delivered(held, as_json=True) == 1
    assert in_serve == [json.loads(capsys.readouterr().out)["not_sent"]]


def test_a_workspace_without_mail_sends_nothing(
    workspace: Workspace, rounds: Callable[..., bool], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "deliver", lambda *_, **__: done.append("deliver"))
    rounds(replace(workspace, settings=workspace.settings.model_copy(update={"mail": None})))
    assert "run" in done
    assert "deliver" not in done

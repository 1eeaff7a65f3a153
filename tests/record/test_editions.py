"""A log of the first edition is read, verified and shown; nothing is added to it, and a replay compares
nothing (`rulings.md` 72).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.cli.show.history import history
from engine.cli.show.replay import replay
from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import as_it_stands
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run import Tools, run
from engine.record.consistency import audit
from engine.record.log import EarlierEdition, Scribe, append, deal_log, read
from engine.workspace.workspace import Workspace, opened
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture

KEPT = Path(__file__).with_name("edition_1.jsonl")
"""Two weeks of a deal as headroom 0.1 recorded them: every log, key and body."""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Workspace]:
    workspace = made(
        tmp_path,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
    )
    with workspace.store.begin() as writer:
        for line in KEPT.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            writer.append(one["log"], one["key"], one["body"].encode())
    yield workspace
    workspace.store.close()


def test_it_is_read_and_stands_as_it_was_left(old: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    events = read(old.store, deal_log(DEAL))
    assert {event.version for event in events} == {1}
    assert [e.payload.edition for e in events if isinstance(e.payload, DealAdopted)] == [1]
    assert as_it_stands(events).last_date == date(2026, 1, 15)
    assert audit(old.store.entries(deal_log(DEAL)), "origin", [], [], [], ()) == ()
    history(old, DEAL, as_json=True)
    assert "2026-01-15" in capsys.readouterr().out


def test_a_replay_names_the_edition_and_never_says_that_it_differs(
    old: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(old, all_templates, None, as_json=False) == 4
    said = capsys.readouterr().out
    assert (
        f"deal/{DEAL}: {old.store.size(deal_log(DEAL))} events recorded under edition 1; headroom 0.1 "
        "replays it" in said
    )
    assert "DIFFERS" not in said
    assert replay(old, all_templates, None, as_json=True) == 4
    found = json.loads(capsys.readouterr().out)
    assert not found["replayed"]
    assert {one["edition"] for one in found["logs"]} == {1}
    assert all(one["difference"] is None for one in found["logs"])


def test_a_run_does_not_extend_it_and_says_so(old: Workspace, tools: Tools) -> None:
    before = {log: old.store.size(log) for log in old.store.logs()}
    outcome = run(old, date(2026, 1, 29), tools)
    assert {log: old.store.size(log) for log in old.store.logs()} == before
    assert "recorded under edition 1 of the rulings; headroom 0.1 extends and replays it" in (
        outcome.deals[0].reason or ""
    )
    assert outcome.deals[0].notices == []


def test_nobody_adds_an_act_to_it(old: Workspace) -> None:
    act = ActRecorded(act="discharged", document="D", effective_on=date(2026, 1, 20))
    new = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
    with pytest.raises(EarlierEdition, match="begin a new workspace"), old.store.begin() as writer:
        append(writer, deal_log(DEAL), [new], Scribe("t", "t", datetime(2026, 1, 20, tzinfo=UTC)))


def test_a_new_log_names_its_edition_and_milliseconds(tmp_path: Path, tools: Tools) -> None:
    workspace = opened(made(tmp_path / "new").root)
    run(workspace, date(2026, 1, 8), tools)
    bodies = [json.loads(entry.body) for entry in workspace.store.entries(deal_log(DEAL))]
    assert {body["version"] for body in bodies} == {2}
    assert [body["payload"]["edition"] for body in bodies if body["kind"] == "deal adopted"] == [2]
    assert {len(body["recorded_at"]) for body in bodies} == {len("2026-07-03T12:00:00.000Z")}
    workspace.store.close()

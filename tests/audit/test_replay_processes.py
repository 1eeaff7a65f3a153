"""A replay on several processes gives the answer of one, log by log, also where something differs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.audit.replay import Replay
from engine.audit.replay_processes import replayed
from engine.record.guards import SQLITE
from engine.workspace.workspace import opened
from tests.bench.growth import Desk


def test_two_and_three_processes_answer_as_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", 3)
    desk.publish(1, 3)
    desk.run(3)
    _changed(desk.workspace.root / "headroom.sqlite", "deal/deal-00001")
    workspace = opened(desk.workspace.root, to_inspect=True)
    alone = list(Replay(workspace, desk.templates).run())
    assert [one.log for one in alone if one.difference is not None] == ["deal/deal-00001"]
    for workers in (2, 3):
        assert list(replayed(workspace, desk.templates, workers=workers)) == alone


def _changed(path: Path, log: str) -> None:
    """Write another figure over a recorded one, as somebody with the file could."""
    with sqlite3.connect(path) as database:
        for name in SQLITE:
            database.execute(f"DROP TRIGGER IF EXISTS {name}")
        database.execute(
            "UPDATE log_entry SET body = replace(body, 'published value', 'published  value') WHERE log = ?",
            (log,),
        )
    database.close()

"""What a late Thursday asks of the database does not grow with the weeks behind it, apart from keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from engine.events.draft import Draft
from engine.events.market_events import IndexPublished
from engine.operations import deal_history
from engine.operations.recent_past import recent_past
from engine.operations.run import Tools
from engine.record import entry_events
from engine.record import store as record
from engine.record.entry import Entry
from engine.record.log import Scribe, append, deal_log, index_log, read
from engine.record.store import Store
from engine.workspace import series
from tests.bench.growth import Desk, friday, weeks

STEP = 10
"""Instructions of SQLite's machine that are counted at once."""


@dataclass
class Asked:
    """What was asked of a database: instructions of its machine, in steps, and the entries that it gave."""

    steps: int = 0
    entries: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Count what a block asks of a record in SQLite."""
    asked = Asked()

    def step() -> None:
        asked.steps += 1

    def given(row: Any) -> Entry:
        asked.entries.append((row[0], row[1]))
        return entry_of(row)

    def watched(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(step, STEP)

    entry_of = record.entry_of
    event.listen(store._engine, "checkout", watched)
    with monkeypatch.context() as patched:
        patched.setattr(record, "entry_of", given)
        yield asked
    event.remove(store._engine, "checkout", watched)


def late_thursday(root: Path, week: int, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the Thursday of a week asks for in a process that has read nothing yet."""
    desk = Desk(root, 1)
    desk.publish(1, week - 1)
    desk.run(week - 1)
    desk.publish(week, week)
    for kept in (deal_history._KEPT, series._READ):
        kept.clear()
    entry_events._read_once.cache_clear()
    with counted(desk.workspace.store, monkeypatch) as asked:
        outcome = desk.run(week)
    assert [len(deal.notices) for deal in outcome.deals] == [1]
    desk.workspace.store.close()
    return asked


def test_a_late_thursday_reads_what_an_early_one_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Week 70 has 40 more keys of its series than week 30: each costs a few instructions and no entry."""
    early, late = (late_thursday(tmp_path / f"{week}", week, monkeypatch) for week in (30, 70))
    assert len(late.entries) == len(early.entries) < 80
    assert (late.steps - early.steps) * STEP < 40 * 40


@pytest.mark.parametrize("after", [1, 4])
def test_a_daily_print_in_a_weekly_series_is_found_behind_what_was_kept(tmp_path: Path, after: int) -> None:
    """It came after the print of the last date or long after: a deal that reads the series as weekly stops."""
    desk, log = Desk(tmp_path, 1), index_log("CRI-H100@administrator")
    desk.publish(1, 6)
    desk.run(6)
    first = read(desk.workspace.store, log)[0]
    day = weeks(6 + after) - timedelta(days=1)
    said = {
        **first.payload.value,
        "publication_date": f"{day}",
        "published_on": f"{day}",
        "final_at": f"{day}T23:00:00Z",
    }
    draft = Draft(
        kind=first.kind, subject=first.subject, effective_on=day, payload=IndexPublished(value=said)
    )
    with desk.workspace.store.begin() as writer:
        append(writer, log, [draft], Scribe("t", "t", friday(6 + after)))
    desk.publish(7, 6 + after)
    assert recent_past(desk.workspace, deal_log("deal-00000"), Tools.engine) is not None
    (deal,) = desk.run(6 + after).deals
    assert "the series of CRI-H100 on record is daily" in (deal.reason or "")
    desk.workspace.store.close()

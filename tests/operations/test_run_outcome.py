"""What was recorded is read again from the record, and nothing of it is passed over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run_outcome import Recorded
from engine.queries.history import history_part
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Reader
from engine.workspace.workspace import Workspace, create, opened

LOG = deal_log("d")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace in whose record a log has two entries."""
    create(tmp_path / "desk", "Agent")
    workspace = opened(tmp_path / "desk")
    acts = [ActRecorded(act="consent", effective_on=date(2026, 1, day), document="D") for day in (1, 2)]
    drafts = [
        Draft(kind="act recorded", subject=str(act.effective_on), effective_on=act.effective_on, payload=act)
        for act in acts
    ]
    with workspace.store.begin() as writer:
        append(writer, LOG, drafts, Scribe("A", "engine", datetime(2026, 1, 3, tzinfo=UTC)))
    return workspace


def test_the_events_of_a_run_are_read_when_somebody_looks(workspace: Workspace) -> None:
    recorded = Recorded(workspace.store, LOG, [0, 1])
    assert [event.seq for event in recorded] == [0, 1]
    assert (len(recorded), recorded[-1].seq) == (2, 1)


def test_an_event_that_is_missing_is_never_passed_over(workspace: Workspace) -> None:
    recorded = Recorded(workspace.store, LOG, [0, 7])
    for look in (lambda: list(recorded), lambda: recorded[1], lambda: recorded[-1:], lambda: recorded[:]):
        with pytest.raises(VerificationFailed, match="entry 7 of deal/d is missing"):
            look()


def test_a_part_of_a_log_that_lacks_an_entry_is_not_shown_as_whole(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [event.seq for event in history_part(workspace, "d", 0, 10)[0]] == [0, 1]
    entry = Reader.entry
    monkeypatch.setattr(Reader, "entry", lambda self, log, seq: None if seq == 0 else entry(self, log, seq))
    with pytest.raises(VerificationFailed, match="entry 0 of deal/d is missing"):
        history_part(workspace, "d", 0, 10)

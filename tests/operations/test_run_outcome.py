"""What a run has recorded is read again from the record, and nothing of it is passed over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run_outcome import Recorded
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Store

LOG = deal_log("d")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A record whose log has two entries."""
    store = Store.open(tmp_path / "log.sqlite")
    acts = [ActRecorded(act="consent", effective_on=date(2026, 1, day), document="D") for day in (1, 2)]
    drafts = [
        Draft(kind="act recorded", subject=str(act.effective_on), effective_on=act.effective_on, payload=act)
        for act in acts
    ]
    with store.begin() as writer:
        append(writer, LOG, drafts, Scribe("A", "engine", datetime(2026, 1, 3, tzinfo=UTC)))
    return store


def test_the_events_of_a_run_are_read_when_somebody_looks(store: Store) -> None:
    recorded = Recorded(store, LOG, [0, 1])
    assert [event.seq for event in recorded] == [0, 1]
    assert (len(recorded), recorded[-1].seq) == (2, 1)


def test_an_event_that_is_missing_is_never_passed_over(store: Store) -> None:
    recorded = Recorded(store, LOG, [0, 7])
    for look in (lambda: list(recorded), lambda: recorded[1], lambda: recorded[-1:], lambda: recorded[:]):
        with pytest.raises(VerificationFailed, match="entry 7 of deal/d"):
            look()

"""Events in hand are what the database holds, read once; a log that is another than before is read anew."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.events.log_names import index_log
from engine.record.events_in_hand import EventsInHand, series_in_hand
from engine.record.log import Scribe, append, deal_log, read
from engine.record.store import Store

LOG, OTHER = deal_log("meridian-2026-1"), deal_log("zephyr-2026-2")
ON = date(2026, 2, 6)


def grown(store: Store, log: str, by: int, word: str = "") -> None:
    """The log with some Acts more."""
    with store.begin() as writer:
        start = writer.size(log)
        acts = [
            ActRecorded(act="consent", effective_on=ON, details={"version": f"{word}{n}"})
            for n in range(start, start + by)
        ]
        drafts = [
            Draft(kind="act recorded", subject=f"act {n}", effective_on=ON, payload=act)
            for n, act in enumerate(acts, start)
        ]
        append(writer, log, drafts, Scribe("test", "test", datetime(2026, 2, 6, 15, tzinfo=UTC)))


def test_what_was_read_is_not_read_again_and_what_was_added_is(sqlite: Store) -> None:
    grown(sqlite, LOG, 3)
    plain = read(sqlite, LOG)
    sqlite.in_hand = EventsInHand().events
    first = read(sqlite, LOG)
    grown(sqlite, LOG, 2)
    second = read(sqlite, LOG)
    assert first == plain
    assert [event.seq for event in second] == [0, 1, 2, 3, 4]
    assert all(one is other for one, other in zip(first, second, strict=False))
    assert read(sqlite, LOG)[4] is second[4]
    assert read(sqlite, OTHER) == ()


def test_a_log_whose_root_is_another_is_read_anew(sqlite: Store, tmp_path: Path) -> None:
    """As after a restored backup: as many entries, and other ones."""
    other = Store.open(tmp_path / "other.db")
    grown(sqlite, LOG, 3)
    grown(other, LOG, 4, "otherwise ")
    held = EventsInHand()
    assert len(held.events(sqlite, LOG)) == 3
    found = held.events(other, LOG)
    assert [event.payload.details["version"] for event in found] == [f"otherwise {n}" for n in range(4)]
    assert held.events(sqlite, LOG) == read(sqlite, LOG)
    other.close()


def test_no_more_is_kept_than_may_be_and_the_log_in_use_always(sqlite: Store) -> None:
    grown(sqlite, LOG, 4)
    grown(sqlite, OTHER, 6)
    held = EventsInHand(5)
    first = held.events(sqlite, LOG)
    assert held.events(sqlite, LOG)[0] is first[0]
    long = held.events(sqlite, OTHER)
    assert held.events(sqlite, OTHER)[0] is long[0]
    assert held.events(sqlite, LOG)[0] is not first[0]


def test_during_a_run_series_are_kept_and_deals_are_not(sqlite: Store) -> None:
    """Nothing stays kept after it, and what somebody else keeps is left as it is."""
    series = index_log("CRI-H100")
    for log in (series, LOG):
        grown(sqlite, log, 2)
    plain = read(sqlite, series), read(sqlite, LOG)
    with series_in_hand(sqlite):
        first = read(sqlite, series)
        assert (first, read(sqlite, LOG)) == plain
        grown(sqlite, series, 1)
        assert [one is other for one, other in zip(read(sqlite, series), first, strict=False)] == [True, True]
        assert len(read(sqlite, series)) == 3
    assert sqlite.in_hand is None
    desk = EventsInHand()
    sqlite.in_hand = desk.events
    with series_in_hand(sqlite):
        read(sqlite, LOG)
        assert sqlite.in_hand == desk.events
    assert sqlite.in_hand == desk.events

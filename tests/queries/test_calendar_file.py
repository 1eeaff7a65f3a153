"""The calendar file: an alarm on what is open, a UID that stays when a last day moves, CANCELLED for what a
correction withdrew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from engine.basics.values import Fact
from engine.events.due_acts import Due, DueFacts
from engine.events.kinds import Correction, Determined, Event
from engine.events.states import Deadline
from engine.queries.exports import as_calendar

FAILED = date(2026, 3, 5)


def due(by: date, subject: str = "ltv") -> Due:
    deadline = Deadline(
        by=by, counted_from=FAILED, rule="10 business days", calendar="us-federal-reserve", cite="CA §7.06"
    )
    return Due(
        by=by,
        who="borrower",
        act="cure",
        subject=subject,
        facts=DueFacts(cured_by=("prepayment",)),
        deadline=deadline,
        cite="CA §7.06",
    )


def determined(on: date, *dues: Due) -> Determined:
    week = timedelta(days=7)
    return Determined(
        publication_date=on,
        window_start=on - week,
        window_end=on - timedelta(days=1),
        next_determination_date=on + week,
        next_publication_date=on + week,
        calendar="us-federal-reserve",
        outstanding_principal=None,
        report=None,
        report_text="",
        due=dues,
    )


def log(*payloads: tuple[str, date, Fact]) -> list[Event]:
    said: dict[str, Any] = {"log": "deal/d", "actor": "a", "engine": "e", "subject": "deal"}
    at = datetime(2026, 3, 5, 22, tzinfo=UTC)
    return [
        Event(
            seq=seq,
            kind=kind,
            effective_on=on,
            recorded_at=at + timedelta(days=7 * seq),
            print=seq + 1,
            payload=payload,
            **said,
        )
        for seq, (kind, on, payload) in enumerate(payloads)
    ]


def entries(events: Sequence[Event]) -> list[Any]:
    text = as_calendar("d", events)
    assert as_calendar("d", events) == text
    return [part for part in Calendar.from_ical(text).walk() if part.name == "VEVENT"]


def test_what_is_open_has_an_alarm_on_the_day_before() -> None:
    (one,) = entries(log(("determined", FAILED, determined(FAILED, due(date(2026, 3, 19))))))
    (alarm,) = one.walk("VALARM")
    assert (alarm["TRIGGER"].dt, int(one["SEQUENCE"])) == (timedelta(days=-1), 0)


def test_a_last_day_that_moves_keeps_its_uid_and_counts_its_changes() -> None:
    first = ("determined", FAILED, determined(FAILED, due(date(2026, 3, 19))))
    (before,) = entries(log(first))
    moved = ("determined", date(2026, 3, 12), determined(date(2026, 3, 12), due(date(2026, 3, 20))))
    (after,) = entries(log(first, moved))
    assert str(after["UID"]) == str(before["UID"])
    assert (int(after["SEQUENCE"]), after["DTSTART"].dt) == (1, date(2026, 3, 20))


def test_what_a_correction_withdrew_is_cancelled() -> None:
    stated = ("determined", FAILED, determined(FAILED, due(date(2026, 3, 19))))
    corrected = ("correction", FAILED, Correction(from_on=FAILED, until=FAILED, why=("a late print",)))
    again = ("determined", FAILED, determined(FAILED))
    (one,) = entries(log(stated, corrected, again))
    assert (str(one["STATUS"]), one.walk("VALARM")) == ("CANCELLED", [])

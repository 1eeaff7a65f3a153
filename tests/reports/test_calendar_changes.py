"""A notice names the change of a calendar that moved one of its deadlines (`rulings.md` 36a)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import notice_cases as cases
import pytest

from engine.events.calendar_events import CalendarEntry, CalendarTaken, LastDayMoved
from engine.events.kinds import Determined
from engine.events.notice import NoticeInputs
from reports.notice.compose import compose

CLOSED, SINCE = date(2026, 11, 27), date(2026, 11, 19)


def dates(found: NoticeInputs) -> dict[str, Any]:
    context = compose(found)
    return next(one for one in (*context["first"], *context["proof"]) if one["block"] == "dates")


def moved(entry: CalendarEntry, apart: int) -> tuple[NoticeInputs, date]:
    """A notice after a calendar has moved the newest of its deadlines to `apart` days after it."""
    found = cases.failing()
    whole = next(event for event in reversed(found.events) if isinstance(event.payload, Determined))
    last = max(duty.by for duty in whole.payload.due)
    taken = CalendarTaken(
        calendar="us-federal-reserve",
        sha256="1" * 64,
        before_sha256="0" * 64,
        since=SINCE,
        changes=(entry,),
        moves=(
            LastDayMoved(
                of="Cure Period of `ltv`", before=last - timedelta(days=1), after=last + timedelta(days=apart)
            ),
        ),
    )
    event = whole.model_copy(
        update={
            "kind": "calendar taken",
            "subject": taken.calendar,
            "effective_on": whole.effective_on,
            "payload": taken,
            "seq": 0,
        }
    )
    events = [found.events[0], event, *found.events[1:]]
    placed = tuple(one.model_copy(update={"seq": seq}) for seq, one in enumerate(events))
    return replace(found, events=placed), last


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            CalendarEntry(day=CLOSED, closed=True, reason="Day of mourning", source="Federal Register"),
            "27 Nov 2026 is closed, Day of mourning (Federal Register).",
        ),
        (
            CalendarEntry(day=CLOSED, closed=False, reason="its closing is withdrawn: typed twice", source="the agent"),
            "27 Nov 2026 is open, its closing is withdrawn: typed twice (the agent).",
        ),
    ],
    ids=["closed", "open again"],
)  # fmt: skip
def test_the_day_its_source_and_both_last_days_stand_below_the_deadlines(
    entry: CalendarEntry, said: str
) -> None:
    found, last = moved(entry, 0)
    note = dates(found)["note"]
    assert f"The calendar us-federal-reserve has changed since 19 Nov 2026: {said}" in note
    assert "The last day moved for Cure Period of Loan-to-Value from" in note
    assert f"to {last.day} {last:%b %Y}." in note


def test_a_change_that_moved_nothing_which_the_notice_states_is_not_told() -> None:
    entry = CalendarEntry(day=CLOSED, closed=True, reason="Day of mourning", source="Federal Register")
    assert "has changed since" not in dates(moved(entry, 40)[0])["note"]

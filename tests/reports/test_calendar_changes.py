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


ENTRY = CalendarEntry(day=CLOSED, closed=True, reason="Day of mourning", source="Federal Register")


def moved(
    entry: CalendarEntry,
    apart: int,
    act: str = "cure",
    of: str = "Cure Period of `ltv`",
    found: NoticeInputs | None = None,
) -> tuple[NoticeInputs, date]:
    """A notice after a calendar has moved the deadline `of` to `apart` days after that of its act `act`."""
    found = found or cases.failing()
    whole = next(event for event in reversed(found.events) if isinstance(event.payload, Determined))
    last = next(duty.by for duty in whole.payload.due if duty.act == act)
    taken = CalendarTaken(
        calendar="us-federal-reserve",
        sha256="1" * 64,
        before_sha256="0" * 64,
        since=SINCE,
        changes=(entry,),
        moves=(LastDayMoved(of=of, before=last - timedelta(days=1), after=last + timedelta(days=apart)),),
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
            "27 Nov 2026 as closed, Day of mourning (Federal Register).",
        ),
        (
            CalendarEntry(day=CLOSED, closed=False, reason="its closing is withdrawn: typed twice", source="the agent"),
            "27 Nov 2026 as open, its closing is withdrawn: typed twice (the agent).",
        ),
    ],
    ids=["closed", "open again"],
)  # fmt: skip
def test_the_day_its_source_and_both_last_days_stand_below_the_deadlines(
    entry: CalendarEntry, said: str
) -> None:
    found, last = moved(entry, 0)
    note = dates(found)["note"]
    assert f"From 19 Nov 2026 on, the calendar us-federal-reserve counts {said}" in note
    assert "The last day moved for Cure Period of Loan-to-Value from" in note
    assert f"to {last.day} {last:%b %Y}." in note


def assert_not_told(found: Any) -> None:
    note = dates(found)["note"]
    assert "The last day moved" not in note
    assert "the calendar us-federal-reserve counts" not in note


def test_a_change_that_moved_nothing_which_the_notice_states_is_not_told() -> None:
    assert_not_told(moved(ENTRY, 40)[0])


@pytest.mark.parametrize(
    "of",
    [
        "Cure Period of `rate-floor`",
        "cure of the trigger `early-amortization`",
        "Appraisal under `appraisal`",
        "the notice test_failed-rate-floor of 2026-11-12",
    ],
)
def test_a_change_that_moved_another_deadline_to_the_same_day_is_not_told(of: str) -> None:
    """A change of last year moved the one, and by chance the other ends on the day that the one was moved to."""
    assert_not_told(moved(ENTRY, 0, of=of)[0])


def test_a_notice_whose_last_day_moved_is_called_as_the_notice_calls_it() -> None:
    swept = cases.standard(last=date(2026, 11, 5), swept=True).inputs()
    found, _ = moved(ENTRY, 0, "notify", "the notice test_failed-cash-sweep of 2026-11-05", swept)
    assert "The last day moved for the notice that Cash Sweep failed from" in dates(found)["note"]

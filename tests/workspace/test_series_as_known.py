"""What a replay knows of a series at each moment is what the whole series gives, and is judged once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.basics.calendar import Holiday, load_calendar
from engine.determination.template import Template
from engine.events.kinds import ActRecorded
from engine.events.rates import Announced, Published
from engine.workspace import series_as_known
from engine.workspace.deal_files import Deal, deal_in
from engine.workspace.series import series_by_index
from engine.workspace.series_as_known import SeriesAsKnown

WEEKS = 8
FIRST = date(2026, 1, 8)
WEEK = timedelta(weeks=1)
NAME = "CRI-H100"


def noon(week: int, days: int = 1) -> datetime:
    """Some days after the Thursday of a week."""
    day = FIRST + (week - 1) * WEEK + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def printed(week: int, value: str, number: int = 1) -> Published:
    return Published(
        index=NAME,
        publication_date=FIRST + (week - 1) * WEEK,
        value=Decimal(value),
        print=number,
        methodology="1.1.1",
        source="published by the administrator",
        announced=(Announced(what="cessation", effective_on=date(2026, 9, 1), recorded_at=noon(5)),),
        event=f"{week}-{number}",
    )


ON_RECORD = [
    *((noon(week), printed(week, f"2.{week:02}")) for week in range(1, 4)),
    (noon(3, days=5), printed(3, "1.77", 2)),  # a Restatement inside the deal's time
    *((noon(week), printed(week, f"2.{week:02}")) for week in (4, 5, 7)),
    (noon(7, days=3), printed(6, "1.66")),  # too late for its date
    (noon(8), printed(8, "1.50")),
]
ERROR = ActRecorded(
    act="manifest error",
    document="letter",
    effective_on=FIRST + WEEK,
    details={"index": NAME, "print": "1"},
)


def prints(_: str) -> Sequence[tuple[datetime, Published]]:
    return ON_RECORD


@pytest.fixture(scope="module")
def deal(all_templates: dict[str, Template]) -> Deal:
    path = Path(__file__).resolve().parents[2] / "deals" / "meridian-2026-1.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("computed by the calculation agent", "published by the administrator")
    text = text.replace("{policy: pinned, version: 1.1-wp}", "{policy: current}")
    found, problems = deal_in(text, path.name, all_templates)
    assert found is not None, problems
    return found


def test_at_each_moment_it_is_what_the_whole_series_gives(deal: Deal) -> None:
    """Restatements, late prints, an announcement, a manifest error that is taken back, other tables."""
    known, until = SeriesAsKnown(prints), FIRST + WEEKS * WEEK
    (calendar,) = {terms.business_days for _, terms in deal.segments}
    table = load_calendar(calendar)
    shut = (Holiday(date(2026, 2, 13) + timedelta(days=n), "shut", "letter", False) for n in range(8))
    shut_in_february = replace(table, holidays={**table.holidays, **{one.day: one for one in shut}})
    moments = [at for at, _ in ON_RECORD]
    seen: dict[bool, set[object]] = {False: set(), True: set()}
    for acts in ((), (ERROR,), ()):
        for one in (deal, replace(deal, calendars={calendar: shut_in_february})):
            for moment in (*moments, moments[2]):
                whole = series_by_index(prints, one, until, acts, moment)
                assert known(one, until, acts, moment) == whole
                seen[one is deal].add(whole[NAME])
    # An Act and a table each make a difference, so what was judged without them does not serve.
    assert len(seen[True]) > len(moments)
    assert seen[True] != seen[False]


def test_a_date_is_judged_once_for_what_was_known_of_it(deal: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    judged, accepted = [], series_as_known.accepted

    def counting(known: Sequence[Published], policy: object) -> tuple[Published, ...]:
        judged.append(known)
        return accepted(known, policy)  # type: ignore[arg-type]

    monkeypatch.setattr(series_as_known, "accepted", counting)
    known = SeriesAsKnown(prints)
    for at, _ in ON_RECORD * 3:
        known(deal, FIRST + WEEKS * WEEK, (), at)
    # Each print is a new fact of its date, and the announcement is one more of the four dates before it.
    assert len(judged) == len(ON_RECORD) + 4

"""Which day of a daily series a weekly Publication Date reads (`rulings.md` 62)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from engine.events.rates import Published

LAST_FINAL = "the last day final at the cut-off"
ON_THE_DATE = "the publication date"
Recorded = tuple[datetime, Published]
"""A print and the moment at which it was recorded."""


def daily_readings(
    daily: Sequence[Recorded],
    dates: Iterable[date],
    day_read: Callable[[date], str],
    cut_off: Callable[[date], datetime],
) -> Iterator[Recorded]:
    """Yield what each Publication Date reads of a daily series: the prints of one day.

    The prints come under the Publication Date. `the last day final at the cut-off` is the newest day of the
    week up to the date that was final by then. `the publication date` is that day alone: if it has no value
    and a later day has one, the date had none.

    Args:
        daily: the final prints of the series under their own days, and the dates on which its silence was
            recorded, without a value.
        dates: the Publication Dates.
        day_read: how the deal reads the series on a date.
        cut_off: when a date is determined.
    """
    by_day: dict[date, list[Recorded]] = {}
    silent: dict[date, Recorded] = {}
    for at, publication in daily:
        # A silence has no moment at which it was final, so it stands under the Publication Date itself.
        if publication.final_at is None:
            silent[publication.publication_date] = (at, publication)
        else:
            by_day.setdefault(publication.publication_date, []).append((at, publication))
    days = sorted(by_day)
    for on in dates:
        read = _read(by_day, on, day_read(on), cut_off(on))
        if read is not None:
            yield from (
                (at, publication.model_copy(update={"publication_date": on, "read_of": read}))
                for at, publication in by_day[read]
            )
        elif on in silent:
            yield silent[on]
        elif day_read(on) == ON_THE_DATE and days and days[-1] > on:
            # Only a later day shows the silence, and the earliest one says when it was first known.
            at, later = by_day[days[bisect_right(days, on)]][0]
            yield at, _without(later, on)


def _read(
    by_day: Mapping[date, Sequence[Recorded]], on: date, day_read: str, cut_off: datetime
) -> date | None:
    if day_read == ON_THE_DATE:
        return on if on in by_day else None
    # The day exactly a week before belongs to the Publication Date before this one.
    week = (on - timedelta(days=n) for n in range(7))
    return next((day for day in week if day in by_day and _final_by(by_day[day][0][1], cut_off)), None)


def _final_by(publication: Published, cut_off: datetime) -> bool:
    return publication.final_at is not None and publication.final_at <= cut_off


def _without(later: Published, on: date) -> Published:
    """Return a Publication Date without a value, as the value of a later day shows."""
    reason = "the administrator's series has no value for this date"
    empty = {
        "value": None,
        "publication_date": on,
        "low_confidence": True,
        "low_confidence_reasons": (reason,),
        "print": 1,
    }
    return later.model_copy(update={**empty, "final_at": None, "read_of": None, "published_on": on})

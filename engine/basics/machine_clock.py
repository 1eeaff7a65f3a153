"""A clock that lost its day, as one without a battery does: nothing would seem due, or all of it."""

from __future__ import annotations

from datetime import datetime

from engine.basics.errors import Unavailable

FIRST_YEAR, LAST_YEAR = 2010, 2060
"""The years of the calendars that ship; a clock outside them is wrong."""


def refuse_lost_day(now: datetime) -> None:
    """Refuse a moment outside the years of the calendars. Raises Unavailable."""
    if not FIRST_YEAR <= now.year <= LAST_YEAR:
        raise Unavailable(
            f"the clock of this machine stands at {now.date()} {now:%H:%M} UTC, and calendars run from "
            f"{FIRST_YEAR} to {LAST_YEAR}; nothing was done: set the clock right"
        )

"""Values that are allowed but hardly ever meant.

Examples are a time zone without summer time, and a percentage of several times the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.basics.errors import Problem
from engine.basics.values import Unit
from engine.terms.as_written import Deal
from engine.terms.checks.scale import PlaceOf, placed
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import Limit

MOST_MEANT = Fraction(4)
"""The share of the whole above which a limit is doubted: 650% is mostly a mistyped 65.0%."""
PERCENTAGES = ("maximum", "minimum", "maximum_decline", "limit")
"""Terms that a test is held against and that are, or may be, a percentage."""
ABBREVIATIONS = {
    "EST": "America/New_York",
    "MST": "America/Denver",
    "HST": "Pacific/Honolulu",
    "GMT": "Europe/London",
}


def _fixed_offset(terms: TermsInForce, place: PlaceOf) -> Iterator[Problem]:
    """Yield a warning for a time zone that stays at one offset all year, as an abbreviation does."""
    name = terms.time_zone
    # `UTC` says what it means, and a place may rightly stay at one offset.
    if name == "UTC" or ("/" in name and not name.startswith("Etc/")):
        return
    try:
        zone, year = ZoneInfo(name), terms.closing_date.year
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the zone is refused already
        return
    # Every month is tried, because north and south have summer at different ends of the year.
    offsets = {datetime(year, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in range(1, 13)}
    if len(offsets) == 1:
        why = "it has no summer time, so in summer its day ends an hour apart from the day of the place"
        fix = (
            f"write a place, like `{ABBREVIATIONS.get(name, 'America/New_York')}`, or see that this is meant"
        )
        yield Problem("W126", f"`{name}` stays at one offset all year", why, fix, place(("time_zone",)))


def doubtful_values(deal: Deal) -> Iterator[Problem]:
    """Yield a warning for a doubtful time zone, and for each limit of more than four times the whole."""
    for since, terms in deal.segments:
        place = placed(deal, since)
        yield from _fixed_offset(terms, place)
        for key, clause in terms.covenants.items():
            for name in PERCENTAGES:
                share = _share(getattr(clause, name, None))
                if share is not None and share > MOST_MEANT:
                    what = f"`{name}` of `{key}` is {float(share):.0%}"
                    why = "it is more than four times the whole, and a decimal point may be missing"
                    fix = "correct the figure, or see that it is meant"
                    yield Problem("W127", what, why, fix, place(("covenants", key, name)))


def _share(value: Any) -> Fraction | None:
    """Return a limit as a share of the whole; None for a price and for every other unit."""
    if isinstance(value, Limit):
        return value.value if value.figure.unit is Unit.SHARE else None
    return value if isinstance(value, Fraction) else None

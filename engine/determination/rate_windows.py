"""The Reference Rates of a window: those determined on its Publication Dates, carried ones included.

The rulings are `rulings.md` 47 and 48.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby, islice

from engine.determination.blend import BlendFacts, blended
from engine.determination.measure_inputs import Missing
from engine.events.rates import ReferenceRate
from engine.events.rates_on_record import since
from engine.terms.contract_dates import (
    THURSDAY,
    WEEK,
    month_end,
    months_before,
    months_whole,
    publication_dates,
)

DAY = timedelta(days=1)
Rates = tuple[tuple[date, Fraction], ...]


def trailing_rates(facts: BlendFacts, index: str, count: int) -> Rates:
    """Return (date, rate) of the last `count` Publication Dates on or before the date, oldest first.

    Raises Missing if the window is not full.
    """
    recent = (_last_thursdays(rates, facts.on, count) for rates in _of(facts, index).values())
    # The dates of all components are joined: what a missing component means is for the blend to say.
    days = sorted({day for days in recent for day in days})[-count:]
    if len(days) < count:
        reason = f"window not full: {len(days)} of {count} Publication Dates with a Reference Rate of {index}"
        raise Missing(reason, facts.terms.cite_of(index), "window")
    return _rates_on(facts, index, days)


def rates_between(facts: BlendFacts, index: str, first: date, last: date) -> Rates:
    """Return (date, rate) of every Publication Date from `first` to `last`, but not before closing.

    Raises Missing, which names the dates without a rate.
    """
    # The first rate of a deal is that of the first Publication Date after closing (`rulings.md` 48).
    since = max(first, facts.terms.closing_date + timedelta(days=1))
    # A report may be of days that lie ahead of the date, and no rate of these days is known.
    return _rates_on(facts, index, tuple(publication_dates(since, min(last, facts.on))))


def days_of_months(
    on: date, count: int, closing: date, ends: Sequence[date] | None, each: int = 1
) -> tuple[date, date] | None:
    """Return the first and last day of the trailing months, for figures without days of their own.

    They are whole months, or with `ends` the Calculation Windows that end on those days. The month or quarter
    of closing is one of them, as it has a report of its own, unless it ends on the Closing Date itself. The
    result is None if one lies before closing.

    Args:
        on: the date that is determined.
        count: the number of months.
        closing: the Closing Date.
        ends: the last days of the Calculation Windows, where reports are weekly.
        each: the months of one report, where they are not.
    """
    if ends is None:
        whole = months_whole(on, count)
        return whole if month_end(months_before(whole[0], 1 - each)) > closing else None
    start = months_before(on, count)
    inside = [end for end in ends if start <= end]
    # The oldest window on hand must reach back to the start, or the months would silently be shorter.
    known = bool(inside) and ends[0] - WEEK < max(start, closing + DAY)
    return (inside[0] - WEEK + DAY, inside[-1]) if known and inside[0] - WEEK >= closing else None


def of_this_date(facts: BlendFacts, rate: ReferenceRate) -> bool:
    """Return whether a rate is this date's.

    It is if it is of this date. If this date is not a Publication Date, a rate of the Publication Date before
    it also is, provided that both rest on the same print.
    """
    # A Publication Date has a rate of its own, and a rate a week old belongs to an earlier Publication Date.
    if rate.on == facts.on or facts.on.weekday() == THURSDAY or rate.on + timedelta(days=7) <= facts.on:
        return rate.on == facts.on
    today = next(reversed(facts.rates.get(rate.index, ())), None)
    return today is not None and today.on == facts.on and today.publication_date == rate.publication_date


def _of(facts: BlendFacts, index: str) -> Mapping[str, Sequence[ReferenceRate]]:
    """Return the rates of an index by its name, oldest first; of a blend, those of each component."""
    blend = facts.terms.blended_rates.get(index)
    return {name: facts.rates.get(name, ()) for name in (blend.of if blend else (index,))}


def _last_thursdays(rates: Sequence[ReferenceRate], on: date, count: int) -> Sequence[date]:
    """Return the last `count` Thursdays up to `on` that have a rate, newest first.

    Fewer come back if there are fewer. Rates that are older than these are not looked at, because each may
    have to be read from the log.
    """
    days = (rate.on for rate in reversed(rates) if rate.on.weekday() == THURSDAY and rate.on <= on)
    return tuple(islice((day for day, _ in groupby(days)), count))


def _rates_on(facts: BlendFacts, index: str, days: Sequence[date]) -> Rates:
    known = {
        # Only rates of the window are read, because each older one may have to be fetched from the log.
        name: {rate.on: rate for rate in since(rates, min(days, default=date.max))}
        for name, rates in _of(facts, index).items()
    }
    cite = facts.terms.cite_of(index)

    def there(name: str, day: date) -> ReferenceRate | None:
        rate = known[name].get(day)
        return None if rate is None or rate.value is None else rate

    def on(day: date) -> Callable[[str], Fraction]:
        def rate_of(name: str) -> Fraction:
            rate = there(name, day)
            if rate is None:
                raise Missing(f"window not full: no Reference Rate of {name} on {day}", cite, "window")
            return facts.rate_of(name, rate)

        return rate_of

    # A blend treats a missing component by rules of its own, so its absent dates are not gathered here.
    if index in facts.terms.blended_rates:
        return tuple((day, blended(facts, index, on(day))) for day in days)
    # All absent dates are named at once, so that one look tells what to supply.
    absent = [str(day) for day in days if there(index, day) is None]
    if absent:
        raise Missing(f"window not full: no Reference Rate of {index} on {', '.join(absent)}", cite, "window")
    return tuple((day, on(day)(index)) for day in days)

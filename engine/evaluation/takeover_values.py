"""The values of a `takeover` block, written as a deal file writes them (`rulings.md` 56)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.events.kinds import ReportReceived
from engine.events.rates import Published, ReferenceRate
from engine.events.states import (
    Entry,
    ReserveAccount,
    TestState,
)

PUBLISHED = "published value"
DECIMALS = 15
"""The decimals to which a figure is rounded that has not finitely many, or more than MOST_DECIMALS."""
MOST_DECIMALS = 400
"""The most decimals with which a figure is written exactly; a figure of a report has far fewer."""
Block = dict[str, Any]


def day_text(day: date | None) -> str | None:
    """Return a day as text; None without one."""
    return None if day is None else str(day)


def other_day(entry: Entry | None, since: date) -> str | None:
    """Return the day on which a status was first entered, if it is not the day since which it stands."""
    return None if entry is None or entry.on == since else str(entry.on)


def waiver_block(until: date | None, document: str | None, clock: str | None) -> Block | None:
    """Return a waiver with its last day, its document and its clock; None without one."""
    if until is None:
        return None
    return {
        "until": str(until),
        "document": document or "",
        **({"clock": clock} if clock is not None else {}),
    }


def interrupted_block(waived_from: str | None, entry: Entry | None) -> Block | None:
    """Return what a waiver or a suspension has interrupted; None if nothing.

    A cure during the waiver has replaced that status by another.
    """
    if entry is None or entry.held is None:
        return None
    return {"status": waived_from or entry.held[0], "since": str(entry.held[1])}


def shortfall_block(state: TestState) -> Block | None:
    """Return the first and the present shortfall of an episode; None if the test does not measure them."""
    if state.shortfalls is None or state.newest is None:
        return None
    first, now = state.shortfalls
    return {"first": plain_number(first), "now": plain_number(now), "measured": plain_number(state.newest)}


def held_block(state: TestState) -> Block | None:
    """Return the run of results that were held, with what is left of a stopped clock; None without one."""
    run = state.held
    if run is None:
        return None
    said: Block = {
        "run": str(run.run),
        "failing_since": day_text(run.failing_since),
        "clock_stopped": day_text(run.clock_stopped),
    }
    return {key: one for key, one in {**said, "days_left": str(run.clock_left)}.items() if one is not None}


def reserve_block(one: ReserveAccount) -> Block:
    """Return what a reserve account holds and ought to hold, in USD."""
    said: Block = {
        "paid": f"USD {plain_number(one.held)}",
        "due": f"USD {plain_number(one.due)}",
        "confirmed_on": day_text(one.confirmed_on),
    }
    then = None if one.due_then is None else f"USD {plain_number(one.due_then)}"
    return {key: value for key, value in {**said, "due_then": then}.items() if value is not None}


def rate_block(day: date, published: Published | None, served: ReferenceRate | None) -> Block:
    """Return what was published on a day and which rate served on it, in USD per GPU-hour."""
    said: Block = {"on": str(day)}
    if published is not None:
        said["published"] = "none" if published.value is None else _priced(published.value)
        if published.low_confidence:
            said["low_confidence"] = "true"
    own = (
        published is not None
        and served is not None
        and served.step == PUBLISHED
        and served.publication_date == day
    )
    if served is not None and not own:
        said["rate"] = "none" if served.value is None else _priced(served.value)
        if served.value is not None:
            said["rate_from"] = served.step
        if served.publication_date is not None and served.publication_date != day:
            said["of"] = str(served.publication_date)
    return said


def _priced(value: Decimal) -> str:
    return f"USD {value:f} per GPU-hour"


def report_block(one: ReportReceived) -> Block:
    """Return a Servicer's report with its period, its receipt and its figures in their units."""
    said: Block = {
        "period": {"from": str(one.period_start), "to": str(one.period_end)},
        "as_of": str(one.as_of),
    }
    said |= {"received": str(one.received), "document": one.document}
    # A figure that a worked example assumes has no file, and so no hash to hand over.
    if re.fullmatch(r"[0-9a-f]{64}", one.sha256):
        said["sha256"] = one.sha256
    return {**said, "figures": {name: written_figure(figure) for name, figure in one.figures.items()}}


def written_figure(figure: Figure) -> str:
    """Return a figure with its unit, as a deal file writes it."""
    number = plain_number(figure.value * 100 if figure.unit in (Unit.SHARE, Unit.POINTS) else figure.value)
    after = {
        Unit.SHARE: "%",
        Unit.POINTS: " points",
        Unit.GPUS: " GPUs",
        Unit.GPU_HOURS: " GPU-hours",
        Unit.DAYS: " days",
        Unit.MULTIPLE: "x",
    }
    if figure.unit is Unit.RATE:
        return f"USD {number} per GPU-hour"
    return f"USD {number}" if figure.unit is Unit.USD else f"{number}{after.get(figure.unit, '')}"


def plain_number(value: Fraction) -> str:
    """Return a number in decimals: exact if it has finitely many, and at most MOST_DECIMALS of them.

    Otherwise it is rounded to DECIMALS, a half to the even digit.
    """
    exact = value.denominator
    for prime in (2, 5):
        while exact % prime == 0:
            exact //= prime
    counts = range(MOST_DECIMALS + 1) if exact == 1 else range(0)
    places = next((n for n in counts if (value * 10**n).denominator == 1), DECIMALS)
    scaled = round(value * 10**places)
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"

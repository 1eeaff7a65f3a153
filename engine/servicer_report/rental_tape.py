"""The rental tape of a servicer's report: rows by contract, added up.

The sums are GPU-hours and a weighted average rate. They go through the same checks as written figures, and
must agree with them if both stand.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit, printed
from engine.events.reports import RentOfDays
from engine.servicer_report.plausibility import Reading, closed, figure_at
from engine.terms.contract_dates import period_of
from engine.terms.periods import read_day
from engine.terms.source import Path

TAPE = {"gpu_hours": Unit.GPU_HOURS, "rate": Unit.RATE, "revenue": Unit.USD}
"""What a row of the rental tape gives: its hours, and their rate or their revenue."""
FROM_TO = "write it like `from: 2026-03-12, to: 2026-03-18`, in every row or in none"


def read_tapes(reading: Reading, start: date | None, end: date | None) -> tuple[RentOfDays, ...]:
    """Return the rent by days, if each row of the tapes states its days; add the tapes' sums to `reading`.

    The sums are hours and a weighted average rate for each asset class.

    Args:
        reading: the report.
        start: the first day of its period.
        end: the last day.
    """
    rental, rents = reading.tree.get(("rental",)), dict[tuple[str, date, date], tuple[Fraction, Fraction]]()
    for asset, block in rental.items() if isinstance(rental, dict) else ():
        tape = block.get("tape") if isinstance(block, dict) else None
        if isinstance(tape, list):
            for days, hours, revenue in _tape(reading, asset, tape, (start, end)):
                before = rents.get((asset, *days), (Fraction(0), Fraction(0)))
                rents[asset, *days] = before[0] + hours, before[1] + revenue
        elif tape is not None:
            why, fix = "a tape is a list of contracts", "begin each row with a dash, or remove it"
            reading.refuse(
                "R124", f"the rental tape of {asset} is not a list", why, fix, ("rental", asset, "tape")
            )

    return tuple(_rent(*key, *sums) for key, sums in sorted(rents.items()))


def _rent(asset: str, first: date, last: date, hours: Fraction, revenue: Fraction) -> RentOfDays:
    gpu_hours, usd = Figure(value=hours, unit=Unit.GPU_HOURS), Figure(value=revenue, unit=Unit.USD)
    return RentOfDays(asset_class=asset, first=first, last=last, gpu_hours=gpu_hours, revenue=usd)


def _days(
    reading: Reading, path: Path, row: dict[str, Any], period: tuple[date | None, date | None]
) -> tuple[date, date] | None:
    """Return the first and the last day of a row, or None with a problem.

    It is a problem if they cannot be read, lie outside the period, or lie in two Calculation Windows.
    """
    try:
        first, last = read_day(str(row["from"])), read_day(str(row.get("to", row["from"])))
    except (KeyError, ValueError):
        reading.refuse(
            "R124", "the days of a row cannot be read", "a row of days says `from`, and `to`", FROM_TO, path
        )
        return None
    start, end = period
    if first > last or (start is not None and first < start) or (end is not None and last > end):
        why = f"the report is of {start} to {end}"
        reading.refuse("R124", f"a row is of {first} to {last}", why, "correct its days", path)
        return None
    if window_of(first) != window_of(last):
        why = f"a Calculation Window ends on {window_of(first)}"
        reading.refuse(
            "R124",
            f"a row is of {first} to {last}, days of two Calculation Windows",
            why,
            "write a row for each",
            path,
        )
        return None
    return first, last


def window_of(day: date) -> date:
    """Return the last day of the Calculation Window in which a day lies: a Wednesday."""
    return period_of(None, day)[1]


def _tape(
    reading: Reading, asset: str, tape: list[Any], period: tuple[date | None, date | None]
) -> list[tuple[tuple[date, date], Fraction, Fraction]]:
    """Add up a tape, and return its rows as (days, hours, revenue) if each of them states its days."""
    rents: list[tuple[tuple[date, date], Fraction, Fraction]] = []
    dated = [isinstance(row, dict) and "from" in row for row in tape]
    if any(dated) and not all(dated):
        undated = ("rental", asset, "tape", dated.index(False))
        reading.refuse(
            "R124", "a row does not say its days, and others do", "its rent is of no week", FROM_TO, undated
        )
    hours, revenue, whole = Fraction(0), Fraction(0), bool(tape)
    for number, row in enumerate(tape):
        path: Path = ("rental", asset, "tape", number)
        if not isinstance(row, dict) or "gpu_hours" not in row or not row.keys() & {"rate", "revenue"}:
            fix = "write it like `{contract: C-1, gpu_hours: 90000, rate: USD 1.95 per GPU-hour}`"
            reading.refuse(
                "R124",
                "a row of the rental tape cannot be read",
                "it has GPU-hours, and a rate or revenue",
                fix,
                path,
            )
            whole = False
            continue
        closed(reading, path, ("contract", "from", "to", *TAPE))
        read = {
            key: figure_at(reading, (*path, key), key, row[key], unit)
            for key, unit in TAPE.items()
            if key in row
        }
        figures = {key: figure.value for key, figure in read.items() if figure is not None}
        if len(figures) < len(read):
            whole = False
            continue
        earned = figures["revenue"] if "revenue" in figures else figures["gpu_hours"] * figures["rate"]
        hours, revenue = hours + figures["gpu_hours"], revenue + earned
        days = _days(reading, path, row, period) if "from" in row or "to" in row else None
        if days is not None:
            rents.append((days, figures["gpu_hours"], earned))
    if whole:
        _from_tape(reading, asset, "rented_gpu_hours", Figure(value=hours, unit=Unit.GPU_HOURS), Fraction(1))
    if whole and hours > 0:
        rate = Figure(value=revenue / hours, unit=Unit.RATE)
        _from_tape(reading, asset, "weighted_average_rate", rate, rate.value / 1000)
    return rents


def _from_tape(reading: Reading, asset: str, name: str, figure: Figure, rounding: Fraction) -> None:
    """Take a figure that the tape adds up to.

    If the report gives the figure as well, the two must agree, apart from rounding.
    """
    name, path = f"rental.{asset}.{name}", ("rental", asset, "tape")
    given = reading.figures.setdefault(name, figure)
    reading.paths.setdefault(name, path)
    if abs(given.value - figure.value) > rounding:
        what = f"`{name}` is {printed(given)}, the tape adds up to {printed(figure)}"
        reading.refuse("R136", what, "both cannot be so", "correct one of them", reading.paths[name])

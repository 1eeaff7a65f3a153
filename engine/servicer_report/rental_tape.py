"""The rental tape of a servicer's report: rows by contract, added up to GPU-hours and a weighted average rate.

What a tape adds up to goes through the same checks as a figure that is written, and must agree with it if both stand.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit, printed
from engine.servicer_report.plausibility import Reading, closed, figure_at
from engine.terms.source import Path

TAPE = {"gpu_hours": Unit.GPU_HOURS, "rate": Unit.RATE, "revenue": Unit.USD}
"""What a row of the rental tape gives: its hours, and their rate or their revenue."""


def read_tapes(reading: Reading) -> None:
    """Rental tapes by contract, added up to hours and a weighted average rate."""
    rental = reading.tree.get(("rental",))
    for asset, block in rental.items() if isinstance(rental, dict) else ():
        tape = block.get("tape") if isinstance(block, dict) else None
        if isinstance(tape, list):
            _tape(reading, asset, tape)
        elif tape is not None:
            why, fix = "a tape is a list of contracts", "begin each row with a dash, or remove it"
            reading.refuse("R124", f"the rental tape of {asset} is not a list", why, fix, ("rental", asset, "tape"))


def _tape(reading: Reading, asset: str, tape: list[Any]) -> None:
    hours, revenue, whole = Fraction(0), Fraction(0), bool(tape)
    for number, row in enumerate(tape):
        path: Path = ("rental", asset, "tape", number)
        if not isinstance(row, dict) or "gpu_hours" not in row or not row.keys() & {"rate", "revenue"}:
            fix = "write it like `{contract: C-1, gpu_hours: 90000, rate: USD 1.95 per GPU-hour}`"
            reading.refuse("R124", "a row of the rental tape cannot be read", "it has GPU-hours, and a rate or revenue", fix, path)
            whole = False
            continue
        closed(reading, path, ("contract", *TAPE))
        read = {key: figure_at(reading, (*path, key), key, row[key], unit) for key, unit in TAPE.items() if key in row}
        figures = {key: figure.value for key, figure in read.items() if figure is not None}
        if len(figures) < len(read):
            whole = False
            continue
        hours += figures["gpu_hours"]
        revenue += figures["revenue"] if "revenue" in figures else figures["gpu_hours"] * figures["rate"]
    if whole:
        _from_tape(reading, asset, "rented_gpu_hours", Figure(value=hours, unit=Unit.GPU_HOURS), Fraction(1))
    if whole and hours > 0:
        rate = Figure(value=revenue / hours, unit=Unit.RATE)
        _from_tape(reading, asset, "weighted_average_rate", rate, rate.value / 1000)


def _from_tape(reading: Reading, asset: str, name: str, figure: Figure, rounding: Fraction) -> None:
    """Take a figure that the tape adds up to; where the report gives it as well, the two must agree but for rounding."""
    name, path = f"rental.{asset}.{name}", ("rental", asset, "tape")
    given = reading.figures.setdefault(name, figure)
    reading.paths.setdefault(name, path)
    if abs(given.value - figure.value) > rounding:
        what = f"`{name}` is {printed(given)}, the tape adds up to {printed(figure)}"
        reading.refuse("R136", what, "both cannot be so", "correct one of them", reading.paths[name])

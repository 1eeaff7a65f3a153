"""Stated paths of a rate: the paper's scenarios in turn, with a jump or missed weeks, or rates from a file.

Every rate is R0 x what the scenario leaves of it: in 40 digits, then 4 decimals half to even, as a published
value has (rulings 16; WP Table 4). A multiple m lets time run m times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Literal

from engine.basics.errors import Place, Problem, WrongUsage
from engine.basics.tables import read_table
from engine.basics.values import rounded
from engine.determination.scenario import BANDS, DIGITS, YEAR, Scenario
from engine.terms.contract_dates import publication_dates

Point = Literal["low", "middle", "high"]
Shape = Literal["compound", "straight line"]
Rates = tuple[tuple[date, Decimal | None], ...]
"""A rate for each Publication Date, oldest first; None for a date without publication."""


@dataclass(frozen=True)
class Leg:
    """One scenario and how many days of its own time it runs; None means to the end."""

    scenario: str
    days: int | None


@dataclass(frozen=True)
class Jump:
    """A change of the rate by a share, once, on the first Publication Date at least `weeks` weeks on."""

    share: Fraction
    weeks: int


@dataclass(frozen=True)
class ScenarioPath:
    """A stated path: scenarios in turn, at one point of their bands, in one shape, at one speed.

    Attributes:
        legs: the scenarios, each from where the last one left the rate.
        point: low, middle or high of each band.
        shape: compound or straight line.
        multiple: how many times as fast time runs.
        jump: a jump on the way.
        missing: Publication Dates on which nothing is published.
    """

    legs: tuple[Leg, ...]
    point: Point
    shape: Shape
    multiple: Fraction = Fraction(1)
    jump: Jump | None = None
    missing: frozenset[date] = frozenset()

    @property
    def name(self) -> str:
        """The name of the path in the head of a table: `B middle 1.5x`, `A:548,B middle 1.0x`."""
        legs = ",".join(
            leg.scenario if leg.days is None else f"{leg.scenario}:{leg.days}" for leg in self.legs
        )
        return f"{legs} {self.point} {float(self.multiple):.1f}x"

    @property
    def in_words(self) -> str:
        """The path as a sentence names it: `Scenario B, middle of its band`."""
        legs = " and then ".join(
            leg.scenario if leg.days is None else f"{leg.scenario} for {leg.days} days" for leg in self.legs
        )
        speed = "" if self.multiple == 1 else f", time running {float(self.multiple):.1f} times as fast"
        at = self.point if self.point == "middle" else f"{self.point} end"
        return f"Scenario {legs}, {at} of its band{speed}"

    @property
    def falls(self) -> str:
        """What its rate does: `falls by 35% a year, compound`."""
        each = [
            f"{float(self._scenario(leg).decline) * 100:g}% a year"
            + ("" if leg.days is None else f" for {leg.days} days")
            for leg in self.legs
        ]
        jump = (
            ""
            if self.jump is None
            else f", with a jump of {float(self.jump.share) * 100:+g}% after {self.jump.weeks} weeks"
        )
        shape = "compound" if self.shape == "compound" else "in a straight line"
        return f"falls by {', then by '.join(each)}, {shape}{jump}"

    def faster(self, multiple: Fraction) -> ScenarioPath:
        """Return the same path with time running `multiple` times as fast."""
        return replace(self, multiple=multiple)

    def remaining(self, days: int) -> Fraction:
        """Return the share of the rate that is left after `days` days, without jumps."""
        left, ahead = Fraction(1), self.multiple * days
        for leg in self.legs:
            spent = ahead if leg.days is None else min(ahead, Fraction(leg.days))
            left *= _remaining(self._scenario(leg), spent)
            ahead -= spent
            # Legs that the path has not reached leave the rate alone.
            if ahead <= 0:
                break
        return left

    def _scenario(self, leg: Leg) -> Scenario:
        return Scenario.model_validate({"scenario": leg.scenario, "point": self.point, "shape": self.shape})

    def rates(self, start: Decimal, since: date, until: date) -> Rates:
        """Return the published values from the first Publication Date after `since` to `until`.

        Args:
            start: the rate R0, in USD per GPU-hour.
            since: the date of R0: the Closing Date, or the last publication.
            until: the last date.
        """
        rates: list[tuple[date, Decimal | None]] = []
        for day in publication_dates(since + timedelta(days=1), until):
            share = self.remaining((day - since).days)
            if self.jump is not None and day >= since + timedelta(weeks=self.jump.weeks):
                # A jump stays: it is a new level and not an outlier of one week.
                share *= 1 + self.jump.share
            value = rounded(Fraction(start) * share, 4)
            rates.append((day, None if day in self.missing else value))
        return tuple(rates)


def _remaining(scenario: Scenario, days: Fraction) -> Fraction:
    """Return the share of a rate that is left after a time that need not be whole days."""
    if scenario.shape == "straight line":
        return max(Fraction(0), 1 - scenario.decline * days / YEAR)
    with localcontext() as context:
        # The digits are fixed, so that the fourth decimal of a rate is the same on every machine.
        context.prec = DIGITS
        kept = 1 - scenario.decline
        base = Decimal(kept.numerator) / Decimal(kept.denominator)
        time = Decimal(days.numerator) / Decimal(days.denominator)
        return Fraction((time / YEAR * base.ln()).exp())


LEG = re.compile(r"(?P<scenario>[A-Z])(?::(?P<days>[1-9]\d{0,4}))?")


def read_legs(text: str) -> tuple[Leg, ...]:
    """Return scenarios in turn from `B` or `A:548,B:365`.

    Raises WrongUsage for another text, and if a scenario with a successor has no end.
    """
    legs = []
    for part in text.split(","):
        match = LEG.fullmatch(part.strip())
        if match is None or match["scenario"] not in BANDS:
            known = ", ".join(BANDS)
            raise WrongUsage(
                f"`{part.strip()}` is not a scenario; known are {known}, and in turn they read like "
                "A:548,B:365"
            )
        legs.append(Leg(match["scenario"], int(match["days"]) if match["days"] else None))
    # A scenario without an end would never give way to the one after it.
    if any(leg.days is None for leg in legs[:-1]):
        raise WrongUsage(
            f"`{text}`: a scenario with another after it says for how many days it runs, like A:548,B"
        )
    return (*legs[:-1], replace(legs[-1], days=None))  # the last one goes on to the end of the stress


JUMP = re.compile(r"(?P<share>[-+]\d{1,3}(?:\.\d+)?)%@(?P<weeks>\d{1,4})w")


def read_jump(text: str) -> Jump:
    """Return a jump from `-30%@26w`. Raises WrongUsage for any other text, and for a fall to zero."""
    match = JUMP.fullmatch(text.strip())
    if match is None or Fraction(match["share"]) <= -100:
        raise WrongUsage(
            f"`{text}` is not a jump; write it like -30%@26w: by how much, and after how many weeks"
        )
    return Jump(Fraction(match["share"]) / 100, int(match["weeks"]))


def read_rates(text: str, file: str, indices: Sequence[str]) -> tuple[Mapping[str, Rates], list[Problem]]:
    """Return rates by index from a table, and the problems found.

    Its columns are `date` and each index, or `date` and `rate` if there is a single index. A futures or a
    broker's curve is such a table. An empty cell is a week without a value. Nothing comes after its end.
    """
    table, problems = read_table(text, file)
    if table is None:
        return {}, problems
    columns = (
        {"rate": indices[0], **{name: name for name in indices}}
        if len(indices) == 1
        else {name: name for name in indices}
    )
    used = [name for name in table.columns if name in columns]
    if "date" not in table.columns or not used:
        wanted = (
            "`date` and `rate`" if len(indices) == 1 else f"`date` and one for each of {', '.join(indices)}"
        )
        fix = f"head the columns {wanted}"
        return {}, [
            Problem(
                "F101",
                "the rates have no column that the deal reads",
                "a path needs dates and rates",
                fix,
                Place(file),
            )
        ]
    if not table.rows:
        why, fix = "a path needs dates and rates", "write a row for each Thursday, like `2026-01-08,1.9131`"
        return {}, [Problem("F108", "the table has no row below its head", why, fix, Place(file))]
    by_index: dict[str, list[tuple[date, Decimal | None]]] = {columns[name]: [] for name in used}
    last: date | None = None
    for row in table.rows:
        day = _date(row.cells["date"])
        if day is None:
            what, fix = f"`{row.cells['date']}` is not a date", "write it like 2026-01-08"
            problems.append(Problem("F105", what, "a rate is of a date", fix, Place(file, row.line)))
            continue
        if day.weekday() != THURSDAY or (last is not None and day <= last):
            why = "a path is one value for each Thursday, oldest first"
            fix = "write the Thursdays in order, like 2026-01-08"
            problems.append(
                Problem(
                    "F102",
                    f"`{row.cells['date']}` is not the next Publication Date",
                    why,
                    fix,
                    Place(file, row.line),
                )
            )
            continue
        last = day
        for name in used:
            value = _rate(row.cells[name])
            # An empty cell is a week without publication, which is a path worth asking about.
            if row.cells[name] and value is None:
                why = "a rate is above zero and has four decimals at most"
                what = f"`{row.cells[name]}` is not a rate"
                problems.append(Problem("F103", what, why, "write it like 1.9131", Place(file, row.line)))
            by_index[columns[name]].append((day, value))
    return {name: tuple(rates) for name, rates in by_index.items()}, problems


THURSDAY = 3
ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
RATE = re.compile(r"\d{1,5}(\.\d{1,4})?")


def _date(text: str) -> date | None:
    try:
        # Python also reads `20260108` and week dates, which a person may have meant otherwise.
        return date.fromisoformat(text) if ISO.fullmatch(text) else None
    except ValueError:
        return None


def _rate(text: str) -> Decimal | None:
    if not RATE.fullmatch(text):
        return None
    value = rounded(Fraction(text), 4)
    return value if value > 0 else None

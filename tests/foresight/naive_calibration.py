"""Calibration counted by hand, as it were: one path, one date after another, from the definitions alone and
nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Run = tuple[int, int]
"""First and last date, the first date of a path being 1."""


@dataclass(frozen=True)
class Found:
    shortfalls: list[Run]
    spells: list[Run]
    false_alarms: int
    misses: int
    delays: list[int]
    flaps: int
    shorts: int


def shortfalls(true: Sequence[float], level: float, q: int) -> list[Run]:
    found: list[Run] = []
    since: int | None = None
    for date in range(1, len(true) + 1):
        ahead = true[date - 1 : date - 1 + q]
        if since is None and len(ahead) == q and all(rate < level for rate in ahead):
            since = date
        elif since is not None and len(ahead) == q and all(rate >= level for rate in ahead):
            found.append((since, date - 1))
            since = None
    return found if since is None else [*found, (since, len(true))]


SIDES = {
    "below level": lambda value, level: value < level,
    "at or below level": lambda value, level: value <= level,
    "above level": lambda value, level: value > level,
    "at or above level": lambda value, level: value >= level,
}


def spells(
    published: Sequence[float | None],
    level: float,
    count: int,
    release: int | None,
    back: float,
    begins: str = "below level",
    ends: str = "at or above level",
    out_of: int | None = None,
    release_out_of: int | None = None,
    tested: Sequence[bool] | None = None,
) -> tuple[list[Run], list[int]]:
    """The spells, and for those that ended the date on which each ended."""
    found: list[Run] = []
    ended: list[int] = []
    since: int | None = None
    dates: list[bool] = []
    for date, value in enumerate(published, start=1):
        if value is None or (tested is not None and not tested[date - 1]):
            continue
        if since is None:
            dates.append(SIDES[begins](value, level))
            if sum(dates[-(out_of or count) :]) == count:
                since, dates = date, []
        elif release is not None:
            dates.append(SIDES[ends](value, back))
            if sum(dates[-(release_out_of or release) :]) == release:
                found.append((since, date - 1))
                ended.append(date)
                since, dates = None, []
    return (found if since is None else [*found, (since, len(published))]), ended


def shares(one: Run, other: Run) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def naive(
    true: Sequence[float],
    published: Sequence[float | None],
    level: float,
    count: int,
    release: int | None,
    back: float,
    q: int,
    k: int,
    *shape: Any,
) -> Found:
    """What is found; `shape` is what `spells` takes after the level of the release."""
    falls = shortfalls(true, level, q)
    effect, ends = spells(published, level, count, release, back, *shape)
    delays = []
    for fall in falls:
        dates = [
            date for date in range(fall[0], fall[1] + 1) if any(run[0] <= date <= run[1] for run in effect)
        ]
        delays += [dates[0] - fall[0]] if dates else []
    begins = [run[0] for run in effect]
    flaps = sum(any(0 < begin - end <= k for end in ends) for begin in begins)
    shorts = sum(end - run[0] <= (release or 0) + 4 for run, end in zip(effect, ends, strict=False))
    return Found(
        falls,
        effect,
        sum(not any(shares(run, fall) for fall in falls) for run in effect),
        sum(not any(shares(run, fall) for run in effect) for fall in falls),
        delays,
        flaps,
        shorts,
    )

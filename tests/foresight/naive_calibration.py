"""Calibration counted by hand, as it were: one path, one date after another, from the definitions alone and
nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def spells(
    published: Sequence[float | None], level: float, count: int, release: int, back: float
) -> tuple[list[Run], list[int]]:
    """The spells, and for those that ended the date on which each ended."""
    found: list[Run] = []
    ends: list[int] = []
    since: int | None = None
    run = 0
    for date, value in enumerate(published, start=1):
        if value is None:
            continue
        if since is None:
            run = run + 1 if value < level else 0
            if run == count:
                since, run = date, 0
        else:
            run = run + 1 if value >= back else 0
            if run == release:
                found.append((since, date - 1))
                ends.append(date)
                since, run = None, 0
    return (found if since is None else [*found, (since, len(published))]), ends


def shares(one: Run, other: Run) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def naive(
    true: Sequence[float],
    published: Sequence[float | None],
    level: float,
    count: int,
    release: int,
    back: float,
    q: int,
    k: int,
) -> Found:
    falls = shortfalls(true, level, q)
    effect, ends = spells(published, level, count, release, back)
    delays = []
    for fall in falls:
        dates = [
            date for date in range(fall[0], fall[1] + 1) if any(run[0] <= date <= run[1] for run in effect)
        ]
        delays += [dates[0] - fall[0]] if dates else []
    begins = [run[0] for run in effect]
    flaps = sum(any(0 < begin - end <= k for end in ends) for begin in begins)
    shorts = sum(end - run[0] <= release + 4 for run, end in zip(effect, ends, strict=False))
    return Found(
        falls,
        effect,
        sum(not any(shares(run, fall) for fall in falls) for run in effect),
        sum(not any(shares(run, fall) for run in effect) for fall in falls),
        delays,
        flaps,
        shorts,
    )

"""The rate model a second time, in plain Python: many guesses of the true rate and of its law, kept as often
as what was published makes them likely. No grid, no transform, no numpy.
"""

from __future__ import annotations

import csv
import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

NUS, NU_WEIGHTS = (3.0, 4.0, 6.0, 10.0, math.inf), (2, 3, 3, 2, 1)


class Guess(NamedTuple):
    """The logarithm of the true rate, the scale of its weekly change, and the degrees of freedom."""

    x: float
    sigma: float
    nu: float


class Week(NamedTuple):
    """The logarithm of a published value and its sampling error; None without a value."""

    y: float | None
    error: float


def weeks_of(path: Path) -> list[Week]:
    """The weeks of a table of published values with their 95% intervals."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Week(math.log(float(row["value"])), math.log(float(row["high"]) / float(row["low"])) / 3.92)
        if row["value"]
        else Week(None, 0.0)
        for row in rows
    ]


def change(draw: random.Random, sigma: float, nu: float) -> float:
    """One weekly change of the logarithm: a t law, or the normal law where nu is infinite."""
    normal = draw.gauss(0, 1)
    return sigma * (normal if math.isinf(nu) else normal / math.sqrt(draw.gammavariate(nu / 2, 2 / nu)))


def _prior(draw: random.Random) -> tuple[float, float]:
    while True:
        sigma = math.exp(draw.gauss(math.log(0.04), 0.8))
        # The likelihood table goes from 0.4% to 25%.
        if 0.004 <= sigma <= 0.25:
            return sigma, draw.choices(NUS, NU_WEIGHTS)[0]


def guesses(weeks: Sequence[Week], draw: random.Random, count: int) -> list[Guess]:
    """What the history leaves of `count` guesses: as many again, the likely ones several times."""
    first = next(week for week in weeks if week.y is not None)
    assert first.y is not None
    found = [Guess(draw.gauss(first.y, first.error), *_prior(draw)) for _ in range(count)]
    for week in weeks[weeks.index(first) + 1 :]:
        found = [one._replace(x=one.x + change(draw, one.sigma, one.nu)) for one in found]
        if week.y is not None:
            found = _kept(found, week.y, week.error, draw)
    return found


def _kept(found: Sequence[Guess], y: float, error: float, draw: random.Random) -> list[Guess]:
    """The guesses, each as often as it makes a published value likely, from evenly spaced shares."""
    up_to = list(accumulate(math.exp(-0.5 * ((y - one.x) / error) ** 2) + 1e-9 for one in found))
    first, step = draw.random(), up_to[-1] / len(found)
    return [
        found[min(bisect_left(up_to, (place + first) * step), len(found) - 1)] for place in range(len(found))
    ]


def walked(
    draw: random.Random, guess: Guess, weeks: Sequence[Week], horizon: int
) -> tuple[list[float], list[float | None]]:
    """The true rates and the published values of one path after the history.

    Four weeks in a row of the history give the sampling errors and the gaps.
    """
    of_week: list[Week] = []
    while len(of_week) < horizon:
        first = draw.randrange(len(weeks) - 3)
        of_week += weeks[first : first + 4]
    x, true, published = guess.x, [], []
    for week in of_week[:horizon]:
        x += change(draw, guess.sigma, guess.nu)
        true.append(math.exp(x))
        published.append(None if week.y is None else round(math.exp(x + draw.gauss(0, week.error)), 4))
    return true, published

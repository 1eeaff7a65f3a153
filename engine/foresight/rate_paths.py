"""Paths of the true rate and of published values: from the posterior, or drawn given a history.

Each block of 1,024 paths has a Philox stream of its own, keyed by the seed and the block's number. Every
number is one uniform turned by an inverse law. So a path is the same whatever the number of workers. A
variant that is compared with another lives on the very same paths (common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from engine.foresight.rate_model import TABLE, Filtered, Law, kernel, mean_and_deviation, weekly
from engine.foresight.rate_posterior import Posterior
from engine.foresight.sampling_noise import RateSeries

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

BLOCK = 1024
"""The number of paths of one block."""
THIN_WEEKS = 4
"""How many consecutive weeks of the history are drawn together, because thin weeks come together."""
TICK = 10_000
"""The ticks in a dollar: published values have four decimals."""
NO_VALUE = -1
"""Stands in a path of ticks for a week without publication."""


@dataclass(frozen=True)
class Switch:
    """A named change, never hidden in sigma: the rate moves by a share, once, on a week of the path.

    Attributes:
        name: `jump`, `a seller leaves`, `a change of version`.
        share: the change, -0.30 for 30% down.
        week: the week of the path, 1 for the first.
    """

    name: str
    share: float
    week: int


@dataclass(frozen=True)
class Paths:
    """Some paths, weeks in rows and paths in columns.

    Attributes:
        true: the true rate in USD per GPU-hour.
        published: the published value in whole ticks of USD 0.0001, `NO_VALUE` without one.
        sellers: named sellers behind each published value, 0 if that is not known.
    """

    true: Floats
    published: Ticks
    sellers: Ticks


def blocks(paths: int) -> Iterator[tuple[int, int]]:
    """Yield (number, size) of each block.

    The last block may be smaller; its paths are the first of the whole block.
    """
    for number, start in enumerate(range(0, paths, BLOCK)):
        yield number, min(BLOCK, paths - start)


def uniforms(seed: int, block: int, rows: int) -> Floats:
    """Return `rows` times 1,024 numbers between 0 and 1, both excluded, of one block."""
    drawn = np.random.Generator(np.random.Philox(key=[seed, block])).random((rows, BLOCK))
    # The generator may give exactly zero, at which the inverse law is minus infinity.
    return np.asarray(np.maximum(drawn, 2.0**-54))


def innovations(nu: Floats, share: Floats) -> Floats:
    """Return the value of a t law with `nu` degrees of freedom below which the share `share` lies.

    For infinite `nu` the law is normal.
    """
    normal = np.isinf(nu)
    # Both laws are computed for every path; 3.0 only keeps the t law finite where the normal one is taken.
    quantiles = stdtrit(np.where(normal, 3.0, nu), share)
    return np.asarray(np.where(normal, ndtri(share), quantiles))


def simulated(
    known: Posterior,
    series: RateSeries,
    weeks: int,
    seed: int,
    block: int,
    size: int = BLOCK,
    drift: float = 0.0,
    switches: tuple[Switch, ...] = (),
) -> Paths:
    """Return the paths of one block, from the week after the history on.

    The true rate begins at its filtered law and moves by the posterior's law of each path. Sampling errors,
    gaps and sellers come from four weeks of the history at a time.

    Args:
        known: what the history says.
        series: the history.
        weeks: the number of weeks.
        seed: the seed of the whole simulation, printed with its results.
        block: the number of the block.
        size: how many of its paths are wanted.
        drift: the weekly drift of the logarithm under a named scenario, otherwise 0.
        switches: named changes of the rate.
    """
    # A whole block is drawn even if fewer paths are wanted, so that the first ones are the same.
    drawn = uniforms(seed, block, 2 + 3 * weeks)[:, :size]
    weights = known.heaviest()
    law = np.searchsorted(np.cumsum(weights), drawn[0]).clip(max=len(weights) - 1)
    sigma = np.array([one.sigma for one in TABLE])[law]
    nu = np.array([one.nu for one in TABLE])[law]
    true = np.empty((weeks, size))
    level = _from_density(known.found, law, drawn[1])
    shifts = {
        switch.week: sum(math.log1p(one.share) for one in switches if one.week == switch.week)
        for switch in switches
    }
    for week in range(weeks):
        # A switch moves the true rate and stays: later weeks start from the moved level.
        level = level + drift + sigma * innovations(nu, drawn[2 + week]) + shifts.get(week + 1, 0.0)
        true[week] = level
    of_week = _history_weeks(len(series.logs), weeks, drawn[2 + weeks : 2 + 2 * weeks])
    return _published(true, series, of_week, drawn[2 + 2 * weeks :])


def factor_to(known: Posterior, level: float) -> float:
    """Return by what a path is multiplied so that it begins around a level instead of the history's end."""
    mean, _ = mean_and_deviation(known.found)
    return level / math.exp(float(known.weights @ mean))


def begun_at(paths: Paths, factor: float) -> Paths:
    """Return paths moved by a factor: the history says how the rate moves, and a draft where it begins."""
    # A published rate is above zero, so a path that falls below one tick stays on it.
    moved = np.maximum(np.rint(paths.published * factor), 1)
    published = np.where(paths.published == NO_VALUE, NO_VALUE, moved).astype(np.int64)
    return Paths(paths.true * factor, published, paths.sellers)


def _from_density(filtering: Filtered, law: NDArray[np.intp], share: Floats) -> Floats:
    """Return the true log rate at a share of its law, under each path's own law of the weekly change.

    Inside a cell the law is even.
    """
    edges = filtering.grid.edges
    level = np.empty(len(share))
    for row in np.unique(law):
        mine = law == row
        level[mine] = np.interp(share[mine], np.cumsum(filtering.density[row]), edges)
    return level


def _history_weeks(known: int, weeks: int, share: Floats) -> NDArray[np.intp]:
    """Return the week of the history from which each week of each path takes its sampling error.

    Four consecutive weeks are taken at a time.
    """
    length = min(THIN_WEEKS, known)
    # The last start leaves room for the whole run, so a run never wraps from the end to the beginning.
    first = np.minimum((share[::length] * (known - length + 1)).astype(np.intp), known - length)
    return np.asarray(np.repeat(first, length, axis=0)[:weeks] + (np.arange(weeks) % length)[:, None])


def _published(true: Floats, series: RateSeries, of_week: NDArray[np.intp], share: Floats) -> Paths:
    """Return the published values: the true rate with a sampling error, in whole ticks.

    A path's week has no value if its week of the history has none.
    """
    noise = series.noise[of_week]
    gap = np.isnan(noise)
    # A week without a value still uses up its number, so that all later weeks keep theirs.
    value = np.exp(true + np.where(gap, 0.0, noise) * ndtri(share))
    ticks = np.maximum(np.rint(np.minimum(value, 1e9) * TICK), 1).astype(
        np.int64
    )  # half to even, as values are printed
    sellers = np.array(series.sellers, dtype=np.int64)[of_week]
    return Paths(np.exp(true), np.where(gap, NO_VALUE, ticks), np.where(gap, 0, sellers))


def given_history(known: Posterior, series: RateSeries, seed: int, block: int, size: int = BLOCK) -> Paths:
    """Return the true rate over the history, drawn given what was published, with new sampling errors.

    The method is backward sampling on the filter's grid. The last week comes from its filtered law. Each
    earlier week comes from its own filtered law times the law of the change to the week that is drawn
    already.
    """
    weeks = len(series.logs)
    drawn = uniforms(seed, block, 1 + 2 * weeks)[:, :size]
    weights = known.heaviest()
    law = np.searchsorted(np.cumsum(weights), drawn[0]).clip(max=len(weights) - 1)
    true = np.empty((weeks, size))
    rows = np.unique(law)
    laws = [TABLE[row] for row in rows]
    # The same grid as the posterior's, or the drawn cells would not be its cells.
    steps = tuple(weekly(series, laws, points=len(known.found.grid.points)))
    for place, row in enumerate(rows):
        mine = np.flatnonzero(law == row)
        true[:, mine] = _backward(steps, place, laws[place], drawn[1 : 1 + weeks][:, mine])
    return _published(true, series, np.repeat(np.arange(weeks)[:, None], size, axis=1), drawn[1 + weeks :])


def _backward(steps: tuple[Filtered, ...], row: int, law: Law, share: Floats) -> Floats:
    """Return the true log rate of every week, for paths under one law.

    `share` has a row for each week; the last week's row is used first.
    """
    grid = steps[0].grid
    points = len(grid.points)
    change = kernel(law, grid)
    cells = np.empty(share.shape, dtype=np.intp)
    last = np.cumsum(steps[-1].density[row])
    # Scaled by the sum, because a float's cumulative sum may end just below one.
    cells[-1] = np.searchsorted(last, share[-1] * last[-1]).clip(max=points - 1)
    every = np.arange(points)
    for week in range(len(steps) - 2, -1, -1):
        after = (
            change[(cells[week + 1][:, None] - every[None, :]) % (2 * points)]
            * steps[week].density[row][None, :]
        )
        up_to = np.cumsum(after, axis=1)
        wanted = share[week][:, None] * up_to[:, -1:]
        cells[week] = (up_to < wanted).sum(axis=1).clip(max=points - 1)
    return np.asarray(grid.points[cells])

"""The law of the true rate given what was published.

It is a local level with t innovations and known sampling error: x(t) = x(t-1) + drift + sigma x t_nu and y(t)
= x(t) + s(t) x normal, where y is the logarithm of the published value. x is one number, so the filter is
exact on a grid of its logarithm: no particles, no optimiser, no seed. The likelihood of every sigma and nu is
computed at once, and the posterior is their weights. Floats and numpy stay in this room.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from engine.foresight.sampling_noise import RateSeries

Floats = NDArray[np.float64]
Weights = NDArray[np.complex128]

POINTS = 1024
"""The points of the grid. 4,096 give the same rates to 0.0001 and the same likelihoods to 0.005."""
MARGIN = 0.9
"""How far the grid goes beyond the lowest and highest published value, as a difference of logarithms."""
STRAY = 1e-9
"""Added to the observation law of each cell, so that one wild value does not make every point impossible."""
SIGMAS: Floats = np.exp(np.linspace(math.log(0.004), math.log(0.25), 34))
"""The weekly volatilities of the likelihood table: 34 from 0.4% to 25%, evenly spaced in the logarithm."""
NUS = (3.0, 4.0, 6.0, 10.0, math.inf)
"""The degrees of freedom of the innovations; infinity is the normal law."""


class Law(NamedTuple):
    """One law of the weekly change: its scale `sigma` and its degrees of freedom `nu`.

    `nu` is infinite for the normal law.
    """

    sigma: float
    nu: float


TABLE: tuple[Law, ...] = tuple(Law(float(sigma), nu) for sigma in SIGMAS for nu in NUS)
"""The 170 laws of the likelihood table, volatility first."""


@dataclass(frozen=True)
class Grid:
    """Evenly spaced points of log rate. Each stands for the cell half a step below to half a step above."""

    points: Floats
    step: float

    @property
    def edges(self) -> Floats:
        """The upper edge of each cell, at which a cumulative sum of the cells is exact."""
        return self.points + self.step / 2


@dataclass(frozen=True)
class Filtered:
    """What is known of the true rate after the last week.

    Attributes:
        grid: the points.
        laws: one law of the weekly change in each row.
        density: the probability of each cell, a row for each law.
        log_likelihood: the log likelihood of each law, over every value after the first.
        kernels: the transform of each law's weekly change, to continue from here.
    """

    grid: Grid
    laws: tuple[Law, ...]
    density: Floats
    log_likelihood: Floats
    kernels: Weights


def grid_of(series: RateSeries, points: int = POINTS) -> Grid:
    """Return the points that cover a history with `MARGIN` on both sides."""
    low, high = float(np.nanmin(series.logs)) - MARGIN, float(np.nanmax(series.logs)) + MARGIN
    grid = np.linspace(low, high, points)
    return Grid(grid, float(grid[1] - grid[0]))


def cumulative(law: Law, changes: Floats) -> Floats:
    """Return, for each number in `changes`, the probability that a weekly change is at most that number.

    Changes are differences of the natural logarithm of the rate.
    """
    scaled = changes / law.sigma
    share = ndtr(scaled) if math.isinf(law.nu) else stdtr(law.nu, scaled)
    return np.asarray(share, dtype=np.float64)


def kernel(law: Law, grid: Grid, drift: float = 0.0) -> Floats:
    """Return the probability of a change by each number of cells under a law.

    Changes up come first, then changes down, as a circular convolution of twice the grid needs them.
    """
    # Twice the grid, so that a change off one end does not come back in at the other.
    count = 2 * len(grid.points)
    cells = np.arange(count, dtype=np.float64)
    cells = np.where(cells < count // 2, cells, cells - count)
    # Whole cells and not points: the probabilities then add up to one however narrow the law is.
    upper, lower = (cells + 0.5) * grid.step - drift, (cells - 0.5) * grid.step - drift
    return cumulative(law, upper) - cumulative(law, lower)


def weekly(
    series: RateSeries, laws: Sequence[Law], drift: float = 0.0, points: int = POINTS
) -> Iterator[Filtered]:
    """Yield what is known after each week; the likelihood counts from the second value on.

    The first value finds a flat law and tells nothing of how likely it was. A week without a value only lets
    the rate move.

    Args:
        series: the history with its sampling errors.
        laws: the laws of the weekly change, filtered side by side.
        drift: the weekly drift of the logarithm: 0, or that of a named scenario; it is never estimated.
        points: the number of points of the grid.
    """
    grid = grid_of(series, points)
    kernels = np.fft.rfft(np.stack([kernel(law, grid, drift) for law in laws]), axis=1)
    density = np.full((len(laws), points), 1 / points)
    likelihood = np.zeros(len(laws))
    seen = False
    for week, (value, error) in enumerate(zip(series.logs, series.noise, strict=True)):
        # The first value is met by the flat law itself; nothing has moved before it.
        if week:
            density = moved(density, kernels)
        # A week without publication tells nothing of the rate, so the law only spreads.
        if not math.isnan(value):
            density = density * observed(grid, float(value), float(error))
            total = density.sum(axis=1)
            density = density / total[:, None]
            if seen:
                likelihood = likelihood + np.log(total)
            seen = True
        yield Filtered(grid, tuple(laws), density, likelihood, kernels)


def filtered(
    series: RateSeries, laws: Sequence[Law] = TABLE, drift: float = 0.0, points: int = POINTS
) -> Filtered:
    """Return what is known of the true rate after the whole history, under each law."""
    *_, last = weekly(series, laws, drift, points)
    return last


def moved(density: Floats, kernels: Weights) -> Floats:
    """Return the law of the rate one week later.

    The part that would leave the grid is dropped, and the rest is scaled to one.
    """
    points = density.shape[1]
    onward = np.fft.irfft(np.fft.rfft(density, 2 * points, axis=1) * kernels, 2 * points, axis=1)[:, :points]
    # The transform leaves tiny negative numbers, which are not probabilities.
    onward = np.maximum(onward, 0.0)
    return np.asarray(onward / onward.sum(axis=1, keepdims=True))


def observed(grid: Grid, value: float, error: float) -> Floats:
    """Return how likely each cell makes a published value.

    It is the observation law over the cell, per unit of the logarithm.
    """
    upper, lower = ndtr((grid.edges - value) / error), ndtr((grid.edges - grid.step - value) / error)
    return np.asarray((upper - lower + STRAY) / grid.step, dtype=np.float64)


def mean_and_deviation(filtering: Filtered) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of the true log rate, for each law."""
    mean = filtering.density @ filtering.grid.points
    # The difference of two near numbers may fall below zero by a float's last digit.
    deviation = np.sqrt(np.maximum(filtering.density @ filtering.grid.points**2 - mean**2, 0.0))
    return mean, deviation

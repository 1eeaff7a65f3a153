"""The law of a published value some weeks ahead, and how well such laws did.

Walk-forward scores stand beside those of simpler forecasts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from engine.foresight.rate_model import TABLE, Grid, weekly
from engine.foresight.rate_posterior import FEWEST_WEEKS, WEEKLY_4, Posterior, Prior, weighed
from engine.foresight.sampling_noise import RateSeries

Floats = NDArray[np.float64]
LEAST_PROBABILITY = 1e-300


@dataclass(frozen=True)
class Forecast:
    """The law of one future published value, on a grid of its logarithm."""

    grid: Grid
    density: Floats

    @property
    def cumulative(self) -> Floats:
        """The probability up to the upper edge of each cell."""
        return np.cumsum(self.density)

    def quantile(self, share: float) -> float:
        """Return the rate in USD per GPU-hour below which the share `share` of the law lies."""
        return math.exp(float(np.interp(share, self.cumulative, self.grid.edges)))

    def below(self, rate: float) -> float:
        """Return the probability of a value below `rate`."""
        return float(np.interp(math.log(rate), self.grid.edges, self.cumulative, left=0.0, right=1.0))

    def crps(self, rate: float) -> float:
        """Return the continuous ranked probability score of the value that came; smaller is better.

        It is computed in the logarithm.
        """
        # The value that came is a step: nothing of it lies below its cell, and all of it from there on.
        reached = self.grid.edges >= math.log(rate)
        return float(np.sum((self.cumulative - reached) ** 2) * self.grid.step)

    def log_density(self, rate: float) -> float:
        """Return the logarithm of the density at the value that came; larger is better.

        The density is per unit of log rate.
        """
        density = float(np.interp(math.log(rate), self.grid.points, self.density / self.grid.step))
        # A single value that the law held impossible must not make the whole score infinite.
        return math.log(max(density, LEAST_PROBABILITY))


def forecast(known: Posterior, noise: Sequence[float] | Floats, weeks: int) -> Forecast:
    """Return the law of the value published `weeks` Publication Dates after the history's last.

    Args:
        known: the posterior of the laws and the true rate under each.
        noise: the sampling errors of the history, NaN left out; a future week's error is any of them, each
            equally likely.
        weeks: how many weeks ahead, at least one.
    """
    grid, weights = known.found.grid, known.heaviest()
    # Laws without weight are left out: each would cost a transform and add nothing.
    kept, points = np.flatnonzero(weights), len(grid.points)
    # The power of a transform is the law of several weeks' changes at once.
    laws = np.fft.rfft(known.found.density[kept], 2 * points, axis=1) * known.found.kernels[kept] ** weeks
    mixed = (weights[kept] @ laws) * np.fft.rfft(_noise_law(grid, np.asarray(noise)))
    density = np.maximum(np.fft.irfft(mixed, 2 * points)[:points], 0.0)
    return Forecast(grid, np.asarray(density / density.sum()))


def _noise_law(grid: Grid, noise: Floats) -> Floats:
    """Return the law of a future sampling error, for a circular convolution of twice the grid."""
    points = len(grid.points)
    cells = np.arange(2 * points, dtype=np.float64)
    cells = np.where(cells < points, cells, cells - 2 * points)
    upper, lower = (cells + 0.5) * grid.step, (cells - 0.5) * grid.step
    errors = noise[np.isfinite(noise)]
    return np.asarray(np.mean([ndtr(upper / error) - ndtr(lower / error) for error in errors], axis=0))


@dataclass(frozen=True)
class Score:
    """How one way of forecasting did over the weeks on which it could be tried.

    Attributes:
        forecast: its name.
        tried: the number of values that it was compared with.
        crps: the mean continuous ranked probability score, in the logarithm.
        inside: the share of values inside its 95% interval.
    """

    forecast: str
    tried: int
    crps: float
    inside: float


def walk_forward(series: RateSeries, prior: Prior | None = None, ahead: int = 1) -> tuple[Score, ...]:
    """Return how the model and three simpler forecasts would have done, week by week.

    Each knows only what was known then. The first forecast is made after `FEWEST_WEEKS` values if no prior is
    named, after eight if one is. Each is made with the sampling errors known by then. Nothing is tuned to the
    outcome, and a simpler forecast that wins is shown as such.

    Args:
        series: the history.
        prior: what is assumed before it.
        ahead: how many Publication Dates ahead.
    """
    least = FEWEST_WEEKS if prior is None else 8
    by_forecast: dict[str, list[tuple[float, bool]]] = {}
    for week, known in enumerate(weekly(series, TABLE)):
        seen = int(np.isfinite(series.logs[: week + 1]).sum())
        target = week + ahead
        if seen < least or target >= len(series.logs) or math.isnan(series.logs[target]):
            continue
        # Only the errors known by that week: later ones would let the forecast see ahead.
        model = forecast(weighed(known, seen, prior or WEEKLY_4), series.noise[: week + 1], ahead)
        value = float(series.logs[target])
        logs = series.logs[: week + 1]
        for name, law in {"the model": model, **_simpler(logs[np.isfinite(logs)], known.grid, ahead)}.items():
            low, high = law.quantile(0.025), law.quantile(0.975)
            by_forecast.setdefault(name, []).append(
                (law.crps(math.exp(value)), low <= math.exp(value) <= high)
            )
    return tuple(
        Score(
            name,
            len(each),
            float(np.mean([one for one, _ in each])),
            float(np.mean([inside for _, inside in each])),
        )
        for name, each in by_forecast.items()
    )


def _simpler(logs: Floats, grid: Grid, ahead: int) -> Mapping[str, Forecast]:
    """Return three simpler forecasts by name.

    They are today's value, a normal random walk of published changes, and a bootstrap of single changes.
    """
    today, changes = float(logs[-1]), np.diff(logs)
    # A rate that never moved would have a law without width, so it is at least one cell wide.
    deviation = max(float(np.std(changes)), grid.step) * math.sqrt(ahead)
    walk = ndtr((grid.edges - today) / deviation) - ndtr((grid.edges - grid.step - today) / deviation)
    stays = np.zeros(len(grid.points))
    stays[_cell(grid, today)] = 1.0
    drawn = np.zeros(len(grid.points))
    centred = changes - changes.mean()
    for change in centred:
        drawn[_cell(grid, today + float(change) * math.sqrt(ahead))] += 1 / len(centred)
    return {
        "today stays": Forecast(grid, stays),
        "normal random walk": Forecast(grid, np.asarray(walk / walk.sum())),
        "bootstrap of published changes": Forecast(grid, drawn),
    }


def _cell(grid: Grid, value: float) -> int:
    return int(np.clip(round((value - float(grid.points[0])) / grid.step), 0, len(grid.points) - 1))

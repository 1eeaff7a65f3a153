"""The laws of the weekly change that a history supports: prior, posterior, highest likelihood, pooling.

Forecasts weigh the laws by the posterior. The highest point of the likelihood is shown beside it and decides
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from engine.basics.errors import WrongUsage
from engine.foresight.rate_model import NUS, SIGMAS, Filtered, Law, filtered
from engine.foresight.sampling_noise import RateSeries

Floats = NDArray[np.float64]

FEWEST_WEEKS = 26
"""The number of weeks with a value below which a prior must be named.

A shorter history does not say how fast the rate moves.
"""
HEAVIEST = 0.995
"""The share of the posterior that the heaviest laws must hold together; forecasts use only those laws."""


@dataclass(frozen=True)
class Prior:
    """What is assumed of the weekly change before the history speaks.

    It is printed with every figure that rests on it.

    Attributes:
        name: the name that a person uses.
        sigma: the median weekly volatility.
        spread: the standard deviation of its logarithm.
        nu: the weight of each number of degrees of freedom, in the order of `NUS`.
    """

    name: str
    sigma: float
    spread: float
    nu: tuple[float, ...]

    def log_weights(self) -> Floats:
        """Return the logarithm of the prior of each law, a row for each volatility."""
        # A volatility is a scale, so doubling it and halving it are equally likely around the median.
        by_sigma = -0.5 * ((np.log(SIGMAS) - math.log(self.sigma)) / self.spread) ** 2
        by_nu = np.log(np.array(self.nu) / sum(self.nu))
        return np.asarray(by_sigma[:, None] + by_nu[None, :])

    def __str__(self) -> str:
        weights = ":".join(f"{weight:g}" for weight in self.nu)
        return (
            f"{self.name}: ln sigma normal(ln {self.sigma:.0%}, {self.spread:g}), nu 3, 4, 6, 10, normal "
            f"as {weights}"
        )


WEEKLY_4 = Prior("weekly 4%", 0.04, 0.8, (2.0, 3.0, 3.0, 2.0, 1.0))
"""The prior that is used unless another is named."""
PRIORS: Mapping[str, Prior] = {
    prior.name: prior
    for prior in (
        WEEKLY_4,
        Prior("weekly 2%", 0.02, 0.8, WEEKLY_4.nu),
        Prior("weekly 8%", 0.08, 0.8, WEEKLY_4.nu),
    )
}


@dataclass(frozen=True)
class Highest:
    """The point (sigma, nu) at which the likelihood is highest.

    `error` is the standard error of ln sigma, from the curvature of the likelihood there.
    """

    sigma: float
    nu: float
    error: float
    log_likelihood: float


@dataclass(frozen=True)
class Posterior:
    """What a history says of the weekly change.

    Attributes:
        found: the true rate under each law of the table.
        weights: the posterior of each law, in the order of the table.
        prior: what was assumed before.
        weeks: the number of weeks of the history with a value.
        highest: the highest point of the likelihood.
    """

    found: Filtered
    weights: Floats
    prior: Prior
    weeks: int
    highest: Highest

    @property
    def by_sigma(self) -> Floats:
        """The posterior of each volatility."""
        return np.asarray(self.weights.reshape(len(SIGMAS), len(NUS)).sum(axis=1))

    @property
    def by_nu(self) -> Floats:
        """The posterior of each number of degrees of freedom."""
        return np.asarray(self.weights.reshape(len(SIGMAS), len(NUS)).sum(axis=0))

    @property
    def sigma(self) -> float:
        """The weekly volatility: e to the posterior mean of its logarithm."""
        # The mean is taken of the logarithm, or the few high volatilities would pull it up.
        return math.exp(float(self.by_sigma @ np.log(SIGMAS)))

    def sigma_at(self, share: float) -> float:
        """Return the least volatility of the table up to which the posterior holds the share `share`."""
        return float(SIGMAS[int(np.searchsorted(np.cumsum(self.by_sigma), share))])

    def heaviest(self) -> Floats:
        """Return the weights of the heaviest laws that hold `HEAVIEST` of the posterior.

        They are scaled to sum to one; the other laws have 0.
        """
        # Stable, so that laws of equal weight keep the order of the table on every machine.
        order = np.argsort(-self.weights, kind="stable")
        last = int(np.searchsorted(np.cumsum(self.weights[order]), HEAVIEST))
        kept = np.zeros_like(self.weights)
        # The law that passes the share is kept too: the kept ones hold at least `HEAVIEST`.
        kept[order[: last + 1]] = self.weights[order[: last + 1]]
        return np.asarray(kept / kept.sum())


def posterior(series: RateSeries, prior: Prior | None = None) -> Posterior:
    """Return what the history says of the weekly change, under a prior.

    Args:
        series: the history.
        prior: what is assumed before. If None, it is `WEEKLY_4`, and the history must have 26 weeks with a
            value.

    Raises:
        WrongUsage: fewer than 26 weeks and no prior named.
    """
    enough(series.values, prior)
    return weighed(filtered(series), series.values, prior or WEEKLY_4)


def enough(weeks: int, prior: Prior | None) -> None:
    """Check that a history is long enough to do without a named prior. Raises WrongUsage otherwise."""
    if weeks < FEWEST_WEEKS and prior is None:
        raise WrongUsage(
            f"the history has {weeks} weeks with a value; under {FEWEST_WEEKS} it does not say how fast the "
            "rate moves. "
            f"Name what you hold instead, like `--prior '{WEEKLY_4.name}'`; known are {', '.join(PRIORS)}"
        )


def weighed(filtering: Filtered, weeks: int, prior: Prior) -> Posterior:
    """Return the posterior of the laws of the table, from their likelihoods."""
    table = filtering.log_likelihood.reshape(len(SIGMAS), len(NUS))
    logs = table + prior.log_weights()
    # The greatest is taken off first, or the likelihoods of a long history would all come out as zero.
    weights = np.exp(logs - logs.max())
    return Posterior(filtering, (weights / weights.sum()).ravel(), prior, weeks, _highest(table))


def _highest(table: Floats) -> Highest:
    """Return the highest point of the likelihood table, with its error.

    A parabola through ln sigma gives its place between the volatilities, and the error. At an end of the
    table the error is infinite.
    """
    row, column = (int(place) for place in np.unravel_index(int(table.argmax()), table.shape))
    value = float(table[row, column])
    if (
        not 0 < row < len(SIGMAS) - 1
    ):  # at an end of the table the curvature is unknown from which an error is read
        return Highest(float(SIGMAS[row]), NUS[column], math.inf, value)
    step = math.log(SIGMAS[1] / SIGMAS[0])
    below, here, above = (float(one) for one in table[row - 1 : row + 2, column])
    bend = below - 2 * here + above
    # If the table does not bend down there, the parabola lacks a top, and the error is unbounded.
    if bend >= 0:
        return Highest(float(SIGMAS[row]), NUS[column], math.inf, value)
    sigma = math.exp(math.log(SIGMAS[row]) + 0.5 * (below - above) / bend * step)
    return Highest(sigma, NUS[column], step / math.sqrt(-bend), value)


CENTRES: Floats = np.linspace(math.log(0.01), math.log(0.15), 8)
"""The medians that the volatilities of several generations may have, as logarithms."""
SPREADS: Floats = np.array([0.15, 0.35, 0.6, 1.0])
"""The spreads that the volatilities of the generations may have around that median.

They are standard deviations of the logarithm.
"""


def pooled(generations: Sequence[RateSeries], prior: Prior | None = None) -> tuple[Posterior, ...]:
    """Return what the histories of several generations say together, one posterior for each generation.

    Generations with like volatilities support each other. ln sigma of each generation is normal(m, tau) and
    all share one nu. m and tau stand on a grid of 8 x 4, weighed by the product of the integrated
    likelihoods; m by the prior and tau by exp(-2 tau^2).

    Raises:
        WrongUsage: fewer than 26 weeks in all and no prior named.
    """
    # Weeks of all generations count together, because each supports the others.
    enough(sum(series.values for series in generations), prior)
    held = prior or WEEKLY_4
    filterings = [filtered(series) for series in generations]
    tables = [filtering.log_likelihood.reshape(len(SIGMAS), len(NUS)) for filtering in filterings]
    posteriors = []
    joint = _joint(tables, held)
    for filtering, table, series in zip(filterings, tables, generations, strict=True):
        weights = np.zeros_like(table)
        for (centre, spread), by_nu in joint.items():
            logs = _conditional(table, centre, spread)
            weights += np.exp(logs - logsumexp(logs, axis=0)) * by_nu
        posteriors.append(
            Posterior(filtering, weights.ravel() / weights.sum(), held, series.values, _highest(table))
        )
    return tuple(posteriors)


def _joint(tables: Sequence[Floats], prior: Prior) -> dict[tuple[float, float], Floats]:
    """Return the joint posterior: for each pair (m, tau), the probability with each nu.

    All probabilities together sum to 1.
    """
    logs: dict[tuple[float, float], Floats] = {}
    for centre in CENTRES:
        for spread in SPREADS:
            total = np.log(np.array(prior.nu) / sum(prior.nu)) - 2 * spread**2
            total = total - 0.5 * ((centre - math.log(prior.sigma)) / prior.spread) ** 2
            for table in tables:
                total = total + logsumexp(_conditional(table, float(centre), float(spread)), axis=0)
            logs[(float(centre), float(spread))] = total
    # One maximum for all pairs, and not one for each: their weights must stay comparable.
    most = max(float(log.max()) for log in logs.values())
    weights = {key: np.exp(log - most) for key, log in logs.items()}
    whole = sum(float(weight.sum()) for weight in weights.values())
    return {key: weight / whole for key, weight in weights.items()}


def _conditional(table: Floats, centre: float, spread: float) -> Floats:
    """Return the log likelihood of each law plus the log of the normal law of its ln sigma.

    The normal law sums to one over the table.
    """
    shape = -0.5 * ((np.log(SIGMAS) - centre) / spread) ** 2
    return np.asarray(table + (shape - logsumexp(shape))[:, None])


def law_name(law: Law) -> str:
    """Return a law in words, as a person reads it."""
    return f"sigma {law.sigma:.2%} a week, " + (
        "normal" if math.isinf(law.nu) else f"t with {law.nu:g} degrees of freedom"
    )

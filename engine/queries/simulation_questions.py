"""A draft on paths of the rate model: how likely each thing is within so many weeks, each with its Monte Carlo error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import WrongUsage
from engine.basics.happenings import Happening
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.draft_paths import Make
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.many_processes import in_order
from engine.foresight.path_tallies import PathTally, path_tally
from engine.foresight.rate_forecast import Score, walk_forward
from engine.foresight.rate_model import mean_and_deviation
from engine.foresight.rate_paths import NO_VALUE, TICK, blocks, simulated
from engine.foresight.rate_posterior import Posterior
from engine.foresight.sampling_noise import RateSeries
from engine.queries.calibration_questions import ModelAsked, model_of
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.workspace.workspace import Workspace

WITHIN = (4, 13, 26, 52, 104)
"""Weeks after closing within which probabilities are given, as far as the paths reach."""
ASKED: tuple[Happening, ...] = ("fails", "default", "begins", "obliged")
LINKED = ("weighted_average_rental_rate", "collections", "rental.", "contracted_revenue")
"""Figures that follow the rate: held constant they mislead, so their tests are left out unless they are held by name."""
FAN = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True)
class Chance:
    """How likely one thing is.

    Attributes:
        subject: the test or trigger.
        what: what happens.
        within: the probability within each number of weeks, and its Monte Carlo error.
        median_weeks: weeks until it happens, the median of the paths on which it does; None where it happens on none.
    """

    subject: str
    what: Happening
    within: Mapping[int, tuple[float, float]]
    median_weeks: float | None


@dataclass(frozen=True)
class SweptAmount:
    """What a sweep brings by the end, in USD: the mean with its Monte Carlo error, and the middle 95%."""

    clause: str
    mean: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class SimulationAnswer:
    """A draft on paths of the rate model.

    Attributes:
        deal: its name.
        index: the index.
        paths: how many.
        weeks: how far.
        seed: of the paths.
        prior: what was held before the history, in words.
        sigma: the posterior weekly volatility.
        start: the rate at which every path begins, the Closing Date level.
        chances: one for each thing that happened on some path.
        never: tests and triggers to which nothing happened on any path.
        swept: what sweeps bring.
        fan: for each week the quantiles of the published values.
        left_out: figures that follow the rate and were left out.
        undetermined: tests that nothing determined.
        one_by_one: tests that ran path by path.
        by_steps: tests and triggers whose states the engine's own steps made, and why.
        scores: how the model forecast the history, beside simpler forecasts.
    """

    deal: str
    index: str
    paths: int
    weeks: int
    seed: int
    prior: str
    sigma: float
    start: float
    chances: tuple[Chance, ...]
    never: tuple[str, ...]
    swept: tuple[SweptAmount, ...]
    fan: tuple[tuple[float, ...], ...]
    left_out: tuple[str, ...]
    undetermined: tuple[str, ...]
    one_by_one: tuple[str, ...]
    by_steps: Mapping[str, str]
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class _Work:
    """What every block of paths needs."""

    deal: Deal
    make: Make
    index: str
    given: FactsByDate
    known: Posterior
    series: RateSeries
    asked: ModelAsked


def simulate(
    deal: Deal,
    make: Make,
    workspace: Workspace | None,
    given: FactsByDate,
    asked: ModelAsked,
    hold: Sequence[str] = (),
    workers: int = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> SimulationAnswer:
    """A draft on paths of the rate model, from closing on.

    Args:
        deal: the draft; it reads one index.
        make: gives the covenant templates by name.
        workspace: whose history is used where no table is named.
        given: what the Servicer's reports would say.
        asked: history, horizon, seed.
        hold: figures that follow the rate and are held constant all the same.
        workers: processes.
        watch: told what is done.

    Raises:
        WrongUsage: a deal of several indices, or no history.
    """
    indices = tuple(dict.fromkeys(name for _, terms in deal.segments for name in terms.index))
    if len(indices) != 1:
        raise WrongUsage(f"{deal.name} reads {', '.join(indices)}; paths of several indices together are not simulated")
    linked = {one.figure for one in given.links}
    left = tuple(name for name in given.figures if name in linked or (name.startswith(LINKED) and name not in hold))
    used = FactsByDate({name: dated for name, dated in given.figures.items() if name not in left}, given.straight_lines)
    series, known, prior = model_of(workspace, deal, indices[0], asked)
    work = _Work(deal, make, indices[0], used, known, series, asked)
    chunks = tuple(chunked(asked.paths))
    total: PathTally | None = None
    fan: tuple[tuple[float, ...], ...] = ()
    for number, (tally, drawn) in enumerate(in_order(partial(_lived, work), chunks, workers), start=1):
        total = tally if total is None else total.plus(tally)
        fan = fan or drawn
        watch(f"path {sum(size for _, size in chain(*chunks[:number])):,} of {asked.paths:,}")
    assert total is not None  # there is at least one path
    terms = resolve(deal, deal.closing_date)
    chances = tuple(_chances(total, asked.weeks))
    acted = {one.subject for one in chances}
    quiet = [name for name in terms.covenants if name in total.determined and name not in acted]
    return SimulationAnswer(
        deal=deal.name,
        index=indices[0],
        paths=asked.paths,
        weeks=asked.weeks,
        seed=asked.seed,
        prior=str(known.prior),
        sigma=known.sigma,
        start=float(terms.index[indices[0]].closing_date_level),
        chances=chances,
        never=(*quiet, *(name for name in terms.triggers if name not in acted)),
        swept=tuple(SweptAmount(clause, *total.amount(clause)) for clause in total.swept),
        fan=fan,
        left_out=left,
        undetermined=tuple(name for name in terms.covenants if name not in total.determined),
        one_by_one=tuple(sorted(total.one_by_one)),
        by_steps=dict(sorted(total.by_steps.items())),
        scores=walk_forward(series, prior),
    )


Block = tuple[int, int]
Chunk = tuple[Block, ...]
BLOCKS_AT_ONCE = 16
"""Blocks of paths that are lived at once: memory is bounded by them whatever the number of paths."""


def chunked(paths: int) -> Iterator[Chunk]:
    """The blocks of paths, a few at a time, and the same ones whatever the number of processes."""
    every = tuple(blocks(paths))
    for start in range(0, len(every), BLOCKS_AT_ONCE):
        yield every[start : start + BLOCKS_AT_ONCE]


def _lived(work: _Work, chunk: Chunk) -> tuple[PathTally, tuple[tuple[float, ...], ...]]:
    """What the draft does on some blocks of paths, and the fan of the first."""
    asked = work.asked
    ticks = np.concatenate([_block(work, block) for block in chunk], axis=1)
    until = work.deal.closing_date + timedelta(weeks=asked.weeks)
    dates = tuple(publication_dates(work.deal.closing_date + timedelta(days=1), until))[: asked.weeks]
    rates = PathRates(dates, {work.index: ticks[: len(dates)]})
    outcome = run_columns(work.deal, work.make(), rates, work.given, until)
    fan = tuple(_fan(ticks)) if chunk[0][0] == 0 else ()
    return path_tally(outcome, work.deal.closing_date.toordinal(), ASKED), fan


def _block(work: _Work, block: Block) -> NDArray[np.int64]:
    """One block of paths, each begun at the Closing Date level with what is not known of the true rate around it."""
    number, size = block
    asked = work.asked
    drawn = simulated(work.known, work.series, asked.weeks, asked.seed, number, size, switches=asked.switches).published
    terms = resolve(work.deal, work.deal.closing_date)
    mean, _ = mean_and_deviation(work.known.found)
    factor = float(terms.index[work.index].closing_date_level) / math.exp(float(work.known.weights @ mean))
    return np.where(drawn == NO_VALUE, NO_VALUE, np.maximum(np.rint(drawn * factor), 1)).astype(np.int64)


def _chances(total: PathTally, weeks: int) -> Iterator[Chance]:
    for subject, what in total.days:
        horizons = sorted({one for one in WITHIN if one <= weeks} | {weeks})
        within = {horizon: total.within((subject, what), 7 * horizon) for horizon in horizons}
        days = total.median_days((subject, what))
        yield Chance(subject, what, within, None if days is None else days / 7)


def _fan(ticks: NDArray[np.int64]) -> list[tuple[float, ...]]:
    """Quantiles of the published values of each week, in USD."""
    found = []
    for week in ticks:
        values = week[week != NO_VALUE] / TICK
        found.append(tuple(round(float(one), 4) for one in np.quantile(values, FAN)) if len(values) else ())
    return found

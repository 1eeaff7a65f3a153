"""A draft on paths of the rate model.

The answer says how likely each outcome is within so many weeks, each with its Monte Carlo error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.basics.assumed_figures import assumed_sentences
from engine.basics.happenings import Happening
from engine.basics.many_processes import Workers, in_order
from engine.events.swept_money import SweptOnPaths
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.draft_paths import Make
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import GivenFile, files_of
from engine.foresight.linked_facts import LinkSaid
from engine.foresight.path_tallies import PathTally, path_tally
from engine.foresight.rate_forecast import Score, walk_forward
from engine.foresight.rate_paths import NO_VALUE, TICK, begun_at, blocks, factor_to, simulated
from engine.foresight.rate_posterior import Posterior, Prior
from engine.foresight.sampling_noise import RateSeries
from engine.foresight.undecided import open_triggers
from engine.queries.calibration_questions import ModelAsked, model_of
from engine.queries.forecast_record import ForecastRecord, forecast_record
from engine.queries.published_history import OF_THE_SERIES, HistorySource
from engine.terms.as_written import Deal, resolve, terms_until
from engine.terms.contract_dates import publication_dates
from engine.workspace.series import series_of
from engine.workspace.workspace import Workspace

WITHIN = (4, 13, 26, 52, 104)
"""Weeks after closing within which probabilities are given, as far as the paths reach."""
ASKED: tuple[Happening, ...] = ("fails", "default", "begins", "obliged")
FAN = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True)
class Chance:
    """How likely one thing is.

    Attributes:
        subject: the test or trigger.
        what: what happens.
        within: the probability within each number of weeks, and its Monte Carlo error.
        median_weeks: weeks until it happens, the median of the paths on which it does; None if it happens on
            none.
    """

    subject: str
    what: Happening
    within: Mapping[int, tuple[float, float]]
    median_weeks: float | None


Fan = tuple[tuple[float, ...], ...]
"""For each week the quantiles of the published values."""


@dataclass(frozen=True)
class SimulatedIndex:
    """An index of a deal that reads several indices, on the same paths.

    Each index moves by a model of its own, independently of the others.
    """

    index: str
    sigma: float
    start: float
    fan: Fan
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class SimulationAnswer:
    """A draft on paths of the rate model.

    Attributes:
        deal: its name.
        index: the index, the first one of several.
        paths: the number of paths.
        weeks: the horizon, in weeks.
        seed: the seed of the paths.
        prior: what was held before the history, in words.
        sigma: the posterior weekly volatility.
        start: the rate around which every path begins, the Closing Date level.
        starts_on: the Closing Date, after which every path begins.
        chances: one for each thing that happened on some path.
        never: tests and triggers to which nothing happened on any path.
        swept: what sweeps bring, in USD.
        fan: for each week the quantiles of the published values.
        left_out: figures that follow the rate, were neither linked nor held by name, and were left out.
        held: the figures that no rate moves, each with its value.
        follows: the figures that follow the rate on each path, each with how.
        undetermined: tests that nothing determined.
        one_by_one: tests that ran path by path.
        by_steps: tests and triggers whose states the engine's own steps made, and why.
        scores: how the model forecast the history, beside simpler forecasts.
        undecided: triggers of which never cannot be said, each with what it looks at and nothing determined.
        sooner: triggers that began and also look at what nothing determined, so that they may begin sooner
            and more often.
        source: where the history comes from.
        others: the other indices of a deal that reads several.
        recorded: how the forecasts came out that `serve` has recorded beforehand; None outside a workspace,
            and without one.
        files: the files on which the answer rests.
    """

    deal: str
    index: str
    paths: int
    weeks: int
    seed: int
    prior: str
    sigma: float
    start: float
    starts_on: date
    chances: tuple[Chance, ...]
    never: tuple[str, ...]
    swept: tuple[SweptOnPaths, ...]
    fan: Fan
    left_out: tuple[str, ...]
    undetermined: tuple[str, ...]
    one_by_one: tuple[str, ...]
    by_steps: Mapping[str, str]
    scores: tuple[Score, ...]
    source: HistorySource
    others: tuple[SimulatedIndex, ...] = ()
    undecided: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sooner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: ForecastRecord | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, LinkSaid] = field(default_factory=dict)
    files: tuple[GivenFile, ...] = ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """What is assumed of the Servicer's figures, in sentences."""
        how = {name: said.words for name, said in self.follows.items()}
        return tuple(assumed_sentences(self.held, how, self.left_out))


@dataclass(frozen=True)
class _IndexModel:
    """One index: its history and what that says of the rate."""

    index: str
    series: RateSeries
    known: Posterior
    prior: Prior | None

    def seen(self, deal: Deal, fan: Fan) -> SimulatedIndex:
        """Return the index as the answer states it."""
        level = resolve(deal, deal.closing_date).index[self.index].closing_date_level
        return SimulatedIndex(
            self.index, self.known.sigma, float(level), fan, walk_forward(self.series, self.prior)
        )


@dataclass(frozen=True)
class _Work:
    """What every block of paths needs."""

    deal: Deal
    make: Make
    models: tuple[_IndexModel, ...]
    given: FactsByDate
    asked: ModelAsked


def simulate(
    deal: Deal,
    make: Make,
    workspace: Workspace | None,
    given: FactsByDate,
    asked: ModelAsked,
    hold: Sequence[str] = (),
    workers: Workers = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> SimulationAnswer:
    """Return a draft on paths of the rate model, from closing on.

    Args:
        deal: the draft; if it reads several indices, each moves by a model of its own.
        make: gives the covenant templates by name.
        workspace: the workspace whose history is used if no table is named.
        given: what the Servicer's reports would say.
        asked: history, horizon, seed.
        hold: figures that follow the rate and are held constant all the same.
        workers: processes, or the workers of a cluster.
        watch: told what is done.

    Raises:
        WrongUsage: no history of some index.
    """
    # An amendment may bring an index in later, which needs paths as well.
    indices = tuple(dict.fromkeys(name for _, terms in deal.segments for name in terms.index))
    given.refuse_held(hold)
    left = given.unheld(hold)
    # Held constant without a word it would mislead, so it is left out and named.
    used = given.without(left)
    table = asked.table()
    models = tuple(
        _IndexModel(name, *model_of(workspace, deal, name, asked, table, one_of=len(indices)))
        for name in indices
    )
    work = _Work(deal, make, models, used, asked)
    chunks = tuple(chunked(asked.paths))
    total: PathTally | None = None
    fans: tuple[Fan, ...] = ()
    for number, (tally, drawn) in enumerate(in_order(partial(_lived, work), chunks, workers), start=1):
        total = tally if total is None else total.plus(tally)
        # Only the first part draws a fan: quantiles of parts do not add up to quantiles of all paths.
        fans = fans or drawn
        watch(f"path {sum(size for _, size in chain(*chunks[:number])):,} of {asked.paths:,}")
    assert total is not None  # there is at least one path
    terms = resolve(deal, deal.closing_date)
    chances = tuple(_chances(total, asked.weeks))
    acted = {chance.subject for chance in chances}
    until = deal.closing_date + timedelta(weeks=asked.weeks)
    stretches = terms_until(deal, until)
    # An amendment may bring tests and triggers in, of which something is to be said as well.
    tests = tuple(dict.fromkeys(name for one in stretches for name in one.covenants))
    triggers = tuple(dict.fromkeys(name for one in stretches for name in one.triggers))
    quiet = [name for name in tests if name in total.determined and name not in acted]
    undetermined = tuple(name for name in tests if name not in total.determined)
    # A trigger that looks at an undetermined test must not be counted among those that never begin.
    open_ = open_triggers(stretches, make(), undetermined, acted, until)
    first, *others = (model.seen(deal, fan) for model, fan in zip(models, fans, strict=True))
    return SimulationAnswer(
        deal=deal.name,
        index=first.index,
        paths=asked.paths,
        weeks=asked.weeks,
        seed=asked.seed,
        prior=str(models[0].known.prior),
        sigma=first.sigma,
        start=first.start,
        starts_on=deal.closing_date,
        chances=chances,
        never=(*quiet, *(name for name in triggers if name not in (*acted, *open_.undecided))),
        swept=tuple(_swept(total)),
        fan=first.fan,
        left_out=left,
        held=used.held,
        follows=used.follows,
        undetermined=undetermined,
        undecided=open_.undecided,
        sooner=open_.sooner,
        one_by_one=tuple(sorted(total.one_by_one)),
        # Parts end in any order, and the answer is the same byte for byte for any number of processes.
        by_steps=dict(sorted(total.by_steps.items())),
        scores=first.scores,
        source=OF_THE_SERIES if table is None else table.source,
        others=tuple(others),
        recorded=None
        if workspace is None
        else forecast_record(workspace, series_of(first.index, terms.index[first.index])),
        files=files_of((deal,), given.source, None if table is None else table.source.given),
    )


def _swept(total: PathTally) -> Iterator[SweptOnPaths]:
    """Yield what each sweep brings, also where nothing of it is known."""
    for clause in dict.fromkeys((*total.swept, *total.not_known)):
        lacking = total.not_known[clause] / total.paths
        if clause in total.swept:
            yield SweptOnPaths(clause, *total.amount(clause), lacking)
        else:
            yield SweptOnPaths(clause, None, None, None, None, lacking)


Block = tuple[int, int]
Chunk = tuple[Block, ...]
INDICES_APART = 2**40
"""Blocks between the streams of two indices."""
BLOCKS_AT_ONCE = 16
"""Blocks of paths that are lived at once: memory is bounded by them whatever the number of paths."""


def chunked(paths: int) -> Iterator[Chunk]:
    """Yield the blocks of paths, a few at a time, and the same ones whatever the number of processes."""
    every = tuple(blocks(paths))
    for start in range(0, len(every), BLOCKS_AT_ONCE):
        yield every[start : start + BLOCKS_AT_ONCE]


def _lived(work: _Work, chunk: Chunk) -> tuple[PathTally, tuple[Fan, ...]]:
    """Return what the draft does on some blocks of paths, and the fans of the first."""
    asked = work.asked
    until = work.deal.closing_date + timedelta(weeks=asked.weeks)
    dates = tuple(publication_dates(work.deal.closing_date + timedelta(days=1), until))[: asked.weeks]
    ticks = {
        model.index: np.concatenate([_block(work, model, place, block) for block in chunk], axis=1)[
            : len(dates)
        ]
        for place, model in enumerate(work.models)
    }
    outcome = run_columns(work.deal, work.make(), PathRates(dates, ticks), work.given, until)
    fans = tuple(tuple(_fan(tick)) for tick in ticks.values()) if chunk[0][0] == 0 else ()
    return path_tally(outcome, work.deal.closing_date.toordinal(), ASKED), fans


def _block(work: _Work, model: _IndexModel, place: int, block: Block) -> NDArray[np.int64]:
    """Return a block of paths of an index, begun around the Closing Date level.

    The starting values spread by what is not known of the true rate. Every index has random streams of its
    own, so that a further index moves no path of the others.
    """
    number, size = block
    asked = work.asked
    stream = number + place * INDICES_APART
    drawn = simulated(
        model.known, model.series, asked.weeks, asked.seed, stream, size, switches=asked.switches
    )
    level = resolve(work.deal, work.deal.closing_date).index[model.index].closing_date_level
    # The model knows how the rate moves, while the draft says where it begins.
    return begun_at(drawn, factor_to(model.known, float(level))).published


def _chances(total: PathTally, weeks: int) -> Iterator[Chance]:
    for subject, what in total.days:
        # The end of the paths is always among the horizons, or a short run would give no chance at all.
        horizons = sorted({one for one in WITHIN if one <= weeks} | {weeks})
        within = {horizon: total.within((subject, what), 7 * horizon) for horizon in horizons}
        days = total.median_days((subject, what))
        yield Chance(subject, what, within, None if days is None else days / 7)


def _fan(ticks: NDArray[np.int64]) -> list[tuple[float, ...]]:
    """Return quantiles of the published values of each week, in USD."""
    fan = []
    for week in ticks:
        # A week without publication has no value on that path, and is not a rate of zero.
        values = week[week != NO_VALUE] / TICK
        fan.append(tuple(round(float(one), 4) for one in np.quantile(values, FAN)) if len(values) else ())
    return fan

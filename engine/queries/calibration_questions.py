"""The calibration of a trigger's level, count and release, as a typed answer.

The answer brings the variants, the history and the rate model together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.many_processes import Workers
from engine.determination.template import Template
from engine.foresight.calibrate import Cell, Question
from engine.foresight.calibration_run import HALVES_FROM, Calibration, History, Setting, calibrated
from engine.foresight.given_files import GivenFile, files_of
from engine.foresight.rate_forecast import Score, walk_forward
from engine.foresight.rate_paths import Switch, factor_to
from engine.foresight.rate_posterior import PRIORS, Posterior, Prior, posterior
from engine.foresight.rate_scenarios import read_jump
from engine.foresight.sampling_noise import ObservedWeek, RateSeries, rate_series
from engine.foresight.term_variants import steps_between
from engine.queries.calibrated_trigger import drafted_trigger, path_dates
from engine.queries.published_history import (
    OF_THE_SERIES,
    HistorySource,
    HistoryTable,
    history_table,
    observed_in,
)
from engine.terms.as_written import Deal, resolve
from engine.workspace.workspace import Workspace

SEED = 20260702
"""The seed unless another is named; every answer prints it."""


@dataclass(frozen=True)
class ModelAsked:
    """What the model rests on.

    Attributes:
        history: a table of the published history; None for the workspace's own.
        until: the last date of the workspace's history.
        noise: the sampling error to assume where a week has no interval.
        prior: the name of a prior; None for the usual one, which needs 26 weeks.
        paths: the number of paths.
        weeks: the horizon, in weeks.
        seed: the seed of the paths.
        jump: a named change of the rate, `-30%@26w`.
    """

    history: Path | None
    until: date
    noise: float | None = None
    prior: str | None = None
    paths: int = 4000
    weeks: int = 104
    seed: int = SEED
    jump: str | None = None

    @property
    def switches(self) -> tuple[Switch, ...]:
        """The named changes of the rate."""
        if self.jump is None:
            return ()
        jump = read_jump(self.jump)
        return (Switch("jump", float(jump.share), jump.weeks),)

    def table(self) -> HistoryTable | None:
        """Read the table of the history, if one is named; each call reads it again."""
        return None if self.history is None else history_table(self.history)


@dataclass(frozen=True)
class CalibrationAnswer:
    """How every variant of a trigger did.

    Attributes:
        deal: the draft's name.
        term: the term that varies.
        clause: its clause.
        index: the index.
        drafted: the variant as drafted, if it is among those tried.
        start: the rate around which every path begins, the Closing Date level.
        starts_on: the Closing Date, after which every path begins.
        history_ends: the last Publication Date of the history with a value, and that value.
        assumed: what all variants take over from the draft, in sentences.
        no_halves: why no level is chosen on the first half of the history; empty where that is tried.
        found: the figures.
        setting: model, horizon, seed.
        scores: how the model forecast the history, beside simpler forecasts.
        under: the share of false alarms that is asked for.
        source: where the history comes from.
        files: the files on which the answer rests.
    """

    deal: str
    term: str
    clause: str
    index: str
    drafted: Cell | None
    start: Fraction
    starts_on: date
    history_ends: tuple[date, float]
    assumed: tuple[str, ...]
    no_halves: str
    found: Calibration
    setting: Setting
    scores: tuple[Score, ...]
    under: float
    source: HistorySource
    files: tuple[GivenFile, ...] = ()


def model_of(
    workspace: Workspace | None,
    deal: Deal,
    index: str,
    asked: ModelAsked,
    table: HistoryTable | None,
    one_of: int = 1,
) -> tuple[RateSeries, Posterior, Prior | None]:
    """Return the history of an index and what the history says of the rate.

    Args:
        workspace: the workspace whose series is the history if `table` is None.
        deal: the draft.
        index: the index.
        asked: what the model rests on.
        table: the table of the history, which `asked` names.
        one_of: how many indices the deal reads; of several, a table's column `index` says which a row is of.

    Raises:
        WrongUsage: no history, a prior that is not known, or too short a history without a prior.
    """
    if asked.prior is not None and asked.prior not in PRIORS:
        raise WrongUsage(f"the prior `{asked.prior}` does not exist; known are {', '.join(PRIORS)}")
    series = rate_series(observed_weeks(workspace, deal, index, asked, table, one_of), asked.noise)
    prior = PRIORS[asked.prior] if asked.prior is not None else None
    return series, posterior(series, prior), prior


def observed_weeks(
    workspace: Workspace | None,
    deal: Deal,
    index: str,
    asked: ModelAsked,
    table: HistoryTable | None,
    one_of: int = 1,
) -> tuple[ObservedWeek, ...]:
    """Return the history of an index, with the arguments of `model_of`. Raises WrongUsage without one."""
    if table is not None:
        return table.weeks(index, several=one_of > 1)
    if workspace is not None:
        return observed_in(workspace, deal, index, asked.until)
    raise WrongUsage(
        "a model needs a published history: run it in a workspace, or give one with --history FILE"
    )


def _first_half(
    weeks: Sequence[ObservedWeek], noise: float | None, prior: Prior
) -> tuple[History | None, str]:
    """Return the first half of a history and what it alone says of the rate; None with the reason.

    The sampling error of a week without an interval is the first half's own too.
    """
    if len(weeks) < HALVES_FROM:
        return None, (
            f"A choice cannot be judged on weeks that it has not seen: that takes {HALVES_FROM} weeks of "
            "history."
        )
    try:
        series = rate_series(weeks[: len(weeks) // 2], noise)
    except WrongUsage:
        return None, "The first half has no value, or no interval by sellers, so nothing is chosen on it."
    # The prior is named, because half of a history may be shorter than one that does without.
    return History(posterior(series, prior), series), ""


def calibrate(
    deal: Deal,
    templates: Mapping[str, Template],
    workspace: Workspace | None,
    term: str,
    levels: Sequence[Fraction],
    counts: Sequence[int],
    releases: Sequence[int],
    model: ModelAsked,
    question: Question,
    under: float,
    workers: Workers = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> CalibrationAnswer:
    """Return every level, count and release of a clause's trigger, on the same paths and on the history.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        workspace: the workspace whose history is used if no table is named.
        term: the level, `covenants.NAME.level`.
        levels: the levels in USD per GPU-hour.
        counts: dates that begin it, in a row or of the last few, as drafted.
        releases: dates that end it; the draft's own without one.
        model: history, horizon, seed.
        question: q and k.
        under: the share of false alarms that is asked for.
        workers: processes, or the workers of a cluster.
        watch: told what is done.

    Raises:
        WrongUsage: a term that is not a level of a trigger that counts falls, a trigger that such counts do
            not hold, or no history.
    """
    trigger = drafted_trigger(deal, templates, term)
    variants = trigger.variants(levels, counts, releases)
    table = model.table()
    index, of_deal = trigger.index, resolve(deal, deal.closing_date)
    series, known, prior = model_of(workspace, deal, index, model, table)
    half, why = _first_half(observed_weeks(workspace, deal, index, model, table), model.noise, known.prior)
    start = of_deal.index[index].closing_date_level
    setting = Setting(
        known,
        series,
        model.weeks,
        model.paths,
        model.seed,
        question,
        switches=model.switches,
        factor=factor_to(known, float(start)),
        first_half=half,
        tested=trigger.tested(path_dates(deal, model.weeks), of_a_path=True),
        tested_then=trigger.tested(series.dates, of_a_path=False),
    )
    calibration = calibrated(setting, variants, workers, watch)
    drafted = next((cell for cell in calibration.model if cell.variant == trigger.variant), None)
    return CalibrationAnswer(
        deal=deal.name,
        term=term,
        clause=trigger.key,
        index=index,
        drafted=drafted,
        start=start,
        starts_on=deal.closing_date,
        history_ends=_last(series),
        assumed=trigger.taken_over(variants, drafted is not None),
        no_halves=why,
        found=calibration,
        setting=setting,
        scores=walk_forward(series, prior),
        under=under,
        source=OF_THE_SERIES if table is None else table.source,
        files=files_of((deal,), None if table is None else table.source.given),
    )


def _last(series: RateSeries) -> tuple[date, float]:
    """Return the last date of a history with a value, and that value."""
    known = ((on, log) for on, log in zip(series.dates, series.logs, strict=True) if not math.isnan(log))
    on, log = list(known)[-1]
    return on, round(math.exp(log), 4)


def levels_between(first: str, last: str, step: str) -> tuple[Fraction, ...]:
    """Return the levels from `first` to `last`. Raises WrongUsage without any, or too many."""
    return tuple(Fraction(value) for value in steps_between(first, last, step))


def whole_numbers(text: str, what: str) -> tuple[int, ...]:
    """Return whole numbers apart by commas. Raises WrongUsage for anything else."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and 0 < int(part) <= 99 for part in parts):
        raise WrongUsage(f"`{text}` are not {what}; write them like 1,2,3")
    return tuple(int(part) for part in parts)

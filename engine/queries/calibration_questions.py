"""The calibration of a trigger's level, count and release, as a typed answer.

The answer brings the variants, the history and the rate model together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.many_processes import Workers
from engine.basics.values import listed
from engine.determination.template import Clause, Template
from engine.foresight.calibrate import Cell, Question, Variant
from engine.foresight.calibration_run import Calibration, Setting, calibrated
from engine.foresight.given_files import GivenFile, files_of
from engine.foresight.rate_forecast import Score, walk_forward
from engine.foresight.rate_paths import TICK, Switch
from engine.foresight.rate_posterior import PRIORS, Posterior, Prior, posterior
from engine.foresight.rate_scenarios import read_jump
from engine.foresight.sampling_noise import RateSeries, rate_series
from engine.foresight.term_variants import steps_between, written_at
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
    if table is not None:
        weeks = table.weeks(index, several=one_of > 1)
    elif workspace is not None:
        weeks = observed_in(workspace, deal, index, asked.until)
    else:
        raise WrongUsage(
            "a model needs a published history: run it in a workspace, or give one with --history FILE"
        )
    if asked.prior is not None and asked.prior not in PRIORS:
        raise WrongUsage(f"the prior `{asked.prior}` does not exist; known are {', '.join(PRIORS)}")
    series = rate_series(weeks, asked.noise)
    prior = PRIORS[asked.prior] if asked.prior is not None else None
    return series, posterior(series, prior), prior


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
        counts: dates in a row that begin it.
        releases: dates in a row that end it; the draft's own without one.
        model: history, horizon, seed.
        question: q and k.
        under: the share of false alarms that is asked for.
        workers: processes, or the workers of a cluster.
        watch: told what is done.

    Raises:
        WrongUsage: a term that is not a level of a trigger that counts falls, or no history.
    """
    key, clause = _counted_clause(deal, templates, term)
    index = resolve(deal, deal.closing_date).index_of(clause)
    drafted = _drafted(clause)
    ends = tuple(releases) or (drafted.release,)
    variants = [
        Variant(_ticks(level), count, release) for level in levels for count in counts for release in ends
    ]
    if not variants or any(
        variant.count < 1 or variant.release < 1 or variant.level < 1 for variant in variants
    ):
        raise WrongUsage("a level, a count and a release are above zero, and there is at least one of each")
    table = model.table()
    series, known, prior = model_of(workspace, deal, index, model, table)
    setting = Setting(known, series, model.weeks, model.paths, model.seed, question, switches=model.switches)
    calibration = calibrated(setting, variants, workers, watch)
    return CalibrationAnswer(
        deal=deal.name,
        term=term,
        clause=key,
        index=index,
        drafted=next(
            (
                cell
                for cell in calibration.model
                # The release level moves with the level, so it does not tell the draft's cell from others.
                if cell.variant == replace(drafted, release_level=cell.variant.release_level)
            ),
            None,
        ),
        found=calibration,
        setting=setting,
        scores=walk_forward(series, prior),
        under=under,
        source=OF_THE_SERIES if table is None else table.source,
        files=files_of((deal,), None if table is None else table.source.given),
    )


def _counted_clause(deal: Deal, templates: Mapping[str, Template], term: str) -> tuple[str, Clause]:
    """Return the clause whose level varies.

    Raises WrongUsage if the term is not the level of a trigger that counts falls.
    """
    key = term.split(".")[1] if term.startswith("covenants.") else ""
    clause = deal.segments[0][1].covenants.get(key)
    # The refusal names what can be calibrated, because few terms of a deal can.
    fits = [
        name
        for name, covenant in deal.segments[0][1].covenants.items()
        if templates[covenant.template].rule is not None
        and "below" in getattr(getattr(covenant, "begins", None), "when", "")
    ]
    if not fits:
        raise WrongUsage(
            f"{deal.name} has no level that can be calibrated: a clause whose trigger counts dates below a "
            "level of the rate has one. `headroom grid` varies any other term"
        )
    if clause is None or key not in fits or not term.startswith(f"covenants.{key}.level"):
        known = listed([f"covenants.{name}.level" for name in fits])
        raise WrongUsage(
            f"`{term}` is not the level of a trigger that counts dates below it; those are {known}"
        )
    # A level with dated steps is a block, and the call refuses it with the names of its steps.
    written_at(deal, term)
    return key, clause


def _drafted(clause: Any) -> Variant:
    """Return the trigger as drafted, as a variant.

    A trigger that ends by its account alone is released as soon as the rate reaches the level on a date.
    """
    persistence = getattr(clause.ends, "persistence", None)
    return Variant(
        _ticks(clause.level),
        clause.begins.persistence.count,
        persistence.count if persistence is not None else 1,
    )


def _ticks(level: Fraction) -> int:
    """Return a level in ticks, rounded up: a value is below the level where it is below this tick."""
    return -((-level * TICK).__floor__())


def levels_between(first: str, last: str, step: str) -> tuple[Fraction, ...]:
    """Return the levels from `first` to `last`. Raises WrongUsage without any, or too many."""
    return tuple(Fraction(value) for value in steps_between(first, last, step))


def whole_numbers(text: str, what: str) -> tuple[int, ...]:
    """Return whole numbers apart by commas. Raises WrongUsage for anything else."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and 0 < int(part) <= 99 for part in parts):
        raise WrongUsage(f"`{text}` are not {what}; write them like 1,2,3")
    return tuple(int(part) for part in parts)

"""The whole foresight report of a draft: every answer that a person needs who signs a level off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from engine.basics.many_processes import Workers
from engine.foresight.answers import as_data
from engine.foresight.calibrate import Question
from engine.foresight.draft_paths import Make
from engine.foresight.facts_by_date import FactsByDate
from engine.queries.calibration_questions import ModelAsked, calibrate
from engine.queries.calibration_words import calibration_data
from engine.queries.foresight_questions import StressAsked, stress
from engine.queries.foresight_reports import stress_parts
from engine.queries.published_history import published_in
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal
from engine.workspace.workspace import Workspace

A_YEAR, TWO_YEARS = 52, 104
"""The weeks of a path that is simulated, and of one on which levels are calibrated."""


@dataclass(frozen=True)
class LevelAsked:
    """A level that is to be chosen.

    Attributes:
        term: the level, `covenants.NAME.level`.
        levels: those that are tried, in USD per GPU-hour.
        counts: the dates in a row that begin the trigger.
        under: the share of histories with a false alarm that is asked for.
    """

    term: str
    levels: Sequence[Fraction]
    counts: Sequence[int]
    under: float


def whole_parts(
    deal: Deal,
    make: Make,
    workspace: Workspace | None,
    given: FactsByDate,
    stressed: StressAsked,
    model: ModelAsked,
    level: LevelAsked | None,
    hold: Sequence[str] = (),
    workers: Workers = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return stress, simulation and calibration as JSON by name; a report adds the ladder.

    A simulation needs a history, and is left out without one.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        workspace: the workspace whose history is used if no table is named.
        given: what the Servicer's reports would say.
        stressed: the stated paths.
        model: history and seed; its horizon is a year for the simulation and two for a level.
        level: the level that is to be chosen; None for no calibration.
        hold: figures that follow the rate and are held constant all the same.
        workers: processes, or the workers of a cluster.
        watch: told what is done.

    Raises:
        WrongUsage: a level is to be chosen without a history, or its term is not a level of a trigger.
    """
    parts: dict[str, Any] = {}
    # The level comes first, because a wrong term is then refused before paths cost minutes.
    if level is not None:
        answer = calibrate(
            deal,
            make(),
            workspace,
            level.term,
            level.levels,
            level.counts,
            (),
            replace(model, weeks=TWO_YEARS),
            Question(),
            level.under,
            workers,
            watch,
        )
        parts["calibration"] = calibration_data(answer)
    # Many a workspace has no series of a draft's index, and the other answers need none.
    if model.history is not None or (workspace is not None and published_in(workspace, deal, model.until)):
        simulated = simulate(deal, make, workspace, given, replace(model, weeks=A_YEAR), hold, workers, watch)
        parts["simulation"] = as_data(simulated)
    lived = stress(deal, make, given, stressed, workers, watch)
    return {**stress_parts(deal, make, given, stressed, lived, workers, watch), **parts}

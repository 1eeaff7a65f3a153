"""The command that makes the whole foresight report of a draft."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import PROCESSES, all_templates, clock
from engine.cli.app import app, workspace_if_any
from engine.cli.foresight_files import refuse_ending, write_answer
from engine.cli.foresight_options import (
    Between,
    Counts,
    Draft,
    Executor,
    Fact,
    Facts,
    High,
    History,
    Hold,
    Jump,
    Lose,
    Low,
    Missing,
    Multiples,
    Noise,
    Paths,
    Point,
    Prepared,
    Prior,
    Rates,
    Scenario,
    Scheduler,
    Seed,
    Shape,
    Step,
    Under,
    Until,
    Weeks,
    Workers,
    asked_of,
    day_of,
    draft_of,
    given_of,
    many_of,
)
from engine.cli.options import Json, example


@app.command(
    epilog=example(
        "headroom foresight deals/meridian-2026-1.yaml --into foresight.pdf --level "
        "covenants.cash-sweep.level --paths 200 --prior 'weekly 4%' --fact 'outstanding_principal=USD "
        "16,000,000'"
    )
)
def foresight(
    deal: Draft,
    into: Annotated[Path, typer.Option(help="The report as .pdf or .html, or its tables as .xlsx.")],
    level: Annotated[
        str | None, typer.Option(help="The level to be chosen, like covenants.cash-sweep.level.")
    ] = None,
    low: Low = "1.40",
    high: High = "1.60",
    step: Step = "0.10",
    counts: Counts = "1,2,3",
    under: Under = 0.10,
    scenario: Scenario = None,
    point: Point = "middle",
    shape: Shape = "compound",
    multiples: Multiples = "1,1.5,2.5",
    jump: Jump = None,
    missing: Missing = None,
    rates: Rates = None,
    lose: Lose = None,
    until: Until = None,
    weeks: Weeks = 52,
    history: History = None,
    noise: Noise = None,
    prior: Prior = None,
    hold: Hold = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    paths: Paths = 2000,
    seed: Seed = 20260702,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Make the report of a draft: ladder, stress, simulation, and the choice of a level.

    Stress is of Scenario B unless another is named. A simulation needs a history, and so does a level.
    """
    from engine.cli.output import progress, progress_done
    from engine.cli.show.foresight_report import show_written
    from engine.queries.calibration_questions import ModelAsked, levels_between, whole_numbers
    from engine.queries.whole_foresight import LevelAsked, whole_parts

    refuse_ending(into)
    draft = draft_of(deal)
    given, many = given_of(draft, fact, facts, between), many_of(workers, executor, scheduler)
    asked = asked_of(scenario or ["B"], point, shape, multiples, jump, missing, rates, lose, until, weeks)
    model = ModelAsked(history, clock().date(), noise, prior, paths, seed=seed, jump=jump)
    chosen = (
        None
        if level is None
        else LevelAsked(level, levels_between(low, high, step), whole_numbers(counts, "counts"), under)
    )
    parts = whole_parts(
        draft, all_templates, workspace_if_any(), given, asked, model, chosen, hold or (), many, progress
    )
    write_answer(into, draft, given, day_of(prepared), lambda: parts)
    progress_done()
    raise typer.Exit(show_written(into, draft.name, parts, as_json))

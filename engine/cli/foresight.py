"""Commands about what a clause would do.

They work on stated paths and on paths of the rate model, before a deal is signed and after.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.assembly import PROCESSES, all_templates, clock
from engine.cli.app import app, opened, workspace_if_any
from engine.cli.foresight_files import refuse_ending, write_answer, write_ladders
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
    Into,
    Jump,
    Lose,
    Low,
    Missing,
    Multiples,
    Noise,
    Paths,
    PathWeeks,
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
from engine.cli.options import Json, day, example

if TYPE_CHECKING:
    from engine.queries.foresight_questions import LadderAnswer

FACT = (
    "--fact 'outstanding_principal=USD 16,000,000' --fact 'weighted_average_rental_rate=USD 1.80 per "
    "GPU-hour'"
)


@app.command(epilog=example(f"headroom ladder deals/meridian-2026-1.yaml {FACT}"))
def ladder(
    deal: Annotated[
        str | None, typer.Argument(help="A deal file, or a recorded deal's name; every deal unless given.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="The date of a recorded deal; the newest unless given.")
    ] = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show in which order limbs act as the rate falls, or rises.

    The ladder shows each Break-even Rate, how far it is, and what is inverted.
    """
    from engine.cli.show.ladder import show_ladders
    from engine.queries.foresight_questions import draft_ladder, recorded_ladders
    from engine.workspace.deal_files import loaded

    templates = all_templates()
    if deal is not None and Path(deal).is_file():
        draft = loaded(Path(deal), templates)
        given = given_of(draft, fact, facts, between)
        answers: tuple[LadderAnswer, ...] = (draft_ladder(draft, templates, given),)
        if into is not None:
            write_answer(into, draft, given, day_of(prepared), dict)
    else:
        answers = recorded_ladders(opened(), deal, day(on) if on is not None else None, templates)
        if into is not None:
            write_ladders(into, answers, day_of(prepared))
    raise typer.Exit(show_ladders(answers, deal is None, as_json))


@app.command(
    epilog=example(
        f"headroom stress deals/meridian-2026-1.yaml --scenario B --multiples 1,2.5 --weeks 20 {FACT}"
    )
)
def stress(
    deal: Draft,
    scenario: Scenario = None,
    point: Point = "middle",
    shape: Shape = "compound",
    multiples: Multiples = "1",
    jump: Jump = None,
    missing: Missing = None,
    rates: Rates = None,
    lose: Lose = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    until: Until = None,
    weeks: Weeks = 130,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show what a draft does on stated paths.

    The answer says when and at which rate each test fails, cures and defaults, and when each trigger begins
    and ends.
    """
    from engine.cli.output import progress, progress_done
    from engine.cli.show.stress import show_stress
    from engine.queries.foresight_questions import stress as answered

    # The ending is looked at first, since paths may take minutes before the file is written.
    refuse_ending(into)
    draft = draft_of(deal)
    asked = asked_of(scenario, point, shape, multiples, jump, missing, rates, lose, until, weeks)
    given, many = given_of(draft, fact, facts, between), many_of(workers, executor, scheduler)
    answer = answered(draft, all_templates, given, asked, many, progress)
    if into is not None:
        # A report needs further paths than the answer, which are only worked out if a file is asked for.
        from engine.queries.foresight_reports import stress_parts

        write_answer(
            into,
            draft,
            given,
            day_of(prepared),
            lambda: stress_parts(draft, all_templates, given, asked, answer, many, progress),
        )
    progress_done()
    raise typer.Exit(show_stress(answer, as_json))


@app.command(
    epilog=example(
        "headroom compare deals/meridian-2026-1.yaml --term covenants.appraisal.measure=all --scenario C "
        f"--weeks 30 {FACT}"
    )
)
def compare(
    first: Draft,
    second: Annotated[
        Path | None, typer.Argument(help="The other draft; left out where a term is varied.")
    ] = None,
    term: Annotated[
        str | None, typer.Option(help="A term written otherwise: TERM=all, or TERM=VALUE|VALUE.")
    ] = None,
    scenario: Scenario = None,
    point: Point = "middle",
    shape: Shape = "compound",
    multiples: Multiples = "1",
    jump: Jump = None,
    missing: Missing = None,
    rates: Rates = None,
    lose: Lose = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    until: Until = None,
    weeks: Weeks = 130,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show what differs between two drafts, or between the wordings of a term.

    The answer compares dates, states and money, and says whom each draft serves.
    """
    from engine.basics.errors import WrongUsage
    from engine.cli.output import progress, progress_done
    from engine.cli.show.compare import show_comparisons
    from engine.queries.foresight_questions import compare_drafts, compare_wordings
    from engine.workspace.deal_files import loaded

    # Two drafts may differ in many terms, and a varied term beside them would hide which one decides.
    if (second is None) == (term is None):
        raise WrongUsage("name a second draft, or a term with `--term TERM=all`; one of the two")
    refuse_ending(into)
    draft = draft_of(first)
    given, many = given_of(draft, fact, facts, between), many_of(workers, executor, scheduler)
    asked = asked_of(scenario, point, shape, multiples, jump, missing, rates, lose, until, weeks)
    if term is not None:
        # The value of a term may hold an equals sign, so only the first one parts it from the name.
        name, _, values = term.partition("=")
        answers = compare_wordings(draft, name, values or "all", all_templates, given, asked, many, progress)
    else:
        assert second is not None
        answers = (
            compare_drafts(
                draft, loaded(second, all_templates()), all_templates, given, asked, many, progress
            ),
        )
    if into is not None:
        from engine.foresight.answers import as_data

        write_answer(into, draft, given, day_of(prepared), lambda: {"comparisons": as_data(answers)})
    progress_done()
    raise typer.Exit(show_comparisons(answers, as_json))


@app.command(
    epilog=example(
        "headroom calibrate deals/meridian-2026-1.yaml covenants.cash-sweep.level --paths 1000 --weeks 52 "
        "--prior 'weekly 4%'"
    )
)
def calibrate(
    deal: Draft,
    term: Annotated[
        str,
        typer.Argument(help="The level that varies, like covenants.cash-sweep.level.", show_default=False),
    ],
    low: Low = "1.40",
    high: High = "1.60",
    step: Step = "0.10",
    counts: Counts = "1,2,3",
    releases: Annotated[
        str | None, typer.Option(help="Dates that end it, apart by commas; as drafted unless given.")
    ] = None,
    under: Under = 0.10,
    q: Annotated[int, typer.Option(min=1, max=52, help="Dates in a row that begin and end a shortfall.")] = 4,
    k: Annotated[
        int, typer.Option(min=1, max=104, help="Dates after an end within which a beginning is a flap.")
    ] = 8,
    history: History = None,
    noise: Noise = None,
    prior: Prior = None,
    jump: Jump = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    paths: Paths = 4000,
    weeks: PathWeeks = 104,
    seed: Seed = 20260702,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show false alarms, misses and delay of a trigger for each level.

    Every level, count and release is judged on the same paths. Facts move no count of the rate; a report's
    ladder rests on them.
    """
    from engine.cli.output import progress, progress_done
    from engine.cli.show.calibrate import show_calibration
    from engine.foresight.calibrate import Question
    from engine.queries.calibration_questions import ModelAsked, levels_between, whole_numbers
    from engine.queries.calibration_questions import calibrate as answered
    from engine.queries.calibration_words import calibration_data

    refuse_ending(into)
    draft = draft_of(deal)
    given = given_of(draft, fact, facts, between)
    model = ModelAsked(history, clock().date(), noise, prior, paths, weeks, seed, jump)
    ends = whole_numbers(releases, "releases") if releases is not None else ()
    levels, many = levels_between(low, high, step), many_of(workers, executor, scheduler)
    answer = answered(
        draft,
        all_templates(),
        workspace_if_any(),
        term,
        levels,
        whole_numbers(counts, "counts"),
        ends,
        model,
        Question(q, k),
        under,
        many,
        progress,
    )
    if given.source is not None:
        answer = replace(answer, files=(*answer.files, given.source))
    if into is not None:
        write_answer(
            into,
            draft,
            given,
            day_of(prepared),
            lambda: {"calibration": calibration_data(answer)},
        )
    progress_done()
    raise typer.Exit(show_calibration(answer, as_json))


@app.command(
    epilog=example(
        "headroom grid deals/meridian-2026-1.yaml --x covenants.ltv.multiple=1.4,1.5 --y "
        f"covenants.cash-sweep.level=1.50,1.60 --scenario B --weeks 16 {FACT}"
    )
)
def grid(
    deal: Draft,
    x: Annotated[str, typer.Option(help="The term across: TERM=FROM:TO:STEP, or TERM=VALUE,VALUE.")],
    y: Annotated[str, typer.Option(help="The term down, in the same form.")],
    show: Annotated[str, typer.Option(help="first-failure, weeks-in-cure, or swept.")] = "first-failure",
    of: Annotated[
        str | None, typer.Option(help="The test or trigger; the clause of the first term unless given.")
    ] = None,
    scenario: Scenario = None,
    point: Point = "middle",
    shape: Shape = "compound",
    jump: Jump = None,
    missing: Missing = None,
    rates: Rates = None,
    lose: Lose = None,
    hold: Hold = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    until: Until = None,
    weeks: Weeks = 104,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    into: Annotated[
        Path | None,
        typer.Option(help="A file: the cells as .csv, a report as .pdf or .html, a workbook as .xlsx."),
    ] = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show what two terms do together on one stated path: a cell for each pair, and its CSV.

    The path is the first that is named, or the table of dated rates if one is given.
    """
    from engine.cli.output import progress, progress_done
    from engine.cli.show.grid import show_grid
    from engine.queries.grid_questions import grid as answered

    draft = draft_of(deal)
    asked = asked_of(scenario or ["B"], point, shape, "1", jump, missing, rates, lose, until, weeks)
    given = given_of(draft, fact, facts, between)
    refuse_ending(into, (".csv", ".pdf", ".html", ".xlsx"))
    answer = answered(
        draft,
        all_templates,
        x,
        y,
        show,
        of,
        given,
        asked,
        many_of(workers, executor, scheduler),
        progress,
        hold or (),
    )
    if into is not None and into.suffix != ".csv":
        from engine.foresight.answers import as_data

        write_answer(into, draft, given, day_of(prepared), lambda: {"grid": as_data(answer)})
    progress_done()
    raise typer.Exit(show_grid(answer, into, as_json))


@app.command(
    epilog=example(
        "headroom simulate deals/meridian-2026-1.yaml --paths 200 --weeks 13 --prior 'weekly 4%' "
        "--fact 'outstanding_principal=USD 16,000,000'"
    )
)
def simulate(
    deal: Draft,
    paths: Paths = 2000,
    weeks: PathWeeks = 52,
    seed: Seed = 20260702,
    history: History = None,
    noise: Noise = None,
    prior: Prior = None,
    jump: Jump = None,
    hold: Hold = None,
    fact: Fact = None,
    facts: Facts = None,
    between: Between = None,
    workers: Workers = 0,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show how likely each failure, default and beginning is within so many weeks.

    The paths are those of the rate model.
    """
    from engine.cli.output import progress, progress_done
    from engine.cli.show.simulate import show_simulation
    from engine.queries.calibration_questions import ModelAsked
    from engine.queries.simulation_questions import simulate as answered

    refuse_ending(into)
    draft = draft_of(deal)
    model = ModelAsked(history, clock().date(), noise, prior, paths, weeks, seed, jump)
    given = given_of(draft, fact, facts, between)
    answer = answered(
        draft,
        all_templates,
        workspace_if_any(),
        given,
        model,
        hold or (),
        many_of(workers, executor, scheduler),
        progress,
    )
    if into is not None:
        from engine.foresight.answers import as_data

        write_answer(into, draft, given, day_of(prepared), lambda: {"simulation": as_data(answer)})
    progress_done()
    raise typer.Exit(show_simulation(answer, as_json))

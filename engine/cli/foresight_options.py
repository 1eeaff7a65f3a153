"""What the commands of foresight share: their options, and what each is read as."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.assembly import all_templates, clock
from engine.cli.app import workspace_if_any
from engine.cli.options import day

if TYPE_CHECKING:
    from engine.foresight.facts_by_date import FactsByDate
    from engine.queries.foresight_questions import StressAsked

Draft = Annotated[
    str, typer.Argument(help="A deal file, or a deal of the workspace by its name.", show_default=False)
]
Fact = Annotated[
    list[str] | None, typer.Option(help="A figure that every report is assumed to carry, like NAME=VALUE.")
]
Facts = Annotated[
    Path | None,
    typer.Option(help="A table of facts by date: date,figure,value and, where reports come later, received."),
]
Between = Annotated[
    str | None,
    typer.Option(help="`straight lines` where a figure moves evenly between its dates; steps otherwise."),
]
Scenario = Annotated[
    list[str] | None,
    typer.Option(help="A scenario, or several in turn like A:548,B; A, B and C unless given."),
]
Point = Annotated[str, typer.Option(help="low, middle or high of each band, or `all`.")]
Shape = Annotated[str, typer.Option(help="compound, or straight line.")]
Until = Annotated[str | None, typer.Option(help="The last date; so many weeks after closing unless given.")]
Weeks = Annotated[
    int, typer.Option(min=1, max=1040, help="Weeks after closing, where no last date is given.")
]
Into = Annotated[
    Path | None, typer.Option(help="A file of the answer: a report as .pdf or .html, a workbook as .xlsx.")
]
Prepared = Annotated[str | None, typer.Option(help="The date of the report; today unless given.")]
Multiples = Annotated[str, typer.Option(help="How many times as fast time runs, apart by commas: 1,1.5,2.5.")]
History = Annotated[
    Path | None, typer.Option(help="A table date,value,low,high[,sellers]; the workspace's unless given.")
]
Noise = Annotated[
    float | None, typer.Option(min=0.0, help="The sampling error of a week without an interval, like 0.05.")
]
Prior = Annotated[str | None, typer.Option(help="What is held before the history: needed under 26 weeks.")]
Jump = Annotated[str | None, typer.Option(help="A named jump of the rate, like -30%@26w.")]
Missing = Annotated[str | None, typer.Option(help="Publication Dates without a value, apart by commas.")]
Rates = Annotated[
    Path | None, typer.Option(help="A table of dated rates, a futures or broker curve, as one more path.")
]
Lose = Annotated[str | None, typer.Option(help="A contract that ends, and when: NAME@26w.")]
Paths = Annotated[int, typer.Option(min=100, max=1_000_000, help="Paths of the model.")]
PathWeeks = Annotated[int, typer.Option(min=4, max=1040, help="Weeks of each path.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed, printed with every answer.")]
Low = Annotated[str, typer.Option("--from", help="The lowest level, in USD per GPU-hour.")]
High = Annotated[str, typer.Option("--to", help="The highest level.")]
Step = Annotated[str, typer.Option(help="From one level to the next.")]
Counts = Annotated[
    str, typer.Option(help="Dates that begin the trigger, apart by commas; of the last few if so drafted.")
]
Under = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="The share of histories with a false alarm that is asked for."),
]
Hold = Annotated[
    list[str] | None, typer.Option(help="A figure that follows the rate and is held constant all the same.")
]
Workers = Annotated[
    int,
    typer.Option(min=0, max=64, help="Processes, 0 for the machine's, four at most; the answer is the same."),
]
Executor = Annotated[
    str, typer.Option(help="Who works out the paths: `processes` of this machine, or the workers of `dask`.")
]
Scheduler = Annotated[
    str | None, typer.Option(help="The address of a Dask scheduler; processes of this machine unless given.")
]


def many_of(workers: int, executor: str, scheduler: str | None) -> Any:
    """Return who works out the paths: processes of this machine, or a cluster's workers."""
    from engine.assembly import workers as who
    from engine.cli.output import progress

    return who(workers or min(os.cpu_count() or 1, 4), executor, scheduler, progress)


def draft_of(name: str) -> Any:
    """Return the draft of a file, or a deal of the workspace by its name."""
    from engine.queries.foresight_questions import draft_or_deal

    return draft_or_deal(name, workspace_if_any(), all_templates())


def given_of(deal: Any, fact: list[str] | None, facts: Path | None, between: str | None) -> FactsByDate:
    """Return what is assumed of the Servicer's reports."""
    from engine.queries.draft_files import facts_for

    return facts_for(deal, fact or [], facts, between)


def day_of(prepared: str | None) -> date:
    """Return the date of a report: today unless it is named."""
    return day(prepared) if prepared is not None else clock().date()


def asked_of(
    scenario: list[str] | None,
    point: str,
    shape: str,
    multiples: str = "1",
    jump: str | None = None,
    missing: str | None = None,
    rates: Path | None = None,
    lose: str | None = None,
    until: str | None = None,
    weeks: int = 130,
) -> StressAsked:
    """Return the paths as they are asked for. Raises WrongUsage for a word that is not one of those known."""
    from engine.queries.asked_paths import asked_paths

    last = day(until) if until is not None else None
    days = (
        frozenset(day(text.strip()) for text in missing.split(","))
        if missing is not None
        else frozenset[date]()
    )
    return asked_paths(
        tuple(scenario or ("A", "B", "C")), point, shape, multiples, jump, days, rates, lose, last, weeks
    )

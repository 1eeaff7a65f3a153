"""A draft on several stated paths, one after another or side by side.

`stress`, `compare` and `grid` use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial

from engine.basics.many_processes import Workers, in_order
from engine.basics.values import counted
from engine.determination.template import Template
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import GivenFile
from engine.foresight.rate_scenarios import Point, Rates, ScenarioPath, Shape, read_legs
from engine.foresight.stress import PathOutcome, closing_levels, outcome
from engine.terms.as_written import Deal

POINTS: tuple[Point, ...] = ("low", "middle", "high")
Watch = Callable[[str], None]
Make = Callable[[], Mapping[str, Template]]
"""A function that returns the covenant templates.

Each process calls it itself, because templates hold functions that cannot be sent to a process.
"""


@dataclass(frozen=True)
class StatedPath:
    """One path ready to be lived.

    Attributes:
        name: its name.
        rates: the rates of each index.
        scenario: the scenario that made them; None for a table of dated rates.
        source: that table; None for a scenario.
    """

    name: str
    rates: Mapping[str, Rates]
    scenario: ScenarioPath | None = None
    source: GivenFile | None = None


def scenario_paths(
    deal: Deal,
    scenarios: Sequence[str],
    points: Sequence[Point],
    shape: Shape,
    multiples: Sequence[Fraction],
    until: date,
    change: Callable[[ScenarioPath], ScenarioPath] = lambda path: path,
    levels: Mapping[str, Decimal] | None = None,
) -> tuple[StatedPath, ...]:
    """Return the paths of some scenarios, at some points of their bands, at each multiple of speed.

    Every index falls alike.

    Args:
        deal: the draft, whose Closing Date levels are where the rates begin.
        scenarios: `B`, or several in turn `A:548,B`.
        points: the points of each band.
        shape: compound or straight line.
        multiples: how many times as fast time runs.
        until: the last date.
        change: what else is done to each path: a jump, missed weeks.
        levels: other rates to begin with.
    """
    # A draft begins at the level that the parties agreed on, and not at today's rate.
    start = levels or closing_levels(deal)
    paths = []
    for legs in scenarios:
        for point in points:
            for multiple in multiples:
                path = change(ScenarioPath(read_legs(legs), point, shape, multiple))
                rates = {name: path.rates(level, deal.closing_date, until) for name, level in start.items()}
                paths.append(StatedPath(path.name, rates, path))
    return tuple(paths)


def lived_paths(
    deal: Deal,
    make: Make,
    paths: Sequence[StatedPath],
    given: FactsByDate,
    until: date,
    workers: Workers = 1,
    watch: Watch = lambda _: None,
) -> tuple[PathOutcome, ...]:
    """Return what the draft does on each path, in the paths' order.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        paths: the paths.
        given: what the Servicer's reports would say.
        until: the last date.
        workers: the number of processes; a single one works in this process.
        watch: is told which path is done.
    """
    outcomes = []
    # Results come in the order of the paths, so the answer does not depend on which process was faster.
    for rule in in_order(partial(_lived, deal, make, given, until), paths, workers):
        outcomes.append(rule)
        watch(f"{rule.path}, {len(outcomes)} of {counted(len(paths), 'paths')}")
    return tuple(outcomes)


def _lived(deal: Deal, make: Make, given: FactsByDate, until: date, path: StatedPath) -> PathOutcome:
    return outcome(path.name, deal, make(), path.rates, given.along(path.rates, deal.closing_date), until)

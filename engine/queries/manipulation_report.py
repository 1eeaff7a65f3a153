"""How many listings, or sellers, it takes to move an index, or to turn a result of a deal (WP §7.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage, dates_there
from engine.basics.values import counted
from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.kinds import Event, Tested
from engine.events.log_names import series_name
from engine.events.results import TestResult, Verdict
from engine.events.standing import standing
from engine.foresight.backtest import History, lived
from engine.foresight.facts_by_date import FactsByDate
from engine.market.methodology import load_methodology
from engine.market.quality import manipulation as attack
from engine.market.quality.capital_costs import read_costs
from engine.queries.history import events_of
from engine.queries.index_weeks import days_of, weeks_of
from engine.queries.seller_moves import seller_moves, shadow_data, shadow_of, turning_moves
from engine.record.log import prints_in
from engine.terms.as_written import Deal
from engine.wording.adopted_deal import adopted
from engine.workspace.series import prints_of, series_by_index, series_of_facts
from engine.workspace.workspace import Workspace


def _named(least: dict[tuple[Fraction, Fraction], int | None]) -> dict[str, int | None]:
    return {f"{float(at):.0%} by {float(move):.0%}": k for (at, move), k in least.items()}


def _least(least: Any) -> dict[str, int | None]:
    return _named({(at, move): least(at, move) for at in attack.AT for move in attack.MOVES})


def _least_of(name: str, days: tuple[attack.Day, ...], gpus: int) -> dict[str, int | None]:
    largest = max((listings for _, listings in days), key=len)
    return _least(lambda at, move: attack.least_for_estimator(name, largest, at, move, gpus))


def _outlay(least: Mapping[str, int | None], cost: Decimal | None) -> dict[str, str | None]:
    """Return the paper's estimated minimum capital outlay in USD.

    It is the least number of listings times the cost of a listing. The result is None if either is not known.
    """
    return {name: None if k is None or cost is None else f"{k * cost:f}" for name, k in least.items()}


NOTHING = {"leaving": None, "fakes": None, "repricing": None}
"""What is said of sellers where no listings stand behind a result."""


def _trips(workspace: Workspace, adopted: DealAdopted, result: TestResult) -> Iterator[dict[str, Any]]:
    """Yield a row for each index on which a result turns.

    A passing result is turned towards failing. A failing result is turned towards passing.
    """
    for even in result.break_even:
        facts = next(index for index in facts_on(adopted, result.on).indices if index.name == even.index)
        series = series_of_facts(facts)
        event = _newest(prints_in(workspace.store, series), result.on)
        version = event.payload.value["methodology"] if event else None
        row = {"test": result.test, "result": result.verdict.value, "index": even.index}
        # An administrator's series comes without listings, so invented ones cannot be added to them.
        if even.rate is None or event is None or not version or series_name(series).administered:
            yield {**row, "break_even": None, "at": even.note or "no snapshots", "least": None, **NOTHING}
            continue
        days = days_of(workspace, even.index, version, event.effective_on)
        down = (even.fails == "below") == (result.verdict is Verdict.PASS)
        at = attack.AT[0] if down else attack.AT[1]
        level = even.rate.value
        turned = partial(_turned, level=level, passing=result.verdict is Verdict.PASS, down=down)
        least = attack.least_that(days, load_methodology(version), at, turned)
        moves = turning_moves(days, load_methodology(version), turned, target_of(level, result, down))
        yield {**row, "break_even": f"{float(level):.4f}", "at": f"{float(at):.0%}", "least": least, **moves}


def _turned(value: Fraction, level: Fraction, passing: bool, down: bool) -> bool:
    """Return whether a published value would turn a result.

    A value turns a passing result beyond the Break-even Rate, and a failing result back at that rate.
    """
    # Contracts look at the published value of four decimals, which may lie on the other side than the raw
    # one.
    published = Fraction(round(value * 10_000), 10_000)
    # At the Break-even Rate itself the test just passes (`rulings.md` 18), so only a value beyond the rate
    # turns a PASS.
    if passing:
        return published < level if down else published > level
    return published <= level if down else published >= level


def target_of(level: Fraction, result: TestResult, down: bool) -> Fraction:
    """Return the published value at which a result turns.

    It is one step of the grid beyond the Break-even Rate, or the rate itself.
    """
    past = Fraction(1, 10_000) if result.verdict is Verdict.PASS else Fraction(0)
    return level - past if down else level + past


def _newest(events: Any, on: date) -> Event | None:
    published = [
        event for event in events if event.effective_on <= on and event.payload.value["value"] is not None
    ]
    return published[-1] if published else None


@dataclass(frozen=True, slots=True)
class ManipulationReport:
    """What it takes to move one week's value: listings, capital, sellers.

    The figures stand by name, as JSON prints them.
    """

    figures: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return dict(self.figures)


def manipulation_report(
    workspace: Workspace,
    index: str,
    version: str,
    publication: date,
    costs: Path | None,
    progress: Callable[[str], None],
) -> ManipulationReport:
    """Return the least numbers of injected listings that move a value.

    The numbers stand for each day, the week and the four estimators. Table 5 covers all days on hand.

    Raises WrongUsage for a date without a value, naming the dates near it.
    """
    methodology = load_methodology(version)
    days = days_of(workspace, index, version, publication)
    value = attack.week_value(days, methodology)
    if value is None:
        there = dates_there(
            (
                value.publication_date
                for value, _ in weeks_of(workspace, index, version, progress)
                if value.value
            ),
            publication,
        )
        raise WrongUsage(
            f"{index} has no value for {publication} under {version}; of dates with a value {there}"
        )
    every = [
        listings
        for _, week in weeks_of(workspace, index, version, progress)
        for _, listings in week
        if listings
    ]
    rows = list(attack.table_5(every, methodology))
    price = read_costs(costs)
    cost, gpus = price["usd"], price["gpus"] or attack.LISTED_GPUS
    data: dict[str, Any] = {
        "index": index,
        "methodology": version,
        "publication_date": str(publication),
        "value": str(round(Decimal(value.numerator) / Decimal(value.denominator), 4)),
        "week": _least(lambda at, move: attack.least_for_week(days, methodology, at, move)),
        "days": {
            str(day): _least(lambda at, move, f=listings: attack.least_for_day(f, methodology, at, move))
            for day, listings in days
            if listings
        },
        "estimators": {name: _least_of(name, days, gpus) for name in attack.ESTIMATORS},
        "estimators_injected": f"listings of {counted(gpus, 'GPUs')}, without outlier removal",
        "volume-weighted mean, 1 GPU": _least_of("volume-weighted mean", days, 1),
        "table_5": [
            {
                "listings": f"{r.listings}{'+' if r.listings == attack.ROWS[-1] else ''}",
                "days": r.days,
                "least": _named(r.least),
                "outlay_usd": _outlay(_named(r.least), cost),
            }
            for r in rows
        ],
        "capital": {"per_listing": price["per_listing"], "source": price["source"]},
        "sellers": seller_moves(days, methodology),
        "shadow_rate": shadow_data(shadow_of(workspace, index, version, publication)),
    }
    data["week_outlay_usd"] = _outlay(data["week"], cost)
    data["days_outlay_usd"] = {day: _outlay(least, cost) for day, least in data["days"].items()}
    data["estimators_outlay_usd"] = {name: _outlay(least, cost) for name, least in data["estimators"].items()}
    return ManipulationReport(data)


@dataclass(frozen=True, slots=True)
class DealManipulation:
    """For each test of a date, what turns its result: one row for each index that the result turns on."""

    deal: str
    on: date
    rows: tuple[Mapping[str, Any], ...]

    def as_data(self) -> dict[str, Any]:
        """Return the rows as JSON: `deal`, `on`, `tests`."""
        return {"deal": self.deal, "on": str(self.on), "tests": [dict(row) for row in self.rows]}


def deal_manipulation(workspace: Workspace, deal: str, on: date) -> DealManipulation:
    """Return how many listings a day turn each test of a deal on a date.

    Each number is the least that trips the test, or that hides its failure.

    Raises WrongUsage for a date on which the deal was not tested.
    """
    # A correction may have replaced results of the date, and only those that stand can be turned.
    events = standing(events_of(workspace, deal))
    facts = [event.payload for event in events if isinstance(event.payload, DealAdopted)][-1]
    tested = [event for event in events if isinstance(event.payload, Tested)]
    results = [event.payload.result for event in tested if event.effective_on == on]
    if not results:
        raise WrongUsage(
            f"{deal} was not tested on {on}; of its dates "
            f"{dates_there((event.effective_on for event in tested), on)}"
        )
    rows = tuple(row for result in results for row in _trips(workspace, facts, result))
    return DealManipulation(deal, on, rows)


def draft_manipulation(
    workspace: Workspace,
    deal: Deal,
    templates: Mapping[str, Template],
    on: date,
    assumed: FactsByDate,
) -> DealManipulation:
    """Return the manipulation report of a draft, over the workspace's series.

    Figures that each report is assumed to carry are given.

    Raises WrongUsage for a date on which the draft would not be tested.
    """
    history = History(series_by_index(prints_of(workspace), deal, on), (), assumed, on)
    tested = [draft for draft in lived(deal, templates, history) if isinstance(draft.payload, Tested)]
    results = [draft.payload.result for draft in tested if draft.effective_on == on]
    if not results:
        there = dates_there((test.effective_on for test in tested), on)
        raise WrongUsage(
            f"{deal.name}, closing on {deal.closing_date}, is not tested on {on}; of its dates {there}"
        )
    facts = adopted(deal, templates)
    return DealManipulation(
        deal.name, on, tuple(row for result in results for row in _trips(workspace, facts, result))
    )

"""`headroom manipulation`, `headroom reproduce`: how far the number can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from engine.audit.reproduce import reproduction
from engine.basics.errors import WrongUsage, dates_there
from engine.basics.values import counted
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.kinds import Event, Tested
from engine.events.log_names import series_name
from engine.events.results import TestResult, Verdict
from engine.events.standing import standing
from engine.market.methodology import load_methodology
from engine.market.quality import manipulation as attack
from engine.market.quality.capital_costs import read_costs
from engine.queries.history import events_of
from engine.queries.index_weeks import days_of, weeks_of
from engine.queries.seller_moves import seller_moves, shadow_data, shadow_of, turning_moves
from engine.record.log import index_log, read
from engine.workspace.series import series_of_facts
from engine.workspace.workspace import Workspace

# ---- manipulation -----------------------------------------------------------------------------------------------------


def manipulate(workspace: Workspace, index: str, version: str, publication: date, costs: Path | None, as_json: bool) -> int:
    """Least numbers of injected listings for each day, the week and the four estimators; Table 5 over all days on hand."""
    methodology = load_methodology(version)
    days = days_of(workspace, index, version, publication)
    value = attack.week_value(days, methodology)
    if value is None:
        there = dates_there(
            (value.publication_date for value, _ in weeks_of(workspace, index, version, progress) if value.value), publication
        )
        progress_done()
        raise WrongUsage(f"{index} has no value for {publication} under {version}; of dates with a value {there}")
    every = [found for _, week in weeks_of(workspace, index, version, progress) for _, found in week if found]
    progress_done()
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
            str(day): _least(lambda at, move, f=found: attack.least_for_day(f, methodology, at, move)) for day, found in days if found
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
    if as_json:
        print_json(data)
        return 0
    _say_manipulation(data)
    return 0


def _named(least: dict[tuple[Fraction, Fraction], int | None]) -> dict[str, int | None]:
    return {f"{float(at):.0%} by {float(move):.0%}": k for (at, move), k in least.items()}


def _least(found: Any) -> dict[str, int | None]:
    return _named({(at, move): found(at, move) for at in attack.AT for move in attack.MOVES})


def _least_of(name: str, days: tuple[attack.Day, ...], gpus: int) -> dict[str, int | None]:
    largest = max((found for _, found in days), key=len)
    return _least(lambda at, move: attack.least_for_estimator(name, largest, at, move, gpus))


def _outlay(least: Mapping[str, int | None], cost: Decimal | None) -> dict[str, str | None]:
    """The paper's estimated minimum capital outlay in USD: so many listings at the cost of one; None where either is not known."""
    return {name: None if k is None or cost is None else f"{k * cost:f}" for name, k in least.items()}


def _say_manipulation(data: dict[str, Any]) -> None:
    heads = tuple(data["week"])
    say(f"{data['index']} of {data['publication_date']} under {data['methodology']}: USD {data['value']} per GPU-hour")
    say("Least number of injected listings, at 50% or 150% of the median, that moves it by 5%, 10% or 25%.")
    say("A day: up to half of its listings. The week: the same number on every collected day, up to half of the largest day's.")
    say(f"The estimators: {data['estimators_injected']}, up to half of the day's.")
    say()
    rows = [("the week, on every day", *_cells(data["week"]))]
    rows += [(day, *_cells(least)) for day, least in data["days"].items()]
    rows += [(f"largest day by {name}", *_cells(least)) for name, least in data["estimators"].items()]
    rows.append(("the same, volume-weighted, by 1 GPU each", *_cells(data["volume-weighted mean, 1 GPU"])))
    say(table(("", *heads), rows, right=tuple(range(1, len(heads) + 1))))
    say()
    say("Table 5 of the paper, filled by drawing N listings from the days on hand (middle of 200 draws)")
    shown = [(row["listings"], str(row["days"]), *_cells(row["least"], row["days"])) for row in data["table_5"]]
    say(table(("N", "days", *heads), shown, right=tuple(range(1, len(heads) + 2))))
    source = data["capital"]["source"]
    if source:
        say()
        say("Estimated minimum capital outlay in USD: the listings above at the cost of one")
        outlays = [("the week", "", *_usd(data["week_outlay_usd"]))]
        outlays += [(day, "", *_usd(outlay)) for day, outlay in data["days_outlay_usd"].items()]
        outlays += [(f"largest day by {name}", "", *_usd(outlay)) for name, outlay in data["estimators_outlay_usd"].items()]
        outlays += [(f"N = {row['listings']}", str(row["days"]), *_usd(row["outlay_usd"], row["days"])) for row in data["table_5"]]
        say(table(("", "days", *heads), outlays, right=tuple(range(1, len(heads) + 2))))
        say()
    _say_sellers(data["sellers"], data["shadow_rate"])
    per = data["capital"]["per_listing"]
    say(f"Capital for one listing: {per}" + (f" USD ({source})" if source else "; name its inputs with --costs FILE"))


def _say_sellers(moves: Mapping[str, Any], shadow: Mapping[str, str] | None) -> None:
    """What one seller and invented listings at free prices and days can do, and the shadow rate beside."""
    say()
    say("A seller leaves, with all of its rows on every day: the value without it")
    say(table(("seller", "value"), list(moves["without_each"].items()), right=(1,)))
    for move, found in moves["leaving"].items():
        first = f", first {', '.join(found['first'])}: {found['value']}" if found["first"] else ""
        say(f"least number of sellers whose leaving moves it by {move}: {found['sellers']}{first}")
    if moves["repricing"] is not None:
        one = moves["repricing"]
        say(f"the largest seller, {one['seller']}, at one price of its own: {one['lowest']} to {one['highest']}")
    say()
    say("Invented listings at free prices and on free days: the least number of listing-days")
    rows = [(move, *_plan_cells(plan)) for move, plan in moves["fake_listings"].items()]
    say(table(("move", "listing-days", "most on a day", "one plan"), rows, right=(1, 2)))
    if shadow is not None:
        say()
        between = f"{shadow['low']} to {shadow['high']}, which covers {float(shadow['covers']):.2%}"
        say(f"Shadow rate, one seller one vote: {shadow['rate']} of {shadow['sellers']} sellers, {between}; {shadow['is']}")
    say()


def _plan_cells(plan: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if plan is None:
        return "not reachable", "-", "-"
    said = "; ".join(f"{one['day']}: {one['listings']} at {one['at']}" for one in plan["plan"])
    return str(plan["listing_days"]), str(plan["most_on_one_day"]), said or "none needed"


def _usd(outlay: Mapping[str, str | None], days: int = 1) -> tuple[str, ...]:
    return tuple("no day" if not days else "not reachable" if one is None else f"{Decimal(one):,.0f}" for one in outlay.values())


def _cells(least: dict[str, int | None], days: int = 1) -> tuple[str, ...]:
    return tuple("no day" if not days else "not reachable" if k is None else str(k) for k in least.values())


def manipulate_deal(workspace: Workspace, deal: str, on: date, as_json: bool) -> int:
    """For each test of a date, the least number of listings on every day that trips it, or masks its failure."""
    events = standing(events_of(workspace, deal))
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)][-1]
    tested = [event for event in events if isinstance(event.payload, Tested)]
    results = [event.payload.result for event in tested if event.effective_on == on]
    if not results:
        raise WrongUsage(f"{deal} was not tested on {on}; of its dates {dates_there((one.effective_on for one in tested), on)}")
    rows = [row for result in results for row in _trips(workspace, adopted, result)]
    if as_json:
        print_json({"deal": deal, "on": str(on), "tests": rows})
        return 0
    say(f"{deal} on {on}: least number of listings, standing on every day of the week, that turns each result")
    say("Looked for up to half of the largest day's listings, the same number on every collected day.")
    say("Sellers: the least number whose leaving turns it, or leaves no value. Free: listing-days at free prices and on free days.")
    shown = [(r["test"], r["result"], r["index"], r["break_even"] or "-", r["at"], *_turning_cells(r)) for r in rows]
    say(table(("test", "result", "index", "break-even", "listed at", "listings", "sellers", "free"), shown, right=(5, 7)))
    return 0


def _turning_cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """The least listings on every day, the least sellers that leave, the listing-days at free prices."""
    least = "not reachable" if row["least"] is None else str(row["least"])
    return least, _leaving_cell(row["leaving"]), str(row["fakes"]["listing_days"]) if row["fakes"] else "-"


def _leaving_cell(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['sellers']}, no value" if found["value"] == "no value" else str(found["sellers"])


def _trips(workspace: Workspace, adopted: DealAdopted, result: TestResult) -> Iterator[dict[str, Any]]:
    """One row for each index that a result turns on: towards failing where it passes, towards passing where it fails."""
    for even in result.break_even:
        facts = next(one for one in facts_on(adopted, result.on).indices if one.name == even.index)
        series = series_of_facts(facts)
        event = _newest(read(workspace.store, index_log(series)), result.on)
        version = event.payload.value["methodology"] if event else None
        row = {"test": result.test, "result": result.verdict.value, "index": even.index}
        if even.rate is None or event is None or not version or series_name(series).administered:
            yield {**row, "break_even": None, "at": even.note or "no snapshots", "least": None, "leaving": None, "fakes": None}
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
    """Whether a value, as it would be published, turns a result: past the Break-even Rate, or back to it."""
    published = Fraction(round(value * 10_000), 10_000)
    if passing:
        return published < level if down else published > level
    return published <= level if down else published >= level


def target_of(level: Fraction, result: TestResult, down: bool) -> Fraction:
    """What a published value must come to for a result to turn: one step of the grid past the Break-even Rate, or the rate itself."""
    past = Fraction(1, 10_000) if result.verdict is Verdict.PASS else Fraction(0)
    return level - past if down else level + past


def _newest(events: Any, on: date) -> Event | None:
    found = [event for event in events if event.effective_on <= on and event.payload.value["value"] is not None]
    return found[-1] if found else None


# ---- reproduction -----------------------------------------------------------------------------------------------------


def reproduce(workspace: Workspace, index: str, version: str, publication: date, as_json: bool) -> int:
    """What a third party would run, each step with its outcome; 3 where it differs (WP §7.4)."""
    found = reproduction(workspace, index, version, publication)
    if as_json:
        data = {"index": index, "methodology": version, "publication_date": str(publication), "value": found.value}
        steps = [{"step": step.strip(), "outcome": outcome} for step, outcome in found.steps]
        print_json({**data, "published": found.published, "same": found.same, "steps": steps})
    else:
        say(f"{index} of {publication} under {version}")
        for name, said in found.steps:
            say(f"  {name}: {said}")
    return found.exit_code

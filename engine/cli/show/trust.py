"""`headroom manipulation`, `headroom reproduce`: how far the number can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.audit.reproduce import reproduction
from engine.basics.errors import WrongUsage
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.foresight.facts_by_date import held_facts
from engine.queries.manipulation_report import deal_manipulation, draft_manipulation, manipulation_report
from engine.workspace.deal_files import Templates, loaded
from engine.workspace.workspace import Workspace

# ---- manipulation
# -----------------------------------------------------------------------------------------------------


def manipulate(
    workspace: Workspace, index: str, version: str, publication: date, costs: Path | None, as_json: bool
) -> int:
    """Print the least numbers of injected listings that move a value.

    They stand for each day, the week and the four estimators. Table 5 covers all days on hand.
    """
    try:
        report = manipulation_report(workspace, index, version, publication, costs, progress)
    finally:
        progress_done()
    if as_json:
        print_json(report.as_data())
    else:
        _say_manipulation(report.as_data())
    return 0


def _say_manipulation(data: dict[str, Any]) -> None:
    heads = tuple(data["week"])
    say(
        f"{data['index']} of {data['publication_date']} under {data['methodology']}: USD {data['value']} "
        "per GPU-hour"
    )
    say("Least number of injected listings, at 50% or 150% of the median, that moves it by 5%, 10% or 25%.")
    say(
        "A day: up to half of its listings. The week: the same number on every collected day, up to half of "
        "the largest day's."
    )
    say(f"The estimators: {data['estimators_injected']}, up to half of the day's.")
    say()
    rows = [("the week, on every day", *_cells(data["week"]))]
    rows += [(day, *_cells(least)) for day, least in data["days"].items()]
    rows += [(f"largest day by {name}", *_cells(least)) for name, least in data["estimators"].items()]
    rows.append(("the same, volume-weighted, by 1 GPU each", *_cells(data["volume-weighted mean, 1 GPU"])))
    say(table(("", *heads), rows, right=tuple(range(1, len(heads) + 1))))
    say()
    say("Table 5 of the paper, filled by drawing N listings from the days on hand (middle of 200 draws)")
    shown = [
        (row["listings"], str(row["days"]), *_cells(row["least"], row["days"])) for row in data["table_5"]
    ]
    say(table(("N", "days", *heads), shown, right=tuple(range(1, len(heads) + 2))))
    source = data["capital"]["source"]
    if source:
        say()
        say("Estimated minimum capital outlay in USD: the listings above at the cost of one")
        outlays = [("the week", "", *_usd(data["week_outlay_usd"]))]
        outlays += [(day, "", *_usd(outlay)) for day, outlay in data["days_outlay_usd"].items()]
        outlays += [
            (f"largest day by {name}", "", *_usd(outlay))
            for name, outlay in data["estimators_outlay_usd"].items()
        ]
        outlays += [
            (f"N = {row['listings']}", str(row["days"]), *_usd(row["outlay_usd"], row["days"]))
            for row in data["table_5"]
        ]
        say(table(("", "days", *heads), outlays, right=tuple(range(1, len(heads) + 2))))
        say()
    _say_sellers(data["sellers"], data["shadow_rate"])
    per = data["capital"]["per_listing"]
    say(
        f"Capital for one listing: {per}"
        + (f" USD ({source})" if source else "; name its inputs with --costs FILE")
    )


def _say_sellers(moves: Mapping[str, Any], shadow: Mapping[str, str] | None) -> None:
    """Print what a seller, and invented listings at free prices and days, can do.

    The shadow rate stands beside it.
    """
    say()
    say("A seller leaves, with all of its rows on every day: the value without it")
    say(table(("seller", "value"), list(moves["without_each"].items()), right=(1,)))
    for move, leaving in moves["leaving"].items():
        first = f", first {', '.join(leaving['first'])}: {leaving['value']}" if leaving["first"] else ""
        say(f"least number of sellers whose leaving moves it by {move}: {leaving['sellers']}{first}")
    if moves["repricing"] is not None:
        repricing = moves["repricing"]
        say(
            f"the largest seller, {repricing['seller']}, at one price of its own: {repricing['lowest']} to "
            f"{repricing['highest']}"
        )
    say()
    say("Invented listings at free prices and on free days: the least number of listing-days")
    rows = [(move, *_plan_cells(plan)) for move, plan in moves["fake_listings"].items()]
    say(table(("move", "listing-days", "most on a day", "one plan"), rows, right=(1, 2)))
    if shadow is not None:
        say()
        between = f"{shadow['low']} to {shadow['high']}, which covers {float(shadow['covers']):.2%}"
        say(
            f"Shadow rate, one seller one vote: {shadow['rate']} of {shadow['sellers']} sellers, {between}; "
            f"{shadow['is']}"
        )
    say()


def _plan_cells(plan: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if plan is None:
        return "not reachable", "-", "-"
    said = "; ".join(f"{step['day']}: {step['listings']} at {step['at']}" for step in plan["plan"])
    return str(plan["listing_days"]), str(plan["most_on_one_day"]), said or "none needed"


def _usd(outlay: Mapping[str, str | None], days: int = 1) -> tuple[str, ...]:
    return tuple(
        "no day" if not days else "not reachable" if amount is None else f"{Decimal(amount):,.0f}"
        for amount in outlay.values()
    )


def _cells(least: dict[str, int | None], days: int = 1) -> tuple[str, ...]:
    return tuple("no day" if not days else "not reachable" if k is None else str(k) for k in least.values())


def manipulate_deal(
    workspace: Workspace,
    deal: str,
    on: date,
    as_json: bool,
    facts: Sequence[str] = (),
    templates: Templates = MappingProxyType({}),
) -> int:
    """Print what turns each test of a date.

    The tests are those of a deal by its name, or of a draft by its file with assumed `facts`.

    Raises WrongUsage for facts beside a deal of the record.
    """
    # A path goes before a name, since a draft's file may carry the name of a deal on record.
    if Path(deal).is_file():
        draft = loaded(Path(deal), templates)
        held = held_facts(facts, draft.closing_date, draft.segments[0][1])
        manipulation = draft_manipulation(workspace, draft, templates, on, held)
    # Assumed figures beside reports of the record would give a result that was never issued.
    elif facts:
        raise WrongUsage("--fact is for a draft by its file; a deal of the record has its own reports")
    else:
        manipulation = deal_manipulation(workspace, deal, on)
    if as_json:
        print_json(manipulation.as_data())
        return 0
    say(
        f"{manipulation.deal} on {on}: least number of listings, standing on every day of the week, that "
        "turns each result"
    )
    say("Looked for up to half of the largest day's listings, the same number on every collected day.")
    say(
        "Sellers: the least number whose leaving turns it, or leaves no value. Free: listing-days at free "
        "prices and on free days."
    )
    shown = [
        (r["test"], r["result"], r["index"], r["break_even"] or "-", r["at"], *_turning_cells(r))
        for r in manipulation.rows
    ]
    say("Prices: whether the largest seller turns it by its prices alone.")
    heads = ("test", "result", "index", "break-even", "listed at", "listings", "sellers", "free", "prices")
    say(table(heads, shown, right=(5, 7)))
    return 0


def _turning_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return the four cells of a row that say what turns a result.

    They are the least listings on every day, the least sellers that leave, listing-days at free prices, and
    the largest seller's prices.
    """
    prices = "-" if row["repricing"] is None else "yes" if row["repricing"]["turns"] else "no"
    least = "not reachable" if row["least"] is None else str(row["least"])
    return (
        least,
        _leaving_cell(row["leaving"]),
        str(row["fakes"]["listing_days"]) if row["fakes"] else "-",
        prices,
    )


def _leaving_cell(leaving: Mapping[str, Any] | None) -> str:
    if leaving is None:
        return "-"
    return f"{leaving['sellers']}, no value" if leaving["value"] == "no value" else str(leaving["sellers"])


# ---- reproduction
# -----------------------------------------------------------------------------------------------------


def reproduce(workspace: Workspace, index: str, version: str, publication: date, as_json: bool) -> int:
    """Return what a third party would run, each step with its outcome; 3 if it differs (WP §7.4)."""
    answer = reproduction(workspace, index, version, publication)
    if as_json:
        data = {
            "index": index,
            "methodology": version,
            "publication_date": str(publication),
            "value": answer.value,
        }
        steps = [{"step": step.strip(), "outcome": outcome} for step, outcome in answer.steps]
        print_json({**data, "published": answer.published, "same": answer.same, "steps": steps})
    else:
        say(f"{index} of {publication} under {version}")
        for name, said in answer.steps:
            say(f"  {name}: {said}")
    return answer.exit_code

"""`headroom depreciation` and `headroom precision`.

The first prints curves, spreads and scenarios. The second prints the interval's width by count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.cli.show.review import bands_table, shown_widths
from engine.queries.depreciation_tables import HORIZONS, depreciation_tables
from engine.queries.width_tables import WidthTable, width_tables
from engine.workspace.workspace import Workspace

WEEKS_SHOWN = 13
"""Weeks that are printed one by one, the newest: a quarter; `--json` has all."""


def depreciation(
    workspace: Workspace,
    names: Sequence[str],
    newer: str | None,
    quotes: Path | None,
    switches: str | None,
    as_json: bool,
) -> int:
    """Print eq. 1 for each series, and eq. 2 and 3 if quotes are given.

    Spreads, scenarios, and whether CRI-D can be computed follow.
    """
    data = depreciation_tables(workspace, names, newer, quotes, switches).as_data()
    if as_json:
        print_json(data)
    else:
        _say(data, quotes)
    return 0


def _by_month(series: dict[str, Any]) -> str:
    """Return eq. 1 at the last value of each month, with a column for each series.

    A month without a value has an empty cell.
    """
    last: dict[str, dict[str, str]] = {}
    for name, curve in series.items():
        for point in curve["points"]:
            # Points come oldest first, so the last one of a month stays.
            last.setdefault(point["date"][:7], {})[name] = f"{float(point['change'].removesuffix('%')):+.2f}%"
    rows = [(month, *(value.get(name, "-") for name in series)) for month, value in sorted(last.items())]
    return table(("end of month", *series), rows, right=tuple(range(1, len(series) + 1)))


def _say(data: dict[str, Any], quotes: Path | None) -> None:
    rows = [
        (
            name,
            str(c["values"]),
            c["first"] or "-",
            c["last"] or "-",
            c["change"] or "-",
            c["annual_decline"] or "too short",
        )
        for name, c in data["series"].items()
    ]
    say(
        table(("series", "weeks", "first", "last", "change (eq. 1)", "annual decline"), rows, right=(1, 4, 5))
    )
    say()
    say(
        "Depreciation curves: the change since the first value (eq. 1), at the last value of each month; "
        "every value with --json"
    )
    say(_by_month(data["series"]))
    for spread in data["generation_spreads"]:
        say(
            f"generation spread {spread['newer']} over {spread['older']}: first {spread['first']}, last "
            f"{spread['last']}"
        )
    say()
    for quote in data["resale"]:
        say(
            f"{quote['on']}: rental {quote['rental']}, resale {quote['resale']}, S {quote['spread']}: "
            f"{quote['words']}"
        )
    if quotes is None:
        say("resale (eq. 2) and S (eq. 3): not given; name a file of quotes with --quotes")
    say()
    heads = ("scenario", "band", *(f"{days} d" for days in HORIZONS))
    for shape, left in (("compound", "left"), ("straight line", "left_on_a_straight_line")):
        say(f"What is left of a rate, {shape}, from the high to the low end of each band")
        say(
            table(
                heads,
                [
                    (scenario["scenario"], scenario["band"], *scenario[left].values())
                    for scenario in data["scenarios"]
                ],
            )
        )
        for scenario in data["scenarios"]:
            fast, slow = scenario["implied_lives"][shape]
            say(
                f"useful life that {scenario['scenario']} implies: {fast}, or {slow}; the paper says "
                f"{scenario['useful_life']}"
            )
        say()
    for row in (data["switching"] or {"rows": []})["rows"]:
        say(f"switching: after {row['after']} (in {row['scenario']}) {row['left']} of the rate is left")
    say()
    for transition in data["transitions"]:
        fallen = f"{transition['fallen']} (the paper says {transition['stated']})"
        say(
            f"reconstructed by the paper, enters no test: {transition['name']} {fallen}, "
            f"{transition['annual']} a year"
        )
    say()
    say("Useful lives (WP Table 1), beside the measured decline as a straight line")
    lives = [(life["entity"], life["years"], life["annual"], life["basis"]) for life in data["useful_lives"]]
    lives += [
        (name, c["useful_life"] or "too short", c["annual_decline"] or "too short", "measured here")
        for name, c in data["series"].items()
    ]
    say(table(("who", "years", "a year", "basis"), lives))
    cri_d = data["cri_d"]
    say(
        "CRI-D: "
        + (
            "can be computed: the curves above, per generation"
            if cri_d["computed"]
            else f"refused: {'; '.join(cri_d['lacking'])}"
        )
    )


def precision(workspace: Workspace, names: Sequence[str], as_json: bool) -> int:
    """Print the interval's width by number of observations.

    The widths are drawn from each series' own pool, and measured of its weeks.
    """
    tables = width_tables(workspace, names)
    if as_json:
        print_json({width_table.series: width_table.as_data() for width_table in tables})
        return 0
    for width_table in tables:
        _say_drawn(width_table)
        _say_recorded(width_table)
        say()
    return 0


def _say_drawn(drawn: WidthTable) -> None:
    if drawn.refused is not None:
        say(f"{drawn.series}: refused: {drawn.refused}")
        return
    say(f"{drawn.series}, week of {drawn.week}, drawn from its {drawn.observations} observations")
    shown = [
        (str(r["n"]), r["low"], r["middle"], r["high"], r["paper"], "yes" if r["holds"] else "no")
        for r in drawn.rows
    ]
    say(table(("N", "10th", "middle", "90th", "paper's Table 6", "holds"), shown, right=(0, 1, 2, 3)))
    where = drawn.table_fails_from
    holds = "holds at every count here" if where is None else f"does not hold from N = {where}"
    say(f"the paper's table {holds}")


def _say_recorded(measured: WidthTable) -> None:
    """Print each week on record as a point, and Table 6 as they measured it."""
    if not measured.weeks:
        return
    say()
    left = len(measured.weeks) - WEEKS_SHOWN
    say(
        f"{counted(len(measured.weeks), 'weeks')} on record with an interval"
        + (f"; the newest {WEEKS_SHOWN} here, all with --json" if left > 0 else "")
    )
    rows = [
        (str(week.publication), str(week.observations), *shown_widths(week.width, week.by_sellers))
        for week in measured.weeks[-WEEKS_SHOWN:]
    ]
    say(table(("week", "N", "width", "by sellers"), rows, right=(1, 2, 3)))
    say()
    say(bands_table(measured.bands))
    say(measured.minimum)

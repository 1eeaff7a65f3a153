"""`headroom depreciation` and `headroom precision`: curves, spreads and scenarios; the interval's width by count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.basics.errors import WrongUsage
from engine.basics.tables import read_table
from engine.cli.output import print_json, say, table
from engine.determination.scenario import BANDS, USEFUL_LIVES, Scenario
from engine.market import depreciation_curves as curves
from engine.record.log import index_log, read
from engine.workspace.series import known_series
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.market.quality.precision import Width

HORIZONS = (91, 182, 365, 548, 730, 1095)


def _series(workspace: Workspace, name: str) -> tuple[tuple[date, Fraction], ...]:
    newest = {e.effective_on: e.payload.value["value"] for e in read(workspace.store, index_log(name))}
    return tuple((day, Fraction(value)) for day, value in sorted(newest.items()) if value is not None)


def _versions(workspace: Workspace, name: str) -> dict[str, int]:
    """How many of a series' values each methodology version made: its own word, whatever the series is called (`rulings.md` 38)."""
    newest = {e.effective_on: e.payload.value for e in read(workspace.store, index_log(name))}
    return dict(Counter(value["methodology"] for value in newest.values() if value["value"] is not None))


def depreciation(
    workspace: Workspace, names: Sequence[str], newer: str | None, quotes: Path | None, switches: str | None, as_json: bool
) -> int:
    """Eq. 1 for each series, eq. 2 and 3 where quotes are given, generation spreads, scenarios, and whether CRI-D can be computed."""
    known = known_series(workspace)
    if newer is not None and newer not in names:
        names = [*(names or [name for name in known if name != newer]), newer]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise WrongUsage(f"there is no series {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}")
    series = {name: _series(workspace, name) for name in names or known}
    versions = {name: _versions(workspace, name) for name in series}
    missing = [*curves.lacking(series, newer), *curves.one_version(versions)]
    resale = _quotes(quotes) if quotes else ()
    data: dict[str, Any] = {
        "series": {name: _curve(found) for name, found in series.items()},
        "generation_spreads": _generations(series, newer),
        "resale": [_point(*one) for one in curves.spread(next(iter(series.values()), ()), resale)],
        "scenarios": [_scenario(name) for name in BANDS],
        "switching": _switched(switches) if switches else None,
        "cri_d": {"computed": not missing, "lacking": missing},
        "transitions": [
            {"name": t.name, "fallen": f"{float(t.fallen):.1%}", "annual": f"{t.annual:.1%}", "stated": t.stated}
            for t in curves.TRANSITIONS
        ],
        "useful_lives": [{"entity": u.entity, "years": u.years, "annual": u.annual, "basis": u.basis} for u in curves.USEFUL_LIVES],
    }
    if as_json:
        print_json(data)
    else:
        _say(data, quotes)
    return 0


def _curve(series: tuple[tuple[date, Fraction], ...]) -> dict[str, Any]:
    if not series:
        return {"first": None, "last": None, "values": 0, "change": None, "annual_decline": None, "points": []}
    curve = curves.depreciation(series)
    change = curve[-1][1]
    annual = curves.annual_decline(series)
    return {
        "first": f"{series[0][0]} {float(series[0][1]):.4f}",
        "last": f"{series[-1][0]} {float(series[-1][1]):.4f}",
        "values": len(series),
        "change": f"{float(change):+.2%}",
        "annual_decline": None if annual is None else f"{annual:.1%}",
        "points": [{"date": str(day), "change": f"{float(fallen):+.4%}"} for day, fallen in curve],
    }


def _by_month(series: dict[str, Any]) -> str:
    """Eq. 1 at the last value of each month, one column for each series; a month without a value shows none."""
    last: dict[str, dict[str, str]] = {}
    for name, curve in series.items():
        for point in curve["points"]:
            last.setdefault(point["date"][:7], {})[name] = f"{float(point['change'].removesuffix('%')):+.2f}%"
    rows = [(month, *(found.get(name, "-") for name in series)) for month, found in sorted(last.items())]
    return table(("end of month", *series), rows, right=tuple(range(1, len(series) + 1)))


def _generations(series: dict[str, tuple[tuple[date, Fraction], ...]], newer: str | None) -> list[dict[str, str]]:
    found = []
    for name, older in series.items():
        rows = curves.generation_spread(series[newer], older) if newer in series and name != newer else ()
        if rows:
            day, ratio, apart = rows[-1]
            first = f"{rows[0][0]} {float(rows[0][1]):.3f}x"
            found.append({"newer": str(newer), "older": name, "first": first, "last": f"{day} {float(ratio):.3f}x, USD {float(apart):.4f}"})
    return found


def _quotes(path: Path) -> tuple[tuple[date, Fraction], ...]:
    """Resale quotes: CSV with date, usd_per_gpu, source. Raises WrongUsage for a row without any of them, or without a price above zero."""
    try:
        sheet, problems = read_table(path.read_text(encoding="utf-8"), str(path))
        if sheet is None:
            raise ValueError(problems[0].why)
        rows = [row.cells for row in sheet.rows]
        found = tuple(sorted((date.fromisoformat(row["date"]), Fraction(Decimal(row["usd_per_gpu"]))) for row in rows))
        if not found or not all(row["source"] for row in rows):
            raise ValueError("every quote names its source")
        if any(price <= 0 for _, price in found):
            raise ValueError("a quote is above zero")
        return found
    except (OSError, KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise WrongUsage(f"{path} cannot be read ({error}); it needs the columns date, usd_per_gpu, source") from None


def _point(day: date, rent: Fraction, sale: Fraction, apart: Fraction) -> dict[str, str]:
    more = "rent has fallen more than resale" if apart < 0 else "resale has fallen more than rent"
    words = "rent and resale have changed alike" if apart == 0 else more
    changes = {"rental": f"{float(rent):+.2%}", "resale": f"{float(sale):+.2%}"}
    return {"on": str(day), **changes, "spread": f"{float(apart * 100):+.2f} points", "words": words}


def _scenario(name: str) -> dict[str, Any]:
    """A scenario's band: what is left of a rate by each horizon in both shapes, and the useful lives that its ends imply (rulings 16)."""
    band = f"{float(BANDS[name][0]):.0%} to {float(BANDS[name][1]):.0%} a year"
    ends = {shape: [_end(name, point, shape) for point in ("high", "low")] for shape in ("compound", "straight line")}
    left = {
        shape: {f"{days} days": " to ".join(f"{float(end.remaining(days)):.1%}" for end in both) for days in HORIZONS}
        for shape, both in ends.items()
    }
    lives = {shape: [end.implied_life.partition("; ")[0] for end in both] for shape, both in ends.items()}
    stated = {"scenario": name, "band": band, "useful_life": USEFUL_LIVES[name], "implied_lives": lives}
    return {**stated, "left": left["compound"], "left_on_a_straight_line": left["straight line"]}


def _end(name: str, point: str, shape: str) -> Scenario:
    return Scenario.model_validate({"scenario": name, "point": point, "shape": shape})


def _switched(text: str) -> dict[str, Any]:
    """What is left where one scenario gives way to the next: `A:548,B:365,C:365`, days in each, at both ends of the bands."""
    try:
        pairs = [one.split(":") for one in text.split(",")]
        parts = [(name, int(days)) for name, days in pairs]
        if any(days < 1 for _, days in parts):
            raise ValueError("time runs forward")
        made = [[Scenario.model_validate({"scenario": s, "point": p, "shape": "compound"}) for s, _ in parts] for p in ("low", "high")]
    except ValueError:
        raise WrongUsage(f"`{text}` is no sequence of scenarios, each with its days; write it like `A:548,B:365,C:365`") from None
    left, rows, passed = [Fraction(1), Fraction(1)], [], 0
    for place, (name, days) in enumerate(parts):
        left = [one * made[end][place].remaining(days) for end, one in enumerate(left)]
        passed += days
        rows.append({"after": f"{passed} days", "scenario": name, "left": f"{float(left[1]):.1%} to {float(left[0]):.1%}"})
    return {"sequence": text, "rows": rows}


def _say(data: dict[str, Any], quotes: Path | None) -> None:
    rows = [
        (name, str(c["values"]), c["first"] or "-", c["last"] or "-", c["change"] or "-", c["annual_decline"] or "too short")
        for name, c in data["series"].items()
    ]
    say(table(("series", "weeks", "first", "last", "change (eq. 1)", "annual decline"), rows, right=(1, 4, 5)))
    say()
    say("Depreciation curves: the change since the first value (eq. 1), at the last value of each month; every value with --json")
    say(_by_month(data["series"]))
    for one in data["generation_spreads"]:
        say(f"generation spread {one['newer']} over {one['older']}: first {one['first']}, last {one['last']}")
    say()
    for one in data["resale"]:
        say(f"{one['on']}: rental {one['rental']}, resale {one['resale']}, S {one['spread']}: {one['words']}")
    if quotes is None:
        say("resale (eq. 2) and S (eq. 3): not given; name a file of quotes with --quotes")
    say()
    heads = ("scenario", "band", *(f"{days} d" for days in HORIZONS))
    for shape, left in (("compound", "left"), ("straight line", "left_on_a_straight_line")):
        say(f"What is left of a rate, {shape}, from the high to the low end of each band")
        say(table(heads, [(one["scenario"], one["band"], *one[left].values()) for one in data["scenarios"]]))
        for one in data["scenarios"]:
            fast, slow = one["implied_lives"][shape]
            say(f"useful life that {one['scenario']} implies: {fast}, or {slow}; the paper says {one['useful_life']}")
        say()
    for one in (data["switching"] or {"rows": []})["rows"]:
        say(f"switching: after {one['after']} (in {one['scenario']}) {one['left']} of the rate is left")
    say()
    for one in data["transitions"]:
        fallen = f"{one['fallen']} (the paper says {one['stated']})"
        say(f"reconstructed by the paper, enters no test: {one['name']} {fallen}, {one['annual']} a year")
    cri_d = data["cri_d"]
    say(
        "CRI-D: "
        + ("can be computed: the curves above, per generation" if cri_d["computed"] else f"refused: {'; '.join(cri_d['lacking'])}")
    )


def _width(row: Width) -> dict[str, Any]:
    measured = {name: f"{getattr(row, name):.1%}" for name in ("low", "middle", "high")}
    return {"n": row.count, **measured, "paper": row.paper, "holds": row.holds}


def precision(workspace: Workspace, names: Sequence[str], as_json: bool) -> int:
    """The interval's width by number of observations, from each series' own pool, beside the paper's Table 6."""
    from engine.market.quality.precision import widths

    known = [name for name in known_series(workspace) if not name.endswith("@administrator")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise WrongUsage(f"there is no series {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}")
    if not known:
        raise WrongUsage("there is no computed series yet; `headroom run` records one for each deal's index")
    data: dict[str, Any] = {}
    for name in names or known:
        values = [event.payload.value for event in read(workspace.store, index_log(name)) if event.payload.value.get("pooled")]
        pool = [Decimal(price) for price in values[-1]["pooled"]] if values else []
        if len(pool) < 8:
            data[name] = {"refused": f"{len(pool)} observations in the newest week, and it needs 8"}
            continue
        rows = list(widths(pool))
        fails = next((row.count for row in rows if not row.holds), None)
        data[name] = {
            "week": values[-1]["publication_date"],
            "observations": len(pool),
            "table_fails_from": fails,
            "rows": [_width(row) for row in rows],
        }
    if as_json:
        print_json(data)
        return 0
    for name, found in data.items():
        if "refused" in found:
            say(f"{name}: refused: {found['refused']}")
            continue
        say(f"{name}, week of {found['week']}, drawn from its {found['observations']} observations")
        shown = [(str(r["n"]), r["low"], r["middle"], r["high"], r["paper"], "yes" if r["holds"] else "no") for r in found["rows"]]
        say(table(("N", "10th", "middle", "90th", "paper's Table 6", "holds"), shown, right=(0, 1, 2, 3)))
        where = found["table_fails_from"]
        say("the paper's table holds at every count here" if where is None else f"the paper's table does not hold from N = {where}")
        say()
    return 0

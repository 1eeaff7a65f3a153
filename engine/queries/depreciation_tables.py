"""Tables of depreciation from recorded series (WP §6).

They are depreciation curves, spreads and scenarios.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.basics.tables import NUMBER, read_table
from engine.determination.scenario import BANDS, USEFUL_LIVES, Scenario
from engine.market import depreciation_curves as curves
from engine.record.log import prints_in
from engine.workspace.series import known_series
from engine.workspace.workspace import Workspace

HORIZONS = (91, 182, 365, 548, 730, 1095)


def _series(workspace: Workspace, name: str) -> tuple[tuple[date, Fraction], ...]:
    # A later print of a date takes the place of the earlier one.
    newest = {e.effective_on: e.payload.value["value"] for e in prints_in(workspace.store, name)}
    return tuple((day, Fraction(value)) for day, value in sorted(newest.items()) if value is not None)


def _versions(workspace: Workspace, name: str) -> dict[str, int]:
    """Return how many values of a series each methodology version made.

    The value itself names its version, whatever the series is called (`rulings.md` 38).
    """
    newest = {e.effective_on: e.payload.value for e in prints_in(workspace.store, name)}
    return dict(Counter(value["methodology"] for value in newest.values() if value["value"] is not None))


def _curve(series: tuple[tuple[date, Fraction], ...]) -> dict[str, Any]:
    if not series:
        # A series without a value has the same keys, so that programs need not ask for each.
        absent = dict.fromkeys(("first", "last", "change", "annual_decline", "useful_life"))
        return {**absent, "values": 0, "points": []}
    curve = curves.depreciation(series)
    change = curve[-1][1]
    annual = curves.annual_decline(series)
    return {
        "first": f"{series[0][0]} {float(series[0][1]):.4f}",
        "last": f"{series[-1][0]} {float(series[-1][1]):.4f}",
        "values": len(series),
        "change": f"{float(change):+.2%}",
        "annual_decline": None if annual is None else f"{annual:.1%}",
        "useful_life": _life(annual),
        "points": [{"date": str(day), "change": f"{float(fallen):+.4%}"} for day, fallen in curve],
    }


def _life(annual: float | None) -> str | None:
    """Return the useful life that a measured decline implies on a straight line.

    The words are those of the paper's Table 1. The result is None if the decline is not measured.
    """
    if annual is None:
        return None
    return f"{1 / annual:.1f} years" if annual > 0 else "no decline"


def _generations(
    series: dict[str, tuple[tuple[date, Fraction], ...]], newer: str | None
) -> list[dict[str, str]]:
    generations = []
    for name, older in series.items():
        rows = curves.generation_spread(series[newer], older) if newer in series and name != newer else ()
        if rows:
            day, ratio, apart = rows[-1]
            first = f"{rows[0][0]} {float(rows[0][1]):.3f}x"
            generations.append(
                {
                    "newer": str(newer),
                    "older": name,
                    "first": first,
                    "last": f"{day} {float(ratio):.3f}x, USD {float(apart):.4f}",
                }
            )
    return generations


def _quotes(path: Path) -> tuple[tuple[date, Fraction], ...]:
    """Resale quotes: CSV with date, usd_per_gpu, source.

    Raises WrongUsage for a row without any of them, or without a price above zero.
    """
    try:
        sheet, problems = read_table(text_of(bytes_in(path)), str(path))
        if sheet is None:
            raise ValueError(problems[0].why)
        rows = [row.cells for row in sheet.rows]
        if not all(NUMBER.fullmatch(row["usd_per_gpu"].strip()) for row in rows):
            raise ValueError("a price is not a number")
        quotes = tuple(
            sorted((date.fromisoformat(row["date"]), Fraction(Decimal(row["usd_per_gpu"]))) for row in rows)
        )
        if not quotes or not all(row["source"] for row in rows):
            # A price without a source cannot be checked by anybody (WP §6).
            raise ValueError("every quote names its source")
        # A price of zero would make every change of it infinite.
        if any(price <= 0 for _, price in quotes):
            raise ValueError("a quote is above zero")
        return quotes
    except (OSError, KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise WrongUsage(
            f"{path} cannot be read ({error}); it needs the columns date, usd_per_gpu, source"
        ) from None


def _point(day: date, rent: Fraction, sale: Fraction, apart: Fraction) -> dict[str, str]:
    more = "rent has fallen more than resale" if apart < 0 else "resale has fallen more than rent"
    words = "rent and resale have changed alike" if apart == 0 else more
    changes = {"rental": f"{float(rent):+.2%}", "resale": f"{float(sale):+.2%}"}
    return {"on": str(day), **changes, "spread": f"{float(apart * 100):+.2f} points", "words": words}


def _scenario(name: str) -> dict[str, Any]:
    """Return the band of a scenario: the rest of a rate at each horizon, in both shapes.

    The useful lives of both ends of the band stand beside it (rulings 16).
    """
    band = f"{float(BANDS[name][0]):.0%} to {float(BANDS[name][1]):.0%} a year"
    ends = {
        shape: [_end(name, point, shape) for point in ("high", "low")]
        for shape in ("compound", "straight line")
    }
    left = {
        shape: {
            f"{days} days": " to ".join(f"{float(end.remaining(days)):.1%}" for end in both)
            for days in HORIZONS
        }
        for shape, both in ends.items()
    }
    lives = {shape: [end.implied_life.partition("; ")[0] for end in both] for shape, both in ends.items()}
    stated = {"scenario": name, "band": band, "useful_life": USEFUL_LIVES[name], "implied_lives": lives}
    return {**stated, "left": left["compound"], "left_on_a_straight_line": left["straight line"]}


def _end(name: str, point: str, shape: str) -> Scenario:
    return Scenario.model_validate({"scenario": name, "point": point, "shape": shape})


def _switched(text: str) -> dict[str, Any]:
    """Return the rest of a rate under scenarios that follow one another.

    `A:548,B:365,C:365` names each scenario and its days. The result holds both ends of the bands.
    """
    try:
        pairs = [part.split(":") for part in text.split(",")]
        parts = [(name, int(days)) for name, days in pairs]
        if any(days < 1 for _, days in parts):
            raise ValueError("time runs forward")
        made = [
            [Scenario.model_validate({"scenario": s, "point": p, "shape": "compound"}) for s, _ in parts]
            for p in ("low", "high")
        ]
    except ValueError:
        raise WrongUsage(
            f"`{text}` is not a sequence of scenarios, each with its days; write it like `A:548,B:365,C:365`"
        ) from None
    left, rows, passed = [Fraction(1), Fraction(1)], [], 0
    for place, (name, days) in enumerate(parts):
        left = [left_over * made[end][place].remaining(days) for end, left_over in enumerate(left)]
        passed += days
        rows.append(
            {
                "after": f"{passed} days",
                "scenario": name,
                # The end of the band with the greater fall leaves less, so the two ends change places.
                "left": f"{float(left[1]):.1%} to {float(left[0]):.1%}",
            }
        )
    return {"sequence": text, "rows": rows}


@dataclass(frozen=True, slots=True)
class DepreciationTables:
    """What has become of rental rates.

    It holds curves (eq. 1), spreads, resale (eq. 2 and 3), scenarios, and whether CRI-D can be computed.
    """

    series: Mapping[str, Mapping[str, Any]]
    generation_spreads: Sequence[Mapping[str, str]]
    resale: Sequence[Mapping[str, str]]
    scenarios: Sequence[Mapping[str, Any]]
    switching: Mapping[str, Any] | None
    cri_d: Mapping[str, Any]
    transitions: Sequence[Mapping[str, str]]
    useful_lives: Sequence[Mapping[str, Any]]

    def as_data(self) -> dict[str, Any]:
        """Return the tables as JSON, one key for each field."""
        return asdict(self)


def depreciation_tables(
    workspace: Workspace, names: Sequence[str], newer: str | None, quotes: Path | None, switches: str | None
) -> DepreciationTables:
    """Return the tables of the named series, or of all.

    Raises WrongUsage for a series that is not there, and for quotes without their columns.
    """
    known = known_series(workspace)
    # The newer series is needed for the spread, whether or not somebody asked for its own curve.
    if newer is not None and newer not in names:
        names = [*(names or [name for name in known if name != newer]), newer]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise WrongUsage(f"unknown series: {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}")
    series = {name: _series(workspace, name) for name in names or known}
    versions = {name: _versions(workspace, name) for name in series}
    # A curve over two methods would show the change of method as depreciation.
    missing = [*curves.lacking(series, newer), *curves.one_version(versions)]
    resale = _quotes(quotes) if quotes else ()
    return DepreciationTables(
        series={name: _curve(prints) for name, prints in series.items()},
        generation_spreads=_generations(series, newer),
        resale=[_point(*point) for point in curves.spread(next(iter(series.values()), ()), resale)],
        scenarios=[_scenario(name) for name in BANDS],
        switching=_switched(switches) if switches else None,
        cri_d={"computed": not missing, "lacking": missing},
        transitions=[
            {
                "name": t.name,
                "fallen": f"{float(t.fallen):.1%}",
                "annual": f"{t.annual:.1%}",
                "stated": t.stated,
            }
            for t in curves.TRANSITIONS
        ],
        useful_lives=[
            {"entity": u.entity, "years": u.years, "annual": u.annual, "basis": u.basis}
            for u in curves.USEFUL_LIVES
        ],
    )

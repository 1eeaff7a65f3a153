"""The servicer's report: what the servicer knows and the index does not (`deal-format.md`; rulings 26).

One file per deal and period, YAML::

    deal: meridian-2026-1
    period: {from: 2026-02-26, to: 2026-03-04}
    as_of: 2026-03-04
    source: servicing system, week 9
    corrects: 2026-03-03                # optional: the as-of date of the report that this one corrects
    outstanding_principal:              # one figure, or one for each class
      class_a: USD 16,000,000
    rental:
      h100:
        rented_gpu_hours: 141,000
        available_gpu_hours: 163,430
        weighted_average_rate: USD 1.92 per GPU-hour
        # or the rental tape: tape: [{contract: C-1, gpu_hours: 90000, rate: USD 1.95 per GPU-hour}, ...]
    available: {h100: {gpus: 1024}}
    contracted_rate: USD 2.40 per GPU-hour
    resale_quote: {h100: {value: "USD 21,500", as_of: 2026-02-20, source: "Broker A, ref. 114"}}
    certificates:                       # of each asset class: by serial number, or by count of one date
      h100:
        - {serial: SN-0001, on: 2026-01-20, performance: 98%}
        - {gpus: 1000, on: 2025-12-01, performance: 97.5%}
    collections: USD 1,150,000
    operating_costs: {value: USD 290,000, as_of: 2026-02-28, source: cash book}

or CSV with the columns `figure,value,as_of,source` and rows `deal`, `period.from`, `period.to`, `as_of` for the rest.
Every figure may be `{value, as_of, source}`. Figures are flattened to dotted names: `rental.h100.rented_gpu_hours`.
A figure that is not given is missing, never zero: the test that needs it is NOT DETERMINED.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import Any

from engine.determination.certificates import read_certificates
from engine.determination.report_checks import Reading, judge, late
from engine.determination.result import Given
from engine.errors import Place, Problem
from engine.terms.deal import TermsInForce
from engine.terms.example import read_figure
from engine.terms.phrases import read_day
from engine.terms.source import Path, Tree, parse
from engine.values import Fact, Figure, Unit

HEADER = ("deal", "period", "as_of", "source", "corrects")
MONEY = ("contracted_revenue", "operating_costs", "debt_service", "fees", "collections", "reserve_balance")
UNITS: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"outstanding_principal(\.\w+)?"), Unit.USD),
    (re.compile(r"rental\.\w+\.(rented|available)_gpu_hours"), Unit.GPU_HOURS),
    (re.compile(r"rental\.\w+\.weighted_average_rate"), Unit.RATE),
    (re.compile(r"rental\.\w+\.revenue"), Unit.USD),
    (re.compile(r"weighted_average_rental_rate"), Unit.RATE),
    (re.compile(r"available\.\w+\.gpus"), Unit.GPUS),
    (re.compile(r"(un)?contracted_gpu_hours(\.\w+)?"), Unit.GPU_HOURS),
    (re.compile(r"contracted_rate(\.\w+)?"), Unit.RATE),
    (re.compile("|".join(MONEY)), Unit.USD),
    (re.compile(r"resale_quote\.\w+"), Unit.USD),
)
"""Every figure that a report may give, and its unit."""


class ServicerReport(Fact):
    """A report without problems; its warnings are kept with it."""

    deal: str
    period_start: date
    period_end: date
    as_of: date
    received: date
    document: str
    sha256: str
    corrects: str | None = None
    figures: Mapping[str, Figure]
    given: Mapping[str, Given] = {}
    warnings: tuple[str, ...] = ()


def deal_of(text: str, file: str) -> tuple[str | None, list[Problem]]:
    """The deal that a report names, or why none can be read."""
    tree, problems = _tree(text, file)
    if tree is None:
        return None, problems
    name = tree.get(("deal",))
    if not isinstance(name, str) or not name:
        fix = "write `deal:` with the deal's name"
        return None, [Problem("R101", "the report names no deal", "a report belongs to one deal", fix, Place(file))]
    return name, problems


def read_report(text: str, file: str, terms: TermsInForce, received: date) -> tuple[ServicerReport | None, list[Problem]]:
    """The report in `text`: refused with all of its problems, or taken with its warnings (codes RW...).

    Args:
        text: the file, YAML or CSV.
        file: its name, for the errors.
        terms: the deal's terms in force on the day of receipt.
        received: when it came in.
    """
    tree, problems = _tree(text, file)
    if tree is None or problems:
        return None, problems
    reading = Reading(tree, terms)
    start, end, as_of = _dates(reading, received)
    for path, name, raw in _figures(tree.data, ()):
        _take(reading, path, name, raw)
    _tapes(reading)
    read_certificates(reading)
    judge(reading, start, end)
    if end is not None:
        late(reading, end, received)
    wrong = [problem for problem in reading.problems if not problem.code.startswith("RW")]
    if wrong or start is None or end is None or as_of is None:
        return None, sorted(reading.problems, key=lambda problem: (problem.place, problem.code))
    corrects = tree.get(("corrects",))
    report = ServicerReport(
        deal=terms.deal,
        period_start=start,
        period_end=end,
        as_of=as_of,
        received=received,
        document=file.rpartition("/")[2],
        sha256=sha256(text.encode()).hexdigest(),
        corrects=corrects if isinstance(corrects, str) else None,
        figures=reading.figures,
        given=reading.given,
        warnings=tuple(problem.what for problem in reading.problems),
    )
    return report, reading.problems


def _tree(text: str, file: str) -> tuple[Tree | None, list[Problem]]:
    if file.endswith(".csv"):
        return _from_csv(text, file)
    tree, problems = parse(text, file)
    if tree is not None and not isinstance(tree.data, dict):
        fix = "begin with `deal: name`"
        return None, [*problems, Problem("R100", "the file is no report", "a report is a block of figures", fix, Place(file))]
    return tree, problems


def _from_csv(text: str, file: str) -> tuple[Tree | None, list[Problem]]:
    """The same tree from rows `figure,value,as_of,source`."""
    data: dict[str, Any] = {}
    places: dict[Path, Place] = {(): Place(file)}
    rows = csv.DictReader(io.StringIO(text))
    if not {"figure", "value"} <= set(rows.fieldnames or ()):
        fix = "begin with the line `figure,value,as_of,source`"
        return None, [Problem("R102", "the table lacks the columns figure and value", "each row is one figure", fix, Place(file))]
    problems = []
    for number, row in enumerate(rows, start=2):
        path: Path = tuple((row["figure"] or "").strip().split("."))
        extra = {key: row[key] for key in ("as_of", "source") if row.get(key)}
        value: Any = {"value": row["value"] or "", **extra} if extra and path[0] not in HEADER else row["value"] or ""
        place = Place(file, number, 1, max(1, len(row["figure"] or "")))
        if path in places or not _put(data, path, value):
            why = "one figure stands once"
            problems.append(Problem("R103", f"`{'.'.join(map(str, path))}` stands twice", why, "remove one of the rows", place))
        places[path] = place
        if extra:
            places[(*path, "value")] = place
    return Tree(file, text, data, places, {}), problems


def _put(data: dict[str, Any], path: Path, value: Any) -> bool:
    for step in path[:-1]:
        data = data.setdefault(str(step), {})
        if not isinstance(data, dict):
            return False
    return data.setdefault(str(path[-1]), value) is value


def _dates(reading: Reading, received: date) -> tuple[date | None, date | None, date | None]:
    start, end = _date(reading, ("period", "from")), _date(reading, ("period", "to"))
    as_of = _date(reading, ("as_of",))
    if start and end and start > end:
        reading.refuse("R111", f"the period ends on {end} before it begins", "a period runs forward", "swap the dates", ("period",))
    if as_of and as_of > received:
        why = f"it was received on {received}"
        reading.refuse("R112", f"the figures are as of {as_of}, a later day", why, "correct the as-of date", ("as_of",))
    if as_of and as_of < reading.terms.closing_date:
        why = f"the deal closed on {reading.terms.closing_date}"
        reading.refuse("R113", f"the figures are as of {as_of}, before closing", why, "correct the as-of date", ("as_of",))
    return start, end, as_of


def _date(reading: Reading, path: Path) -> date | None:
    raw = reading.tree.get(path)
    name = ".".join(str(step) for step in path)
    if raw is None:
        reading.refuse("R110", f"`{name}` is missing", "a figure belongs to a date", f"write `{name}`", path[:1])
        return None
    try:
        return read_day(str(raw))
    except ValueError as error:
        reading.refuse("R110", f"`{raw}` is not a date", str(error), "write it like `2026-03-04`", path)
        return None


def _figures(data: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    """Every figure with its path, its dotted name and its text; the report's head and rental tapes left out."""
    for key, value in data.items() if isinstance(data, dict) else ():
        at = (*path, key)
        if (not path and (key in HEADER or key == "certificates")) or key == "tape":
            continue
        if isinstance(value, dict) and "value" in value:
            yield (*at, "value"), ".".join(str(step) for step in at), value["value"]
        elif isinstance(value, dict):
            yield from _figures(value, at)
        else:
            yield at, ".".join(str(step) for step in at), value


def _take(reading: Reading, path: Path, name: str, raw: Any) -> None:
    unit = next((unit for pattern, unit in UNITS if pattern.fullmatch(name)), None)
    if unit is None:
        fix = "see `headroom intake --help` for the figures"
        reading.refuse("R120", f"`{name}` is no figure that a report can give", "what is not understood is not used", fix, path)
        return
    figure = read_figure(raw) if isinstance(raw, str) else None
    if figure is None:
        reading.refuse("R121", f"`{raw}` is no figure for `{name}`", f"it is counted in {unit.value}", _form(unit), path)
        return
    plain = figure.unit is Unit.COUNT and unit in (Unit.GPUS, Unit.GPU_HOURS)
    if figure.unit is not unit and not plain:
        why = f"it is counted in {unit.value}, here stands {figure.unit.value}"
        reading.refuse("R122", f"`{raw}` has another unit than `{name}`", why, _form(unit), path)
        return
    if figure.value < 0:
        reading.refuse("R123", f"`{name}` is negative", "no figure of a report is", "correct the sign", path)
        return
    reading.figures[name] = Figure(value=figure.value, unit=unit)
    reading.paths[name] = path
    if path[-1] == "value":
        _own(reading, name, path[:-1])


def _own(reading: Reading, name: str, path: Path) -> None:
    """The as-of date and the source that a figure has of its own."""
    block = reading.tree.get(path)
    raw = block.get("as_of") if isinstance(block, dict) else None
    source = block.get("source") if isinstance(block, dict) else None
    try:
        as_of = None if raw is None else read_day(str(raw))
    except ValueError as error:
        reading.refuse("R110", f"`{raw}` is not a date", str(error), "write it like `2026-03-04`", (*path, "as_of"))
        return
    reading.given[name] = Given(as_of=as_of, source=None if source is None else str(source))


def _form(unit: Unit) -> str:
    return {
        Unit.USD: "write it like `USD 16,000,000`",
        Unit.RATE: "write it like `USD 1.92 per GPU-hour`",
        Unit.SHARE: "write it like `95%`",
    }.get(unit, "write it like `1,024`")


def _tapes(reading: Reading) -> None:
    """Rental tapes by contract, added up to hours and a weighted average rate."""
    rental = reading.tree.get(("rental",))
    for asset, block in rental.items() if isinstance(rental, dict) else ():
        tape = block.get("tape") if isinstance(block, dict) else None
        if isinstance(tape, list):
            _tape(reading, asset, tape)


def _tape(reading: Reading, asset: str, tape: list[Any]) -> None:
    hours, revenue = Fraction(0), Fraction(0)
    for number, row in enumerate(tape):
        path: Path = ("rental", asset, "tape", number)
        found = [read_figure(str(row.get(key, ""))) if isinstance(row, dict) else None for key in ("gpu_hours", "rate")]
        if found[0] is None or found[1] is None or found[1].unit is not Unit.RATE:
            fix = "write it like `{contract: C-1, gpu_hours: 90000, rate: USD 1.95 per GPU-hour}`"
            reading.refuse("R124", "a row of the rental tape cannot be read", "it has GPU-hours and a rate", fix, path)
            continue
        hours += found[0].value
        revenue += found[0].value * found[1].value
    if hours > 0:
        reading.figures.setdefault(f"rental.{asset}.rented_gpu_hours", Figure(value=hours, unit=Unit.GPU_HOURS))
        reading.figures.setdefault(f"rental.{asset}.weighted_average_rate", Figure(value=revenue / hours, unit=Unit.RATE))

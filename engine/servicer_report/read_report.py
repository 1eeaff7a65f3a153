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

from collections.abc import Collection, Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from engine.basics.errors import Place, Problem
from engine.basics.tables import read_table
from engine.events.reports import ReportFacts
from engine.events.results import Given
from engine.servicer_report.certificates import read_certificates
from engine.servicer_report.plausibility import Reading, closed, dated, figure_at, judge, late
from engine.servicer_report.rental_tape import read_tapes
from engine.terms.in_force import TermsInForce
from engine.terms.periods import read_day
from engine.terms.report_figures import unit_of
from engine.terms.source import Path, Tree, parse

HEADER = ("deal", "period", "as_of", "source", "corrects")
COLUMNS = ("figure", "value", "as_of", "source")
OWN = ("value", "as_of", "source")
"""What a figure may say of itself."""


class ServicerReport(ReportFacts):
    """A report without problems; its warnings are kept with it."""

    deal: str


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


def read_report(
    text: str, file: str, terms: TermsInForce, received: date, on_record: Collection[date] | None = None
) -> tuple[ServicerReport | None, list[Problem]]:
    """The report in `text`: refused with all of its problems, or taken with its warnings (codes RW...).

    Args:
        text: the file, YAML or CSV.
        file: its name, for the errors.
        terms: the deal's terms in force on the day of receipt.
        received: when it came in.
        on_record: the as-of dates of the reports on record, one of which a corrected report must name; None where it was taken before.
    """
    tree, problems = _tree(text, file)
    if tree is None or problems:
        return None, problems
    reading = Reading(tree, terms, received)
    start, end, as_of = _dates(reading)
    corrects = _corrects(reading, on_record)
    for path, name, raw in _figures(tree.data, ()):
        _take(reading, path, name, raw)
    read_tapes(reading)
    read_certificates(reading)
    judge(reading, start, end)
    if end is not None:
        late(reading, end, received)
    wrong = [problem for problem in reading.problems if not problem.code.startswith("RW")]
    if wrong or start is None or end is None or as_of is None:
        return None, sorted(reading.problems, key=lambda problem: (problem.place, problem.code))
    report = ServicerReport(
        deal=terms.deal,
        period_start=start,
        period_end=end,
        as_of=as_of,
        received=received,
        document=file.rpartition("/")[2],
        sha256=sha256(text.encode()).hexdigest(),
        corrects=corrects,
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
    table, problems = read_table(text, file)
    if table is None:
        return None, problems
    columns = set(table.columns)
    if not {"figure", "value"} <= columns <= set(COLUMNS):
        fix = f"begin with the line `{','.join(COLUMNS)}`"
        what = "the table has other columns" if {"figure", "value"} <= columns else "the table lacks the columns figure and value"
        return None, [Problem("R102", what, "each row is one figure", fix, Place(file))]
    for row in table.rows:
        cells = row.cells
        path: Path = tuple(cells["figure"].strip().split("."))
        extra = {key: cells[key] for key in ("as_of", "source") if cells.get(key)}
        value: Any = {"value": cells["value"], **extra} if extra and path[0] not in HEADER else cells["value"]
        place = Place(file, row.line, 1, max(1, len(cells["figure"])))
        if any(cell.strip() for cell in row.beyond):
            why, fix = "an amount with commas would be cut at the first", 'write the amount in quotes: `"USD 16,000,000"`'
            problems.append(Problem("R105", "the row has more cells than columns", why, fix, place))
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


def _dates(reading: Reading) -> tuple[date | None, date | None, date | None]:
    start, end = _date(reading, ("period", "from")), _date(reading, ("period", "to"))
    as_of = _date(reading, ("as_of",))
    if start and end and start > end:
        reading.refuse("R111", f"the period ends on {end} before it begins", "a period runs forward", "swap the dates", ("period",))
    if end and end > reading.received:
        why = f"it was received on {reading.received}, and what is still to come is not reported"
        reading.refuse("R115", f"the period ends on {end}, a later day", why, "correct the period", ("period", "to"))
    if as_of:
        dated(reading, "the figures are", as_of, ("as_of",), reading.terms.closing_date)
    closed(reading, ("period",), ("from", "to"))
    return start, end, as_of


def _corrects(reading: Reading, on_record: Collection[date] | None) -> str | None:
    """The as-of date of the report that this one corrects; a problem where no report on record has it."""
    if reading.tree.get(("corrects",)) is None:
        return None
    found = _date(reading, ("corrects",))
    if found is not None and on_record is not None and found not in on_record:
        why = "a corrected report names the as-of date of the one that it corrects"
        there = ", ".join(str(day) for day in sorted(on_record)[-3:]) or "no report"
        fix = f"correct the date (on record: {there}), or leave `corrects` out"
        reading.refuse("R114", f"no report as of {found} is on record", why, fix, ("corrects",))
    return None if found is None else str(found)


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
        if (not path and (key in HEADER or key == "certificates")) or (len(at) == 3 and at[::2] == ("rental", "tape")):
            continue
        if isinstance(value, dict) and "value" in value:
            yield (*at, "value"), ".".join(str(step) for step in at), value["value"]
        elif isinstance(value, dict):
            yield from _figures(value, at)
        else:
            yield at, ".".join(str(step) for step in at), value


def _take(reading: Reading, path: Path, name: str, raw: Any) -> None:
    unit = unit_of(name)
    if unit is None:
        fix = "correct its name; docs/guides/servicer.md has every figure"
        reading.refuse("R120", f"`{name}` is no figure that a report can give", "what is not understood is not used", fix, path)
        return
    figure = figure_at(reading, path, name, raw, unit)
    if figure is None:
        return
    reading.figures[name] = figure
    reading.paths[name] = path
    if path[-1] == "value":
        _own(reading, name, path[:-1])


def _own(reading: Reading, name: str, path: Path) -> None:
    """The as-of date and the source that a figure has of its own."""
    closed(reading, path, OWN)
    block = reading.tree.get(path)
    raw = block.get("as_of") if isinstance(block, dict) else None
    source = block.get("source") if isinstance(block, dict) else None
    try:
        as_of = None if raw is None else read_day(str(raw))
    except ValueError as error:
        reading.refuse("R110", f"`{raw}` is not a date", str(error), "write it like `2026-03-04`", (*path, "as_of"))
        return
    if as_of is not None:
        dated(reading, f"`{name}` is", as_of, (*path, "as_of"), reading.terms.closing_date)
    reading.given[name] = Given(as_of=as_of, source=None if source is None else str(source))

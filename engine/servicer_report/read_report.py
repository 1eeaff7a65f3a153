"""The servicer's report: what the servicer knows and the index does not (rulings 26).

See `servicer.md`, The report. There is one file per deal and period, YAML::

    deal: meridian-2026-1 period: {from: 2026-02-26, to: 2026-03-04} as_of: 2026-03-04 source: servicing
    system, week 9 corrects: 2026-03-03                # optional: the as-of date of a report; or `completes:`
    outstanding_principal:              # one figure, or one for each class
      class_a: USD 16,000,000
    rental:
      h100:
        rented_gpu_hours: 141,000 available_gpu_hours: 163,430 weighted_average_rate: USD 1.92 per GPU-hour #
        or the rental tape: tape: [{contract: C-1, gpu_hours: 90000, rate: USD 1.95 per GPU-hour}, ...]
    available: {h100: {gpus: 1024}} contracted_rate: USD 2.40 per GPU-hour resale_quote: {h100: {value: "USD
    21,500", as_of: 2026-02-20, source: "Broker A, ref. 114"}} certificates:                       # of each
    asset class: by serial number, or by count of one date
      h100:
        - {serial: SN-0001, on: 2026-01-20, performance: 98%}
        - {gpus: 1000, on: 2025-12-01, performance: 97.5%}
    collections: USD 1,150,000 operating_costs: {value: USD 290,000, as_of: 2026-02-28, source: cash book}

It may also be a table, in a workbook or as CSV, with the columns `figure,value,as_of,source`. Rows `deal`,
`period.from`, `period.to` and `as_of` hold the rest. Or it has a sender's own layout (`sender_layouts`).
`received_file` opens each of them; this module sees what they have in common. Every figure may be
`{value, as_of, source}`. Figures are flattened to dotted names: `rental.h100.rented_gpu_hours`. A figure that
is not given is missing, never zero: the test that needs it is NOT DETERMINED.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from engine.basics.calendar import BusinessCalendar
from engine.basics.errors import Problem
from engine.basics.inert import inert
from engine.events.reports import ReportFacts
from engine.events.results import Given
from engine.servicer_report.certificates import read_certificates
from engine.servicer_report.plausibility import Reading, closed, dated, figure_at, judge, late
from engine.servicer_report.received_file import ReceivedFile
from engine.servicer_report.rental_tape import read_tapes
from engine.servicer_report.report_form import not_of
from engine.terms.in_force import TermsInForce
from engine.terms.periods import read_day
from engine.terms.report_figures import unit_of
from engine.terms.source import Path

HEADER = ("deal", "period", "as_of", "source", "corrects", "completes", "form")
OWN = ("value", "as_of", "source", "for")
"""What a figure may say of itself."""


class ServicerReport(ReportFacts):
    """A report without errors, with its warnings."""

    deal: str


def read_report(
    file: ReceivedFile,
    terms: TermsInForce,
    received: date,
    calendar: BusinessCalendar | None,
    on_record: Collection[date] | None = None,
) -> tuple[ServicerReport | None, list[Problem]]:
    """Return the report in a file, taken with its warnings (codes RW...), or None and all its problems.

    Args:
        file: the file as it came, opened.
        terms: the deal's terms in force on the day of receipt.
        received: when it came in.
        calendar: the deal's Business Days, by which a report is late; None for a calendar that nobody knows.
        on_record: the as-of dates of the reports on record, one of which a corrected report must name; None
            if it was taken before.
    """
    reading = Reading(file.tree, terms, received)
    reading.problems += file.remarks
    start, end, as_of = _dates(reading)
    corrects, completes = (_named(reading, key, on_record) for key in ("corrects", "completes"))
    form = file.tree.get(("form",))
    if form is not None and (why := not_of(str(form), terms.deal, start, end)) is not None:
        reading.refuse(
            "R155", why, "a form is for one deal and one period", "fill in the form of this period", ("form",)
        )
    for path, name, raw in _figures(file.tree.data, ()):
        _take(reading, path, name, raw)
    rents = read_tapes(reading, start, end)
    read_certificates(reading)
    judge(reading, start, end)
    if end is not None:
        late(reading, end, received, calendar)
    wrong = [problem for problem in reading.problems if not problem.code.startswith("RW")]
    # Warnings alone let a report in; one error keeps all of it out.
    if wrong or start is None or end is None or as_of is None:
        return None, sorted(reading.problems, key=lambda problem: (problem.place, problem.code))
    report = ServicerReport(
        deal=terms.deal,
        period_start=start,
        period_end=end,
        as_of=as_of,
        received=received,
        document=inert(file.name),
        sha256=file.sha256,
        corrects=corrects,
        completes=completes,
        figures=reading.figures,
        given=reading.given,
        rent_of_days=rents,
        warnings=tuple(problem.what for problem in reading.problems),
    )
    return report, reading.problems


def _dates(reading: Reading) -> tuple[date | None, date | None, date | None]:
    start, end = _date(reading, ("period", "from")), _date(reading, ("period", "to"))
    as_of = _date(reading, ("as_of",))
    if start and end and start > end:
        reading.refuse(
            "R111",
            f"the period ends on {end} before it begins",
            "a period runs forward",
            "swap the dates",
            ("period",),
        )
    if end and end > reading.received:
        why = f"it was received on {reading.received}, and what is still to come is not reported"
        reading.refuse(
            "R115", f"the period ends on {end}, a later day", why, "correct the period", ("period", "to")
        )
    if as_of:
        dated(reading, "the figures are", as_of, ("as_of",), reading.terms.closing_date)
    closed(reading, ("period",), ("from", "to"))
    return start, end, as_of


def _named(reading: Reading, key: str, on_record: Collection[date] | None) -> str | None:
    """Return the as-of date of the report that this one corrects or completes; None if it does neither.

    It is a problem if no report on record has that date.
    """
    if reading.tree.get((key,)) is None:
        return None
    as_of = _date(reading, (key,))
    if as_of is not None and on_record is not None and as_of not in on_record:
        why = f"a report that {key} another names the as-of date of that one"
        there = ", ".join(str(day) for day in sorted(on_record)[-3:]) or "no report"
        fix = f"correct the date (on record: {there}), or leave `{key}` out"
        reading.refuse("R114", f"no report as of {as_of} is on record", why, fix, (key,))
    return None if as_of is None else str(as_of)


def _date(reading: Reading, path: Path) -> date | None:
    raw = reading.tree.get(path)
    name = ".".join(str(step) for step in path)
    if raw is None:
        reading.refuse(
            "R110", f"`{name}` is missing", "a figure belongs to a date", f"write `{name}`", path[:1]
        )
        return None
    try:
        return read_day(str(raw))
    except ValueError as error:
        reading.refuse("R110", f"`{raw}` is not a date", str(error), "write it like `2026-03-04`", path)
        return None


def _figures(data: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    """Yield (path, dotted name, text) for every figure; the report's head and rental tapes are left out."""
    for key, value in data.items() if isinstance(data, dict) else ():
        at = (*path, key)
        # These have readers of their own, and would be refused here as figures that nobody knows.
        if (not path and (key in HEADER or key == "certificates")) or (
            len(at) == 3 and at[::2] == ("rental", "tape")
        ):
            continue
        if isinstance(value, dict) and "value" in value:
            yield (*at, "value"), ".".join(str(step) for step in at), value["value"]
        elif isinstance(value, dict):
            yield from _figures(value, at)
        else:
            yield at, ".".join(str(step) for step in at), value


def _take(reading: Reading, path: Path, name: str, raw: Any) -> None:
    unit = unit_of(name, reading.terms.declared_units)
    if unit is None:
        fix = "correct its name; docs/guides/servicer.md has every figure"
        reading.refuse(
            "R120",
            f"`{name}` is not a figure that a report can give",
            "what is not understood is not used",
            fix,
            path,
        )
        return
    figure = figure_at(reading, path, name, raw, unit)
    if figure is None:
        return
    reading.figures[name] = figure
    reading.paths[name] = path
    if path[-1] == "value":
        _own(reading, name, path[:-1])


def _own(reading: Reading, name: str, path: Path) -> None:
    """Read the as-of date and the source that a figure states for itself."""
    closed(reading, path, OWN)
    block = reading.tree.get(path)
    raw = block.get("as_of") if isinstance(block, dict) else None
    source = block.get("source") if isinstance(block, dict) else None
    try:
        as_of = None if raw is None else read_day(str(raw))
    except ValueError as error:
        reading.refuse(
            "R110", f"`{raw}` is not a date", str(error), "write it like `2026-03-04`", (*path, "as_of")
        )
        return
    if as_of is not None:
        dated(reading, f"`{name}` is", as_of, (*path, "as_of"), reading.terms.closing_date)
    days = _days_of(reading, name, path) if isinstance(block, dict) and "for" in block else None
    reading.given[name] = Given(as_of=as_of, source=None if source is None else str(source), period=days)


def _days_of(reading: Reading, name: str, path: Path) -> tuple[date, date] | None:
    """Return the days that a figure is of, if it states them: `for: {from: 2026-03-12, to: 2026-04-08}`."""
    first, last = (_date(reading, (*path, "for", end)) for end in ("from", "to"))
    closed(reading, (*path, "for"), ("from", "to"))
    if first and last and (first > last or last > reading.received):
        why = (
            f"a figure is of days that have passed, first to last, and it was received on {reading.received}"
        )
        reading.refuse("R111", f"`{name}` is of {first} to {last}", why, "correct the dates", (*path, "for"))
    return (first, last) if first and last else None

"""A form for a deal's report of one period: what its tests need, for `intake` to take back.

It is a workbook, CSV or YAML. The workbook has no formula; its cells are typed, validated and locked, except
those of values. Protection is a courtesy. The form's identity (deal, period, terms) is checked again when the
form comes back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from engine.basics.values import Figure, Unit, printed

COLUMNS = ("figure", "value", "unit", "section", "last period", "needed for", "due", "as_of", "source")
FORMATS = {Unit.USD: "#,##0.00", Unit.RATE: "0.0000", Unit.SHARE: "0.00%", Unit.MULTIPLE: "0.00"}
"""How a value is shown in its cell. A count is shown as a whole number."""
WIDTHS = (44, 18, 18, 18, 24, 30, 12, 12, 24)


@dataclass(frozen=True, slots=True)
class FormRow:
    """One figure that is asked for: its unit, section and tests, and the last period's value."""

    name: str
    unit: Unit
    section: str
    last: Figure | None
    needed_for: str


@dataclass(frozen=True, slots=True)
class ReportForm:
    """A form: the deal, period and terms that it was made for, its due date, and what it asks for."""

    deal: str
    start: date
    end: date
    terms_sha256: str
    due: date | None
    rows: tuple[FormRow, ...]

    @property
    def identity(self) -> str:
        """The text that tells the form from every other, with a checksum."""
        return form_identity(self.deal, self.start, self.end, self.terms_sha256)


def form_identity(deal: str, start: date, end: date, terms_sha256: str) -> str:
    """Return a form's identity: deal, period, part of the deal file's hash, and a checksum of the rest."""
    said = f"{deal}|{start}|{end}|{terms_sha256[:16]}"
    return f"{said}|{sha256(said.encode()).hexdigest()[:8]}"


def not_of(identity: str, deal: str, start: date | None, end: date | None) -> str | None:
    """Return the reason why a report cannot have been filled in on the form that it names; None if it can."""
    parts = identity.split("|")
    if len(parts) != 5 or sha256("|".join(parts[:4]).encode()).hexdigest()[:8] != parts[4]:
        return "the form's identity was changed"
    if parts[0] != deal or parts[1:3] != [str(start), str(end)]:
        return f"the form was made for {parts[0]}, {parts[1]} to {parts[2]}"
    return None


def _head(form: ReportForm) -> Iterator[tuple[str, str]]:
    yield "deal", form.deal
    yield "period.from", str(form.start)
    yield "period.to", str(form.end)
    yield "as_of", str(form.end)
    yield "form", form.identity


def _shown(row: FormRow, due: date | None) -> tuple[str, ...]:
    last = "" if row.last is None else printed(row.last)
    return row.unit.value, row.section, last, row.needed_for, str(due or "")


def as_csv(form: ReportForm) -> str:
    """Return the form as CSV."""
    into = io.StringIO(newline="")
    writer = csv.writer(into, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([name, value] for name, value in _head(form))
    writer.writerows([row.name, "", *_shown(row, form.due), "", ""] for row in form.rows)
    return into.getvalue()


def as_yaml(form: ReportForm) -> str:
    """Return the form as YAML: each figure is a line to be completed.

    A sender removes the `#` before the figure and before its block.
    """
    lines = [
        f"deal: {form.deal}",
        f"period: {{from: {form.start}, to: {form.end}}}",
        f"as_of: {form.end}",
        f'form: "{form.identity}"',
        "",
    ]
    lines += [
        f"# due {form.due}" if form.due else "# no due date",
        "# take the # away from each figure that you give, and from its block",
    ]
    before: tuple[str, ...] = ()
    for row in form.rows:
        *blocks, leaf = row.name.split(".")
        lines += [
            f"# {'  ' * depth}{block}:"
            for depth, block in enumerate(blocks)
            if tuple(blocks[: depth + 1]) != before[: depth + 1]
        ]
        before = tuple(blocks)
        unit, section, last, tests, _ = _shown(row, None)
        lines.append(
            f"# {'  ' * len(blocks)}{leaf}:   # {unit}; last {last or 'none'}; for {tests} ({section})"
        )
    return "\n".join(lines) + "\n"


def as_workbook(form: ReportForm) -> bytes:
    """Return the form as .xlsx: the same bytes each time."""
    import xlsxwriter

    into = io.BytesIO()
    book = xlsxwriter.Workbook(into, {"in_memory": True})
    book.set_properties(
        {
            "title": f"Report of {form.deal}, {form.start} to {form.end}",
            "created": datetime(form.end.year, 1, 1),
        }
    )
    book.set_custom_property("headroom-form", form.identity)
    sheet = book.add_worksheet("Report")
    sheet.protect("", {"select_locked_cells": True, "format_columns": True})
    bold, words = (
        book.add_format({"bold": True, "bottom": 1}),
        book.add_format({"locked": False, "bg_color": "#FFF7D6"}),
    )
    sheet.write_row(0, 0, COLUMNS, bold)
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    place = 1
    for name, value in _head(form):
        sheet.write_string(place, 0, name)
        sheet.write_string(place, 1, value, words if name == "as_of" else None)
        place += 1
    for row in form.rows:
        sheet.write_string(place, 0, row.name)
        typed = book.add_format(
            {"locked": False, "bg_color": "#FFF7D6", "num_format": FORMATS.get(row.unit, "#,##0")}
        )
        sheet.write_blank(place, 1, None, typed)
        rule = {"validate": "decimal", "criteria": ">=", "value": 0, "input_title": row.unit.value[:32]}
        rule |= {
            "input_message": f"in {row.unit.value}, not in thousands",
            "error_message": f"a number of {row.unit.value}",
        }
        sheet.data_validation(place, 1, place, 1, rule)
        for column, text in enumerate(_shown(row, form.due), start=2):
            sheet.write_string(place, column, text)
        sheet.write_blank(place, 7, None, words)
        sheet.write_blank(place, 8, None, words)
        place += 1
    sheet.freeze_panes(1, 2)
    book.close()
    return into.getvalue()

"""The child process that adds up a rental tape, exact to the cent, however many contracts it has.

It adds up by asset class and rate. It is started by its path and prints one JSON object. Its reader of
workbooks gives an error, a formula without a result and an empty cell all as empty. So an empty cell in a
column that must have figures is a question, never a zero.
"""

from __future__ import annotations

import csv
import json
import math
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.servicer_report.column_letters import letters
from engine.servicer_report.hidden_rows import OutOfSight, out_of_sight, refuse_broken_xml
from engine.servicer_report.tape_formats import asked_of, formats_of

MEMORY, SECONDS = 800 << 20, 20
MOST_QUESTIONS = 20
FIGURES = ("gpu_hours", "rate", "revenue")
DAYS = ("from", "to")
TOTAL = re.compile(r"(grand |sub[- ]?)?(total|sum)\b.*", re.IGNORECASE)
AMOUNT = re.compile(
    r"(?:USD|US\$|\$)? ?(?P<number>(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?)"
    r"(?: per GPU-hour| GPU-hours|/h)?",
    re.ASCII,
)
"""A number in a cell of text, with or without its unit."""


class Question(Exception):
    """Raised, with a code and a cause, for something that keeps the tape from being read at all."""


def rows_of_workbook(path: str, sheet: str | None) -> tuple[str, int, Iterator[list[Any]]]:
    """Return the name of the sheet, the number of its first column (from 0), and its rows from the top."""
    import python_calamine

    book = python_calamine.load_workbook(path)
    seen = [metadata.name for metadata in book.sheets_metadata if str(metadata.visible).endswith("Visible")]
    if sheet is None and len(seen) != 1:
        raise Question(
            "R145", f"the workbook has the sheets {', '.join(seen)}; the sender's layout names none"
        )
    if sheet is not None and sheet not in book.sheet_names:
        raise Question("R144", f"the workbook has no sheet `{sheet}`; it has {', '.join(book.sheet_names)}")
    if sheet is not None and sheet not in seen:
        raise Question("R150", f"the sheet `{sheet}` is out of sight; who sent the file may not have seen it")
    sheet_rows = book.get_sheet_by_name(sheet or seen[0])
    if sheet_rows.start is None:
        raise Question("R144", f"the sheet `{sheet_rows.name}` is empty")
    return sheet_rows.name, sheet_rows.start[1], sheet_rows.iter_rows()


def rows_of_text(path: str, encoding: str, separator: str) -> Iterator[list[Any]]:
    """Yield the rows of a tape in text."""
    with open(path, encoding=encoding, newline="") as file:  # noqa: PTH123  # the child imports as little as it can
        yield from csv.reader(file, delimiter=separator, strict=True)


def head_of(rows: Iterator[list[Any]], wanted: dict[str, str], at: int | None) -> tuple[int, dict[str, int]]:
    """Return the line of the head, and the place of each wanted column in it.

    It is the given line, or the first line that has all columns.
    """
    names = {key: text.strip().lower() for key, text in wanted.items()}
    for line, row in enumerate(rows, start=1):
        if at is not None and line < at:
            continue
        there = [str(cell).strip().lower() for cell in row]
        if all(name in there for name in names.values()):
            twice = [name for name in names.values() if there.count(name) > 1]
            if twice:
                raise Question("R157", f"line {line} names the column `{twice[0]}` twice")
            return line, {key: there.index(name) for key, name in names.items()}
        if at is not None or line >= 60:
            missing = [wanted[key] for key, name in names.items() if name not in there]
            where = (
                f"line {line} has no column"
                if at is not None
                else "none of the first 60 lines has all the columns, among them"
            )
            raise Question("R144", f"{where} {', '.join(f'`{name}`' for name in missing)}")
    raise Question("R144", f"no line has the columns {', '.join(f'`{name}`' for name in wanted.values())}")


def number_of(value: Any) -> Decimal | None:
    """Return a cell as an exact number at 15 digits, or None if it is not a number."""
    # Before the numbers: in Python a truth value is an integer too.
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(format(value, ".15g")) if math.isfinite(value) else None
    match = AMOUNT.fullmatch(str(value).strip())
    return Decimal(match["number"].replace(",", "")) if match else None


def day_of(value: Any) -> str | None:
    """Return a cell as a day in the form 2026-03-12, or None if it is not one.

    A text like `03/04/2026` is refused, because it is another day on each side of an ocean.
    """
    # Before the dates: in Python a moment is a date too.
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    try:
        # The length rules out `20260312`, which may be a plain number.
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-03-12") else None
    except ValueError:
        return None


def read_cell(key: str, value: Any, text: str) -> tuple[Any, str]:
    """Return what a cell holds, and the question about it; the question is empty if the cell is plain."""
    if key in FIGURES:
        amount = number_of(value)
        empty = "is empty; it may have been an error"
        asked = (
            ""
            if amount is not None
            else f"`{key}` is `{text}`, which is not a number"
            if text
            else f"`{key}` {empty}"
        )
        return amount or Decimal(0), asked
    if key in DAYS:
        day = day_of(value)
        return (
            day or "",
            "" if day is not None else f"`{key}` is `{text}`, which is not a day; write it like 2026-03-12",
        )
    total = not text or (key == "contract" and TOTAL.fullmatch(text) is not None)
    return text, f"the row has figures and its {key} is `{text}`; it may be a total" if total else ""


def added_up(
    rows: Iterable[list[Any]],
    line: int,
    where: dict[str, int],
    first: int,
    prefix: str,
    unseen: OutOfSight,
) -> tuple[list[Any], list[Any], int]:
    """Return the sums of the tape by class, days and rate, the questions about its cells, and its contracts.

    The contracts are given as their number.
    """
    import pandas

    kept: dict[str, list[Any]] = {key: [] for key in where}
    questions: list[list[str]] = []
    for number, row in enumerate(rows, start=line + 1):
        cells = {key: row[at] if at < len(row) else "" for key, at in where.items()}
        if not any(str(cell).strip() for cell in row):
            continue
        if number in unseen.rows:
            questions.append(["R150", f"{prefix}A{number}", "the row of a contract is out of sight"])
        for key, value in cells.items():
            cell = f"{prefix}{letters(first + where[key])}{number}" if prefix else f"line {number}"
            text = str(value).strip()
            held, asked = read_cell(key, value, text)
            kept[key].append(held)
            questions += [["R157", cell, asked]] if asked else []
        if len(questions) >= MOST_QUESTIONS:
            break
    # Objects, so that the decimals are added up exactly; floats would lose cents.
    table = pandas.DataFrame(kept, dtype=object)
    count = len(table)
    if "asset_class" not in table:
        table["asset_class"] = ""
    by = ["asset_class", *(key for key in DAYS if key in table)]
    if "rate" in table and "revenue" not in table:
        sums = table.groupby([*by, "rate"], sort=True)["gpu_hours"].agg("sum").reset_index()
    else:
        sums = (
            table.groupby(by, sort=True)[[key for key in ("gpu_hours", "revenue") if key in table]]
            .agg("sum")
            .reset_index()
        )
    return (
        [{key: str(value) for key, value in row.items()} for row in sums.to_dict("records")],
        questions,
        count,
    )


def shown_otherwise(
    kind: str, path: str, sheet: str, where: dict[str, int], first: int, line: int
) -> list[list[str]]:
    """Return the questions about figures whose number formats show others than are stored.

    Each column and format is asked about once, at its first cell.
    """
    figures = {first + at: key for key, at in where.items() if key in FIGURES}
    found = formats_of(kind, path, sheet, set(figures), line)
    asked: dict[tuple[int, str], list[str]] = {}
    for (column, form, below), row in found.items():
        code, said = asked_of(figures[column], form, below)
        if code:
            asked.setdefault((column, form), [code, f"{sheet}!{letters(column)}{row}", said])
    return list(asked.values())


def main(kind: str, path: str, spec: str) -> None:
    """Print the sums of one tape, or what has to be asked about it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # A core file would leave the servicer's figures on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.loads(spec)
    try:
        if kind == "text":
            sheet, first, rows = "", 0, rows_of_text(path, asked["encoding"], asked["separator"])
            unseen = OutOfSight()
        else:
            if kind == "ods":
                refuse_broken_xml(path)
            sheet, first, rows = rows_of_workbook(path, asked.get("sheet"))
            unseen = out_of_sight(kind, path, sheet)
        line, where = head_of(rows, asked["columns"], asked.get("header_row"))
        hidden = next((key for key, at in where.items() if unseen.has_column(first + at)), None)
        if hidden is not None:
            raise Question("R150", f"the column of `{hidden}` is out of sight")
        prefix = f"{sheet}!" if sheet else ""
        shown = shown_otherwise(kind, path, sheet, where, first, line) if sheet else []
        sums, questions, count = added_up(rows, line, where, first, prefix, unseen)
        questions = [*shown, *questions]
        answer = {"sums": sums, "questions": questions, "contracts": count, "sheet": sheet, "line": line}
    except Question as question:
        code, why = question.args
        answer = {"sums": [], "questions": [[code, "", why]], "contracts": 0, "sheet": "", "line": 1}
    except MemoryError:
        answer = {"refused": "memory", "why": "it needs more memory than a tape may"}
    except Exception as error:  # a reader raises whatever it likes about a file that is not a workbook
        answer = {"refused": "broken", "why": f"{type(error).__name__}: {error}"[:300]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:4])

"""Answers of foresight as a workbook.

The first sheet says what was asked and assumed. Every table of every answer has a further sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from engine.queries.spreadsheets import workbook

NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Sheet = tuple[str, Sequence[str], list[list[Any]]]


def foresight_workbook(answers: Mapping[str, Any], made: date) -> bytes:
    """Return answers as one workbook, the same bytes each time.

    Args:
        answers: each answer's JSON by its name; lists of objects become sheets, everything else a row of the
            first sheet.
        made: the day that the workbook names as its own.
    """
    said: list[list[Any]] = []
    sheets: list[Sheet] = []
    for name, answer in answers.items():
        _told(name, answer, said, sheets)
    numbered = (
        (f"{place} {name}", columns, rows) for place, (name, columns, rows) in enumerate(sheets, start=1)
    )
    return workbook("Asked and assumed", ("what", "value"), said, made, *numbered)


def _told(name: str, value: Any, said: list[list[Any]], sheets: list[Sheet]) -> None:
    """Write one value: a table as a sheet, an object by its parts, anything else as a row."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            _told(f"{name} {key}".replace("_", " "), one, said, sheets)
    elif _is_table(value):
        sheets += _sheets(name, value)
    elif isinstance(value, list | tuple):
        said.append([name, ", ".join(str(element) for element in value) or "none"])
    else:
        said.append([name, _cell(value)])


def _sheets(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Sheet]:
    """Yield the sheets of a table of objects, with a column for every part.

    A table within an object has rows of its own on a further sheet.
    """
    flat = [dict(_parts("", row)) for row in rows]
    columns = list(dict.fromkeys(column for row in flat for column in row))
    yield name, columns, [[_cell(row.get(column)) for column in columns] for row in flat]
    lead = next(iter(rows[0]))
    for key in dict.fromkeys(key for row in rows for key, one in row.items() if _is_table(one)):
        yield from _sheets(
            f"{name} {key}".replace("_", " "),
            [{lead: row[lead], **part} for row in rows for part in row.get(key) or ()],
        )


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(element, Mapping) for element in value)
    )


def _parts(before: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, one in value.items():
        name = f"{before} {key}".strip().replace("_", " ")
        if isinstance(one, Mapping):
            yield from _parts(name, one)
        elif isinstance(one, list | tuple):
            if not _is_table(one):
                yield name, ", ".join(str(part) for part in one)
        else:
            yield name, one


def _cell(value: Any) -> Any:
    """Return a cell as what it is: text that is a number or a date as such."""
    if isinstance(value, str) and DAY.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    return value

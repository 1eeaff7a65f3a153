"""An administrator's published series, taken in place of our own; every value says which it is (`index.md`, Published series)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.basics.errors import Place, Problem
from engine.basics.tables import read_table
from engine.market.index_value import IndexValue

COLUMNS = ("publication_date", "value", "low_confidence", "observations", "methodology_version")
SOURCE = "published by the administrator"
PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
COUNT = re.compile(r"[0-9]{1,9}")
EARLIEST = date(1970, 1, 1)
"""Nothing was published before it; damaged files say year 1."""
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_series(text: str, file: str, index: str, known: Mapping[date, Any], today: date) -> tuple[list[IndexValue], list[Problem]]:
    """The values that are new: a first print of its date, or the next one where it differs from the last.

    Args:
        text: CSV with the columns publication_date, value, low_confidence, observations, methodology_version. A row dated
            after a Thursday is a later print of that Thursday, made public on its own date. An exported series says more: its
            `published_on` is that date, and a row whose `print` is lower than the newest on record is on record already.
        file: its name, for the errors.
        index: the index that it is of.
        known: the newest print on record by Publication Date.
        today: the date at the administrator's place; a row of a later one is refused.
    """
    table, problems = read_table(text, file)
    if table is None:
        return [], problems
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        fix = f"begin with `{','.join(COLUMNS)}`"
        return [], [Problem("I101", f"the series lacks {', '.join(missing)}", "each row is one print", fix, Place(file))]
    values: list[IndexValue] = []
    newest = dict(known)
    for row in table.rows:
        value, wrong = _row(row.cells, Place(file, row.line), index, today)
        problems += wrong
        if value is None:
            continue
        before = newest.get(value.publication_date)
        if before is not None and (_same(before, value) or _earlier(row.cells, before)):
            continue
        printed = value if before is None else value.model_copy(update={"print": int(before["print"]) + 1})
        newest[value.publication_date] = printed.model_dump(mode="json")
        values.append(printed)
    return ([] if problems else values), problems


def _earlier(row: Mapping[str, str], before: Mapping[str, Any]) -> bool:
    """Whether a row of an exported series is an earlier print than the newest on record."""
    stated = row.get("print", "").strip()
    return COUNT.fullmatch(stated) is not None and int(stated) < int(before["print"])


def _same(before: Mapping[str, Any], value: IndexValue) -> bool:
    """Whether a print says what the one before it says; 1.735 and 1.7350 are one value."""
    was = None if before["value"] is None else Decimal(before["value"])
    after = value.model_dump(mode="json")
    return was == value.value and all(before[name] == after[name] for name in ("low_confidence", "observations", "methodology"))


def _row(row: Mapping[str, str], place: Place, index: str, today: date) -> tuple[IndexValue | None, list[Problem]]:
    problems: list[Problem] = []

    def refuse(code: str, what: str, fix: str) -> None:
        problems.append(Problem(code, what, "a published value is taken as it was published", fix, place))

    day = _date(row["publication_date"])
    if day is None:
        refuse("I102", f"`{row['publication_date']}` is not a date", "write it like `2026-03-05`")
    stated = row.get("published_on", "").strip()
    public = _date(stated) if stated else day
    if day is not None and (public is None or public < day):
        refuse("I102", f"`{stated}` is no date on or after the Publication Date", "write it like `2026-03-06`, or nothing")
    elif public is not None and public > today:
        refuse("I106", f"`{public}` is in the future; today is {today}", "correct the date, or import the row when it is published")
    price = _price(row["value"])
    if price is False:
        refuse("I103", f"`{row['value']}` is not a value", "write it like `1.7350`, or nothing where none was published")
    flag = WORDS.get(row["low_confidence"].strip().lower())
    if flag is None:
        refuse("I104", f"`{row['low_confidence']}` is no flag", "write `true` or `false`")
    count = row["observations"].strip()
    if not COUNT.fullmatch(count):
        refuse("I105", f"`{count}` is no number of observations", "write a whole number")
    if problems or day is None or flag is None or price is False:
        return None, problems
    thursday = day - timedelta(days=(day.weekday() - 3) % 7)
    value = IndexValue(
        index=index,
        publication_date=thursday,
        published_on=public,
        window_start=thursday - timedelta(days=7),
        window_end=thursday - timedelta(days=1),
        methodology=row["methodology_version"],
        source=SOURCE,
        value=price if isinstance(price, Decimal) else None,
        observations=int(count),
        low_confidence=flag,
        low_confidence_reasons=("flagged by the administrator",) if flag else (),
    )
    return value, []


def unpublished(index: str, publication: date) -> IndexValue:
    """A Publication Date that the administrator let pass: a non-publication with its reason (`rulings.md` 4)."""
    return IndexValue(
        index=index,
        publication_date=publication,
        window_start=publication - timedelta(days=7),
        window_end=publication - timedelta(days=1),
        methodology="",
        source=SOURCE,
        low_confidence_reasons=("the administrator's series has no value for this date",),
    )


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day >= EARLIEST else None


def _price(text: str) -> Decimal | bool | None:
    """The value, None where none was published, False where it is no value."""
    if not text.strip():
        return None
    return PRICE.fullmatch(text.strip()) is not None and (Decimal(text.strip()) or False)

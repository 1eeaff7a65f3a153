"""Offers as a table: a day's filtered observations, or the unfiltered offers of one or more collections.

See `rulings.md` 7 and 61. A table that says of each row whether it can be rented is unfiltered, and each row
is judged by its own cells. A rule that no column lets anyone check is taken as applied, and named. In a
filtered table rules 1 to 6 are taken as applied. Hosts and machines count if they are named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from engine.basics.files import text_of
from engine.basics.tables import NUMBER, Table, read_table
from engine.market.offer import Malformed, Offer

NEEDED = ("gpu_name", "num_gpus", "dph_total", "geolocation")
TIMES = ("collected_at", "collected_utc")
"""The possible names of the column with the collection time."""
WINDOW = "collection_window_id"
IDS = ("offer_id", "listing_id", "id", "ask_contract_id")
YES, NO = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
NOT_FINITE = ("nan", "inf", "infinity")
SHORTENED = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+", re.ASCII)
"""A long number as a spreadsheet shows it. Two hosts would have the same, and would count as one seller."""
BEFORE_PRICE = frozenset({"model", "availability", "geography", "reliability", "gpu count", "staleness"})
"""The names of rules 1 to 6."""


class TableRefused(Exception):
    """Raised, with the file's name and the reason, for a table that is not one of offers."""


@dataclass(frozen=True, slots=True)
class OfferTable:
    """A table of offers.

    Attributes:
        offers: each row, in order.
        times: the collection time of each row, as it is written.
        filtered: whether rules 1 to 6 are taken as applied.
        unchecked: the rules that no column lets anyone check; they are taken as applied.
    """

    offers: tuple[Offer | Malformed, ...]
    times: tuple[str, ...]
    filtered: bool
    unchecked: frozenset[str]


def read_offer_table(plain: bytes, name: str) -> OfferTable:
    """Return the offers of a CSV file.

    Raises TableRefused if it is not such a table, naming the line if there is one.
    """
    table = _table(plain, name)
    if not table.rows:
        raise TableRefused(
            f"{name}: the table has no rows, so nobody can tell its day; a day that was collected and empty "
            "is imported by the "
            "`.meta.json` beside it"
        )
    time = next(column for column in TIMES if column in table.columns)
    # A table with neither column cannot show that an offer was free, so it passes as filtered already.
    filtered = not _unfiltered(table)
    rows_read = tuple(_offer(row.cells, f"{name}:{row.line}", filtered) for row in table.rows)
    return OfferTable(rows_read, tuple(row.cells[time] for row in table.rows), filtered, _unchecked(table))


def collections_of(plain: bytes, name: str) -> tuple[bytes, ...]:
    """Return an unfiltered table cut into its collections, oldest first; any other file as the only part.

    Each part has the table's own head. Rows belong to one collection if they share their
    `collection_window_id`, or without that column their collection time. Raises TableRefused.
    """
    if not name.lower().removesuffix(".gz").endswith(".csv"):
        return (plain,)
    table = _table(plain, name)
    if not table.rows or not _unfiltered(table):
        return (plain,)
    time = next(column for column in TIMES if column in table.columns)
    # Lines are cut by number and not written anew, so that each part keeps its rows as they were written.
    lines = plain.decode("utf-8-sig").split("\n")
    parts: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for row, end in zip(table.rows, (*(row.line for row in table.rows[1:]), len(lines) + 1), strict=True):
        key = row.cells.get(WINDOW, "").strip() or row.cells[time].strip()
        parts.setdefault(key, []).append("\n".join(lines[row.line - 1 : end - 1]).rstrip("\r\n"))
        first[key] = min(first.get(key, row.cells[time]), row.cells[time])
    if len(parts) < 2:
        return (plain,)
    head = "\n".join(lines[: table.rows[0].line - 1]).rstrip("\r\n")
    return tuple(
        "\n".join((head, *parts[key], "")).encode()
        for key in sorted(parts, key=lambda key: (first[key], key))
    )


def has_rows(plain: bytes, name: str) -> bool:
    """Return whether a table has any row. Raises TableRefused if it cannot be read."""
    return bool(_table(plain, name).rows)


def _table(plain: bytes, name: str) -> Table:
    table, problems = read_table(text_of(plain), name)
    if table is None:
        wrong = problems[0]
        raise TableRefused(f"{wrong.place.shown}: not a table of observations: {wrong.what}; {wrong.fix}")
    missing = [column for column in NEEDED if column not in table.columns]
    if not any(column in table.columns for column in TIMES):
        missing.append(TIMES[-1])
    # A table without rows is refused elsewhere with a reason that tells more than a missing column.
    if table.rows and missing:
        raise TableRefused(f"{name}: the table lacks the column {', '.join(missing)}")
    return table


def _unfiltered(table: Table) -> bool:
    return "rentable" in table.columns or "rented" in table.columns


def _unchecked(table: Table) -> frozenset[str]:
    """Return the rules that no cell of the table can decide."""
    if not _unfiltered(table):
        return BEFORE_PRICE
    needed = {"staleness": ("start_date",), "reliability": ("reliability2", "reliability")}
    return frozenset(
        rule for rule, columns in needed.items() if not any(column in table.columns for column in columns)
    )


def _offer(cells: Mapping[str, str], place: str, filtered: bool) -> Offer | Malformed:
    """Return the offer of one row.

    If a number cannot be read, a filtered table is refused as a whole. In an unfiltered one only the row is
    malformed.
    """
    try:
        return _read(cells)
    except ValueError as error:
        # A filtered row is one the administrator used; passing over it would give another value without a
        # word.
        if filtered:
            raise TableRefused(f"{place}: {error}") from None
        return Malformed(str(error))


def _read(cells: Mapping[str, str]) -> Offer:
    offer = Offer(
        gpu_name=cells["gpu_name"],
        geolocation=cells["geolocation"],
        num_gpus=_number(cells, "num_gpus"),
        dph_total=_number(cells, "dph_total"),
        reliability2=_number(cells, "reliability2" if "reliability2" in cells else "reliability"),
        start_date=_epoch(cells),
        host_id=_named(cells, "host_id"),
        machine_id=_named(cells, "machine_id"),
        id=next((cells[column].strip() for column in IDS if cells.get(column, "").strip()), None),
    )
    for column in ("rentable", "rented"):
        if column in cells:  # a cell left empty says nothing, and what may be rented must be said
            offer = msgspec.structs.replace(offer, **{column: _word(cells, column)})
    return offer


def _number(cells: Mapping[str, str], column: str) -> float | None:
    text = cells.get(column, "").strip()
    if not text:
        if column in ("num_gpus", "dph_total"):
            raise ValueError("num_gpus and dph_total must be numbers")
        return None
    number = float(text) if NUMBER.fullmatch(text) or text.lower().strip("+-") in NOT_FINITE else None
    if number is None:
        raise ValueError(
            "num_gpus and dph_total must be numbers"
            if column in NEEDED
            else f"{column} `{text}` is not a number"
        )
    # Neither of these words is a price or a count, and a number of many digits becomes one of them.
    if not math.isfinite(number):
        raise ValueError(
            "num_gpus and dph_total must be finite"
            if column in NEEDED
            else f"{column} `{text}` is not finite"
        )
    return number


def _epoch(cells: Mapping[str, str]) -> float | None:
    """Return the time of the listing's last change in epoch seconds.

    It may be written as such a number, or as a time with its zone.
    """
    text = cells.get("start_date", "").strip()
    try:
        return _number(cells, "start_date")
    except ValueError:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(f"start_date `{text}` has no zone") from None
        return at.timestamp()


def _named(cells: Mapping[str, str], column: str) -> str | None:
    """Return the name of a host or a machine; None if it is empty. 7000 and 7000.0 are the same name."""
    text = cells.get(column, "").strip()
    if SHORTENED.fullmatch(text):
        raise ValueError(f"{column} `{text}` is a number without its last digits, as a spreadsheet saves it")
    # A spreadsheet writes whole numbers of a column with gaps as 7000.0.
    return (text.removesuffix(".0") if text.removesuffix(".0").isdigit() else text) or None


def _word(cells: Mapping[str, str], column: str) -> bool | None:
    text = cells[column].strip().lower()
    if not text:
        return None
    if text not in YES | NO:
        raise ValueError(f"{column} `{cells[column]}` is neither true nor false")
    return text in YES

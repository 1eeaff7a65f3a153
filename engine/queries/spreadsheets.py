"""Tables for people, as workbooks.

A number is a number in its unit's format, a date is a date, and text is never a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.events.kinds import Event, ReportReceived, Tested
from engine.queries.exports import SERIES_COLUMNS, SERIES_FIGURES
from engine.queries.history import summary
from engine.queries.parquet_files import parquet
from engine.queries.portfolio import Portfolio, Row
from engine.queries.portfolio_deals import DealRow

FORMATS = {
    Unit.USD: '"USD" #,##0.00',
    Unit.RATE: '"USD" #,##0.0000',
    Unit.SHARE: "0.000%",
    Unit.POINTS: "0.000%",
    Unit.MULTIPLE: "0.000",
}
"""How a figure of each unit is shown; whole numbers otherwise."""
PORTFOLIO = (
    "deal",
    "test",
    "title",
    "section",
    "state",
    "counting",
    "result",
    "measured",
    "limit",
    "headroom",
    "on",
    "due",
    "who",
    "what",
    "note",
)
DEALS = (
    *("deal", "party", "principal", "on", "state", "test", "section"),
    *("nearest test", "index", "change of the rate until it turns", "fails now"),
    *("due by", "due from", "due", "days"),
)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""
OWED = ("deal", "principal", "who", "name", "act", "what", "cite", "by", "days", "outcome", "to")
HISTORY = (
    "no.",
    "effective",
    "recorded",
    "event",
    "of",
    "print",
    "measured",
    "limit",
    "headroom",
    "what",
    "by",
    "engine",
)
WIDEST = 60


def portfolio_workbook(portfolio: Portfolio) -> bytes:
    """Return a portfolio as a workbook, the worst first; a second sheet says who owes whom what."""
    owed = ((*(getattr(duty, name) for name in OWED[:-1]), ", ".join(duty.to)) for duty in portfolio.owed)
    return workbook(
        f"Portfolio {portfolio.on}",
        PORTFOLIO,
        map(_portfolio_cells, portfolio.rows),
        portfolio.on,
        ("Owed", OWED, owed),
    )


def deals_workbook(rows: Sequence[DealRow], on: date) -> bytes:
    """Return a row for each deal as a workbook, in the order given.

    A second sheet says who owes whom what.
    """
    owed = (
        (*(getattr(duty, name) for name in OWED[:-1]), ", ".join(duty.to))
        for row in rows
        for duty in row.owed
    )
    return workbook(f"Portfolio {on}", DEALS, map(_deal_cells, rows), on, ("Owed", OWED, owed))


FOUR_EMPTY = (None,) * 4
"""Cells of what a deal does not have. They keep the columns in place for a filter or a sum."""


def _deal_cells(row: DealRow) -> tuple[Any, ...]:
    near, due = row.nearest, row.next
    turned = (
        (near.title, near.index, Figure(value=near.share, unit=Unit.SHARE), "yes" if near.failing else "no")
        if near
        else FOUR_EMPTY
    )
    first = (due.by, due.who, due.what, due.days) if due is not None else FOUR_EMPTY
    return (
        row.deal,
        row.party,
        row.principal,
        row.on,
        row.state,
        row.worst.title,
        row.worst.cite,
        *turned,
        *first,
    )


def portfolio_parquet(rows: Sequence[Row]) -> bytes:
    """Return a portfolio as a Parquet file, the worst first."""
    return parquet(PORTFOLIO, map(_portfolio_cells, rows))


def history_parquet(events: Sequence[Event]) -> bytes:
    """Return the history of a deal as a Parquet file, oldest first."""
    return parquet(HISTORY, map(_history_cells, events))


def series_parquet(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return every print of a series as a Parquet file.

    Values are floats, with their text as published beside them.
    """
    exact = [f"{name}_published" for name in SERIES_COLUMNS if name in SERIES_FIGURES]
    places = [place for place, name in enumerate(SERIES_COLUMNS) if name in SERIES_FIGURES]
    read = (
        (*map(_as_float, map(_as_read, SERIES_COLUMNS, row)), *(row[place] for place in places))
        for row in rows
    )
    return parquet((*SERIES_COLUMNS, *exact), read)


def _as_float(value: Any) -> Any:
    # Tools that read Parquet compute with floats, so the exact text stands in a column of its own.
    return float(value) if isinstance(value, Decimal) else value


def _portfolio_cells(row: Row) -> tuple[Any, ...]:
    result, due = row.result, row.due[0] if row.due else None
    figures = (result.measured, result.limit, result.headroom) if result else (None, None, None)
    return (
        *(
            row.deal,
            row.key,
            row.title,
            row.cite,
            row.state,
            row.counting,
            result.verdict.value if result else None,
        ),
        *figures,
        *(row.on, due.by if due else None, due.who if due else None, due.what if due else None, row.note),
    )


def history_workbook(deal: str, events: Sequence[Event]) -> bytes:
    """Return the history of a deal as a workbook, oldest entry first.

    A second sheet has every figure that was reported.
    """
    # The workbook is dated by its content and not by the clock: the same log gives the same bytes.
    newest = events[-1].effective_on if events else date(2026, 1, 1)
    reported = ("period from", "period to", "received", "document", "figure", "value", "unit")
    figures = (
        (
            report.period_start,
            report.period_end,
            report.received,
            report.document,
            name,
            figure,
            figure.unit.value,
        )
        for report in (event.payload for event in events if isinstance(event.payload, ReportReceived))
        for name, figure in report.figures.items()
    )
    return workbook(
        f"History {deal}",
        HISTORY,
        map(_history_cells, events),
        newest,
        ("Reported figures", reported, figures),
    )


def _history_cells(event: Event) -> tuple[Any, ...]:
    result = event.payload.result if isinstance(event.payload, Tested) else None
    figures = (result.measured, result.limit, result.headroom) if result else (None, None, None)
    begun = (event.seq, event.effective_on, event.recorded_at, event.kind, event.subject, event.print)
    return (*begun, *figures, summary(event), event.actor, event.engine)


def series_workbook(series: str, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return every print of a series as a workbook."""
    read = (tuple(map(_as_read, SERIES_COLUMNS, row)) for row in rows)
    # A fixed date keeps the bytes the same for the same prints.
    return workbook(f"Series {series}", SERIES_COLUMNS, read, date(2026, 1, 1))


def _as_read(column: str, value: Any) -> Any:
    """Return a figure or a date that the log holds as text, as what it is; other text as it stands."""
    if not isinstance(value, str):
        return value
    try:
        if column in ("publication_date", "published_on"):
            return date.fromisoformat(value)
        return Decimal(value) if column in (*SERIES_FIGURES, "interval_low", "interval_high") else value
    except (ValueError, ArithmeticError):
        return value


def workbook(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    made: date,
    *more: tuple[str, Sequence[str], Iterable[Any]],
) -> bytes:
    """Return tables as one workbook, the same bytes each time.

    Args:
        title: the title of the first sheet.
        columns: its head.
        rows: its rows: figures, numbers, dates, text, None for an empty cell.
        made: the day that the workbook names as its own.
        more: further sheets, each with its title, head and rows.
    """
    import xlsxwriter

    into = io.BytesIO()
    book = xlsxwriter.Workbook(into, {"in_memory": True, "remove_timezone": True})
    book.set_properties({"title": title, "created": datetime(made.year, made.month, made.day)})
    formats = {
        shown: book.add_format({"num_format": shown})
        for shown in (*FORMATS.values(), "#,##0", "General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm")
    }
    head = book.add_format({"bold": True, "bottom": 1})
    for name, names, lines in ((title, columns, rows), *more):
        # A spreadsheet program refuses these signs in the name of a sheet, and more than 31 characters.
        sheet = book.add_worksheet("".join(sign for sign in name if sign not in "[]:*?/\\")[:31])
        sheet.write_row(0, 0, names, head)
        widths = [len(name) for name in names]
        for place, line in enumerate(lines, start=1):
            for column, value in enumerate(line):
                widths[column] = max(widths[column], _write(sheet, place, column, value, formats))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(WIDEST, width + 2))
        sheet.freeze_panes(1, 0)
    book.close()
    return into.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> int:
    """Write one cell as what it is; how wide it is."""
    if value is None or value == "":
        return 0
    if isinstance(value, Figure):
        sheet.write_number(row, column, float(value.value), formats[FORMATS.get(value.unit, "#,##0")])
    # In Python a bool is an int as well, so bools are sorted out before numbers.
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal | Fraction):
        sheet.write_number(row, column, float(value), formats["General"])
    # A datetime is a date as well, so moments are sorted out before days.
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value, formats["yyyy-mm-dd hh:mm"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["yyyy-mm-dd"])
    else:
        # `write` would turn a stranger's text that begins with = into a formula.
        sheet.write_string(row, column, str(value))
    return min(WIDEST, len(str(value))) if not isinstance(value, Figure) else 16

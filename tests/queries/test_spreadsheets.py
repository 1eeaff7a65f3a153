"""Tables for people as workbooks: numbers as numbers, dates as dates, text never a formula, the same bytes
each time.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from io import BytesIO

import openpyxl

from engine.basics.values import Figure, Unit
from engine.operations.run import Tools
from engine.queries.history import events_of
from engine.queries.portfolio import portfolio_of
from engine.queries.spreadsheets import history_workbook, portfolio_workbook, series_workbook, workbook
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import desk as desk  # the fixture
from tests.delivery.conftest import tools as tools  # the fixture
from tests.operations.test_run import DEAL


def test_a_number_is_a_number_in_its_units_format() -> None:
    share = Figure(value=Fraction(13, 20), unit=Unit.SHARE)
    row = (share, Decimal("2.10"), date(2026, 1, 8), datetime(2026, 1, 8, 9, 30), "=1+1", None, True, 7)
    data = workbook("A/B", ("a", "b", "c", "d", "e", "f", "g", "h"), [row], date(2026, 1, 8))
    assert data == workbook("A/B", ("a", "b", "c", "d", "e", "f", "g", "h"), [row], date(2026, 1, 8))
    sheet = openpyxl.load_workbook(BytesIO(data))["AB"]
    cells = sheet[2]
    assert [cell.value for cell in cells[:6]] == [
        0.65,
        2.1,
        datetime(2026, 1, 8),
        datetime(2026, 1, 8, 9, 30),
        "=1+1",
        None,
    ]
    assert (cells[0].number_format, cells[4].data_type) == ("0.000%", "s")


def test_a_portfolio_and_a_history_have_every_row_with_its_figures(desk: Workspace, tools: Tools) -> None:
    found = portfolio_of(desk, date(2026, 1, 15))
    sheet, owed = openpyxl.load_workbook(BytesIO(portfolio_workbook(found))).worksheets
    assert [row[7].value for row in owed.iter_rows(min_row=2)] == [
        datetime.combine(one.by, time()) for one in found.owed
    ]
    assert found.owed
    assert sheet.max_row == len(found.rows) + 1
    ltv = next(row for row in sheet.iter_rows(min_row=2) if row[1].value == "ltv")
    measured = next(one.result.measured for one in found.rows if one.key == "ltv" and one.result is not None)
    assert measured is not None
    assert ltv[7].value == float(measured.value)
    events = events_of(desk, DEAL)
    book = openpyxl.load_workbook(BytesIO(history_workbook(DEAL, events)))
    assert [sheet.title for sheet in book.worksheets] == [f"History {DEAL}", "Reported figures"]
    assert book.worksheets[0].max_row == len(events) + 1
    assert isinstance(book.worksheets[1]["F2"].value, int | float)


def test_a_series_has_its_values_as_numbers_and_its_dates_as_dates() -> None:
    data = series_workbook("CRI-H100@1.1-wp", [("2026-01-08", 1, "2026-01-08", "2.1000", "false", 44)])
    row = openpyxl.load_workbook(BytesIO(data)).worksheets[0][2]
    assert [cell.value for cell in row[:4]] == [datetime(2026, 1, 8), 1, datetime(2026, 1, 8), 2.1]

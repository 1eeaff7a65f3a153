"""A statement of notices as a file: a row for each notice and addressee, as a workbook or as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from engine.delivery.statement import Statement
from engine.queries.csv_tables import csv_of, in_a_cell
from engine.queries.spreadsheets import workbook

COLUMNS = (
    *("no.", "notice", "drafted", "released", "to", "state", "sent", "acknowledged"),
    *("due by the deal", "given", "days late", "said"),
)


def statement_workbook(statement: Statement) -> bytes:
    """Return a statement as a workbook."""
    newest = max((row.delivery.issued_at.date() for row in statement.rows), default=date(2026, 1, 1))
    return workbook(f"Notices {statement.deal}", COLUMNS, _rows(statement), newest)


def statement_csv(statement: Statement) -> str:
    """Return a statement as CSV."""
    return csv_of(COLUMNS, ([in_a_cell(cell) for cell in row] for row in _rows(statement)), marked=True)


def _rows(statement: Statement) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each notice and addressee, and one for a notice that is owed to nobody."""
    for row in statement.rows:
        steps = row.delivery
        begun = (row.number, row.kind, steps.issued_at, steps.released_at)
        ended = (row.due, steps.given_on, row.late if row.late and row.late > 0 else None)
        for one in row.addressees:
            yield (*begun, one.role, one.state, one.sent_at, one.acknowledged_at, *ended, one.said)
        if not row.addressees:
            yield (*begun, None, row.state, None, None, *ended, None)

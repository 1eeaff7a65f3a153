"""A deal's whole record as a table, for a spreadsheet or another system.

Rates, Acts, reports and notices stand beside results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.events.kinds import ActRecorded, Event, NoticeIssued, ReportReceived
from engine.events.rates import ReferenceRate
from engine.queries.csv_tables import csv_of, in_a_cell
from engine.queries.history import summary

COLUMNS = (
    "seq",
    "effective_on",
    "recorded_at",
    "kind",
    "subject",
    "says",
    "usd_per_gpu_hour",
    "notice",
    "document",
    "sha256",
    "until",
    "prepared_by",
    "approved_by",
    "print",
    "leaf",
)


def as_record_table(events: Sequence[Event]) -> str:
    """Return every event of a deal as a row of CSV.

    What a rate, an Act, a report or a notice says stands in columns of its own.
    """
    # Words of strangers stand in this file, and a spreadsheet must not run one as a formula.
    rows = [[in_a_cell(cell) for cell in _row(event)] for event in events]
    return csv_of(COLUMNS, rows, marked=True)


def _row(event: Event) -> tuple[Any, ...]:
    head = (
        event.seq,
        event.effective_on,
        event.recorded_at.isoformat(),
        event.kind,
        event.subject,
        summary(event),
    )
    return (
        *head,
        # An empty cell says that the event does not state it, and a word there could be taken for a value.
        *("" if cell is None else cell for cell in _details(event.payload)),
        event.print,
        event.leaf,
    )


def _details(payload: Any) -> tuple[Any, ...]:
    """Return the cells that only some kinds of events fill.

    They are the rate, the number of a notice, the document, its hash, the last day, and the persons who
    prepared and approved. A cell is empty if the event does not say it.
    """
    match payload:
        case ReferenceRate(value=value):
            return (value, "", "", "", "", "", "")
        case ActRecorded() as act:
            return ("", "", act.document, act.sha256, act.until, act.prepared_by, act.approved_by)
        case ReportReceived(document=document, sha256=sha256):
            return ("", "", document, sha256, "", "", "")
        case NoticeIssued(number=number, file=file, sha256=sha256):
            return ("", number, file, sha256, "", "", "")
        case _:
            return ("",) * 7

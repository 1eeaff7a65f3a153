"""The record of a workspace as pandas DataFrames: results, events, series, obligations, reports.

Each figure stands twice: as a float in its own unit, for plots and sums, and exactly (`fractions.Fraction` or
`decimal.Decimal`) in the column that ends in `_exact`. A share is a fraction of one: 65% is 0.65. Dates are
`datetime64[ns]`; times are UTC. A table without rows has its columns all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from engine.basics.values import Figure
from engine.events.kinds import Event, ObligationMoved, ReportReceived, Tested
from engine.events.log_names import series_name
from engine.events.standing import withdrawn
from engine.queries.exports import SERIES_COLUMNS, series_rows
from engine.queries.history import events_of
from engine.queries.logs_by_name import recorded_deals
from engine.workspace.series import known_series
from engine.workspace.workspace import Workspace, opened

DATE, TIME, FLOAT, TEXT, WHOLE, FLAG, EXACT = (
    "datetime64[ns]",
    "datetime64[ns, UTC]",
    "float64",
    "str",
    "Int64",
    "bool",
    "object",
)
RESULTS = {
    "deal": TEXT,
    "test": TEXT,
    "on": DATE,
    "as_of": DATE,
    "print": WHOLE,
    "standing": FLAG,
    "verdict": TEXT,
    "measured": FLOAT,
    "measured_exact": EXACT,
    "limit": FLOAT,
    "limit_exact": EXACT,
    "unit": TEXT,
    "headroom": FLOAT,
    "headroom_exact": EXACT,
    "headroom_unit": TEXT,
    "state": TEXT,
    "since": DATE,
    "cure_by": DATE,
    "decisive": EXACT,
    "reason": TEXT,
    "cite": TEXT,
    "entry": WHOLE,
    "recorded_at": TIME,
}
EVENTS = {
    "deal": TEXT,
    "entry": WHOLE,
    "kind": TEXT,
    "subject": TEXT,
    "effective_on": DATE,
    "print": WHOLE,
    "standing": FLAG,
    "recorded_at": TIME,
    "actor": TEXT,
    "engine": TEXT,
    "leaf": TEXT,
}
SERIES = {
    "series": TEXT,
    "index": TEXT,
    "publication_date": DATE,
    "print": WHOLE,
    "published_on": DATE,
    "value": FLOAT,
    "value_exact": EXACT,
    "low_confidence": FLAG,
    "observations": WHOLE,
    "valid_days": WHOLE,
    "hosts": WHOLE,
    "interval_low": FLOAT,
    "interval_high": FLOAT,
    "methodology": TEXT,
    "leaf": TEXT,
}
OBLIGATIONS = {
    "deal": TEXT,
    "clause": TEXT,
    "name": TEXT,
    "by": TEXT,
    "created_on": DATE,
    "due_by": DATE,
    "status": TEXT,
    "status_since": DATE,
    "satisfied_by": TEXT,
    "cite": TEXT,
}
OF_AN_OBLIGATION = ("clause", "name", "by", "created_on", "status", "status_since", "satisfied_by")
REPORTS = {
    "deal": TEXT,
    "document": TEXT,
    "period_start": DATE,
    "period_end": DATE,
    "as_of": DATE,
    "received": DATE,
    "figure": TEXT,
    "value": FLOAT,
    "value_exact": EXACT,
    "unit": TEXT,
    "sha256": TEXT,
}


@dataclass(frozen=True)
class Analysis:
    """The record of a workspace, read and never changed; each method reads it afresh."""

    workspace: Workspace

    def results(self) -> pd.DataFrame:
        """Return every result of every test, with the columns of `RESULTS`.

        Each print of a result has a row. Results that were withdrawn are included, with `standing` False.
        """
        return _frame(
            RESULTS, (_result(*row) for row in self._events() if isinstance(row[1].payload, Tested))
        )

    def events(self) -> pd.DataFrame:
        """Return every event of every deal's log; columns as in `EVENTS`."""
        return _frame(EVENTS, (_event(*row) for row in self._events()))

    def series(self) -> pd.DataFrame:
        """Return every print of every index series, in USD per GPU-hour; columns as in `SERIES`."""
        rows = (
            (name, row) for name in known_series(self.workspace) for row in series_rows(self.workspace, name)
        )
        return _frame(
            SERIES, (_print(name, dict(zip(SERIES_COLUMNS, row, strict=True))) for name, row in rows)
        )

    def obligations(self) -> pd.DataFrame:
        """Return every Obligation as its newest event leaves it; columns as in `OBLIGATIONS`."""
        newest: dict[tuple[str, str, object], dict[str, Any]] = {}
        for deal, event, in_force in self._events():
            if in_force and isinstance(event.payload, ObligationMoved):
                obligation = event.payload.obligation
                newest[deal, obligation.clause, obligation.created_on] = {
                    "deal": deal,
                    "due_by": obligation.due.by,
                    "cite": event.payload.cite,
                    **{
                        name: getattr(obligation, name)
                        for name in (
                            "clause",
                            "name",
                            "by",
                            "created_on",
                            "status",
                            "status_since",
                            "satisfied_by",
                        )
                    },
                }
        return _frame(OBLIGATIONS, newest.values())

    def reports(self) -> pd.DataFrame:
        """Return every figure of every Servicer's report, one row a figure; columns as in `REPORTS`."""
        return _frame(REPORTS, (row for deal, event, _ in self._events() for row in _figures(deal, event)))

    def _events(self) -> Iterator[tuple[str, Event, bool]]:
        """Yield each deal's events with whether each still stands."""
        for deal in recorded_deals(self.workspace):
            events = events_of(self.workspace, deal)
            withdrawn_seqs = {event.seq for event in withdrawn(events)}
            yield from ((deal, event, event.seq not in withdrawn_seqs) for event in events)


def open_workspace(path: str | Path) -> Analysis:
    """Return the record of a workspace for analysis.

    Raises WrongUsage for a folder that is not a workspace.
    """
    return Analysis(opened(Path(path), to_inspect=True))


def _frame(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a typed table: each column of its own type, whether or not there are rows."""
    table_rows = list(rows)
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in table_rows], dtype=kind) for name, kind in columns.items()}
    )


def _figure(name: str, figure: Figure | None) -> dict[str, Any]:
    """Return a figure as a float and exactly."""
    return {} if figure is None else {name: float(figure.value), f"{name}_exact": Fraction(figure.value)}


def _result(deal: str, event: Event, in_force: bool) -> dict[str, Any]:
    tested: Tested = event.payload
    result, state = tested.result, tested.state
    return {
        **{
            "deal": deal,
            "test": result.test,
            "on": result.on,
            "as_of": result.as_of or result.on,
            "print": event.print,
            "standing": in_force,
        },
        **{
            "verdict": result.verdict.value,
            "state": state.status.value,
            "since": state.since,
            "cite": result.cite,
        },
        **_figure("measured", result.measured),
        **_figure("limit", result.limit),
        **_figure("headroom", result.headroom),
        "unit": result.measured.unit.value if result.measured else None,
        "headroom_unit": result.headroom.unit.value if result.headroom else None,
        "cure_by": state.cure.by if state.cure else None,
        "decisive": result.bearing.decisive if result.bearing else None,
        "reason": result.reason.reason if result.reason else None,
        **{"entry": event.seq, "recorded_at": event.recorded_at},
    }


def _event(deal: str, event: Event, in_force: bool) -> dict[str, Any]:
    said = ("kind", "subject", "effective_on", "print", "recorded_at", "actor", "engine", "leaf")
    return {
        "deal": deal,
        "entry": event.seq,
        "standing": in_force,
        **{name: getattr(event, name) for name in said},
    }


def _print(series: str, row: Mapping[str, Any]) -> dict[str, Any]:
    value = None if row["value"] is None else Decimal(str(row["value"]))
    return {
        **row,
        **{"series": series, "index": series_name(series).index, "methodology": row["methodology_version"]},
        **{"value": None if value is None else float(value), "value_exact": value},
    }


def _figures(deal: str, event: Event) -> Iterator[dict[str, Any]]:
    if isinstance(event.payload, ReportReceived):
        report = event.payload
        said = {
            name: getattr(report, name)
            for name in ("document", "period_start", "period_end", "as_of", "received", "sha256")
        }
        for name, figure in report.figures.items():
            yield {
                "deal": deal,
                **said,
                "figure": name,
                **_figure("value", figure),
                "unit": figure.unit.value,
            }

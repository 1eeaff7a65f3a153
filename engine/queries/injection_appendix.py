"""Appendix A: how many injected listings move the index (WP §7.3.1).

The appendix is published with the first value of the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from engine.events.log_names import series_name
from engine.market.methodology import load_methodology
from engine.market.quality import manipulation as attack
from engine.queries.csv_tables import csv_of
from engine.queries.index_weeks import days_of
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

HEADS = ("what", "listings", "at", "moved by", "least injected")


def first_publication(workspace: Workspace, series: str) -> date | None:
    """Return the first Publication Date on which a computed series has a value.

    The result is None for an administrator's series, and for a series without a value.
    """
    # Injected listings would need the listings behind a value, which an administrator does not hand over.
    if series_name(series).administered:
        return None
    days = (
        event.effective_on
        for event in on_record(workspace, series)
        if event.payload.value["value"] is not None
    )
    return min(days, default=None)


def injection_appendix(workspace: Workspace, series: str, publication: date) -> tuple[tuple[str, ...], ...]:
    """Return the appendix in rows: the least number of listings that moves the index.

    Rows stand for the week, for each day, and for each row of Table 5 that the days fill.
    """
    return tuple(_rows(workspace, series, publication))


def appendix_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows of the appendix as CSV with a row of column names."""
    return csv_of(HEADS, rows)


def _rows(workspace: Workspace, series: str, publication: date) -> Iterator[tuple[str, ...]]:
    name = series_name(series)
    values = {event.effective_on: event.payload.value for event in on_record(workspace, series)}
    version = str(values[publication]["methodology"])
    methodology = load_methodology(version)
    days = days_of(workspace, name.index, version, publication)
    for at in attack.AT:
        for move in attack.MOVES:
            shown = (f"{float(at):.0%} of the median", f"{float(move):.0%}")
            yield (
                "week, on every day",
                str(sum(len(listings) for _, listings in days)),
                *shown,
                _least(attack.least_for_week(days, methodology, at, move)),
            )
            for day, listings in days:
                if listings:
                    yield (
                        str(day),
                        str(len(listings)),
                        *shown,
                        _least(attack.least_for_day(listings, methodology, at, move)),
                    )
    for row in attack.table_5([listings for _, listings in days if listings], methodology):
        for (at, move), least in row.least.items():
            yield (
                "Table 5",
                str(row.listings),
                f"{float(at):.0%} of the median",
                f"{float(move):.0%}",
                _least(least) if row.days else "no day",
            )


def _least(count: int | None) -> str:
    return "not reachable" if count is None else str(count)

"""The published history of an index as the rate model reads it.

It comes from a workspace's series, or from a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from engine.basics.errors import InputProblems, Place, Problem, WrongUsage
from engine.basics.files import bytes_of, read_text
from engine.basics.tables import Row, read_table
from engine.basics.values import exact_number, listed, rounded
from engine.events.rates import Published
from engine.foresight.given_files import GivenFile
from engine.foresight.sampling_noise import ObservedWeek
from engine.terms.as_written import Deal
from engine.workspace.series import known_series, prints_of, series_by_index, series_of
from engine.workspace.workspace import Workspace

COLUMNS = ("date", "value")


@dataclass(frozen=True, slots=True)
class HistorySource:
    """Where a published history comes from.

    Attributes:
        file: the name of its table; None for the workspace's series.
        sha256: of the table's bytes; None for the workspace's series.
    """

    file: str | None
    sha256: str | None

    @property
    def given(self) -> GivenFile | None:
        """The table as a file that was given; None for the workspace's series."""
        if self.file is None or self.sha256 is None:
            return None
        return GivenFile("history", self.file, self.sha256)


OF_THE_SERIES = HistorySource(None, None)


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """A table of a published history, of one reading: its text, and the source with its hash."""

    path: Path
    text: str
    source: HistorySource

    def weeks(self, index: str, several: bool) -> tuple[ObservedWeek, ...]:
        """Return the history of an index, as `read_history` does."""
        return read_history(self.text, str(self.path), index, several)


def history_table(path: Path) -> HistoryTable:
    """Return a table as it is now. Raises WrongUsage if the file does not exist."""
    text = read_text(path)
    return HistoryTable(path, text, HistorySource(path.name, sha256(bytes_of(text)).hexdigest()))


def observed_in(workspace: Workspace, deal: Deal, index: str, until: date) -> tuple[ObservedWeek, ...]:
    """Return the published value of an index on each Publication Date.

    Only prints that the deal accepts count.

    Raises:
        WrongUsage: the workspace has no value of the series.
    """
    weeks = tuple(
        observed(publication)
        for publication in series_by_index(prints_of(workspace), deal, until).get(index, ())
    )
    if not any(week.value is not None for week in weeks):
        terms = next((terms.index[index] for _, terms in deal.segments if index in terms.index), None)
        wanted = series_of(index, terms) if terms is not None else index
        there = listed(sorted(known_series(workspace))) or "none"
        raise WrongUsage(
            f"a published history of {wanted} is not at hand; the series on record: {there}. Give one with "
            "--history FILE"
        )
    return weeks


def published_in(workspace: Workspace, deal: Deal, until: date) -> bool:
    """Return whether a workspace has a value of the series of each index that a deal reads."""
    series = series_by_index(prints_of(workspace), deal, until)
    names = {name for _, terms in deal.segments for name in terms.index}
    return all(any(one.value is not None for one in series.get(name, ())) for name in names)


def observed(publication: Published) -> ObservedWeek:
    """Return a publication as the rate model reads it."""
    ends = (
        (publication.low, publication.high)
        if publication.low is not None and publication.high is not None
        else None
    )
    return ObservedWeek(
        publication.publication_date, publication.value, interval_95=ends, sellers=publication.hosts
    )


def read_history(
    text: str, file: str, index: str | None = None, several: bool = False
) -> tuple[ObservedWeek, ...]:
    """Return a history from a table with the columns `date,value`.

    The columns `low,high` of the 95% interval and `sellers` are read if they are there. If an `index` is
    named and the table has a column `index`, only the rows of that index count; with `several` the table must
    have that column.

    Raises:
        InputProblems: everything that is wrong with it, each at its line.
    """
    table, problems = read_table(text, file)
    if table is None:
        raise InputProblems(problems)
    lacking = [name for name in (*COLUMNS, *(("index",) if several else ())) if name not in table.columns]
    if lacking:
        further = " and, as the deal reads several indices, index" if several else ""
        fix = f"head the columns date,value{further} and, where they are known, low,high,sellers"
        what = f"the history has no column {', '.join(lacking)}"
        raise InputProblems(
            [Problem("F101", what, "a history is a value for each Thursday", fix, Place(file))]
        )
    # A table of a single index need not repeat its name in each row.
    index = index if "index" in table.columns else None
    weeks: list[ObservedWeek] = []
    for row in (row for row in table.rows if index is None or row.cells["index"].strip() == index):
        week = _row(row, file, weeks, problems)
        weeks += [week] if week is not None else []
    if problems:
        raise InputProblems(problems)
    if index is not None and not weeks:
        what, fix = f"the history has no row of {index}", "name the deal's index in the column `index`"
        raise InputProblems(
            [Problem("F101", what, "each index moves by a history of its own", fix, Place(file))]
        )
    return tuple(weeks)


def _row(row: Row, file: str, before: Sequence[ObservedWeek], problems: list[Problem]) -> ObservedWeek | None:
    place = Place(file, row.line)
    try:
        day = date.fromisoformat(row.cells["date"].strip())
    except ValueError:
        day = None
    if day is None:
        what, fix = f"`{row.cells['date']}` is not a date", "write it like 2026-01-08"
        problems.append(Problem("F105", what, "a value is of a date", fix, place))
        return None
    if before and day <= before[-1].publication_date:
        fix = "write the Publication Dates in order, like 2026-01-08"
        what = f"`{row.cells['date']}` is not the next Publication Date"
        problems.append(
            Problem("F102", what, "a history is one value for each week, oldest first", fix, place)
        )
        return None
    numbers = {name: _number(row.cells.get(name, "").strip()) for name in ("value", "low", "high")}
    # An empty cell is a week without a value, and not an error.
    wrong = [name for name, number in numbers.items() if number is None and row.cells.get(name, "").strip()]
    if wrong:
        what = f"`{row.cells[wrong[0]]}` is not a rate"
        problems.append(Problem("F103", what, "a rate is above zero", "write it like 1.9131", place))
        return None
    low, high = numbers["low"], numbers["high"]
    sellers = row.cells.get("sellers", "").strip()
    return ObservedWeek(
        day,
        numbers["value"],
        interval_95=(low, high) if low is not None and high is not None else None,
        sellers=int(sellers) if sellers.isdigit() else None,
    )


def _number(text: str) -> Decimal | None:
    try:
        ratio = exact_number(text)
    except (ValueError, ZeroDivisionError):
        return None
    return rounded(ratio, 6) if ratio > 0 else None

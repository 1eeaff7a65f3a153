"""Tables as CSV: series, trigger histories, portfolios and the forms of regulators, all written through pandas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.basics.files import MARK


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, marked: bool = False) -> str:
    """A table as CSV with its head: a comma between cells, a line feed after each row, quotes only around a cell that needs them.

    Every cell is text before pandas sees it. A figure therefore keeps its digits, and no column is read as numbers.

    Args:
        columns: the names of the columns.
        rows: the rows, each as long as the head; None is an empty cell.
        marked: whether the text begins with a byte order mark, by which a spreadsheet knows that it is UTF-8.
    """
    import pandas as pd  # late: only an export needs it

    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    frame = pd.DataFrame(cells, columns=pd.Index(columns, dtype=object), dtype=object)
    return (MARK if marked else "") + str(frame.to_csv(index=False, lineterminator="\n"))

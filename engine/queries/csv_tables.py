"""Tables as CSV, written through pandas.

They are series, trigger histories, portfolios, and the forms of regulators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from engine.basics.files import MARK
from engine.basics.inert import one_line

FORMULA = re.compile("[=+@\uff1d\uff0b\uff20\uff0d-]")
"""The first sign of a formula; a spreadsheet in Japanese or Chinese takes the wide forms as well."""
FIGURE = re.compile(r"-?[0-9][0-9.,]*%?(?: [A-Za-z-]+)*")


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, marked: bool = False) -> str:
    """Return a table as CSV with a row of column names.

    A comma stands between cells, a line feed ends each row, and quotes surround only a cell that needs them.
    Every cell is text before pandas sees it. A figure therefore keeps its digits, and no column is read as
    numbers.

    Args:
        columns: the names of the columns.
        rows: the rows, each as long as the head; None is an empty cell.
        marked: whether the text begins with a byte order mark, by which a spreadsheet knows that it is UTF-8.
    """
    import pandas as pd  # late: only an export needs it

    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    frame = pd.DataFrame(cells, columns=pd.Index(columns, dtype=object), dtype=object)
    return (MARK if marked else "") + str(frame.to_csv(index=False, lineterminator="\n"))


def in_a_cell(value: object) -> str:
    """Return a value as a cell of CSV that no spreadsheet takes for a formula; a figure is left as it is."""
    text = "" if value is None else one_line(str(value))
    # Some programs leave out the blanks before a formula.
    begins = FORMULA.match(text.lstrip()) is not None
    # Negative figures begin with a minus too, and a spreadsheet must still read them as numbers.
    # A leading quote makes a spreadsheet show the text as it stands.
    return f"'{text}" if begins and FIGURE.fullmatch(text) is None else text

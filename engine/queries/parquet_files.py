"""Tables for programs as Parquet files: each figure as a float, beside its exact value in text and its unit.

They need pyarrow, which `pip install 'headroom[parquet]'` brings.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.values import Figure


def parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table as a Parquet file.

    A column of figures becomes three: its name (float64), its name with `_exact` (text: a whole number or a
    fraction) and its name with `_unit` (text). A date is a date, a moment is in UTC, and every other cell is
    text or a number as it stands.

    Args:
        columns: the names of the columns.
        rows: the rows: figures, numbers, dates, text, None for an empty cell.

    Raises:
        WrongUsage: pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: F401  # asked for here, so that its absence is one clear sentence
    except ImportError:
        raise WrongUsage(
            "a Parquet file needs pyarrow; install it with `pip install 'headroom[parquet]'`"
        ) from None
    import pandas as pd

    # The rows are gone through once for each column, and a generator would be empty after the first.
    kept = [tuple(row) for row in rows]
    frame = pd.DataFrame(dict(_columns(columns, kept)))
    into = io.BytesIO()
    frame.to_parquet(into, engine="pyarrow", index=False)
    return into.getvalue()


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterable[tuple[str, Any]]:
    """Return each column of the file with its values."""
    import pandas as pd

    for place, name in enumerate(names):
        cells = [row[place] for row in rows]
        # A program asks for a column by its name, so a name holds what an identifier may hold.
        named = name.strip().replace(" ", "_").rstrip(".")
        if any(isinstance(cell, Figure) for cell in cells):
            figures = [cell if isinstance(cell, Figure) else None for cell in cells]
            yield (
                named,
                pd.Series([float(figure.value) if figure else None for figure in figures], dtype="float64"),
            )
            yield (
                f"{named}_exact",
                pd.Series([str(figure.value) if figure else None for figure in figures], dtype="string"),
            )
            yield (
                f"{named}_unit",
                pd.Series([figure.unit.value if figure else None for figure in figures], dtype="string"),
            )
        elif any(isinstance(cell, datetime) for cell in cells):
            yield named, pd.to_datetime(pd.Series(cells), utc=True)
        elif any(isinstance(cell, date) for cell in cells):
            yield (
                named,
                pd.Series([cell if isinstance(cell, date) else None for cell in cells], dtype="object"),
            )
        elif all(cell is None or (isinstance(cell, int) and not isinstance(cell, bool)) for cell in cells):
            # This type keeps empty cells beside whole numbers, which would otherwise all become floats.
            yield named, pd.Series(cells, dtype="Int64")
        elif all(cell is None or isinstance(cell, float) for cell in cells):
            yield named, pd.Series(cells, dtype="float64")
        else:
            yield named, pd.Series([None if cell is None else str(cell) for cell in cells], dtype="string")

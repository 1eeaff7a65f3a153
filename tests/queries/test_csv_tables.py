"""CSV through pandas has the bytes that Python's own writer gives, whatever a cell holds."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.basics.files import MARK
from engine.queries.csv_tables import csv_of

CELLS = st.one_of(
    st.none(),
    st.text(alphabet='ab,"\n\r;\t =+-NaN01.é', max_size=6),
    st.sampled_from(["nan", "NA", "", "1e5", "007", "1.10", "USD 1,000", "−5"]),
    st.integers(-99, 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)


def by_the_writer(columns: list[str], rows: list[list[object]]) -> str:
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return file.getvalue()


@settings(max_examples=60)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_the_bytes_are_those_of_the_plain_writer(rows: list[list[object]]) -> None:
    columns = ["a", "b, c", "a"]
    assert csv_of(columns, rows) == by_the_writer(columns, rows)


def test_a_table_of_one_empty_cell_and_a_table_of_no_rows() -> None:
    assert csv_of(["due"], [[None]]) == 'due\n""\n'
    assert csv_of(["due", "by"], []) == "due,by\n"


def test_figures_keep_their_digits_and_the_mark_comes_first() -> None:
    rows = [[Decimal("2.1000"), "0.650", 10**18]]
    assert (
        csv_of(["value", "share", "cents"], rows, marked=True)
        == f"{MARK}value,share,cents\n2.1000,0.650,1000000000000000000\n"
    )

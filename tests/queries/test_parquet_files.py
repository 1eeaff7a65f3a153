"""Tables as Parquet files: floats beside exact figures, and a clear refusal without pyarrow."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from fractions import Fraction
from io import BytesIO

import pytest

from engine.basics.errors import WrongUsage
from engine.basics.values import Figure, Unit
from engine.queries.parquet_files import parquet


def test_without_pyarrow_the_answer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WrongUsage, match=r"pip install 'headroom\[parquet\]'"):
        parquet(("a",), [(1,)])


def test_a_figure_is_a_float_beside_its_exact_value_and_its_unit() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed; it comes with headroom[parquet]")
    import pandas as pd

    third = Figure(value=Fraction(1, 3), unit=Unit.SHARE)
    rows = [
        (third, date(2026, 4, 9), datetime(2026, 4, 9, 18, tzinfo=UTC), 7, "=1+1"),
        (None, None, None, None, None),
    ]
    frame = pd.read_parquet(BytesIO(parquet(("limit", "on", "recorded", "no.", "what"), rows)))
    assert list(frame.columns) == ["limit", "limit_exact", "limit_unit", "on", "recorded", "no", "what"]
    assert (frame["limit"][0], frame["limit_exact"][0], frame["limit_unit"][0]) == (
        1 / 3,
        "1/3",
        Unit.SHARE.value,
    )
    assert (frame["on"][0], frame["no"][0], frame["what"][0]) == (date(2026, 4, 9), 7, "=1+1")
    assert frame["recorded"][0] == pd.Timestamp("2026-04-09T18:00Z")
    assert frame.iloc[1].isna().all()

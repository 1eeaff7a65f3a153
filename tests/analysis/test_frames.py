"""The record as DataFrames: typed, exact beside floats, equal to the log; and the analysts' guide as it
stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from engine.analysis import Analysis, open_workspace
from engine.analysis.frames import EVENTS, OBLIGATIONS, REPORTS, RESULTS, SERIES
from engine.basics.errors import HeadroomError
from engine.determination.template import Template
from engine.events import kinds
from engine.operations.run import Tools
from engine.record.log import deal_log, read
from engine.workspace.workspace import create, opened
from tests.conftest import REPOSITORY
from tests.operations.test_corrections import computed
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture
from tests.operations.test_run import workspace as workspace  # the fixture

TABLES = {
    "results": RESULTS,
    "events": EVENTS,
    "series": SERIES,
    "obligations": OBLIGATIONS,
    "reports": REPORTS,
}
WEEKS = 16


@pytest.fixture
def record(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Analysis]:
    computed(tmp_path, WEEKS, tools, all_templates).store.close()
    found = open_workspace(tmp_path)
    yield found
    found.workspace.store.close()


def test_each_table_has_its_columns_and_types_with_rows_and_without(record: Analysis, tmp_path: Path) -> None:
    create(tmp_path / "empty")
    assert opened(tmp_path / "empty").store.logs() == []  # the database is made at the first look
    for analysis in (record, open_workspace(tmp_path / "empty")):
        for name, columns in TABLES.items():
            table = getattr(analysis, name)()
            assert list(table.columns) == list(columns), name
            for column, kind in columns.items():
                assert table[column].dtype == pd.Series([], dtype=kind).dtype, (name, column)


def test_results_are_those_of_the_log_exactly(record: Analysis) -> None:
    events = read(record.workspace.store, deal_log(DEAL))
    tested = [event for event in events if isinstance(event.payload, kinds.Tested)]
    table = record.results()
    assert list(table["entry"]) == [event.seq for event in tested]
    assert list(table["verdict"]) == [event.payload.result.verdict.value for event in tested]
    for exact, shown, event in zip(table["measured_exact"], table["measured"], tested, strict=True):
        measured = event.payload.result.measured
        assert (
            (exact is None and pd.isna(shown))
            if measured is None
            else (exact == Fraction(measured.value) and shown == float(exact))
        )
    assert table["measured_exact"].notna().any()


def test_events_and_reports_are_those_of_the_log(record: Analysis) -> None:
    events = read(record.workspace.store, deal_log(DEAL))
    table = record.events()
    assert list(table["leaf"]) == [event.leaf for event in events]
    assert str(table["recorded_at"].dt.tz) == "UTC"
    reports = [event.payload for event in events if isinstance(event.payload, kinds.ReportReceived)]
    assert len(record.reports()) == sum(len(report.figures) for report in reports) > 0


def test_a_share_is_a_fraction_of_one_and_its_unit_says_so(record: Analysis) -> None:
    ltv = record.results().query("test == 'ltv' and unit == '%'")
    assert len(ltv) > 0
    assert ltv["measured"].between(0, 1).all()


def test_series_hold_every_print_with_its_decimal(record: Analysis) -> None:
    table = record.series()
    assert (table["series"].str.startswith("CRI-H100@")).all()
    valued = table.dropna(subset=["value"])
    assert len(valued) > 0
    assert all(
        float(exact) == value for exact, value in zip(valued["value_exact"], valued["value"], strict=True)
    )


def test_obligations_stand_once_each(record: Analysis) -> None:
    table = record.obligations()
    assert not table.duplicated(["deal", "clause", "created_on"]).any()


def test_a_folder_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeadroomError):
        open_workspace(tmp_path)


def test_the_guide_for_analysts_runs_as_it_stands(
    record: Analysis, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (REPOSITORY / "docs" / "guides" / "analyst.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    known: dict[str, object] = {}
    for block in blocks:
        exec(block.replace('"build/demo"', repr(str(record.workspace.root))), known)
    assert "headroom" in capsys.readouterr().out


def test_the_guide_names_every_table(record: Analysis) -> None:
    page = (REPOSITORY / "docs" / "guides" / "analyst.md").read_text(encoding="utf-8")
    for name, columns in TABLES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}()`"))
        assert set(re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2])) <= set(columns)

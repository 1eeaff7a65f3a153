"""A value that may have slipped its unit waits for a person, and a run says so in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.cli.show.run import run_on
from engine.cli.show.series import import_series
from engine.operations.run import Tools, run
from engine.operations.run_answer import run_answer
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import ROWS, series
from tests.operations.test_corrections import administered as administered  # the fixture
from tests.operations.test_run import tools as tools  # the fixture

DAY = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 22, tzinfo=UTC)


def test_a_run_says_in_one_line_what_awaits_confirmation(
    administered: Workspace, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    series(administered, "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,20.0000,false,44,1.1.0\n", DAY)
    now = replace(tools, now=AT)
    (finding,) = run_answer(administered, run(administered, DAY, now)).awaiting
    assert (finding.index, finding.publication_date, finding.was, finding.now) == (
        "CRI-H100",
        DAY,
        "2.0000",
        "20.0000",
    )
    capsys.readouterr()
    run_on(administered, DAY, now, as_json=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if "awaits confirmation" in line]
    assert len(lines) == 1
    assert "--accept unit-slip" in lines[0]


def test_what_was_confirmed_waits_no_more(administered: Workspace, tools: Tools) -> None:
    rows = "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,20.0000,false,44,1.1.0\n"
    series(administered, rows, DAY)
    path = administered.root / "rows.csv"
    path.write_text(ROWS + rows, encoding="utf-8")
    import_series(administered, "CRI-H100", [path], Scribe("t", "t", AT), as_json=True, accept=["unit-slip"])
    assert run_answer(administered, run(administered, DAY, replace(tools, now=AT))).awaiting == ()

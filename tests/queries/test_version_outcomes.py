"""On the same listings another version sweeps and the deal's own does not: `check` says so (`rulings.md` 1,
5).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.show.deals import check
from engine.determination.template import Template
from engine.market.index_value import IndexValue
from engine.queries.version_outcomes import version_outcomes
from engine.record.log import Scribe, append, index_log
from engine.workspace.deal_files import loaded
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL

FIRST = date(2026, 1, 8)


def published(workspace: Workspace, ours: str, other: str) -> None:
    values = [
        IndexValue(
            index="CRI-H100",
            publication_date=day,
            window_start=day - timedelta(days=7),
            window_end=day - timedelta(days=1),
            methodology="1.1-wp",
            value=Decimal(ours),
            low_confidence=False,
            other_versions={"1.1.1": Decimal(other)},
        )
        for day in (FIRST + timedelta(weeks=n) for n in range(6))
    ]
    with workspace.store.begin() as writer:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        append(writer, index_log("CRI-H100@1.1-wp"), [draft(one) for one in values], Scribe("t", "t", at))


def test_what_ends_otherwise_under_another_version_is_named(
    tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = made(tmp_path)
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    published(workspace, "2.1000", "1.0000")
    found = version_outcomes(workspace, loaded(path, all_templates), all_templates)
    assert {(one.index, one.version) for one in found} == {("CRI-H100", "1.1.1")}
    turned = {one.key: (one.ours, one.theirs) for one in found}
    assert any(
        theirs.startswith("in effect since") and ours == "never in effect" for ours, theirs in turned.values()
    ), turned
    assert check([path], all_templates, as_json=False, workspace=workspace) == 0
    assert "under 1.1.1 of CRI-H100" in capsys.readouterr().out
    workspace.store.close()


def test_where_all_versions_agree_nothing_is_said(tmp_path: Path, all_templates: dict[str, Template]) -> None:
    workspace = made(tmp_path)
    deal = loaded(workspace.root / "deals" / f"{DEAL}.yaml", all_templates)
    assert version_outcomes(workspace, deal, all_templates) == ()
    published(workspace, "2.1000", "2.1000")
    assert version_outcomes(workspace, deal, all_templates) == ()
    workspace.store.close()

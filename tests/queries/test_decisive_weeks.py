"""`check` says how many results of the history on hand are decisive, and refuses a series without sellers
(`rulings.md` 60).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.show.deals import check
from engine.determination.template import Template
from engine.market.index_value import IndexValue
from engine.queries.decisive_weeks import DecisiveWeeks, decisive_weeks
from engine.record.log import Scribe, append, index_log
from engine.workspace.deal_files import loaded
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace
from tests.evaluation.test_held_results import HELD, REPORT_ONLY
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL


def publish(workspace: Workspace, sellers: tuple[str | None, ...], spread: str = "0.5") -> None:
    """Six weeks at 2.10 after closing, and before it: in the odd weeks all sellers ask 2.10, in the even ones
    they differ.
    """
    values = []
    for n in range(6):
        day, apart = date(2026, 1, 8) + timedelta(weeks=n), Decimal(spread) if n % 2 else Decimal(0)
        pooled = tuple(Decimal("2.1") * (1 + step * apart) for step in (-1, -1, -1, 0, 1, 1, 1))
        whole = {"pooled": pooled, "sellers": sellers, "observations": 7, "low_confidence": False}
        window = {"window_start": day - timedelta(days=7), "window_end": day - timedelta(days=1)}
        values.append(
            IndexValue(
                index="CRI-H100",
                publication_date=day,
                methodology="1.1-wp",
                value=Decimal("2.1000"),
                **window,
                **whole,
            )
        )
    with workspace.store.begin() as writer:
        append(
            writer,
            index_log("CRI-H100@1.1-wp"),
            [draft(one) for one in values],
            Scribe("t", "t", datetime(2026, 3, 1, tzinfo=UTC)),
        )


def drafted(workspace: Workspace) -> Path:
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(REPORT_ONLY, HELD + "the result counts,"), encoding="utf-8"
    )
    return path


def test_decisive_results_are_counted(
    tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    """The cash sweep's level of 1.50: prices of 2.10 decide it, prices from 1.05 to 3.15 do not."""
    workspace = made(tmp_path)
    path = drafted(workspace)
    publish(workspace, tuple("abcdefg"))
    found = {one.test: one for one in decisive_weeks(workspace, loaded(path, all_templates), all_templates)}
    assert found["cash-sweep"] == DecisiveWeeks("cash-sweep", 6, 3, 3)
    assert check([path], all_templates, as_json=False, workspace=workspace) == 0
    assert (
        "`cash-sweep` under `decisive only`: of 6 results on the weeks on hand 3 decisive at 95%, 3 at 80%"
        in capsys.readouterr().out
    )
    workspace.store.close()


def test_a_series_whose_prints_name_nobody_is_refused(
    tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    workspace = made(tmp_path)
    path = drafted(workspace)
    publish(workspace, (None,) * 7)
    assert check([path], all_templates, as_json=True, workspace=workspace) == 1
    workspace.store.close()

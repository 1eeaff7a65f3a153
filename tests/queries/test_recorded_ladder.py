"""The ladder of a recorded deal: the demonstration on 2026-04-09 against its vector."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import WrongUsage
from engine.determination.template import Template
from engine.operations.run import Tools
from engine.queries.foresight_questions import recorded_ladders
from tests.conftest import shared
from tests.operations.test_corrections import computed
from tests.operations.test_corrections import tools as tools  # the fixture

WEEKS = 14


@pytest.fixture(scope="module")
def vector() -> list[dict[str, Any]]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read = json.loads((found / "data" / "foresight" / "ladder-meridian.json").read_text(encoding="utf-8"))
    wanted: list[dict[str, Any]] = read[
        "on 2026-04-09 of the demonstration, 1.3867, interval 1.3143 to 1.4219"
    ]
    return wanted


def test_the_ladder_of_the_demonstration_is_the_vector_s(
    vector: list[dict[str, Any]], tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    desk = computed(tmp_path, WEEKS, tools, all_templates)
    try:
        (one,) = recorded_ladders(desk, "meridian-2026-1", None, all_templates)
        found = one.ladder
        assert (found.on, str(found.today["CRI-H100"])) == (date(2026, 4, 9), "1.3867")
        assert [float(rung.rate or 0) for rung in found.rungs] == [wanted["rate"] for wanted in vector]
        assert [rung.fails for rung in found.rungs] == [wanted["fails"] for wanted in vector]
        assert [float(rung.distance or 0) for rung in found.rungs] == [
            wanted["distance USD"] for wanted in vector
        ]
        assert [round(float(rung.share or 0) * 100, 1) for rung in found.rungs] == [
            wanted["distance %"] for wanted in vector
        ]
        assert [rung.weeks for rung in found.rungs] == [None] * 5
        assert found.inversions == ()
        notes = {rung.limb: rung.note for rung in found.rungs}
        assert "1 of 4" in notes["early-amortization by ltv FAIL"]
        assert "due 2026-05-07" in notes["appraisal FAIL, obligation"]
        assert "cure by 2026-04-23" in notes["ltv FAIL, cure period, default"]
        with pytest.raises(WrongUsage, match="nothing of meridian-2026-1 was determined by 2025-01-01"):
            recorded_ladders(desk, "meridian-2026-1", date(2025, 1, 1), all_templates)
        (every,) = recorded_ladders(desk, None, date(2026, 4, 2), all_templates)
        assert every.ladder.on == date(2026, 4, 2)
        with pytest.raises(WrongUsage, match="`other`"):
            recorded_ladders(desk, "other", None, all_templates)
    finally:
        desk.store.close()

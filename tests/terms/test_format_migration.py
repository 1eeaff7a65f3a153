"""A file of format 1 is written in format 2 with the very terms that it had, its comments kept, and nothing
is asked that it tells.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.basics.errors import InputProblems
from engine.determination.template import Template, clauses_of
from engine.foresight.prove import prove
from engine.terms.format_migration import migrated
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS
from tests.terms.formats import in_format_1

SHIPPED = sorted(DEALS.glob("format-1/*.yaml"))
UNTOLD = (
    "tidewater-warehouse-2026",
    "northfield-abs-2026-1",
    "estuary-abs-2026-1",
    "junction-datacentre-2026",
    "foothill-term-loan-2026",
)
"""Deals with terms that format 1 cannot say."""
MADE = sorted(path for path in DEALS.glob("*.yaml") if path.stem not in UNTOLD)


@pytest.mark.parametrize("path", [*SHIPPED, *MADE], ids=lambda path: f"{path.parent.name} {path.stem}")
def test_every_deal_of_format_1_moves_with_its_terms(all_templates: dict[str, Template], path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text if path in SHIPPED else in_format_1(text)
    assert "\nformat: 1\n" in text
    found = migrated(text, path.name, clauses_of(all_templates))
    deal, problems = read_deal(found.text, path.name, all_templates)
    assert deal is not None
    assert [one.code for one in problems if not one.code.startswith("W") or one.code == "W120"] == []
    assert all(not proof.problems for proof in prove(deal, all_templates))
    assert [line for line in text.splitlines() if "#" in line] == [
        line for line in found.text.splitlines() if "#" in line
    ]
    assert {one.key.key for one in found.written} >= {"cut_off", "late_keying", "tolerance", "correction"}


def test_a_file_of_format_2_has_nothing_to_be_written(
    all_templates: dict[str, Template], meridian_text: str
) -> None:
    with pytest.raises(InputProblems) as refused:
        migrated(meridian_text, "meridian.yaml", clauses_of(all_templates))
    assert [one.code for one in refused.value.problems] == ["D211"]

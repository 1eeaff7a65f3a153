"""The worked example of a deal outside the United States, as the deal format gives it: a cure over Easter by
`target`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from tests.conftest import DEALS

PAGE = Path(__file__).parents[2] / "docs" / "deal-format.md"


def written() -> str:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Business Days\n")[2]
    found = re.search(r"```yaml\nbusiness_days: target\n(worked_examples:.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("calendar", "holds"), [("target", True), ("us-federal-reserve", False)])
def test_the_example_holds_by_its_calendar_and_by_no_other(
    calendar: str, holds: bool, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    text = (DEALS / "harbour-bilateral-2026.yaml").read_text(encoding="utf-8")
    deal = (
        text.partition("worked_examples:")[0].replace(
            "business_days: new-york-banks", f"business_days: {calendar}"
        )
        + written()
    )
    (proof,) = prove(load(deal), all_templates)
    assert (not proof.problems) is holds

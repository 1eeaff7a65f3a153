"""What a deal must say of thin data under `decisive only`, and may not elsewhere (`rulings.md` 60)."""

from __future__ import annotations

import pytest

from tests.evaluation.test_held_results import HELD, REPORT_ONLY
from tests.terms.reported import Check


@pytest.mark.parametrize(
    ("low", "code", "word"),
    [
        ("{effect: decisive only,", "D201", "judged_by"),
        ("{effect: decisive only,", "D201", "then"),
        ("{effect: hold, at_most: 4 determination dates,", "D570", "at_most"),
        (
            HELD.replace("at_most: 4 determination dates", "at_most: without limit") + "the result counts,",
            "D570",
            "then",
        ),
        (
            HELD.replace("failures,", "failures, deadline: runs on,") + "the result counts,",
            "D570",
            "deadline",
        ),
    ],
)
def test_what_a_deal_must_say_and_may_not(
    checked: Check, meridian_text: str, low: str, code: str, word: str
) -> None:
    found = checked(meridian_text.replace(REPORT_ONLY, low))
    assert any(problem.code == code and f"`{word}`" in problem.what for problem in found)


@pytest.mark.parametrize("low", [HELD + "the result counts,", "{effect: hold, judged_by: sellers,"])
def test_sellers_are_not_asked_of_a_series_without_any(checked: Check, meridian_text: str, low: str) -> None:
    text = meridian_text.replace(REPORT_ONLY, low)
    assert "D571" not in [problem.code for problem in checked(text)]
    administrators = text.replace(
        "source: computed by the calculation agent", "source: published by the administrator"
    )
    assert [problem.code for problem in checked(administrators)].count("D571") == 1

"""The ladder: meridian at closing against its vector, what is inverted and what is not, what has no rung."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.determination.template import Template
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.foresight.ladder import Ladder, inversion_words, ladder_at_closing, left_out_words
from engine.terms.as_written import Deal, resolve
from tests.conftest import shared

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")


@pytest.fixture(scope="module")
def vector() -> dict[str, Any]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read: dict[str, Any] = json.loads(
        (found / "data" / "foresight" / "ladder-meridian.json").read_text(encoding="utf-8")
    )
    return read


def at_closing(deal: Deal, templates: dict[str, Template], held: tuple[str, ...] = HELD) -> Ladder:
    return ladder_at_closing(
        deal, templates, held_facts(held, deal.closing_date, resolve(deal, deal.closing_date))
    )


def test_the_ladder_at_closing_is_the_vector_s(
    vector: dict[str, Any], meridian: Deal, all_templates: dict[str, Template]
) -> None:
    wanted = vector["at closing, 2.10 on 2026-01-06, principal 16,000,000, rent 1.80"]
    found = at_closing(meridian, all_templates)
    assert [float(rung.rate or 0) for rung in found.rungs] == [one["rate"] for one in wanted]
    assert [rung.fails for rung in found.rungs] == [one["fails"] for one in wanted]
    assert [float(rung.distance or 0) for rung in found.rungs] == [one["distance USD"] for one in wanted]
    assert [round(float((rung.share or 0) * 100), 1) for rung in found.rungs] == [
        one["distance %"] for one in wanted
    ]
    assert [rung.weeks and round(rung.weeks, 1) for rung in found.rungs] == [
        one["weeks of Scenario B middle"] for one in wanted
    ]
    assert [rung.test for rung in found.rungs] == ["ltv", "ltv", "appraisal", "cash-sweep", "rate-floor"]
    assert found.rungs[1].needs == "4 consecutive determination dates; never ends"


def test_early_amortization_before_the_sweep_is_an_inversion(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    (one,) = at_closing(meridian, all_templates).inversions
    assert (one.graver.subject, one.milder.subject, one.by) == (
        "early-amortization",
        "cash-sweep",
        Decimal("0.4257"),
    )
    assert inversion_words(one) == "early-amortization acts 0.4257 above cash-sweep, which is milder"


def test_a_sweep_that_acts_first_is_no_inversion(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.split("worked_examples:")[0]
    raised = load(
        text.replace("level: USD 1.50 per GPU-hour", "level: USD 2.00 per GPU-hour").replace(
            "maximum_decline: 25%", "maximum_decline: 3%"
        )
    )
    found = at_closing(raised, all_templates)
    assert found.inversions == ()
    assert [rung.test for rung in found.rungs] == ["appraisal", "cash-sweep", "ltv", "ltv", "rate-floor"]


def test_a_default_without_a_cure_period_that_comes_before_the_sweep_is_one(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.split("worked_examples:")[0]
    start = text.index("    cure: {within: 10 business days")
    bare = text[:start] + "    cure: none\n" + text[text.index("\n", start) + 1 :]
    found = {
        (one.graver.subject, one.milder.subject) for one in at_closing(load(bare), all_templates).inversions
    }
    assert found == {("ltv", "cash-sweep"), ("early-amortization", "cash-sweep")}


def test_a_test_without_its_facts_has_no_rung_and_is_named(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    found = ladder_at_closing(meridian, all_templates, FactsByDate({}))
    assert set(found.left_out) == {"ltv", "rate-floor"}
    assert left_out_words(found.left_out).startswith("2 tests without a rung: ")
    assert {rung.test for rung in found.rungs} == {"appraisal", "cash-sweep"}

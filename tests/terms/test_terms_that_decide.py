"""Terms that decide nothing in their place are refused; a test that ends before its deal is warned of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.terms.phrases import Cap, Caps, read_caps
from engine.wording.clauses import beneath, of_clause
from tests.conftest import DEALS
from tests.terms.reported import HERE, Check, assert_reported

CASCADE = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8")
SUMMIT = (DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8")
PRAIRIE = (DEALS / "prairie-warehouse-2026.yaml").read_text(encoding="utf-8")
RESALE = """  resale:
    template: rental_resale_spread
    cite: FA §6.07
    asset_class: h100
    since: closing date
    resale_at_reference: USD 25,000
    quotes_too_old_after: 45 days
    limit: at least -15 points
    failure_is: a trigger event
    if_not_determined: hold
"""
CONTRACTS = """  contracts:
    template: contract_spread
    cite: FA §6.08
    asset_class: h200
    limit: at least 10 points
    failure_is: a trigger event
    if_not_determined: hold
"""


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            CASCADE,
            ("template: loan_to_value\n", f"template: loan_to_value\n    index: {HERE}CRI-H200\n", "D541"),
        ),
        (
            CASCADE,
            (
                "template: rental_rate_floor\n",
                f"template: rental_rate_floor\n    class: {HERE}term_loan\n",
                "D541",
            ),
        ),
        (CASCADE, ("  stress-cover:\n", f"{RESALE}    index: {HERE}CRI-H200\n  stress-cover:\n", "D541")),
        (PRAIRIE, ("share of the fleet\n", f"share of the fleet\n    at_origination: {HERE}98%\n", "D541")),
        (CASCADE, ("horizon: 2027-01-20", f"horizon: {HERE}2027-01-20", "W115")),
        (
            CASCADE,
            ("    curve:\n      - {on: 2026-07-20", f"    curve:\n      {HERE}- {{on: 2026-07-20", "W116"),
        ),
        (CASCADE, ("{on: 2026-07-20, at_most: 20%}", f"{{on: {HERE}2026-01-19, at_most: 20%}}", "D523")),
    ],
    ids=[
        "index of a pool",
        "class of a floor",
        "index of a resale spread",
        "origination of a share",
        "horizon",
        "curve",
        "early point",
    ],
)
def test_a_term_that_decides_nothing_is_found_at_its_place(
    checked: Check, text: str, fault: tuple[str, str, str]
) -> None:
    if fault[2] == "W116":
        text = text.replace("at_most: 55%", "at_most: 30%")
    assert_reported(checked, text, fault)


def test_the_index_that_the_whole_pool_has_may_be_named(checked: Check) -> None:
    assert "D541" not in codes(
        checked(
            PRAIRIE.replace("template: loan_to_value\n", "template: loan_to_value\n    index: CRI-H100\n")
        )
    )


def test_a_curve_that_ends_before_maturity_is_warned_of_and_one_that_reaches_it_is_not(
    checked: Check,
) -> None:
    def of_curves(text: str) -> list[str]:
        return [
            problem.what
            for problem in checked(text)
            if problem.code == "W115" and "depreciation" in problem.what
        ]

    assert of_curves(CASCADE) == []
    shorter = CASCADE.replace("      - {on: 2029-12-20, at_most: 75%}\n", "")
    assert of_curves(shorter) == ["`h100-depreciation` tests nothing after 2028-01-20"]


def test_a_contract_spread_of_an_asset_class_is_measured_against_that_class_s_index(
    checked: Check, load: Callable[[str], Deal]
) -> None:
    text = CASCADE.replace("  stress-cover:\n", f"{CONTRACTS}  stress-cover:\n")
    assert not [code for code in codes(checked(text)) if code.startswith("D")]
    terms = resolve(load(text), load(text).closing_date)
    assert terms.index_of(terms.covenants["contracts"]) == "CRI-H200"


def test_a_clause_rests_on_the_rates_that_decide_it_and_on_no_other(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    def rates(text: str, key: str) -> str:
        deal = load(text)
        return next(
            line.text
            for line in of_clause(deal, deal.closing_date, key, all_templates)
            if line.label == "rests on"
        )

    assert rates(CASCADE.replace("  stress-cover:\n", f"{RESALE}  stress-cover:\n"), "resale") == "CRI-H100"
    assert (
        rates(CASCADE.replace("  stress-cover:\n", f"{CONTRACTS}  stress-cover:\n"), "contracts")
        == "CRI-H200"
    )
    assert rates(CASCADE, "generation-spread") == "CRI-H200, CRI-H100"
    assert rates(PRAIRIE, "certified-fleet") == "no rate"
    assert rates(PRAIRIE, "liquidation") == "no rate"
    assert rates(SUMMIT, "reporting") == "no rate"


def test_the_shares_of_a_blend_that_step_as_a_block_are_read_as_words(load: Callable[[str], Deal]) -> None:
    blend = "{CRI-H100: 60%, CRI-H200: 30%, CRI-A100-PCIE: 10%}"
    stepped = "{2026-01-20: {CRI-H100: 70%, CRI-H200: 30%}, 2026-05-01: {CRI-H100: 50%, CRI-H200: 50%}}"
    deal = load(CASCADE.replace(blend, stepped).replace("weights: register", "weights: fixed"))
    said = [line.text for line in beneath(deal, deal.closing_date, ("pool-rent",))]
    assert (
        "of: CRI-H100: 70%, CRI-H200: 30% from 2026-01-20; CRI-H100: 50%, CRI-H200: 50% from 2026-05-01"
        in said
    )


def test_a_right_may_have_a_cap_in_total_and_one_over_time() -> None:
    both = read_caps("2 in total and 1 in any 12 months")
    assert both == Caps((Cap(2), Cap(1, 12)))
    assert str(both) == "2 in total and 1 in any 12 months"


@pytest.mark.parametrize(
    "cap", ["1 in total and 2 in total", "2 in total and", "2 in total, 1 in any 12 months"]
)
def test_two_caps_over_one_time_or_half_a_cap_are_refused(checked: Check, cap: str) -> None:
    quoted = f'at_most: "{cap}"'
    assert "D120" in codes(checked(SUMMIT.replace("at_most: 2 in any 12 months", quoted)))


def test_a_known_key_in_the_wrong_block_is_not_taken_for_a_slip_of_the_pen(checked: Check) -> None:
    ends = "ends: {when: reserve at target, for: 2 consecutive publication dates}"
    northfield = (
        (DEALS / "northfield-abs-2026-1.yaml")
        .read_text(encoding="utf-8")
        .replace("ends: {when: reserve at target}", ends)
    )
    (found,) = [problem for problem in checked(northfield) if problem.code == "D202"]
    assert found.fix == "it belongs in another block, or to another form of this one; remove it here"


def test_a_consent_names_its_version_where_the_deal_asks_for_consent(checked: Check) -> None:
    policy = "{policy: current, consent_needed_for: material changes, material_above: 4%, cite: FA cl. 8.7}"
    acts = (
        'facts: {outstanding_principal: "USD 1,597,850"}\n    acts: [{on: 2026-01-08, act: consent, '
        "document: LetterVERSION}]"
    )
    text = (DEALS / "harbour-bilateral-2026.yaml").read_text(encoding="utf-8")
    text = text.replace("{policy: pinned, version: 1.1-wp}", policy).replace(
        'facts: {outstanding_principal: "USD 1,597,850"}', acts
    )
    (found,) = [problem for problem in checked(text.replace("VERSION", "")) if problem.code == "D406"]
    assert found.what == "a consent names no methodology version"
    assert "D406" not in codes(checked(text.replace("VERSION", ", version: 1.1.1")))

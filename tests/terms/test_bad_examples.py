"""Worked examples that name, give or expect what there is not: refused where they stand, however many dates
they speak of.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.determination.template import Template, clauses_of
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from engine.terms.schema import deal_schema
from tests.terms.reported import Check, Fault, assert_reported, deal_text, names

RATES = "rates: {CRI-H100: 1.60 1.49 1.48 1.55x3}"
FIRST = "    first_publication: 2026-01-08\n"
EXPECT = "on: 2026-01-15, trigger: cash-sweep, state: NOT IN EFFECT, count: 1 of 2"
PRINCIPAL = 'facts: {outstanding_principal: "USD 16,000,000"}'
PASS = "test: ltv, result: PASS, measured: 62.585%, break_even: USD 1.9257"
MERIDIAN: list[Fault] = [
    (RATES, "rates: {CRI-H100: ¦1.60x99999999}", "D112"),
    (RATES, f"rates: {{CRI-H100: ¦1.60x{'9' * 5000}}}", "D112"),
    (RATES, f"rates: {{CRI-H100: ¦{'1.60x999 ' * 3}}}", "D112"),
    (RATES, "rates: {CRI-H100: ¦1.60x1100}", "D533"),
    (RATES, "rates: {CRI-H100: ¦160 1.49}", "W110"),
    (RATES, "rates: {CRI-H100: ¦0 1.49}", "W110"),
    (RATES, "rates: {¦CRI-H900: 1.60}", "D502"),
    (FIRST, "    first_publication: ¦2026-01-09\n", "D404"),
    (FIRST, "    first_publication: ¦2001-01-04\n", "D523"),
    (FIRST, "    first_publication: ¦2036-01-03\n", "D523"),
    (FIRST, f"{FIRST}    ¦version: 3\n", "D202"),
    (FIRST, f"{FIRST}    ¦place: here\n", "D202"),
    (
        FIRST,
        f"{FIRST}    prints: [{{index: ¦CRI-H1, of: 2026-01-08, published: 2026-01-09, value: 1.60}}]\n",
        "D502",
    ),
    (
        FIRST,
        f"{FIRST}    prints: [{{index: CRI-H100, of: ¦2026-01-09, published: 2026-01-09, value: 1.60}}]\n",
        "D404",
    ),
    (
        FIRST,
        f"{FIRST}    prints: [{{index: CRI-H100, of: 2026-01-08, published: ¦2026-01-07, value: 1.60}}]\n",
        "D404",
    ),
    (
        FIRST,
        f"{FIRST}    prints: [{{index: CRI-H100, of: 2026-01-08, published: 2026-01-09, value: ¦1.60x2}}]\n",
        "D404",
    ),
    (PRINCIPAL, 'facts: {¦outstanding_princpal: "USD 16,000,000"}', "D502"),
    (PRINCIPAL, 'facts: {¦outstanding_principal.class_z: "USD 16,000,000"}', "D502"),
    (PRINCIPAL, "facts: {¦resale_quote.h200: USD 20000}", "D502"),
    (PRINCIPAL, 'facts: {outstanding_principal: ¦"USD -16,000,000"}', "D405"),
    (PRINCIPAL, "facts: {outstanding_principal: ¦16%}", "D405"),
    (PRINCIPAL, 'facts: {outstanding_principal: {¦soon: "USD 16,000,000"}}', "D108"),
    (FIRST, f"{FIRST}    acts: [{{on: 2026-01-09, act: ¦wavier, clause: ltv}}]\n", "D502"),
    (FIRST, f"{FIRST}    acts: [{{on: 2026-01-09, act: ¦waiver, clause: ltv, clock: resumes}}]\n", "D406"),
    (FIRST, f"{FIRST}    acts: [{{on: 2026-01-09, act: ¦waiver, clause: ltv, until: 2026-02-01}}]\n", "D406"),
    (FIRST, f"{FIRST}    acts: [{{on: 2026-01-09, act: ¦cure accepted}}]\n", "D406"),
    (FIRST, f"{FIRST}    acts: [{{on: 2026-01-09, act: ¦agent determination, index: CRI-H100}}]\n", "D406"),
    (
        FIRST,
        f"{FIRST}    acts: [{{on: 2026-01-09, act: agent determination, index: CRI-H100, rate: ¦low}}]\n",
        "D406",
    ),
    (
        FIRST,
        (
            f"{FIRST}    acts: [{{on: 2026-01-09, act: waiver, clause: ltv, until: ¦2026-01-01, clock: "
            f"resumes}}]\n"
        ),
        "D406",
    ),
    (FIRST, f"{FIRST}    acts: [{{on: ¦2036-01-09, act: discharged}}]\n", "D523"),
    (EXPECT, EXPECT.replace("2026-01-15", "¦2036-01-17"), "D523"),
    (EXPECT, EXPECT.replace("2026-01-15", "¦2026-01-06"), "D523"),
    (EXPECT, EXPECT.replace("on: 2026-01-15", "on: 2026-01-15, as_known_on: ¦2026-01-08"), "D523"),
    (EXPECT, EXPECT.replace("NOT IN EFFECT", "¦NOT EFFECT"), "D507"),
    (EXPECT, EXPECT.replace("NOT IN EFFECT", "¦COMPLIANT"), "D519"),
    (EXPECT, EXPECT.replace("1 of 2", "¦one of two"), "D407"),
    (EXPECT, EXPECT.replace("trigger: cash-sweep", "test: ltv, trigger: ¦cash-sweep"), "D403"),
    (EXPECT, f"{EXPECT}, rate_from: ¦last value", "D502"),
    (PASS, PASS.replace("62.585%", "¦62.585 points"), "D407"),
    (PASS, PASS.replace("62.585%", "¦about 62%"), "D401"),
    (PASS, PASS.replace("result: PASS", "state: ¦WATCH"), "D519"),
    (PASS, f"{PASS}, decisive: ¦maybe", "D407"),
    (PASS, f"{PASS}, to_cure: ¦0%", "D407"),
    (PASS, f"{PASS}, obligation: ¦an appraisal", "D502"),
]


@pytest.mark.parametrize("fault", MERIDIAN, ids=names(MERIDIAN))
def test_an_example_that_could_not_be_so_is_refused_where_it_stands(
    checked: Check, meridian_text: str, fault: Fault
) -> None:
    assert_reported(checked, meridian_text, fault)


def test_the_schema_of_an_example_has_only_what_a_file_may_say(all_templates: dict[str, Template]) -> None:
    schema = deal_schema(clauses_of(all_templates))
    assert {"version", "place"}.isdisjoint(schema["$defs"]["worked_examples"]["properties"])


def proven(text: str, load: Callable[[str], Deal], templates: dict[str, Template], example: str) -> list[str]:
    head, _, _ = text.partition("worked_examples:")
    return [
        problem.what
        for proof in prove(load(f"{head}worked_examples:\n{example}"), templates)
        for problem in proof.problems
    ]


def test_before_the_first_publication_nothing_is_determined(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """Nothing exists before it (rulings 43): a test on an earlier date is NOT DETERMINED, and its state has
    not begun.
    """
    example = """  - name: Nothing before
    first_publication: 2026-01-29
    rates: {CRI-H100: 1.95x2}
    facts: {outstanding_principal: "USD 16,000,000"}
    expect:
      - {on: 2026-01-08, test: ltv, result: NOT DETERMINED, state: NOT YET TESTED, rate_from: none}
      - {on: 2026-01-22, test: rate-floor, result: NOT DETERMINED}
      - {on: 2026-01-22, trigger: cash-sweep, state: NOT IN EFFECT}
      - {on: 2026-01-29, test: ltv, result: PASS, state: COMPLIANT}
"""
    assert proven(meridian_text, load, all_templates, example) == []


def test_a_lateness_can_be_expected_in_days(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    text = deal_text("summit-abs-2026-2")
    late = "{on: 2026-02-10, test: reporting, result: FAIL, state: CURE PERIOD"
    assert late in text
    right = text.replace(late, late.replace("FAIL,", "FAIL, limit: 0 days,"))
    wrong = text.replace(late, late.replace("FAIL,", "FAIL, limit: 1 day,"))
    problems = [
        [p.what for proof in prove(load(one), all_templates) for p in proof.problems]
        for one in (right, wrong)
    ]
    assert [len(found) for found in problems] == [0, 1]


def test_figures_of_classes_with_a_hyphen_in_their_names_can_be_given(checked: Check) -> None:
    text = (
        deal_text("ridgeline-leaseback-2026")
        .replace("h100:", "h100-sxm:")
        .replace("asset_class: h100", "asset_class: h100-sxm")
    )
    renamed = text.replace("rental.h100.", "rental.h100-sxm.")
    assert [problem for problem in checked(renamed) if not problem.code.startswith("W")] == []

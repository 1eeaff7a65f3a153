"""Tests of reported figures, worked by hand (`rulings.md` 51): declared figures, trailing periods, what
cannot be measured.
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.said import asked, holds, said

Templates = dict[str, Template]
FIGURES = """figures:
  cash: {unit: USD, taken: point in time, cite: CA §1.01}
  undrawn: {unit: USD, taken: point in time, cite: CA §1.01}
  liquidity: {is: "sum of [cash, undrawn]", cite: CA §1.01}
  noi: {unit: USD, taken: of the period, cite: CA §1.01}
  rented: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
  offered: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
  assets: {unit: count, taken: point in time, cite: CA §1.01}
"""
ALL = ("cash", "undrawn", "noi", "rented", "offered", "assets")


def rule(measured: str, limit: str, trailing: str = "", cure: str = "", name: str = "one") -> str:
    """A covenant of figures whose failure is a trigger event, or a default where it has a cure."""
    more = f"    trailing: {trailing}\n" if trailing else ""
    failure = (
        f"    failure_is: a default\n    cure: {cure}\n" if cure else "    failure_is: a trigger event\n"
    )
    return f"  {name}:\n    template: reported_figure\n    cite: CA §7.01\n    measured: {measured}\n    limit: {limit}\n{more}{failure}    if_not_determined: hold\n"


def example(facts: str, *expect: str, acts: str = "") -> str:
    rows = "".join(f"      - {{{one}}}\n" for one in expect)
    return f"  - name: By hand\n    first_publication: 2026-01-08\n    rates: {{CRI-H100: 2.10x20}}\n    facts: {{{facts}}}\n{acts}    expect:\n{rows}"


# 12.0m + 6.5m = 18.5m of 19.0m: short by 500,000; the 10th Business Day after 2026-02-17 is 2026-03-03.
def test_cash_and_undrawn_commitments(all_templates: Templates) -> None:
    cure = "{within: 10 business days, after: determination date, cured_by: [equity], cite: CA §8.01}"
    facts = 'figures.cash: "USD 12,000,000", figures.undrawn: "USD 6,500,000"'
    acts = '    acts: [{on: 2026-02-27, act: cure accepted, clause: one, method: equity, amount: "USD 500,000", document: Contribution}]\n'
    for measured in ("sum of [cash, undrawn]", "liquidity"):
        found = example(
            facts,
            'on: 2026-02-17, test: one, result: FAIL, measured: "USD 18,500,000.00", state: CURE PERIOD, cure_by: 2026-03-03, to_cure: "USD 500,000.00"',
            "on: 2026-03-02, test: one, state: COMPLIANT, since: 2026-02-27",
            acts=acts,
        )
        assert (
            holds(
                said(rule(measured, "at least USD 19,000,000", cure=cure), found, before=FIGURES),
                all_templates,
            )
            == []
        )


def test_at_the_limit_and_a_cent_below(all_templates: Templates) -> None:
    for cash, limit, result in (
        ("12,500,000.00", "at least", "PASS"),
        ("12,499,999.99", "at least", "FAIL"),
        ("12,500,000.00", "more than", "FAIL"),
    ):
        found = example(
            f'figures.cash: "USD {cash}", figures.undrawn: "USD 6,500,000"',
            f"on: 2026-02-17, test: one, result: {result}",
        )
        assert (
            holds(said(rule("liquidity", f"{limit} USD 19,000,000"), found, before=FIGURES), all_templates)
            == []
        )


# January, February, March: 130 / 100, 90 / 100, 80 / 50. Sums 300 / 250 = 1.20x; mean (1.30 + 0.90 + 1.60) / 3 = 1.2667x.
THREE = (
    'figures.noi: {2026-01-08: "USD 130", 2026-02-05: "USD 90", 2026-03-05: "USD 80"}, '
    'debt_service: {2026-01-08: "USD 100", 2026-03-05: "USD 50"}'
)


@pytest.mark.parametrize(
    ("trailing", "measured", "on"),
    [
        ("{n: 3, as: ratio of sums}", "1.2x", "2026-04-15"),
        ("{n: 3, as: mean of ratios}", "1.267x", "2026-04-15"),
        ("{n: 1, as: last}", "1.6x", "2026-04-15"),
        ("{n: 2, as: ratio of sums}", "1.133x", "2026-04-15"),  # 170 / 150
    ],
)
def test_ratios_over_periods(all_templates: Templates, trailing: str, measured: str, on: str) -> None:
    text = said(
        rule("noi / debt_service", "at least 1.10x", trailing),
        example(THREE, f"on: {on}, test: one, result: PASS, measured: {measured}"),
        before=FIGURES,
    )
    assert holds(text, all_templates) == []


def test_a_window_that_is_not_full_is_not_determined(all_templates: Templates) -> None:
    found = example(
        THREE, "on: 2026-03-16, test: one, result: NOT DETERMINED", "on: 2026-04-15, test: one, result: PASS"
    )
    assert (
        holds(
            said(
                rule("noi / debt_service", "at least 1.10x", "{n: 3, as: ratio of sums}"),
                found,
                before=FIGURES,
            ),
            all_templates,
        )
        == []
    )


def test_a_denominator_that_is_not_above_zero_is_not_determined(all_templates: Templates) -> None:
    facts = 'figures.noi: "USD 130", debt_service: {2026-01-08: "USD 100", 2026-03-05: "USD 0"}'
    for trailing, result in (
        ("{n: 3, as: mean of ratios}", "NOT DETERMINED"),
        ("{n: 3, as: ratio of sums}", "PASS"),
        ("{n: 1, as: last}", "NOT DETERMINED"),
    ):
        found = example(facts, f"on: 2026-04-15, test: one, result: {result}")
        assert (
            holds(
                said(rule("noi / debt_service", "at least 1.10x", trailing), found, before=FIGURES),
                all_templates,
            )
            == []
        )


def test_shares_rates_counts_and_sums(all_templates: Templates) -> None:
    """75,000 of 100,000 hours: 75%; USD 150,000 over 75,000 hours: USD 2.00; three months of USD 100, 90 and
    80: 270, and 90 on average.
    """
    facts = 'figures.rented: "75,000 GPU-hours", figures.offered: "100,000 GPU-hours", figures.assets: 7, figures.noi: {2026-01-08: "USD 100", 2026-02-05: "USD 90", 2026-03-05: "USD 80"}'
    rules = [
        rule("rented / offered", "at least 80%", "{n: 1, as: last}", name="use"),
        rule("assets", "at least 8", name="number"),
        rule("noi", "at least USD 300", "{n: 3, as: sum}", name="total"),
        rule("noi", "at least USD 90", "{n: 3, as: mean}", name="average"),
        rule("noi / rented", "at least USD 0.001 per GPU-hour", "{n: 1, as: last}", name="earned"),
        rule("offered - rented", "at most 24,999 GPU-hours", "{n: 1, as: last}", name="idle"),
    ]
    found = example(
        facts,
        "on: 2026-04-15, test: use, result: FAIL, measured: 75%",
        "on: 2026-04-15, test: number, result: FAIL, measured: 7",
        'on: 2026-04-15, test: total, result: FAIL, measured: "USD 270"',
        'on: 2026-04-15, test: average, result: PASS, measured: "USD 90"',
        "on: 2026-04-15, test: earned, result: PASS",
        'on: 2026-04-15, test: idle, result: FAIL, measured: "25,000 GPU-hours"',
    )
    assert holds(said("".join(rules), found, before=FIGURES), all_templates) == []
    other = rules[5].replace("24,999 GPU-hours", "24,999")
    assert "D115" in [code for code, _ in asked(said(other, "", before=FIGURES), all_templates)]


@pytest.mark.parametrize(
    ("clause", "code", "what"),
    [
        (rule("noi / debt_service", "at least 1.10x"), "D201", "`trailing` is missing"),
        (rule("noi", "at least USD 90"), "D201", "`trailing` is missing"),
        (rule("noi / debt_service", "at least 1.10x", "{n: 3}"), "D201", "`as` is missing"),
        (rule("noi / debt_service", "at least 1.10x", "{n: 3, as: sum}"), "D562", "`as: sum` cannot be here"),
        (
            rule("noi", "at least USD 90", "{n: 3, as: ratio of sums}"),
            "D562",
            "`as: ratio of sums` cannot be here",
        ),
        (rule("noi / debt_service", "at least 1.10x", "{n: 3, as: last}"), "D562", "`n` is of no use here"),
        (
            rule("noi / debt", "at least 1.10x", "{n: 1, as: last}"),
            "D502",
            "the figure `debt` does not exist",
        ),
        (
            rule("noi / rented", "at least 1.10x", "{n: 1, as: last}"),
            "D115",
            "the limit `at least 1.1x` has another unit than the test",
        ),
        (
            rule("cash - rented", "at least USD 1", "{n: 1, as: last}"),
            "D115",
            "the figures of `cash - rented` cannot be measured so",
        ),
        (rule("cash * 2", "at least USD 1"), "D131", "`cash * 2` is not what can be measured of figures"),
    ],
)
def test_what_is_asked_and_refused(all_templates: Templates, clause: str, code: str, what: str) -> None:
    assert (code, what) in asked(said(clause, "", before=FIGURES), all_templates)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("cash: {unit: USD, taken: point in time,", "cash: {unit: USD,"), "D201"),
        (('is: "sum of [cash, undrawn]"', "is: cash / undrawn"), "D562"),
        (('is: "sum of [cash, undrawn]"', 'is: "sum of [cash, rented]"'), "D115"),
        (('is: "sum of [cash, undrawn]"', 'is: "sum of [cash, nothing]"'), "D502"),
        (("  noi:", "  collections:"), "D504"),
        (("  noi:", "  net: {is: liquidity - cash, cite: CA §1.01}\n  noi:"), "D562"),
    ],
)
def test_what_cannot_be_declared(all_templates: Templates, change: tuple[str, str], code: str) -> None:
    text = said(rule("liquidity", "at least USD 1"), "", "", change, before=FIGURES)
    assert code in [one for one, _ in asked(text, all_templates)]


def test_format_1_knows_no_figures(all_templates: Templates) -> None:
    text = said(rule("liquidity", "at least USD 1"), "", "", ("format: 2", "format: 1"), before=FIGURES)
    assert ("D210", "`figures` is a key of format 2") in asked(text, all_templates)

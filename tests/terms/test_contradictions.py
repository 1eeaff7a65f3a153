"""Terms that each read well and together cannot work: one fault each, in deals of several shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.show.deals import check
from engine.determination.template import Template
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS

# (deal, text that stands in it, what it becomes, the code, the text on the line at which it must be reported)
FAULTS: list[tuple[str, str, str, str, str]] = [
    ("summit-abs-2026-2", "limit: at least 180%", "limit: 180%", "D113", "limit: 180%"),
    ("summit-abs-2026-2", "limit: at least 180%", "limit: not less than 180%", "D113", "not less than"),
    ("summit-abs-2026-2", "limit: at least 180%", "limit: at least 1.80x", "D115", "at least 1.80x"),
    ("summit-abs-2026-2", "limit: more than 1.20x", "limit: more than 120%", "D115", "limit: more than 120%"),
    (
        "summit-abs-2026-2",
        "limit: at most 0 days",
        "limit: at most 0",
        "D115",
        "at most 0\n    failure_is: a default",
    ),
    (
        "summit-abs-2026-2",
        "early_warning: 0.10x",
        "early_warning: 10 points",
        "D114",
        "10 points\n    failure_is: a trigger",
    ),
    (
        "summit-abs-2026-2",
        "early_warning: 10 points",
        "early_warning: 0.10x",
        "D114",
        "0.10x\n    failure_is: a default",
    ),
    (
        "summit-abs-2026-2",
        "    cure: {within: 20 business days, after: determination date, cured_by: [prepayment, additional collateral, retest], cite: IND §6.03}\n",
        "",
        "D116",
        "failure_is: a default",
    ),
    ("summit-abs-2026-2", "at_most: 2 in any 12 months", "at_most: twice a year", "D120", "twice a year"),
    (
        "summit-abs-2026-2",
        "kind: margin step, effect: the Class B margin steps up, margin: 0.50%",
        "kind: margin step, effect: the Class B margin steps up",
        "D121",
        "kind: margin step",
    ),
    (
        "summit-abs-2026-2",
        "starts: next payment date\n        sweep: {share: 100%",
        "starts: next payment date\n        ends: never\n        sweep: {share: 100%",
        "D129",
        "- kind: cash sweep",
    ),
    (
        "summit-abs-2026-2",
        "{test: oc-c, state: EVENT OF DEFAULT}",
        "{test: oc-a, state: EVENT OF DEFAULT}",
        "D519",
        "oc-a, state",
    ),
    (
        "summit-abs-2026-2",
        "{test: oc-c, state: EVENT OF DEFAULT}",
        "{test: oc-c, state: IN EFFECT}",
        "D519",
        "state: IN EFFECT",
    ),
    (
        "summit-abs-2026-2",
        "{test: oc-c, state: EVENT OF DEFAULT}",
        "{trigger: cash-trap, state: CURE PERIOD}",
        "D519",
        "state: CURE PERIOD",
    ),
    (
        "summit-abs-2026-2",
        "{test: oc-c, state: EVENT OF DEFAULT}",
        "{test: coverage, state: SUSPENDED}",
        "D519",
        "state: SUSPENDED",
    ),
    ("summit-abs-2026-2", "at_least: {n: 2, of", "at_least: {n: 4, of", "D521", "at_least: {n: 4"),
    ("summit-abs-2026-2", "at_least: {n: 2, of", "at_least: {n: 0, of", "D521", "at_least: {n: 0"),
    (
        "summit-abs-2026-2",
        "{test: oc-a, result: PASS, for: 3 consecutive determination dates}, {test: oc-b",
        "{test: oc-b, result: FAIL}, {test: oc-b",
        "D520",
        "ends: {all_of",
    ),
    (
        "summit-abs-2026-2",
        "2028-01-15: {value: at least 120%",
        "2032-01-15: {value: at least 120%",
        "D523",
        "2032-01-15",
    ),
    ("summit-abs-2026-2", "cured_by: [retest], at_most", "cured_by: [], at_most", "D522", "cured_by: []"),
    (
        "summit-abs-2026-2",
        "- {use: published value, cite: IND §2.14(a)}\n      ",
        "",
        "D526",
        "last published value",
    ),
    ("summit-abs-2026-2", "for_at_most: 1 publication date, ", "", "W105", "use: last published value"),
    ("summit-abs-2026-2", "class: class_b", "class: class_d", "D502", "class_d"),
    (
        "summit-abs-2026-2",
        "at least 140% of the balance",
        "at least 145% of the balance",
        "D517",
        "at least 145%",
    ),
    (
        "keystone-contracted-2026",
        "first_tested: 2026-07-01",
        "first_tested: 2025-07-01",
        "D523",
        "2025-07-01",
    ),
    (
        "keystone-contracted-2026",
        "first_tested: 2026-07-01",
        "first_tested: 2036-07-01",
        "D523",
        "2036-07-01",
    ),
    (
        "keystone-contracted-2026",
        "frequency: first date of each quarter",
        "frequency: sometimes",
        "D203",
        "sometimes",
    ),
    ("keystone-contracted-2026", "limit: at least 15 points", "limit: at least 15%", "D115", "at least 15%"),
    (
        "keystone-contracted-2026",
        "limit: at least 15 points",
        "asset_class: b200\n    limit: at least 15 points",
        "D502",
        "b200",
    ),
    ("cascade-mixed-2026", "against: CRI-H100", "against: CRI-B200", "D502", "CRI-B200"),
    (
        "cascade-mixed-2026",
        "limit: at most 1.60x",
        "limit: at most USD 0.60 per GPU-hour",
        "D115",
        "USD 0.60",
    ),
    ("cascade-mixed-2026", "missing_leg: not determined", "missing_leg: zero", "D203", "missing_leg: zero"),
    ("cascade-mixed-2026", "weights: register", "weights: fixd", "D203", "fixd"),
    (
        "cascade-mixed-2026",
        "CRI-A100-PCIE: 10%}, weights: register",
        "CRI-A100-PCIE: 20%}, weights: fixed",
        "D122",
        "POOL: {of",
    ),
    ("cascade-mixed-2026", "POOL: {of: {CRI-H100: 60%", "POOL: {of: {CRI-B200: 60%", "D502", "CRI-B200"),
    ("cascade-mixed-2026", "index: POOL", "index: POOLS", "D502", "POOLS"),
    (
        "cascade-mixed-2026",
        "{on: 2027-01-20, at_most: 35%}",
        "{on: 2026-06-20, at_most: 35%}",
        "D117",
        "- {on: 2026-07-20",
    ),
    ("cascade-mixed-2026", "scenario: {scenario: B,", "scenario: {scenario: D,", "D203", "scenario: D"),
    ("cascade-mixed-2026", "point: middle, ", "", "D201", "scenario: {scenario"),
    ("cascade-mixed-2026", "scheduled_balance: USD 18,000,000", "scheduled_balance: USD 0", "D118", "USD 0"),
    ("cascade-mixed-2026", "missing_index: exclude", "missing_index: {at: 0.90}", "D102", "0.90"),
    ("cascade-mixed-2026", "    index: CRI-H100\n    since", "    since", "D503", "h100-depreciation:"),
    ("summit-abs-2026-2", "period: 3 months", "period: 90 days", "D123", "period: 90 days"),
    (
        "prairie-warehouse-2026",
        "younger_than: 180 days",
        "younger_than: 120 business days",
        "D123",
        "younger_than",
    ),
    (
        "prairie-warehouse-2026",
        "quotes_too_old_after: 60 days",
        "quotes_too_old_after: 4 publication dates",
        "D123",
        "quotes_too_old_after",
    ),
    ("prairie-warehouse-2026", "bulk_discount: 35%", "bulk_discount: a third", "D101", "a third"),
    (
        "prairie-warehouse-2026",
        "measured_as: share of the fleet",
        "measured_as: performance against origination",
        "D119",
        "measured_as",
    ),
    ("prairie-warehouse-2026", "quality: independent hosts", "quality: hosts", "D203", "quality: hosts"),
    ("prairie-warehouse-2026", "limit: at least 3\n", "limit: at least 3%\n", "D115", "at least 3%"),
    ("ridgeline-leaseback-2026", "asset_class: h100", "asset_class: h200", "D502", "h200"),
    (
        "ridgeline-leaseback-2026",
        "limit: at least -20 points",
        "limit: at least minus 20 points",
        "D113",
        "minus 20",
    ),
    (
        "lakeshore-ddtl-2025",
        "level: USD 1.90 per GPU-hour, for: 4",
        "level: USD 1.60 per GPU-hour, for: 4",
        "D525",
        "USD 1.60",
    ),
    (
        "lakeshore-ddtl-2025",
        "- number: 2\n    document",
        "- number: 1\n    document",
        "D524",
        "- number: 1\n    document: AM2",
    ),
    ("lakeshore-ddtl-2025", "replaces: 75%, with: 72%", "replaces: 70%, with: 72%", "D302", "70%, with: 72%"),
    ("lakeshore-ddtl-2025", "with: 75%, later_steps: keep", "with: 75%", "D303", "replaces: 70%"),
    ("lakeshore-ddtl-2025", "replaces: 1.5\n", "replaces: 1.6\n", "D302", "1.6\n"),
    (
        "granite-revolver-2026",
        "tested_while: {trigger: liquidity-event",
        "tested_while: {trigger: liquidity",
        "D502",
        "trigger: liquidity,",
    ),
    (
        "granite-revolver-2026",
        "state: IN EFFECT, cite: CA §7.02(b)",
        "state: ON, cite: CA §7.02(b)",
        "D507",
        "state: ON",
    ),
    (
        "granite-revolver-2026",
        "clause: ltv, until: 2026-02-20",
        "clause: ltvv, until: 2026-02-20",
        "D502",
        "ltvv",
    ),
    (
        "meridian-2026-1",
        "test: ltv, result: PASS, measured: 62.585%",
        "test: ltvv, state: NOT YET TESTED, measured: none",
        "D502",
        "ltvv",
    ),
    (
        "meridian-2026-1",
        "{on: 2026-01-15, trigger: cash-sweep,",
        "{on: 2026-01-15, trigger: nosuch,",
        "D502",
        "nosuch",
    ),
    (
        "meridian-2026-1",
        "{on: 2026-01-15, trigger: cash-sweep,",
        "{on: 2026-01-15, trigger: ltv,",
        "D502",
        "trigger: ltv,",
    ),
    (
        "meridian-2026-1",
        "{on: 2026-01-15, trigger: cash-sweep,",
        "{on: 2026-01-15, index: CRI-H1000, trigger: cash-sweep,",
        "D502",
        "H1000",
    ),
    (
        "meridian-2026-1",
        "rates: {CRI-H100: 2.00x4 2.10}",
        "rates: {CRI-H1000: 2.00x4 2.10}",
        "D502",
        "CRI-H1000",
    ),
    (
        "meridian-2026-1",
        "{on: 2026-02-05, test: ltv, result: PASS, state: COMPLIANT}",
        "{on: 2026-02-05, test: ltv}",
        "D402",
        "test: ltv}",
    ),
    (
        "meridian-2026-1",
        "{on: 2026-02-05, test: ltv, result: PASS, state: COMPLIANT}",
        "{on: 2026-02-05}",
        "D402",
        "2026-02-05}",
    ),
    (
        "meridian-2026-1",
        "test: ltv, result: PASS, state: COMPLIANT}",
        'test: ltv, reserve: "USD 0.00"}',
        "D403",
        "reserve:",
    ),
    (
        "meridian-2026-1",
        "test: ltv, result: PASS, state: COMPLIANT}",
        "state: NOT IN EFFECT}",
        "D403",
        "state: NOT IN EFFECT}",
    ),
    (
        "meridian-2026-1",
        "test: ltv, result: PASS, state: COMPLIANT}",
        "trigger: early-amortization, measured: none}",
        "D403",
        "measured: none",
    ),
    (
        "meridian-2026-1",
        "test: ltv, result: PASS, state: COMPLIANT}",
        "trigger: cash-sweep, obligation: none}",
        "D403",
        "obligation: none",
    ),
    (
        "lakeshore-ddtl-2025",
        "cite: AM3 §2(b)",
        "cite: AM3 §2(b)",
        "W109",
        "{term: covenants.cash-sweep.begins.for",
    ),
    ("granite-revolver-2026", "approved_by: a second person", "approved_by: somebody", "D203", "somebody"),
]


@pytest.mark.parametrize(
    ("deal", "good", "bad", "code", "marker"),
    FAULTS,
    ids=[f"{n}-{fault[3]}" for n, fault in enumerate(FAULTS)],
)
def test_each_fault_at_its_line(
    deal: str, good: str, bad: str, code: str, marker: str, all_templates: dict[str, Template]
) -> None:
    text = (DEALS / f"{deal}.yaml").read_text(encoding="utf-8")
    assert good in text
    head, _, tail = text.partition(good)
    changed = head + bad + tail
    found = read_deal(changed, "deal.yaml", all_templates)[1]
    at = changed.find(marker, max(0, len(head) - len(marker) - 300))
    assert at >= 0
    line = changed.count("\n", 0, at) + 1
    codes = {(problem.code, problem.place.line) for problem in found}
    assert (code, line) in codes, [f"{p.code} {p.place.line}:{p.place.column} {p.what}" for p in found]


def test_an_example_without_an_expectation_is_refused(
    meridian_text: str, all_templates: dict[str, Template]
) -> None:
    head, _, _ = meridian_text.rpartition("    expect:\n")
    found = read_deal(f"{head}    expect: []\n", "deal.yaml", all_templates)[1]
    (nothing,) = [problem for problem in found if problem.code == "D402"]
    assert (nothing.place.line, nothing.place.column) == (head.count("\n") + 1, len("    expect: ") + 1)


AMENDED = """amendments:
  - number: 1
    document: CA
    effective: 2026-06-26
    changes:
      - {term: TERM, replaces: OLD, with: NEW, cite: CA §7.02}
"""
NEVER = "never"
ENDS = "{test: ltv, result: PASS, for: 4 consecutive determination dates}"


@pytest.mark.parametrize(
    ("term", "old", "new", "said"),
    [
        ("triggers.early-amortization.ends", NEVER, ENDS, ["ends"]),
        (
            "covenants.cash-sweep.ends.for",
            "3 consecutive publication dates",
            "4 consecutive publication dates",
            ["ends"],
        ),
        ("covenants.cash-sweep.begins.when", "below level", "at or below level", ["begins"]),
        ("covenants.cash-sweep.level", "USD 1.50 per GPU-hour", "USD 1.40 per GPU-hour", []),
        ("covenants.ltv.cure.within", "10 business days", "15 business days", []),
    ],
)
def test_an_amendment_of_when_a_trigger_begins_or_ends_is_warned_of_at_its_place(
    meridian_text: str, all_templates: dict[str, Template], term: str, old: str, new: str, said: list[str]
) -> None:
    amendment = AMENDED.replace("TERM", term).replace("OLD", old).replace("NEW", new)
    text = meridian_text.replace("amendments: []\n", amendment)
    found = read_deal(text, "deal.yaml", all_templates)[1]
    assert [problem for problem in found if not problem.code.startswith("W")] == []
    warned = [problem for problem in found if problem.code == "W109"]
    assert [problem.what.split()[-1] for problem in warned] == said
    assert all(term in text.splitlines()[problem.place.line - 1] for problem in warned)


def test_a_register_is_held_against_the_deal(
    tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deal.yaml").write_text(
        (DEALS / "prairie-warehouse-2026.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    rows = "serial,asset_class,location,pledged_on\nS1,h100,Dallas,2026-02-02\nS1,h100,Dallas,2026-02-02\nS2,b200,Dallas,2026-02-02\n"
    (tmp_path / "prairie-serials.csv").write_text(rows, encoding="utf-8")
    assert check([tmp_path / "deal.yaml"], all_templates, as_json=False) == 1
    said = capsys.readouterr().out
    assert "prairie-serials.csv:3:1: D528 `S1` stands twice" in said
    assert "prairie-serials.csv:4:1: D528 the deal has no asset class `b200`" in said
    assert "W107 the register holds 1 GPU of h100 on 2026-02-02, the deal 768" in said
    (tmp_path / "prairie-serials.csv").write_text("serial,place\n", encoding="utf-8")
    assert check([tmp_path / "deal.yaml"], all_templates, as_json=False) == 1
    assert "D527 the register lacks asset_class, location" in capsys.readouterr().out
    (tmp_path / "prairie-serials.csv").write_text(f"{rows}S3,{'x' * 140_000}\n", encoding="utf-8")
    assert check([tmp_path / "deal.yaml"], all_templates, as_json=False) == 1
    assert "prairie-serials.csv:5:1: Y120 the table cannot be read from here on" in capsys.readouterr().out


def test_shipped_deals_have_no_problem(all_templates: dict[str, Template]) -> None:
    for path in sorted(DEALS.glob("*.yaml")):
        found = read_deal(path.read_text(encoding="utf-8"), path.name, all_templates)[1]
        assert [problem for problem in found if not problem.code.startswith("W")] == []

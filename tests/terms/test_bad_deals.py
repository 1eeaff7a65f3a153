"""One fault each, put into a good deal: reported at its line and column with its code, and nothing crashes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.basics.errors import Problem, render
from engine.determination.template import Template
from engine.terms.source import parse
from engine.workspace.deal_files import read_deal

# (text that stands once in the deal, what it becomes, the code, the text at whose start the problem must be
# reported)
FAULTS: list[tuple[str, str, str, str]] = [
    ("level: USD 1.50 per GPU-hour", "level: USD 1.50", "D103", "USD 1.50\n"),
    ("level: USD 1.50 per GPU-hour", "level: 1.50 per GPU-hour", "D102", "1.50 per GPU-hour\n"),
    ("level: USD 1.50 per GPU-hour", "level: EUR 1.50 per GPU-hour", "D102", "EUR 1.50"),
    ("level: USD 1.50 per GPU-hour", "level: USD 1.50 per GPU-day", "D102", "USD 1.50 per GPU-day"),
    ("level: USD 1.50 per GPU-hour", "levl: USD 1.50 per GPU-hour", "D202", "levl"),
    ("level: USD 1.50 per GPU-hour", "level: [USD 1.50 per GPU-hour]", "D206", "[USD 1.50"),
    ("level: USD 1.50 per GPU-hour", "level:", "D209", "\n    begins: {when"),
    ("minimum: 85%", "minimum: 85", "D101", "85\n"),
    ("minimum: 85%", "minimum: 85 percent", "D101", "85 percent"),
    ("minimum: 85%", "minimum: eighty-five %", "D101", "eighty-five"),
    ("minimum: 85%", "minimal: 85%", "D202", "minimal"),
    ("minimum: 85%", "minimum: 84%", "D517", ">-"),
    ("trailing_period: 4 weeks", "trailing_period: 4", "D109", "4\n"),
    ("trailing_period: 4 weeks", "trailing_period: four weeks", "D109", "four weeks"),
    ("trailing_period: 4 weeks", "trailing_period: 0 weeks", "D109", "0 weeks"),
    ("trailing_period: 4 weeks", "trailing_period: 4 fortnights", "D109", "4 fortnights"),
    ("weighted_by: rented GPU-hours", "weighted_by: rented hours", "D203", "rented hours"),
    ("early_warning: 3 points", "early_warning: 3%", "D105", "3%\n"),
    ("early_warning: 3 points", "early_warning: 3", "D105", "3\n"),
    ("multiple: 1.5", "multiple: one and a half", "D106", "one and a half"),
    ("multiple: 1.5", "multiple: -1.5", "D106", "-1.5"),
    ("2026-01-06: 65%", "2026-01-06: 65", "D101", "65\n      2027"),
    ("2026-01-06: 65%", "2026-13-06: 65%", "D108", "2026-13-06: 65%"),
    ("{value: 60%, cite", "{value: 60, cite", "D101", "60, cite"),
    ("{value: 60%, cite", "{valu: 60%, cite", "D206", "{valu"),
    ("cured_by: [retest], cite", "cured_by: [retets], cite", "D203", "retets"),
    ("cured_by: [retest], cite", "cured_by: retest, cite", "D205", "retest, cite"),
    (
        "cure: {within: 15 business days, after",
        "cure: {within: 15 days of business, after",
        "D109",
        "15 days of business",
    ),
    ("cure: {within: 15 business days, after", "cure: {after", "D201", "cure: {after"),
    ("cure: {within: 10 business days", "cure: nothing #", "D203", "nothing #"),
    (
        "after: determination date, cured_by: [retest]",
        "after: the date, cured_by: [retest]",
        "D203",
        "the date",
    ),
    (
        "begins: {when: below level, for: 2 consecutive publication dates}",
        "begins: {when: under, for: 2 consecutive publication dates}",
        "D203",
        "under, for",
    ),
    ("for: 2 consecutive publication dates", "for: 2 dates", "D111", "2 dates"),
    ("for: 2 consecutive publication dates", "for: 2 publication dates", "D111", "2 publication dates"),
    ("for: 2 consecutive publication dates", "for: twice", "D111", "twice"),
    (
        "for: 4 consecutive determination dates",
        "for: 5 of the last 4 determination dates",
        "D111",
        "5 of the last",
    ),
    ("sweep: {share: 100%", "sweep: {share: all", "D101", "all, of"),
    ("of: excess cash flow", "of: cash", "D203", "cash, to"),
    ('until: "USD 1,200,000"', "until: 1,200,000 USD", "Y117", "200,000 USD"),
    ('until: "USD 1,200,000"', 'until: "USD 1,20,000"', "D104", '"USD 1,20,000"'),
    ("on_end: keep", "on_end: hold", "D203", "hold}"),
    ("maximum_decline: 25%", "maximum_declin: 25%", "D202", "maximum_declin"),
    ("measure: fall_in_window", "measure: fall_in_windw", "D203", "fall_in_windw"),
    ("    measure: fall_in_window\n", "", "D208", "appraisal:\n"),
    (
        "then: {deliver: independent appraisal, within",
        "then: {delivers: independent appraisal, within",
        "D202",
        "delivers",
    ),
    (
        "30 business days, after: determination date",
        "30 business days, after: notice by the agent",
        "D203",
        "notice by the agent",
    ),
    (
        "30 business days, after: determination date",
        "30 business days, after: delivery of the report",
        "D203",
        "delivery of the report",
    ),
    ("ends: never\n", "ends: nevr\n", "D203", "nevr"),
    ("    ends: never\n", "", "D201", "early-amortization:\n    cite"),
    ("test: ltv, result: FAIL, for: 4", "test: lvt, result: FAIL, for: 4", "D502", "lvt,"),
    ("test: ltv, result: FAIL, for: 4", "test: ltv, result: FAILS, for: 4", "D203", "FAILS"),
    (
        "{test: rate-floor, state: EVENT OF DEFAULT}",
        "{test: rate-floor, state: DEFAULT}",
        "D507",
        "DEFAULT}\n",
    ),
    ("{test: rate-floor, state: EVENT OF DEFAULT}", "{test: rate-floor}", "D506", "{test: rate-floor}"),
    (
        "{test: rate-floor, state: EVENT OF DEFAULT}",
        "{trigger: early-amortization, state: IN EFFECT}",
        "D508",
        "early-amortization:\n    cite",
    ),
    ("any_of:\n", "anyof:\n", "D202", "anyof"),
    ("template: loan_to_value", "template: loan_to_valu", "D207", "loan_to_valu"),
    ("    template: loan_to_value\n", "", "D201", "ltv:\n"),
    ("closing_date: 2026-01-06", "closing_date: 6 January 2026", "D108", "6 January"),
    ("closing_date: 2026-01-06", "closing_date: 2026-02-30", "D108", "2026-02-30"),
    ("maturity_date: 2030-01-15", "maturity_date: 2025-01-15", "D510", "2025-01-15"),
    ("maturity_date: 2030-01-15\n", "", "D201", "deal: meridian"),
    ("business_days: us-federal-reserve", "business_days: US", "D512", "US "),
    ("time_zone: America/New_York", "time_zone: New York", "D513", "New York"),
    ("every: Thursday, if", "every: Thirsday, if", "D203", "Thirsday"),
    ("if_not_a_business_day: same day", "if_not_a_business_day: skip", "D203", "skip"),
    ("due: 1 business day before determination date", "due: on time", "D110", "on time"),
    (
        "due: 1 business day before determination date",
        "due: 0 business days before determination date",
        "D110",
        "0 business days",
    ),
    (
        "due: 1 business day before determination date",
        "due: 1 quarter before determination date",
        "D109",
        "1 quarter",
    ),
    ("too_old_after: 14 days", "too_old_after: 1 quarter", "D109", "1 quarter"),
    ("too_old_after: 14 days", "too_old_after: two weeks", "D109", "two weeks"),
    ("corrected_report: from then on", "corrected_report: sometimes", "D203", "sometimes"),
    ("mostly: on demand", "mostly: spot", "D203", "spot"),
    ("rounding: {ratios: unrounded", "rounding: {ratios: about", "D204", "about"),
    ("deal: meridian-2026-1", "deal: Meridian 2026", "D204", "Meridian 2026"),
    ("format: 2\n", "format: 3\n", "D203", "3\n"),
    ("illustrative: true ", "illustrative: maybe ", "D205", "maybe"),
    ("illustrative: true ", "illustrative: false ", "D515", "1.1-wp}"),
    ("sha256: 3ebbfc90", "sha256: zebbfc90", "D204", "zebbfc90"),
    ("title: Credit Agreement, dated", "titel: Credit Agreement, dated", "D202", "titel"),
    ("source: computed by the calculation agent", "source: computed by us", "D203", "computed by us"),
    ("{policy: pinned, version: 1.1-wp}", "{policy: pinned}", "D514", "{policy"),
    ("policy: pinned, version", "policy: fixed, version", "D203", "fixed, version"),
    ("low_confidence: {effect: report only", "low_confidence: {effect: ignore", "D203", "ignore"),
    ("for_at_most: 1 publication date", "for_at_most: 1 thursday", "D109", "1 thursday"),
    ("use: successor benchmark", "use: successor", "D203", "successor, cite"),
    ("h100: {model: H100 SXM, gpus: 1024", "h100: {model: H100 SXM, gpus: 1024.5", "D107", "1024.5"),
    ("availability: 95%, index: CRI-H100", "availability: 95%, index: CRI-H200", "D502", "CRI-H200"),
    (
        'original_principal: "USD 16,000,000"',
        'original_principal: "16,000,000"',
        "D104",
        '"16,000,000", rate',
    ),
    ("compliance:       {given_by: servicer", "compliance:       {given_by: agent", "D502", "agent, to"),
    (
        "to: [borrower, administrative_agent], within",
        "to: [borower, administrative_agent], within",
        "D502",
        "borower",
    ),
    ("trailing_period: 4 weeks", "trailing_period: 28 days", "D123", "28 days"),
    ("trailing_period: 90 days", "trailing_period: 60 business days", "D123", "60 business days"),
    ("trailing_period: 90 days", "trailing_period: 13 publication dates", "D123", "13 publication dates"),
    ("cure: {within: 15 business days, after", "cure: {within: 1 year, after", "D123", "1 year"),
    (
        "independent appraisal, within: 30 business days",
        "independent appraisal, within: 4 determination dates",
        "D123",
        "4 determination",
    ),
    ("within: 2 business days, cite: CA §6.04(a)", "within: 2 years, cite: CA §6.04(a)", "D123", "2 years"),
    ("for_at_most: 1 publication date", "for_at_most: 10 business days", "D123", "10 business days"),
    (
        "late_publication: {accepted_for: 5 business days",
        "late_publication: {accepted_for: 1 month",
        "D123",
        "1 month",
    ),
    (
        "restatement: {accepted_for: 5 business days",
        "restatement: {accepted_for: 2 publication dates",
        "D123",
        "2 publication dates",
    ),
    ("too_old_after: 14 days", "too_old_after: 14 business days", "D123", "14 business days"),
    (
        "due: 1 business day before determination date",
        "due: 1 month before determination date",
        "D123",
        "1 month",
    ),
    (
        "due: 1 business day before determination date",
        "due: 15 days after month end",
        "D110",
        "15 days after",
    ),
    ("within: 2 business days, cite: CA §6.04(a)", "within: soon, cite: CA §6.04(a)", "D109", "soon"),
    ("cite: CA §7.02\n", "cite: XA §7.02\n", "D516", "XA §7.02"),
    ("    cite: CA §7.02\n", "", "D201", "ltv:\n"),
    ("if_not_determined: hold\n\n  ltv", "if_not_determined: ignore\n\n  ltv", "D204", "ignore"),
    ("    if_not_determined: hold\n\n  ltv", "\n  ltv", "D201", "rate-floor:\n"),
    ("  early-amortization:\n", "  ltv:\n", "D504", "ltv:\n    cite: IND"),
    ("amendments: []", "amendments: none", "D205", "none\n"),
    ("rates: {CRI-H100: 2.00x4 2.10}", "rates: {CRI-H100: 2.00*4 2.10}", "D112", "2.00*4"),
    (
        "facts: {weighted_average_rental_rate: USD 1.70 per GPU-hour}",
        "facts: {weighted_average_rental_rate: about 1.70}",
        "D401",
        "about 1.70",
    ),
    (
        "- {on: 2026-01-29, test: rate-floor, result: PASS",
        "- {on: 2026-01-29, test: rate-floor, reslt: PASS",
        "D202",
        "reslt",
    ),
    ("name: At the floor exactly", "nam: At the floor exactly", "D202", "nam: At"),
    ("  ltv:\n    template", "  x/../../../../evil/ltv:\n    template", "D204", "x/../.."),
    ("  ltv:\n    template", "  Ltv:\n    template", "D204", "Ltv:\n"),
    ("  early-amortization:\n", "  ../early:\n", "D204", "../early"),
    ("  class_a: {original", "  ../a: {original", "D204", "../a"),
    ("  h100: {model", "  h100/..: {model", "D204", "h100/.."),
    ("  indenture_trustee:    {name", "  indenture trustee:    {name", "D204", "indenture trustee:"),
    ("  trigger_event:    {given_by", "  trigger.event:    {given_by", "D204", "trigger.event"),
    ("  CRI-H100:\n    source", "  CRI/../H100:\n    source", "D204", "CRI/../H100"),
    ("  IND: {title", "  I/ND: {title", "D204", "I/ND"),
    ("parties:\n", "partys:\n", "D202", "partys"),
    ("covenants:\n", "covenant:\n", "D202", "covenant:\n"),
    ("Meridian Compute Borrower LLC", "Meridian \u202eCompute LLC", "Y104", "\u202eCompute LLC"),
    ("Meridian Compute Borrower LLC", "Meridian \u4e2d LLC", "D501", "Meridian \u4e2d LLC"),
]

YAML_FAULTS: list[tuple[str, str]] = [
    ("", "Y102"),
    ("# nothing\n", "Y102"),
    ("deal: a\ndeal: b\n", "Y116"),
    ("deal: &x a\n", "Y111"),
    ("deal: *x\n", "Y111"),
    ("a: &x 1\nb: *x\n", "Y111"),
    ("deal: !!str a\n", "Y112"),
    ("deal: !python/object:os.system a\n", "Y112"),
    ("deal: !custom {a: 1}\n", "Y112"),
    ("a: {<<: {b: 1}}\n", "Y115"),
    ("a: 1\n---\nb: 2\n", "Y110"),
    ("{a: 1}: b\n", "Y114"),
    ("[a]: b\n", "Y114"),
    ("? [a]\n: b\n", "Y114"),
    ("a: [1, 2\n", "Y100"),
    ("a: {b: 1\n", "Y100"),
    ("a: 'open\n", "Y100"),
    ('a: "open\n', "Y100"),
    ("a: b: c\n", "Y100"),
    ("a:\n\t- b\n", "Y100"),
    ("a: @b\n", "Y100"),
    ("a: `b`\n", "Y100"),
    ("a: %b\n", "Y100"),
    (" a: 1\nb: 2\n", "Y100"),
    ("a: 1\n b: 2\n", "Y100"),
    ("- a\nb: 1\n", "Y100"),
    ("a: ]\n", "Y100"),
    ("a: |\n b\nc\n", "Y100"),
    ("a: \x00\n", "Y104"),
    ("a: \x07\n", "Y104"),
    ("a: \x1b[31m\n", "Y104"),
    ("a: \x7f\n", "Y104"),
    ("a: \ud800\n", "Y105"),
    ("%YAML 9.9\n---\na: 1\n", "Y100"),
    ("a: " + "[" * 60 + "]" * 60, "Y113"),
    ("a: " + "{b: " * 60 + "}" * 60, "Y113"),
    ("a: [" + "x, " * 60_000 + "]", "Y113"),
    ("a: " + "x" * 1_000_001, "Y103"),
    ("just words\n", "D205"),
    ("- a\n- b\n", "D205"),
    ("7\n", "D205"),
    ("null\n", "D205"),
    ("~\n", "D205"),
    ("deal: a\nformat: 1\nformat: 1\n", "Y116"),
    ("covenants: {a: {cite: x, cite: y}}\n", "Y116"),
    ("a: !!binary aGk=\n", "Y112"),
]


@pytest.fixture(scope="module")
def check(all_templates: dict[str, Template]) -> Callable[[str], list[Problem]]:
    return lambda text: read_deal(text, "deal.yaml", all_templates)[1]


def placed(text: str, marker: str, start: int, length: int) -> int:
    """Where the marker stands: in the changed text, else the last time before it, else the first time after
    it.
    """
    inside = text.find(marker, start, start + length + len(marker))
    before = text.rfind(marker, 0, start)
    return inside if inside >= 0 else before if before >= 0 else text.index(marker, start)


@pytest.mark.parametrize(
    ("good", "bad", "code", "marker"), FAULTS, ids=[f"{n}-{fault[2]}" for n, fault in enumerate(FAULTS)]
)
def test_each_fault_at_its_place(
    check: Callable[[str], list[Problem]], meridian_text: str, good: str, bad: str, code: str, marker: str
) -> None:
    head, found, tail = (
        meridian_text.rpartition(good) if code in ("D401", "D112") else meridian_text.partition(good)
    )
    assert found, f"the deal no longer says {good!r}"
    text = head + bad + tail
    problems = check(text)
    places = {(problem.place.line, problem.place.column) for problem in problems if problem.code == code}
    assert places, [(problem.code, problem.what, problem.place) for problem in problems]
    at = placed(text, marker, len(head), len(bad))
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    assert (line, column) in places, (places, (line, column))
    for problem in problems:
        shown = render(problem, text.splitlines())
        assert shown.startswith(f"deal.yaml:{problem.place.line}:{problem.place.column}: {problem.code} ")
        assert "= fix: " in shown


def test_enough_faults_are_tried() -> None:
    assert len(FAULTS) >= 95
    assert len(YAML_FAULTS) >= 46


@pytest.mark.parametrize(
    ("text", "code"), YAML_FAULTS, ids=[f"{n}-{fault[1]}" for n, fault in enumerate(YAML_FAULTS)]
)
def test_bad_yaml_is_named_with_its_place(
    check: Callable[[str], list[Problem]], text: str, code: str
) -> None:
    problems = check(text)
    assert code in {problem.code for problem in problems}, problems
    assert all(problem.place.line >= 1 and problem.place.column >= 1 for problem in problems)


@settings(max_examples=300)
@given(st.text(max_size=400))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    tree, problems = parse(text, "any.yaml")
    assert tree is not None or problems


def test_all_problems_at_once_sorted_by_place(
    check: Callable[[str], list[Problem]], meridian_text: str
) -> None:
    text = meridian_text
    for good, bad, code, _ in FAULTS:
        if code in ("D101", "D103") and good in text:
            text = text.replace(good, bad, 1)
    problems = check(text)
    assert len({problem.place.line for problem in problems}) >= 3
    assert problems == sorted(problems, key=lambda problem: (problem.place, problem.code))


def test_scalars_are_text(check: Callable[[str], list[Problem]]) -> None:
    tree, problems = parse("on: NO\nversion: 7.10\nempty:\nyes: 0x1f\n", "a.yaml")
    assert not problems
    assert tree is not None
    assert tree.data == {"on": "NO", "version": "7.10", "empty": "", "yes": "0x1f"}


FREE = (
    "documents",
    "parties",
    "index",
    "pledged_assets",
    "debt",
    "covenants",
    "triggers",
    "notices",
    "rates",
    "facts",
    "maximum",
)
"""Blocks whose keys are names that the deal gives itself."""


def known_keys(text: str) -> list[tuple[int, int, str]]:
    """Line, column and name of every key that the format gives a meaning to."""
    tree, _ = parse(text, "deal.yaml")
    assert tree is not None
    found = []
    for path in tree.places:
        named = bool(path) and isinstance(path[-1], str) and (len(path) == 1 or path[-2] not in FREE)
        if named and path[0] != "amendments":
            place = tree.key_place(path)
            if text.splitlines()[place.line - 1][place.column - 1 :].startswith(str(path[-1])):
                found.append((place.line, place.column, str(path[-1])))
    return found


def test_every_key_misspelt_is_reported_at_its_place(
    check: Callable[[str], list[Problem]], meridian_text: str
) -> None:
    """Each key of the deal with one letter too many: refused where it stands, and nothing crashes."""
    keys = known_keys(meridian_text)
    assert len(keys) >= 150
    lines = meridian_text.splitlines(keepends=True)
    missed = []
    for line, column, key in keys:
        bad = lines[line - 1][: column - 1 + len(key)] + "x" + lines[line - 1][column - 1 + len(key) :]
        problems = check("".join([*lines[: line - 1], bad, *lines[line:]]))
        if line not in {p.place.line for p in problems if not p.code.startswith("W")}:
            missed.append(
                (line, column, key, [f"{p.code} {p.place.line}:{p.place.column}" for p in problems])
            )
    assert missed == []

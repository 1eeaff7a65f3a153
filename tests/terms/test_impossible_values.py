"""Values that read well and cannot be: refused by the type of their term, where they stand."""

from __future__ import annotations

import pytest

from tests.terms.reported import Check, Fault, assert_reported, deal_text, names

MERIDIAN: list[Fault] = [
    ("minimum: 85%", "minimum: ¦-85%", "D124"),
    ("minimum: 85%", "minimum: ¦0%", "D124"),
    ("minimum: 85%", "minimum: ¦99999999999999999999999%", "D124"),
    ("minimum: 85%", "minimum: ¦85\u00a0%", "D101"),
    ("minimum: 85%", "minimum: ¦85\u2009%", "D501"),
    ("2026-01-06: 65%", "2026-01-06: ¦0%", "D124"),
    ("2026-01-06: 65%", "2026-01-06: ¦6500%", "D124"),
    ("maximum_decline: 25%", "maximum_decline: ¦125%", "D124"),
    ("maximum_decline: 25%", "maximum_decline: ¦-25%", "D124"),
    ("maximum_decline: 25%", "maximum_decline: ¦0%", "D124"),
    ("multiple: 1.5", "multiple: ¦0", "D124"),
    ("multiple: 1.5", f"multiple: ¦{'9' * 400}", "D124"),
    ("multiple: 1.5", f"multiple: ¦{'9' * 9000}", "D106"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 0 per GPU-hour", "D124"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 150,000 per GPU-hour", "D124"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 150 per GPU-hour", "W110"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 0.0150 per GPU-hour", "W110"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 15.0 per GPU-hour", "W110"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 0.150 per GPU-hour", "W110"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD 2.50 per GPU-hour", "W128"),
    ("level: USD 1.50 per GPU-hour", "level: ¦USD\u00a01.50 per GPU-hour", "D501"),
    ("closing_date_level: USD 2.10", "closing_date_level: ¦USD 0.00", "D124"),
    ("closing_date_level: USD 2.10", "closing_date_level: ¦USD 2,100", "W110"),
    ("gpus: 1024", "gpus: ¦0", "D124"),
    ("gpus: 1024", "gpus: ¦99999999999", "D124"),
    ("availability: 95%", "availability: ¦0%", "D124"),
    ("availability: 95%", "availability: ¦120%", "D124"),
    ("every: month, day: 15", "every: month, day: ¦0", "D124"),
    ("every: month, day: 15", "every: month, day: ¦32", "D124"),
    ("share: 100%", "share: ¦120%", "D124"),
    ("share: 100%", "share: ¦0%", "D124"),
    ('until: "USD 1,200,000"', 'until: ¦"USD 0"', "D124"),
    ('original_principal: "USD 16,000,000"', 'original_principal: ¦"USD 0"', "D124"),
    ('original_principal: "USD 16,000,000"', 'original_principal: ¦"USD 16,000,000,000,000,000"', "D124"),
    ("maturity_date: 2030-01-15", "maturity_date: ¦9999-12-31", "D108"),
    ("closing_date: 2026-01-06", "closing_date: ¦0001-01-01", "D108"),
    ("if_not_determined: hold", "if_not_determined: ¦fail after 0 determination dates", "D204"),
    ("illustrative: true ", "illustrative: ¦yes ", "D205"),
    ("illustrative: true ", "illustrative: ¦1 ", "D205"),
    ("illustrative: true ", "illustrative: ¦True ", "D205"),
    ("replaces_counterparty: false", "replaces_counterparty: ¦no", "D205"),
    ("name: Meridian Compute Borrower LLC", "name: ¦100%", "D126"),
    ("title: Credit Agreement", "title: ¦2026-01-06", "D126"),
    ("notices: treasury@example.com", "notices: ¦the treasury", "W114"),
    ("register: meridian-serials.csv", "register: ¦../../etc/passwd", "D537"),
    ("register: meridian-serials.csv", "register: ¦/etc/passwd", "D537"),
    ("register: meridian-serials.csv", "register: ¦lists/../../serials.csv", "D537"),
    ("register: meridian-serials.csv", 'register: ¦"C:\\\\serials.csv"', "D537"),
]
OTHERS: list[tuple[str, Fault]] = [
    ("summit-abs-2026-2", ("limit: at least 180%", "limit: ¦at least -180%", "D124")),
    ("summit-abs-2026-2", ("limit: at least 180%", "limit: ¦at least 0%", "D124")),
    ("summit-abs-2026-2", ("limit: at least 180%", "limit: ¦at least 18000%", "D124")),
    ("summit-abs-2026-2", ("limit: more than 1.20x", "limit: ¦more than -1.20x", "D124")),
    ("summit-abs-2026-2", ("limit: at most 0 days", "limit: ¦less than 0 days", "D124")),
    ("summit-abs-2026-2", ("margin: 0.50%", "margin: ¦0%", "D124")),
    ("keystone-contracted-2026", ("limit: at least 15 points", "limit: ¦at least 15000 points", "D124")),
    ("prairie-warehouse-2026", ("bulk_discount: 35%", "bulk_discount: ¦100%", "D124")),
    ("prairie-warehouse-2026", ("bulk_discount: 35%", "bulk_discount: ¦-35%", "D124")),
    ("cascade-mixed-2026", ("performance_factor: 0.90", "performance_factor: ¦0", "D124")),
    ("cascade-mixed-2026", ("CRI-H100: 60%", "CRI-H100: ¦160%", "D124")),
    ("lakeshore-ddtl-2025", ("2026-09-02: {value: 65%", "2026-09-02: {value: ¦1.5", "D101")),
    (
        "cascade-mixed-2026",
        ("{of: {CRI-H100: 60%, CRI-H200: 30%, CRI-A100-PCIE: 10%}", "{of: {¦2026-02-30: 5%}", "D108"),
    ),
    ("ridgeline-leaseback-2026", ("resale_at_reference: USD 24,000", "resale_at_reference: ¦USD 0", "D124")),
]


@pytest.mark.parametrize("fault", MERIDIAN, ids=names(MERIDIAN))
def test_an_impossible_value_is_reported_where_it_stands(
    checked: Check, meridian_text: str, fault: Fault
) -> None:
    assert_reported(checked, meridian_text, fault)


@pytest.mark.parametrize(("deal", "fault"), OTHERS, ids=names([fault for _, fault in OTHERS]))
def test_an_impossible_value_of_another_template_is_too(checked: Check, deal: str, fault: Fault) -> None:
    assert_reported(checked, deal_text(deal), fault)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("deal: meridian-2026-1", "deal: Meridian/1"),
        ("ratios: unrounded", "ratios: up"),
        ("  ltv:\n", "  L T V:\n"),
        ("sha256: 3", "sha256: x"),
    ],
)
def test_a_form_is_said_in_words_with_an_example_and_not_as_a_pattern(
    checked: Check, meridian_text: str, good: str, bad: str
) -> None:
    found = [problem for problem in checked(meridian_text.replace(good, bad, 1)) if problem.code == "D204"]
    assert found
    assert not any("^" in problem.why or "[a-z" in problem.why for problem in found)
    assert all("like" in problem.why + problem.fix for problem in found)

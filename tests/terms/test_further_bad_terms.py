"""Further faults of values, clauses, the index and its fallback, one each: what a drafter may get wrong, read
from the format alone.
"""

from __future__ import annotations

import pytest

from tests.terms.reported import Check, Fault, assert_reported, deal_text, names

FAULTS: list[tuple[str, Fault]] = [
    ("meridian-2026-1", ("source: computed by the calculation agent", "source: ¦published", "D203")),
    (
        "meridian-2026-1",
        (
            "accepted_for: 5 business days, cite: CA §2.14(e)",
            "accepted_for: ¦0 business days, cite: CA §2.14(e)",
            "D109",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "accepted_for: 5 business days, effect: retest",
            "accepted_for: 5 business days, effect: ¦re-test",
            "D203",
        ),
    ),
    ("meridian-2026-1", ("effect: report only", "effect: ¦report", "D203")),
    (
        "meridian-2026-1",
        (
            "{policy: pinned, version: 1.1-wp",
            "¦{policy: current, consent_needed_for: material changes",
            "D514",
        ),
    ),
    (
        "meridian-2026-1",
        ("policy: pinned, version: 1.1-wp", "policy: pinned, version: 1.1-wp, material_above: ¦-5%", "D124"),
    ),
    ("meridian-2026-1", ("CRI-H100:\n    source", "¦H100 INDEX:\n    source", "D204")),
    ("meridian-2026-1", ("index: CRI-H100, register", "index: ¦cri-h100, register", "D502")),
    (
        "meridian-2026-1",
        ("due: 1 business day before determination date", "due: ¦before determination date", "D110"),
    ),
    ("meridian-2026-1", ("too_old_after: 14 days", "too_old_after: ¦14", "D109")),
    ("meridian-2026-1", ("corrected_report: from then on", "corrected_report: ¦never", "D203")),
    ("meridian-2026-1", ("ratios: unrounded", "ratios: ¦2 decimals", "D204")),
    ("meridian-2026-1", ("rate: SOFR + 2.25%", "rate: ¦", "D209")),
    ("meridian-2026-1", ("trailing_period: 4 weeks", "trailing_period: ¦0 weeks", "D109")),
    ("meridian-2026-1", ("trailing_period: 4 weeks", "trailing_period: ¦4.5 weeks", "D109")),
    ("meridian-2026-1", ("weighted_by: rented GPU-hours ", "weighted_by: ¦GPU-hours ", "D203")),
    ("meridian-2026-1", ("cure: {within: 15 business days", "cure: {within: ¦15 Business Days", "D109")),
    (
        "meridian-2026-1",
        ("after: determination date, cured_by: [retest]", "after: ¦delivery, cured_by: [retest]", "D203"),
    ),
    ("meridian-2026-1", ("multiple: 1.5", "multiple: ¦USD 1.5", "D106")),
    ("meridian-2026-1", ("2027-01-06: {value: 60%", "¦2027-1-6: {value: 60%", "D108")),
    ("meridian-2026-1", ("level: USD 1.50 per GPU-hour", "level: ¦1.50", "D102")),
    (
        "meridian-2026-1",
        ("for: 2 consecutive publication dates", "for: ¦3 of the last 2 publication dates", "D111"),
    ),
    ("meridian-2026-1", ('until: "USD 1,200,000"', "until: ¦EUR 1200000", "D104")),
    ("meridian-2026-1", ("on_end: keep", "on_end: ¦keep it", "D203")),
    (
        "meridian-2026-1",
        (
            "then: {deliver: independent appraisal, within: 30 business days",
            "then: {deliver: independent appraisal, within: ¦-30 business days",
            "D109",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "appraisal:\n    template: appraisal_trigger\n    failure_is: a trigger event\n    cite: CA §7.04\n    maximum_decline: 25%\n    trailing_period: 90 days\n    measure: fall_in_window\n    then: {deliver: independent appraisal, within: 30 business days, after: determination date, cite: CA §7.04(b)}\n",
            "¦appraisal:\n    template: appraisal_trigger\n    failure_is: a trigger event\n    cite: CA §7.04\n    maximum_decline: 25%\n    trailing_period: 90 days\n    measure: fall_in_window\n",
            "D201",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "{test: ltv, result: FAIL, for: 4 consecutive determination dates}",
            "{trigger: ¦ltv, result: FAIL, for: 4 consecutive determination dates}",
            "D502",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "{test: rate-floor, state: EVENT OF DEFAULT}",
            "{test: rate-floor, state: EVENT OF DEFAULT, for: ¦0 consecutive determination dates}",
            "D111",
        ),
    ),
    ("meridian-2026-1", ("ends: never\n    esma", "ends: ¦Never\n    esma", "D203")),
    (
        "meridian-2026-1",
        ("{test: rate-floor, state: EVENT OF DEFAULT}", "{trigger: cash-sweep, result: ¦FAIL}", "D506"),
    ),
    ("meridian-2026-1", ("{changes_priority_of_payments: true", "{changes_priority_of_payments: ¦Y", "D205")),
    ("meridian-2026-1", ("to: [borrower, administrative_agent], within", "to: ¦[], within", "D536")),
    ("meridian-2026-1", ("every: determination date}", "every: ¦Thursday}", "D203")),
    ("meridian-2026-1", ("format: 2\n", "format: ¦1.0\n", "D203")),
    ("meridian-2026-1", ("sha256: 3ebbfc90", "sha256: ¦3EBBFC90", "D204")),
    ("meridian-2026-1", ("IND: {title: Indenture", "¦CA: {title: Indenture", "Y116")),
    ("meridian-2026-1", ("dated: 2026-01-06, sha256: 3ebb", "dated: ¦6.1.2026, sha256: 3ebb", "D108")),
    ("meridian-2026-1", ('name: "Example Bank, N.A."', "name: Example Bank, ¦N.A.", "D202")),
    ("meridian-2026-1", ("amendments: []", "amendments: []\ncorrections: ¦none", "D205")),
    (
        "meridian-2026-1",
        (
            "amendments: []",
            "corrections:\n  - {number: 1, found_on: 2026-02-01, by: servicer, term: ¦covenants.ltv.multipel, replaces: 1.5, with: 1.4, reason: typo}\namendments: []",
            "D301",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "amendments: []",
            "corrections:\n  - {number: 1, found_on: 2026-02-01, by: servicer, term: covenants.ltv.multiple, replaces: ¦1.6, with: 1.4, reason: typo}\namendments: []",
            "D302",
        ),
    ),
    (
        "meridian-2026-1",
        (
            "amendments: []",
            "corrections:\n  - {number: 1, found_on: 2026-02-01, by: servicer, term: covenants.ltv.multiple, replaces: 1.5, with: 1.4, reason: ¦''}\namendments: []",
            "D209",
        ),
    ),
    (
        "summit-abs-2026-2",
        (
            "failure_is: a trigger event\n    if_not_determined: hold\n\n  oc-b",
            "failure_is: ¦an event\n    if_not_determined: hold\n\n  oc-b",
            "D203",
        ),
    ),
    (
        "summit-abs-2026-2",
        (
            "result: FAIL, for: 3 of the last 4 determination dates",
            "result: FAIL, for: ¦3 of the last 4 publication dates",
            "D542",
        ),
    ),
    (
        "summit-abs-2026-2",
        (
            "failure_is: a default\n    cure: {within: 20",
            "failure_is: a default\n    persists_for: ¦2 consecutive publication dates\n    cure: {within: 20",
            "D542",
        ),
    ),
]


@pytest.mark.parametrize(("deal", "fault"), FAULTS, ids=names([fault for _, fault in FAULTS]))
def test_it_is_reported_where_it_stands(checked: Check, deal: str, fault: Fault) -> None:
    assert_reported(checked, deal_text(deal), fault)


@pytest.mark.parametrize(
    ("every", "codes"), [("Thursday", set()), ("month, day: 8", {"D542"}), ("Monday", {"D542"})]
)
def test_a_test_on_publication_dates_is_counted_on_them_unless_determination_dates_are_the_same(
    checked: Check, every: str, codes: set[str]
) -> None:
    text = deal_text("meridian-2026-1").replace(
        "determination_dates: {every: Thursday,", f"determination_dates: {{every: {every},"
    )
    counted = text.replace("for: 2 consecutive publication dates", "for: 2 consecutive determination dates")
    assert "D542" not in {problem.code for problem in checked(text)}
    assert {problem.code for problem in checked(counted)} & {"D542"} == codes

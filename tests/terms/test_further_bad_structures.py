"""Further faults of classes of notes, pools, consequences, springing tests and amendments, one each, in deals
of several shapes.
"""

from __future__ import annotations

import re

import pytest

from tests.terms.reported import Check, Fault, assert_reported, deal_text, names

FAULTS: list[tuple[str, Fault]] = [
    ("summit-abs-2026-2", ("class: class_a\n", "class: ¦class_A\n", "D502")),
    (
        "summit-abs-2026-2",
        ('original_principal: "USD 15,000,000"', 'original_principal: ¦"USD -15,000,000"', "D104"),
    ),
    ("summit-abs-2026-2", ("at_most: 2 in any 12 months", "at_most: ¦0 in total", "D120")),
    ("summit-abs-2026-2", ("at_most: 2 in any 12 months", "at_most: ¦2 in any 12 weeks", "D120")),
    ("summit-abs-2026-2", ("kind: distribution block", "kind: ¦block", "D203")),
    (
        "summit-abs-2026-2",
        ("starts: next payment date\n        sweep", "starts: ¦tomorrow\n        sweep", "D203"),
    ),
    (
        "summit-abs-2026-2",
        (
            "who: indenture_trustee, starts: next payment date, cite: IND §5.06(c)",
            "who: ¦trustee, starts: next payment date, cite: IND §5.06(c)",
            "D502",
        ),
    ),
    ("summit-abs-2026-2", ("by: servicer, cite: IND §5.08(c)", "by: ¦appraiser, cite: IND §5.08(c)", "D502")),
    (
        "summit-abs-2026-2",
        (
            "quality: low confidence\n    limit: at most 0",
            "quality: low confidence\n    limit: ¦at most 5%",
            "D115",
        ),
    ),
    ("summit-abs-2026-2", ("day: 10, if", "day: ¦10th, if", "D107")),
    (
        "summit-abs-2026-2",
        ("every: month, due: 2 business days", "every: ¦day, due: 2 business days", "D203"),
    ),
    ("summit-abs-2026-2", ("limit: at least 140%", "limit: ¦at least 140", "D115")),
    ("keystone-contracted-2026", ("limit: at least 1.15x", "limit: ¦at least 115%", "D115")),
    ("cascade-mixed-2026", ("missing_leg: not determined", "missing_leg: {at: ¦USD 0 per GPU-hour}", "D124")),
    ("cascade-mixed-2026", ("against: CRI-H100", "against: ¦CRI-H200", "D125")),
    ("cascade-mixed-2026", ("as: ratio", "as: ¦quotient", "D203")),
    ("cascade-mixed-2026", ("horizon: ", "horizon: ¦2020-01-01 #", "D523")),
    (
        "cascade-mixed-2026",
        ("CRI-A100-PCIE: 10%}, weights: register", "CRI-A100-PCIE: 10%}, weights: ¦fleet", "D203"),
    ),
    ("cascade-mixed-2026", ("shape: straight line", "shape: ¦linear", "D203")),
    ("cascade-mixed-2026", ("point: middle", "point: ¦median", "D203")),
    ("cascade-mixed-2026", ("POOL: {of: {CRI-H100: 60%", "¦CRI-H100: {of: {CRI-H100: 60%", "D504")),
    ("prairie-warehouse-2026", ("younger_than: 180 days", "younger_than: ¦0 days", "D109")),
    ("ridgeline-leaseback-2026", ("resale_at_reference: USD 24,000", "resale_at_reference: ¦24,000", "D104")),
    ("ridgeline-leaseback-2026", ("since: closing date", "since: ¦closing", "D203")),
    ("granite-revolver-2026", ("approved_by: a second person", "approved_by: ¦one person", "D203")),
    (
        "granite-revolver-2026",
        (
            (
                "tested_while: {trigger: liquidity-event, state: IN EFFECT, cite: CA §7.02(b), from: the "
                "next "
                "date}"
            ),
            "tested_while: ¦{state: IN EFFECT, cite: CA §7.02(b), from: the next date}",
            "D506",
        ),
    ),
    (
        "granite-revolver-2026",
        (
            "tested_while: {trigger: liquidity-event, state",
            "tested_while: ¦{trigger: liquidity-event, test: market-slump, state",
            "D506",
        ),
    ),
    ("granite-revolver-2026", ("at_most: 1 in any 12 months", "at_most: ¦1 in any 0 months", "D120")),
    (
        "lakeshore-ddtl-2025",
        (
            "- number: 2\n    document: AM2\n    effective: 2026-02-02",
            "- number: 2\n    document: AM2\n    effective: ¦2025-08-01",
            "D511",
        ),
    ),
    ("lakeshore-ddtl-2025", ("later_steps: drop", "later_steps: ¦remove", "D203")),
    ("lakeshore-ddtl-2025", ("- number: 3\n    document: AM3", "- number: ¦0\n    document: AM3", "D124")),
    ("lakeshore-ddtl-2025", ("found_on: 2025-10-06", "found_on: ¦2035-10-06", "D523")),
    ("northfield-abs-2026-1", ("class: class_a\n", "class: class_a\n    ¦classs: class_b\n", "D202")),
    (
        "harbour-bilateral-2026",
        ("if_not_a_business_day: previous business day", "if_not_a_business_day: ¦earlier", "D203"),
    ),
    (
        "harbour-bilateral-2026",
        ("cured_by: [prepayment, equity, retest]", "cured_by: [prepayment, ¦cash, retest]", "D203"),
    ),
    ("harbour-bilateral-2026", ("first_publication: ", "first_publication: ¦soon #", "D108")),
]


@pytest.mark.parametrize(("deal", "fault"), FAULTS, ids=names([fault for _, fault in FAULTS]))
def test_it_is_reported_where_it_stands(checked: Check, deal: str, fault: Fault) -> None:
    assert_reported(checked, deal_text(deal), fault)


BLOCKS = ("documents", "parties", "index", "pledged_assets", "debt", "covenants")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_without_a_part_is_refused_and_stops_nothing(
    checked: Check, meridian_text: str, block: str
) -> None:
    bare = re.sub(
        rf"^{block}:.*\n((?:[ #].*)?\n)*", f"{block}: {{}}\n", meridian_text, count=1, flags=re.MULTILINE
    )
    line = bare[: bare.index(f"\n{block}: {{}}")].count("\n") + 2
    assert (line, len(block) + 3, "D209") in [(p.place.line, p.place.column, p.code) for p in checked(bare)]


def test_a_name_with_a_comma_is_told_to_stand_in_quotes(checked: Check, meridian_text: str) -> None:
    found = checked(meridian_text.replace('name: "Example Bank, N.A."', "name: Example Bank, N.A."))
    assert ["in quotes" in problem.fix for problem in found if problem.code == "D202"] == [True]

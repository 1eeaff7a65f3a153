"""Counts of dates on which nothing is counted, clocks and money that nothing moves, limits the wrong way
round.
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.reported import HERE, Check, Fault, assert_reported, deal_text, names

RETEST = "cured_by: [retest], at_most: 2 in any 12 months"
COMPUTED = (
    "source: computed by the calculation agent  # or: published by the administrator\n    methodology: "
    "{policy: pinned, version: "
)
FAULTS: list[tuple[str, Fault]] = [
    (
        "summit-abs-2026-2",
        ("for: 3 of the last 4 determination dates", f"for: {HERE}3 of the last 4 publication dates", "D542"),
    ),
    (
        "summit-abs-2026-2",
        (RETEST, f"cured_by: [retest], passing_for: {HERE}2 of the last 3 determination dates", "D542"),
    ),
    (
        "summit-abs-2026-2",
        (RETEST, f"cured_by: [retest], passing_for: {HERE}2 consecutive publication dates", "D542"),
    ),
    (
        "meridian-2026-1",
        (
            "    maximum:\n",
            f"    persists_for: {HERE}2 consecutive publication dates\n    maximum:\n",
            "D542",
        ),
    ),
    ("summit-abs-2026-2", ("limit: at most 0 days", f"limit: {HERE}at least 2 days", "W118")),
    ("prairie-warehouse-2026", ("limit: at least 90%", f"limit: {HERE}at most 90%", "W118")),
    (
        "meridian-2026-1",
        (
            "30 business days, after: determination date",
            f"30 business days, after: {HERE}notice by the agent",
            "D203",
        ),
    ),
    (
        "meridian-2026-1",
        (
            COMPUTED,
            f"source: published by the administrator\n    methodology: {{policy: pinned, version: {HERE}",
            "D515",
        ),
    ),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS, ids=names([fault for _, fault in FAULTS]))
def test_what_is_never_reached_is_found_at_its_place(checked: Check, name: str, fault: Fault) -> None:
    assert_reported(checked, deal_text(name), fault)


def _without(text: str, key: str) -> str:
    """A deal's text without one section of one line."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{key}:"))


@pytest.mark.parametrize(
    ("name", "line"),
    [("meridian-2026-1", "    sweep: {share"), ("summit-abs-2026-2", "        sweep: {share")],
)
def test_a_sweep_needs_payment_dates(checked: Check, name: str, line: str) -> None:
    text = _without(deal_text(name), "payment_dates")
    (found,) = [problem for problem in checked(text) if problem.code == "D543"]
    assert text.splitlines()[found.place.line - 1].startswith(line)
    assert "D543" not in [problem.code for problem in checked(deal_text(name))]


def test_a_deal_that_does_not_say_when_the_servicer_reports_is_warned_of(checked: Check) -> None:
    text = deal_text("meridian-2026-1")
    assert "W117" in [problem.code for problem in checked(_without(text, "servicer_reports"))]
    assert "W117" not in [problem.code for problem in checked(text)]


def test_a_weekly_deal_may_count_either_kind_of_thursday(checked: Check) -> None:
    text = deal_text("meridian-2026-1").replace(
        "for: 4 consecutive determination dates", "for: 4 consecutive publication dates"
    )
    assert "D542" not in [problem.code for problem in checked(text)]


def test_a_clause_is_tested_on_the_dates_of_its_template(all_templates: dict[str, Template]) -> None:
    assert [
        name for name, template in all_templates.items() if template.terms.tested_on != template.dates
    ] == []

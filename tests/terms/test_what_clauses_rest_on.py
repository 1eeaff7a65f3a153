"""What a lawyer reads beneath a clause says what it rests on: rates, pool, reports, dates, debt, declared figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.wording.clauses import beneath, of_clause
from tests.conftest import DEALS
from tests.terms.clause_fields import ON, changes, validated, words

INDEX: dict[str, Any] = {
    "source": "published by the administrator",
    "cadence": "daily",
    "day_read": "the publication date",
    "methodology": {
        "policy": "current",
        "version": "1.1.1",
        "consent_needed_for": "material changes",
        "material_above": "5%",
        "cite": "FA §2",
    },
    "closing_date_level": "USD 2.10 per GPU-hour",
    "low_confidence": {
        "effect": "decisive only",
        "judged_by": "the methodology",
        "decisive_at": "95%",
        "applies_to": "failures and cures",
        "deadline": "runs on",
        "at_most": "4 determination dates",
        "then": "the result counts",
        "cite": "FA §2.14(g)",
    },
    "late_publication": {"accepted_for": "5 business days", "cite": "FA §2.14(e)"},
    "restatement": {"accepted_for": "5 business days", "effect": "retest", "cite": "FA §2.14(f)"},
    "cite": "FA §1.01",
    "fallback": [
        {"use": "published value", "cite": "FA §2.14(a)"},
        {"use": "last published value", "for_at_most": "1 publication date", "cite": "FA §2.14(b)"},
    ],
}
ASSET = {
    "model": "H100 SXM",
    "gpus": "1000",
    "availability": "95%",
    "index": "CRI-H100",
    "performance_factor": "0.9",
    "missing_index": {"at": "USD 1.00 per GPU-hour"},
    "cite": "FA Schedule 1",
}
BLEND = {
    "of": {"CRI-H100": "60%", "CRI-H200": "40%"},
    "weights": "fixed",
    "missing_component": {"at": "USD 1.00 per GPU-hour"},
    "cite": "FA §1.01",
}
REPORTS = {
    "every": "week",
    "due": "1 business day before determination date",
    "too_old_after": "14 days",
    "corrected_report": "from then on",
    "late_keying": {"accepted_for": "10 business days"},
    "tolerance": {"outstanding_principal": "10%", "weighted_average_rate": "15%", "others": "50%"},
    "cite": "FA §5.02",
}
DATES = {
    "every": "quarter",
    "months": ["3", "6", "9", "12"],
    "day": "10",
    "first": "2026-02-10",
    "if_not_a_business_day": "same day",
    "cut_off": "18:00",
    "cite": "FA §1.01",
}
PAID = {
    "every": "quarter",
    "months": ["3", "6", "9", "12"],
    "day": "10",
    "if_not_a_business_day": "same day",
    "cite": "FA §2.05",
}
DEBT = {"original_principal": "USD 9,000,000", "rate": "6.00%", "cite": "FA §2.01"}
BENEATH: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "index": ("pool-rent", INDEX, "CRI-H100"),
    "blended_rates": ("pool-rent", BLEND, "POOL"),
    "pledged_assets": ("ltv", ASSET, "h100"),
    "servicer_reports": ("ltv", REPORTS, None),
    "determination_dates": ("ltv", DATES, None),
    "payment_dates": ("reserve-build", PAID, None),
    "debt": ("ltv", DEBT, "term_loan"),
    "rounding": ("ltv", {"ratios": "unrounded", "cite": "FA §1.04"}, None),
}
"""For each section that clauses rest on: a clause that does, the section's block in full, its key."""
DECIDES_NOTHING = {"register", "cusip", "isin", "multiples"}
"""`multiples` decides a clause that is measured in multiples: `test_what_was_left.py` reads one."""


@pytest.mark.parametrize("section", BENEATH)
def test_every_field_of_what_a_clause_rests_on_changes_what_is_read_of_it(
    cascade: Deal, all_templates: dict[str, Template], section: str
) -> None:
    terms, (key, written, name) = resolve(cascade, ON), BENEATH[section]
    ltv = terms.covenants["ltv"].model_copy(update={"debt_class": "term_loan"})
    terms = terms.model_copy(update={"covenants": {**terms.covenants, "ltv": ltv}})
    found = getattr(terms, section)
    model = type(found[name] if name else found)

    def read(block: Any) -> str:
        return words(
            cascade,
            terms.model_copy(update={section: {**found, name: block} if name else block}),
            key,
            all_templates,
        )

    before = read(model.model_validate(written))
    schema = model.model_json_schema(by_alias=True)
    silent = []
    for path, value in changes(written, schema, schema.get("$defs", {})):
        other = {"CRI-H100": "50%", "CRI-A100-PCIE": "50%"} if path == ("of",) else value
        if path[-1] not in DECIDES_NOTHING and read(validated(model, written, path, other)) == before:
            silent.append((path, value))
    assert silent == []


def test_the_figures_that_a_clause_measures_are_read_with_their_units(load: Callable[[str], Deal]) -> None:
    deal = load((DEALS / "tidewater-warehouse-2026.yaml").read_text(encoding="utf-8"))
    said = [line.text for line in beneath(deal, ON, ("liquidity",)) if line.label == "figure"]
    assert said == [
        'cash is reported in USD, as it stands at a point in time (WA §1.01 "Liquidity").',
        'undrawn is reported in USD, as it stands at a point in time (WA §1.01 "Liquidity").',
    ]
    (rented, _) = [line.text for line in beneath(deal, ON, ("utilization",)) if line.label == "figure"]
    assert (
        rented
        == 'rented is reported in GPU-hours, of the whole period of the report (WA §1.01 "Utilization").'
    )


def test_every_dated_step_and_amendment_of_a_term_is_read_with_its_date_and_section(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    deal = load((DEALS / "lakeshore-ddtl-2025.yaml").read_text(encoding="utf-8"))
    said = [line.text for line in of_clause(deal, ON, "ltv", all_templates) if line.label == "steps"]
    assert any(text.startswith("maximum: 70% from 2025-09-02; 75% from 2026-02-02 (") for text in said)
    assert any("72% from 2026-06-26 (" in text and "AM4 §2" in text for text in said)


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_deal_is_read_in_raw_keys_or_broken_sentences(
    load: Callable[[str], Deal], all_templates: dict[str, Template], path: Any
) -> None:
    deal = load(path.read_text(encoding="utf-8"))
    terms = resolve(deal, ON)
    for key in (*terms.covenants, *terms.triggers):
        said = words(deal, terms, key, all_templates)
        for wrong in (
            "  ",
            "None",
            "class_",
            "Fraction",
            "unless the deal says otherwise",
            " a independent",
            "an default",
            "..",
            ";;",
        ):
            assert wrong not in said, (wrong, said)


def test_a_step_of_what_a_clause_rests_on_is_read_beneath_it(load: Callable[[str], Deal]) -> None:
    text = (
        (DEALS / "cascade-mixed-2026.yaml")
        .read_text(encoding="utf-8")
        .replace("weights: register", "weights: fixed")
    )
    for old, new in (
        ("CRI-H100: 60%", "CRI-H100: {2026-01-20: 60%, 2026-09-01: 50%}"),
        ("CRI-H200: 30%", "CRI-H200: {2026-01-20: 30%, 2026-09-01: 40%}"),
        ("gpus: 600", "gpus: {2026-01-20: 600, 2026-05-01: 700}"),
        ("too_old_after: 14 days", "too_old_after: {2026-01-20: 14 days, 2026-05-01: 21 days}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    said = [line.text for line in beneath(load(text), ON, ("pool-rent",))]
    assert "of, CRI-H100: 60% from 2026-01-20; 50% from 2026-09-01" in said
    assert "h200, gpus: 600 from 2026-01-20; 700 from 2026-05-01" in said
    assert "servicer reports, too old after: 14 days from 2026-01-20; 21 days from 2026-05-01" in said


def test_a_material_change_of_method_is_said_with_what_makes_it_material(load: Callable[[str], Deal]) -> None:
    text = (DEALS / "harbour-bilateral-2026.yaml").read_text(encoding="utf-8")
    policy = "{policy: current, consent_needed_for: material changes, material_above: 4%, cite: FA cl. 8.7}"
    said = [
        line.text
        for line in beneath(load(text.replace("{policy: pinned, version: 1.1-wp}", policy)), ON, ("ltv",))
    ]
    (one,) = [text for text in said if "material" in text]
    assert (
        "moves the first week's value by more than 4%, or where that week was not published under both "
        "versions" in one
    )
    assert (
        "No value under a version that is materially different is used before the day of the Act `consent` "
        "that names it." in one
    )

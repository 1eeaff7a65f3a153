"""Whose balance a test of a class takes, and ranks (`rulings.md` 46): figures by hand.

Collateral Value is 1.5 x USD 2.00 x 1,000 GPUs x 8,760 x 95% = USD 24,966,000.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit, printed
from engine.determination.determine import determine
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported
from engine.determination.template import Template
from engine.events.rates import ReferenceRate
from engine.events.results import Source, TestResult
from engine.terms.as_written import Deal, resolve
from engine.workspace.deal_files import read_deal
from tests.terms.formats import in_format_2
from tests.terms.test_examples_from_clauses import DEAL

ON = date(2026, 2, 12)
LTV = """  ltv-b:
    template: loan_to_value
    cite: CA §7.02
    class: CLASS
    multiple: 1.5
    maximum: 65%
    cure: none
    if_not_determined: hold"""
OC = LTV.replace("loan_to_value", "overcollateralization").replace(
    "maximum: 65%", "limit: at least 110%\n    failure_is: a default"
)
SALE = """  ltv-b:
    template: liquidation_coverage
    cite: CA §7.02
    class: CLASS
    bulk_discount: 35%
    quotes_too_old_after: 60 days
    limit: at least 60%
    failure_is: a trigger event
    if_not_determined: hold"""
TWO = {"class_a": ("15,000,000", None), "class_b": ("6,000,000", None)}
PARI = {"a_1": ("10,000,000", 1), "a_2": ("5,000,000", 1), "class_b": ("6,000,000", 2)}


def deal(
    clause: str, name: str, debt: dict[str, tuple[str, int | None]] = TWO, counted: str | None = None
) -> str:
    """A deal with the clause on one class; in format 2 if it says how the class is counted."""
    rows = [
        (
            f'  {key}: {{original_principal: "USD {owed}", rate: 6.00%, '
            f"{f'rank: {rank}, ' if rank else ''}cite: CA §2.01}}"
        )
        for key, (owed, rank) in debt.items()
    ]
    old = next(line for line in DEAL.splitlines() if line.startswith("  class_a:"))
    text = DEAL.replace(old, "\n".join(rows)).replace("availability: 100%", "availability: 95%")
    text = (
        text.replace("CRI-H100: &\n", "CRI-H100:\n")
        .replace("COVENANTS", clause.replace("CLASS", name))
        .replace("TRIGGERS\n", "")
    )
    text = text.partition("worked_examples:")[0].replace("EXAMPLES", "")
    return in_format_2(text, counted=counted) if counted else text


def measured(found: Deal, templates: dict[str, Template], balances: dict[str, int]) -> TestResult:
    terms = resolve(found, ON)
    rate = ReferenceRate(
        index="CRI-H100", on=ON, value=Decimal("2.00"), step="published value", cite="x", publication_date=ON
    )
    figures = {
        f"outstanding_principal.{name}": Figure(value=Fraction(owed), unit=Unit.USD)
        for name, owed in balances.items()
    }
    facts = Facts(
        ON,
        terms,
        {"CRI-H100": (rate,)},
        {},
        Reported(figures, Source(kind="servicer report", text="r", as_of=ON)),
    )
    clause = terms.covenants["ltv-b"]
    return determine("ltv-b", clause, templates[clause.template], facts)


def shown(result: TestResult) -> str:
    return printed(result.measured) if result.measured else str(result.reason)


OWED = {"class_a": 15_000_000, "class_b": 6_000_000}


@pytest.mark.parametrize(
    ("counted", "figure", "verdict"),
    [(None, "24.033%", "PASS"), ("alone", "24.033%", "PASS"), ("with senior classes", "84.114%", "FAIL")],
)
def test_a_junior_class_alone_and_with_the_senior_ones(
    load: Callable[[str], Deal],
    all_templates: dict[str, Template],
    counted: str | None,
    figure: str,
    verdict: str,
) -> None:
    result = measured(load(deal(LTV, "class_b", counted=counted)), all_templates, OWED)
    assert (shown(result), result.verdict.value) == (figure, verdict)


@pytest.mark.parametrize("name", ["a_1", "a_2"])
def test_classes_of_one_rank_count_together(
    load: Callable[[str], Deal], all_templates: dict[str, Template], name: str
) -> None:
    owed = {"a_1": 10_000_000, "a_2": 5_000_000, "class_b": 6_000_000}
    assert (
        shown(measured(load(deal(LTV, name, PARI, "with senior classes")), all_templates, owed)) == "60.082%"
    )
    par = measured(load(deal(OC, "class_b", PARI, "with senior classes")), all_templates, owed)
    assert par.measured is not None
    assert par.measured.value == Fraction(24_966_000, 21_000_000)


def test_overcollateralization_of_format_1_counts_the_senior_classes(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    result = measured(load(deal(OC, "class_b")), all_templates, OWED)
    assert result.measured is not None
    assert result.measured.value == Fraction(24_966_000, 21_000_000)


def codes(text: str, templates: dict[str, Template]) -> list[str]:
    return [one.code for one in read_deal(text, "deal.yaml", templates)[1]]


@pytest.mark.parametrize("clause", [OC, SALE], ids=["overcollateralization", "liquidation_coverage"])
def test_alone_is_refused_where_others_are_paid_before(
    all_templates: dict[str, Template], clause: str
) -> None:
    assert "D546" in codes(deal(clause, "class_b", counted="alone"), all_templates)
    assert "D546" not in codes(deal(clause, "class_a", counted="alone"), all_templates)
    assert "D546" not in codes(deal(clause, "class_b", counted="with senior classes"), all_templates)
    assert "D546" not in codes(deal(clause, "class_b"), all_templates)


def test_check_shows_both_figures(all_templates: dict[str, Template]) -> None:
    """Format 1 keeps the figure and warns with both; format 2 says which one is read."""
    for counted, text in (
        ("alone", deal(LTV, "class_b")),
        ("with senior classes", deal(LTV, "class_b", counted="with senior classes")),
    ):
        (both,) = [one for one in read_deal(text, "deal.yaml", all_templates)[1] if one.code == "W124"]
        assert both.what == f"`ltv-b` counts class_b {counted}"
        assert "alone it is 24.033% and with senior classes 84.114%" in both.why
    (sale,) = [
        one for one in read_deal(deal(SALE, "class_b"), "deal.yaml", all_templates)[1] if one.code == "W124"
    ]
    assert (
        "alone it is a balance of USD 6,000,000.00 and with senior classes a balance of USD 21,000,000.00"
        in sale.why
    )
    assert "W124" not in codes(deal(LTV, "class_a"), all_templates)


def test_a_rank_stands_on_every_class_or_on_none(all_templates: dict[str, Template]) -> None:
    some = {"class_a": ("15,000,000", 1), "class_b": ("6,000,000", None)}
    assert "D547" in codes(deal(LTV, "class_b", some, "alone"), all_templates)
    assert "D210" in codes(deal(LTV, "class_b", PARI), all_templates)
    assert "D201" in codes(
        deal(LTV, "class_b", counted="alone").replace("    counted: alone\n", ""), all_templates
    )

"""Missing data is never a pass: what is left out of a test's facts makes it not determined, or is as the deal says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.determination.determine import determine
from engine.determination.rate import Published, ReferenceRate
from engine.determination.result import NotDetermined, TestResult, Verdict
from engine.determination.template import Facts, Template
from engine.terms.deal import TermsInForce
from engine.terms.in_force import Deal, resolve
from tests.conftest import DEALS

WEEK = timedelta(days=7)
NO_REPORT = NotDetermined(reason="none", cite="-", lacks="report")
Rates = Mapping[str, list[str | None]]


def quoted(terms: TermsInForce, on: date, rates: Rates, **known: object) -> Facts:
    """Facts with one rate on each of the last Thursdays, `on` the last of them; None is a week without publication."""
    published, reference = {}, {}
    for index, values in rates.items():
        days = [on - n * WEEK for n in reversed(range(len(values)))]
        prints = [
            Published(index=index, publication_date=day, value=None if value is None else Decimal(value))
            for day, value in zip(days, values, strict=True)
        ]
        published[index] = tuple(prints)
        reference[index] = tuple(
            ReferenceRate(
                index=index,
                on=one.publication_date,
                value=one.value,
                step="published value" if one.value is not None else "none",
                cite="x",
                publication_date=one.publication_date if one.value is not None else None,
                published=one if one.value is not None else None,
            )
            for one in prints
        )
    return Facts(**{"on": on, "terms": terms, "rates": reference, "published": published, "report": NO_REPORT, **known})  # type: ignore[arg-type]


def outcome(key: str, templates: Mapping[str, Template], facts: Facts) -> TestResult:
    clause = facts.terms.covenants[key]
    return determine(key, clause, templates[clause.template], facts)


APPRAISAL = """
  pool-appraisal:
    template: appraisal_trigger
    cite: FA §6.09
    index: POOL
    maximum_decline: 25%
    trailing_period: 90 days
    measure: fall_in_window
    then: {deliver: independent appraisal, within: 30 business days, after: determination date, cite: FA §6.09}
    if_not_determined: hold
"""


@pytest.fixture(scope="module")
def pool(load: Callable[[str], Deal]) -> Callable[[str], TermsInForce]:
    """A pool of two indices, half each, on the last day of a quarter's worth of Thursdays."""
    text = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8")
    shares = "{CRI-H100: 60%, CRI-H200: 30%, CRI-A100-PCIE: 10%}, weights: register, missing_component: exclude"
    assert shares in text

    def made(missing: str) -> TermsInForce:
        half = f"{{CRI-H100: 50%, CRI-H200: 50%}}, weights: fixed, missing_component: {missing}"
        return resolve(load(text.replace(shares, half).replace("\ncovenants:\n", f"\ncovenants:{APPRAISAL}\n", 1)), date(2026, 7, 2))

    return made


PEAK: Rates = {"CRI-H100": ["2.00", None, "2.00"], "CRI-H200": ["2.00", "3.00", "2.00"], "CRI-A100-PCIE": ["0.90"] * 3}


@pytest.mark.parametrize(
    ("missing", "highest"), [("exclude", Fraction(3)), ("not determined", Fraction(2)), ("{at: USD 4.00 per GPU-hour}", Fraction(7, 2))]
)
def test_a_blend_s_window_treats_a_missing_leg_as_the_deal_says(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template], missing: str, highest: Fraction
) -> None:
    """The value of each date in the window is the one that the blend had on it (`rulings.md` 19)."""
    result = outcome("pool-appraisal", all_templates, quoted(pool(missing), date(2026, 7, 2), PEAK))
    assert result.steps[0].figure.value == highest
    assert result.measured is not None
    assert result.measured.value == (highest - 2) / ((Fraction(21, 10) + Fraction("2.60")) / 2)


@pytest.mark.parametrize("missing", ["exclude", "not determined", "{at: USD 4.00 per GPU-hour}"])
def test_a_blend_none_of_whose_legs_is_published_has_no_value(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template], missing: str
) -> None:
    rates: Rates = {"CRI-H100": ["2.00", None], "CRI-H200": ["2.00", None], "CRI-A100-PCIE": ["0.90", "0.90"]}
    assert outcome("pool-appraisal", all_templates, quoted(pool(missing), date(2026, 7, 2), rates)).verdict is Verdict.NOT_DETERMINED


def test_a_leg_that_was_never_published_leaves_a_window_of_the_other(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template]
) -> None:
    rates: Rates = {"CRI-H100": [None, None], "CRI-H200": ["3.00", "2.00"], "CRI-A100-PCIE": ["0.90", "0.90"]}
    result = outcome("pool-appraisal", all_templates, quoted(pool("exclude"), date(2026, 7, 2), rates))
    assert result.steps[0].figure.value == 3

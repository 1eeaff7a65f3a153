"""Figures that follow the rate on many paths: each path comes out as the exact engine says of it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.determination.template import Template
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import held_facts
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from tests.foresight.compared_columns import held_equal
from tests.foresight.random_deals import Case, example

MONEY = ("operating_costs=USD 290,000", "debt_service=USD 240,000", "fees=USD 20,000")
PRINCIPAL = "outstanding_principal=USD 16,000,000"
COLLECTED = 'collections={follows: CRI-H100, from: "USD 1,150,000", over: 4 weeks}'


def linked(deal: Deal, texts: tuple[str, ...], paths: int, weeks: int, seed: int) -> Case:
    """Meridian on random paths with gaps, with the figures of `texts`."""
    given = held_facts(texts, deal.closing_date, resolve(deal, deal.closing_date))
    return replace(example(deal, paths, weeks, seed), given=given)


def rent(share: str, weeks: int) -> str:
    return f"weighted_average_rental_rate={{follows: CRI-H100, share: {share}, over: {weeks} weeks}}"


@pytest.mark.parametrize(
    ("share", "weeks"),
    [("85%", 13), ("86%", 13), ("85%", 4), ("85%", 1), ("85.005%", 20), ("33.333%", 13), ("250%", 2)],
)
def test_a_rent_that_follows_the_rate_comes_out_as_the_exact_engine_says(
    meridian: Deal, all_templates: dict[str, Template], share: str, weeks: int
) -> None:
    """85% over the floor's own 13 weeks is the limit itself, so the last decimal of the rent decides."""
    case = linked(meridian, (PRINCIPAL, rent(share, weeks), COLLECTED, *MONEY), 12, 26, 5)
    columns = held_equal(case, all_templates)
    assert "rate-floor" in columns.determined
    assert (columns.one_by_one, columns.by_steps) == (set(), {})


REPAID = "outstanding_principal={follows: CRI-H100, from: USD 16,000,000, over: 2 weeks}"


@pytest.mark.parametrize(
    ("texts", "stepped"),
    [
        # Two figures of the excess follow, which is below zero on some dates and no whole cent on others.
        (
            (
                PRINCIPAL,
                'collections={follows: CRI-H100, from: "USD 1,000,000.37", over: 1 weeks}',
                'operating_costs={follows: CRI-H100, from: "USD 290,000", over: 7 weeks}',
                "debt_service=USD 440,000.005",
                "fees=USD 10,000",
            ),
            False,
        ),
        # What is owed follows, which no deal would write: the loan-to-value runs path by path.
        ((REPAID, COLLECTED, *MONEY), False),
        # A balance that a report tells follows: the exact engine's own steps with each path's reports.
        (
            (
                PRINCIPAL,
                COLLECTED,
                *MONEY,
                'reserve_balance={follows: CRI-H100, from: "USD 9,000", over: 1 week}',
            ),
            True,
        ),
    ],
)
def test_money_that_follows_the_rate_comes_out_as_the_exact_engine_says(
    meridian: Deal, all_templates: dict[str, Template], texts: tuple[str, ...], stepped: bool
) -> None:
    case = linked(meridian, texts, 10, 30, 8)
    # All paths fall far enough for the cash sweep to begin on each of them.
    falling = np.rint(np.linspace(1.0, 0.55, len(case.rates.dates))[:, None] * case.rates.ticks["CRI-H100"])
    ticks = np.where(case.rates.ticks["CRI-H100"] == NO_VALUE, NO_VALUE, falling.astype(np.int64))
    columns = held_equal(replace(case, rates=PathRates(case.rates.dates, {"CRI-H100": ticks})), all_templates)
    swept = columns.swept["cash-sweep"]
    assert len(set(swept.tolist())) > 5  # each path sweeps what its own rates bring
    assert bool(columns.by_steps) is stepped


def test_reports_between_monthly_determination_dates_follow_the_rate_of_their_own_day(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """Reports are weekly and tests monthly, so a Payment Date takes a report of no Determination Date."""
    monthly = meridian_text[: meridian_text.index("worked_examples:")].replace(
        "determination_dates: {every: Thursday, if_not_a_business_day: same day",
        "determination_dates: {every: month, day: last, if_not_a_business_day: previous business day",
    )
    case = linked(
        load(f"{monthly}worked_examples: []\n"), (PRINCIPAL, rent("85%", 13), COLLECTED, *MONEY), 10, 30, 8
    )
    falling = np.rint(np.linspace(1.0, 0.55, len(case.rates.dates))[:, None] * case.rates.ticks["CRI-H100"])
    ticks = np.where(case.rates.ticks["CRI-H100"] == NO_VALUE, NO_VALUE, falling.astype(np.int64))
    columns = held_equal(replace(case, rates=PathRates(case.rates.dates, {"CRI-H100": ticks})), all_templates)
    assert len(set(columns.swept["cash-sweep"].tolist())) > 5

"""Figures that follow the rate on many paths: each path comes out as the exact engine says of it alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covenants.rental_rate_floor import RentalRateFloor
from engine.determination.linear_form import Told
from engine.determination.template import Facts, Template
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.proof import Differs
from engine.foresight.facts_by_date import held_facts
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.foresight.compared_columns import held_equal
from tests.foresight.random_deals import Case, case, example
from tests.queries.test_calibration_questions import history

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


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 8, 11])
def test_random_deals_whose_rent_follows_come_out_as_the_exact_engine_says(
    meridian_text: str, all_templates: dict[str, Template], seed: int
) -> None:
    """A rent of the floor's own minimum over its own weeks: every date is at the limit, or a tick beside it.

    Rounded ratios, early warnings, gaps and the engine's own steps are drawn as elsewhere.
    """
    found = case(meridian_text, all_templates, seed, 6, 18)
    if found is None:
        pytest.skip("the file's own checks refuse this deal")
    terms = resolve(found.deal, found.deal.closing_date)
    floor = terms.covenants["rate-floor"]
    assert isinstance(floor, RentalRateFloor)
    share = f"{float(floor.minimum):.2%}"
    given = held_facts((rent(share, floor.trailing_period.count), COLLECTED), found.deal.closing_date, terms)
    both = replace(given, figures={**found.given.figures, **given.figures})
    columns = held_equal(replace(found, given=both), all_templates)
    assert "rate-floor" not in columns.one_by_one


def test_a_template_that_names_another_report_is_not_used(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """The floor holds the rates against the serving report; a template that names the one before is refused."""
    true = all_templates["rental_rate_floor"]

    def wrong(terms: Any, facts: Facts) -> Told | None:
        assert true.told is not None
        found = true.told(terms, facts)
        return found and Told(tuple((name, on - timedelta(weeks=1), one) for name, on, one in found.parts))

    lying = {**all_templates, "rental_rate_floor": replace(true, told=wrong)}
    lied = linked(meridian, (PRINCIPAL, rent("85%", 13)), 3, 18, 5)
    with pytest.raises(Differs, match=r"rate-floor on .*: where the rates are"):
        run_columns(meridian, lying, lied.rates, lied.given, lied.until)


def test_terminal_json_and_page_say_what_follows_and_what_is_held(tmp_path: Path) -> None:
    page = tmp_path / "simulated.html"
    table = history(tmp_path, 40)
    asked = (
        *(
            "simulate",
            str(DEALS / "meridian-2026-1.yaml"),
            "--paths",
            "100",
            "--weeks",
            "6",
            "--workers",
            "1",
        ),
        *("--history", str(table), "--fact", PRINCIPAL, "--fact", rent("86%", 13)),
    )
    follows = "weighted average rental rate, 86% of the mean of CRI-H100 over 13 weeks."
    held = "These figures are held whatever the rate is: outstanding principal USD 16,000,000.00."
    said = " ".join(headroom(*asked, "--into", str(page)).stdout.split())
    text = " ".join(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")).split())
    for one in (said, text):
        assert f"These figures follow the rate of each path: {follows} {held}" in one
    data = json.loads(headroom(*asked, "--json").stdout)
    assert data["held"] == {"outstanding_principal": "USD 16,000,000.00"}
    assert data["follows"]["weighted_average_rental_rate"] == {
        "index": "CRI-H100",
        "factor": "0.86",
        "weeks": 13,
        "closing_level": "2.1",
        "at_closing": "USD 1.8060",
        "words": "86% of the mean of CRI-H100 over 13 weeks",
    }
    left = headroom(*asked[:-1], "weighted_average_rental_rate=USD 1.80 per GPU-hour").stdout
    assert (
        "These figures are left out, because they follow the rate and nobody says how: weighted average rental rate."
        in left
    )

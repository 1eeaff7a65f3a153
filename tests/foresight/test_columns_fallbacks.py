"""What no arrays hold: each kind runs by the engine's own steps or path by path, comes out as the exact engine
says, and is named with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.events.kinds import ActRecorded
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import Dated, FactsByDate, held_facts
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from tests.conftest import DEALS
from tests.foresight.compared_columns import held_equal
from tests.foresight.random_deals import Case, example

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
WEEKS = 20
CLOCK = "after: determination date, cured_by: [prepayment, additional collateral, retest]"
LONGER = "extension: {within: 10 business days, if_made_good: at least 50% of the shortfall, cite: C}"
SPRING = "tested_while: {test: ltv, state: CURE PERIOD, from: the next date, cite: C}"
KINDS = {
    "a springing test": (
        "    minimum: 85%",
        f"    {SPRING}\n    minimum: 85%",
        {"rate-floor": "`rate-floor` is tested only while something stands"},
    ),
    "a second Cure Period": (CLOCK, f"{CLOCK}, {LONGER}", {"ltv": "`ltv` may have a second Cure Period"}),
    "a clock from a notice": (
        CLOCK,
        CLOCK.replace("determination date", "notice by the agent"),
        {"ltv": "the cure clock of `ltv` starts on notice by the agent"},
    ),
    "a clock from a delivery": (
        CLOCK,
        CLOCK.replace("determination date", "delivery of the report"),
        {"ltv": "the cure clock of `ltv` starts on delivery of the report"},
    ),
    "a trigger's own cure": (
        "    ends: never\n",
        "    ends: never\n    cure: {within: 10 days, after: determination date, cured_by: [retest], cite: C}\n",
        {"early-amortization": "`early-amortization` has a cure of its own"},
    ),
    "a last test": (
        "    multiple: 1.5",
        "    last_tested: 2026-03-05\n    multiple: 1.5",
        {"ltv": "`ltv` is closed after its last test"},
    ),
}
"""For each kind what is replaced in meridian, by what, and which part is named with which reason."""


def about_the_limit(deal: Deal, weeks: int = WEEKS, paths: int = 16) -> Case:
    """Paths about the LTV's limit of 1.9257, so that failures begin, are made good in part, and last."""
    until = deal.closing_date + timedelta(weeks=weeks)
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), until))
    numbers = np.random.default_rng(21)
    level = 19_257 + np.rint(numbers.normal(-40, 150, paths)).astype(np.int64)
    ticks = level + np.rint(numbers.normal(0, 120, (len(dates), paths))).astype(np.int64)
    ticks[numbers.random(ticks.shape) < 0.05] = NO_VALUE
    given = held_facts(HELD, deal.closing_date, resolve(deal, deal.closing_date))
    return Case(deal, PathRates(dates, {"CRI-H100": ticks}), given, until)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_that_no_arrays_hold_is_named_and_comes_out_as_the_exact_engine_says(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template], kind: str
) -> None:
    old, new, wanted = KINDS[kind]
    text = meridian_text.split("worked_examples:")[0]
    assert text.count(old) == 1
    columns = held_equal(about_the_limit(load(text.replace(old, new))), all_templates)
    assert columns.by_steps.items() >= wanted.items()
    # Only what looks at one another goes along, and it has the same reason.
    assert set(columns.by_steps.values()) == set(wanted.values())
    assert "cash-sweep" not in columns.by_steps


def test_a_second_cure_period_is_open_on_the_paths_that_have_made_enough_good(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """LTV fails on 15 January, at 1.85 and so 0.0757 below its limit; its Cure Period ends on 30 January. At
    1.90 more than half is made good and the period goes on to 13 February; at 1.86 it is a default.
    """
    text = meridian_text.split("worked_examples:")[0].replace(CLOCK, f"{CLOCK}, {LONGER}")
    deal = load(text)
    until = deal.closing_date + timedelta(weeks=WEEKS)
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), until))
    ticks = np.full((len(dates), 2), 18_500, dtype=np.int64)
    ticks[0] = 21_000
    ticks[2:] = (19_000, 18_600)
    given = held_facts(HELD, deal.closing_date, resolve(deal, deal.closing_date))
    found = run_columns(deal, all_templates, PathRates(dates, {"CRI-H100": ticks}), given, until)
    defaults = [date.fromordinal(int(day)) for day in found.firsts["ltv", "default"]]
    assert defaults == [date(2026, 2, 14), date(2026, 1, 31)]


def test_acts_and_reports_of_an_account_take_every_part_to_the_engine_s_own_steps(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    found = about_the_limit(meridian, 6, 3)
    waiver = ActRecorded(
        act="waiver",
        clause="ltv",
        effective_on=date(2026, 1, 20),
        until=date(2026, 2, 3),
        document="W",
        details={"clock": "resumes"},
    )
    acted = run_columns(meridian, all_templates, found.rates, found.given, found.until, acts=(waiver,))
    assert set(acted.by_steps.values()) == {"Recorded Acts"}
    told = held_facts(
        (*HELD, "reserve_balance=USD 100,000"),
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    reported = run_columns(meridian, all_templates, found.rates, told, found.until)
    assert set(reported.by_steps.values()) == {"reports that tell what an account holds"}
    everything = {*resolve(meridian, meridian.closing_date).covenants, "early-amortization"}
    assert acted.by_steps.keys() == reported.by_steps.keys() == everything


COSTS = {"operating_costs": 290_000, "debt_service": 640_000, "fees": 20_000}


def swept(
    load: Callable[[str], Deal], meridian_text: str, weeks: int, figures: dict[str, tuple[Dated, ...]]
) -> Case:
    """A sweep that is in effect nearly throughout, of figures in straight lines between their dates."""
    deal = load(meridian_text.split("worked_examples:")[0].replace("level: USD 1.50", "level: USD 2.50"))
    found = about_the_limit(deal, weeks, 2)
    held = {name: (of_usd(deal.closing_date, amount),) for name, amount in COSTS.items()}
    given = FactsByDate({**found.given.figures, **held, **figures}, straight_lines=True)
    return replace(found, given=given)


def of_usd(since: date, amount: int) -> Dated:
    return Dated(since, Figure(value=Fraction(amount), unit=Unit.USD))


def test_money_of_many_dates_is_added_exactly_by_the_engine_s_own_steps(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """What is left of collections that fall in a straight line: no amount is a whole cent."""
    collections = (of_usd(date(2026, 1, 6), 1_150_000), of_usd(date(2026, 12, 3), 1_000_002))
    ended = ActRecorded(act="event ended", clause="none", effective_on=date(2026, 1, 20), document="W")
    found = swept(load, meridian_text, 40, {"collections": collections})
    columns = held_equal(replace(found, acts=(ended,)), all_templates)
    assert columns.by_steps["cash-sweep"] == "Recorded Acts"
    assert columns.swept["cash-sweep"].all()


def test_money_that_is_too_finely_divided_for_whole_numbers_takes_the_engine_s_own_steps(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """Straight lines over 31, 37, 41, .. days: a unit in which every amount is whole has too many digits."""
    ends = {
        "collections": (31, 68, 109),
        "operating_costs": (29, 82, 141),
        "debt_service": (67, 138),
        "fees": (79, 162),
    }
    figures = {
        name: tuple(
            of_usd(date(2026, 1, 6) + timedelta(days=days), COSTS.get(name, 1_150_000) + 1_001 * place)
            for place, days in enumerate((0, *places))
        )
        for name, places in ends.items()
    }
    columns = held_equal(swept(load, meridian_text, 20, figures), all_templates)
    assert "too finely divided" in columns.by_steps["cash-sweep"]
    assert "appraisal" not in columns.by_steps
    assert columns.swept["cash-sweep"].all()


def test_a_deal_that_is_determined_on_delivery_is_named_and_comes_out_as_the_exact_engine_says(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    deal = load((DEALS / "foothill-term-loan-2026.yaml").read_text(encoding="utf-8"))
    columns = held_equal(example(deal, 2, 40, 5), all_templates, explained=True)
    assert columns.by_steps["coverage"] == "the cure clock of `coverage` starts on delivery of the report"


@pytest.mark.parametrize("since", ["first publication", "closing date"])
def test_a_fall_since_a_value_that_differs_from_path_to_path_runs_path_by_path_and_is_named(
    load: Callable[[str], Deal], all_templates: dict[str, Template], since: str
) -> None:
    """On the first Publication Date both values are one. The Closing Date level is the same on all paths."""
    text = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8")
    deal = load(text.replace("since: closing date", f"since: {since}"))
    columns = held_equal(example(deal, 2, 8, 5), all_templates)
    assert ("h100-depreciation" in columns.one_by_one) == (since == "first publication")


def test_tests_on_a_blend_of_indices_run_path_by_path_and_are_named(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    deal = load((DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8"))
    assert resolve(deal, deal.closing_date).blended_rates
    columns = held_equal(example(deal, 2, 8, 5), all_templates)
    assert columns.one_by_one >= {"generation-spread", "pool-rent"}

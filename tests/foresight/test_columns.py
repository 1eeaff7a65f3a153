"""The columns equal the exact engine: every status, date, count and amount, on random deals with rates on and beside limits."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.template import Facts, Template
from engine.events.deal_state import DealState
from engine.foresight.columns.many_paths import PartRun, run_columns
from engine.foresight.columns.path_rates import PathRates, oldest
from engine.foresight.columns.verdicts import Differs
from engine.foresight.facts_by_date import held_facts
from engine.foresight.path_run import moments
from engine.foresight.rate_paths import NO_VALUE
from engine.foresight.stress import happenings
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from tests.conftest import shared
from tests.foresight.random_deals import Case, case
from tests.foresight.test_stress import HELD, path_of

SHARE = float(os.environ.get("HEADROOM_COLUMNS", "1"))
"""How many times as many deals are tried: the soak tries all that the design asks for."""
SEEDS = range(int(5 * SHARE))
PATHS, WEEKS = 6, 26
TRIED: list[int] = []


def comparable(states: Sequence[DealState]) -> dict[str, Any]:
    """Every state, date, count and amount; words, and what no later step looks at, left out."""
    tests = {name: one for state in states for name, one in state.tests.items()}
    triggers = {name: one for state in states for name, one in state.triggers.items()}
    left = {"why": "", "rests_on": None, "verdict": None, "passing_run": 0, "cured_on": ()}
    return {
        "tests": {name: one.model_copy(update=left) for name, one in tests.items()},
        "triggers": {name: one.model_copy(update={"why": ""}) for name, one in triggers.items()},
        "obligations": {name: one for state in states for name, one in state.obligations.items()},
        "reserves": {name: one for state in states for name, one in state.reserves.items()},
        "in effect": frozenset(name for state in states for name in state.in_effect),
    }


def held_equal(found: Case, templates: dict[str, Template]) -> None:
    by_date: dict[date, list[dict[str, Any]]] = {}

    def watch(day: date, parts: Sequence[PartRun]) -> None:
        by_date[day] = [comparable([run.states[int(run.of_path[path])] for run in parts]) for path in range(found.rates.paths)]

    columns = run_columns(found.deal, templates, found.rates, found.given, found.until, watch=watch)
    for path in range(found.rates.paths):
        firsts: dict[tuple[str, Any], int] = {}
        swept: dict[str, Fraction] = {}
        for moment in moments(found.deal, templates, found.exact(path), found.given, found.until):
            exact = comparable([moment.state])
            for name, wanted in exact.items():
                assert by_date[moment.inputs.on][path][name] == wanted, (path, moment.inputs.on, name)
            for subject, what, on in happenings(moment.drafts):
                firsts.setdefault((subject, what), on.toordinal())
            for draft in moment.drafts:
                if draft.kind == "swept":
                    swept[draft.payload.clause] = swept.get(draft.payload.clause, Fraction(0)) + (draft.payload.swept or 0)
        mine = {event: int(dates[path]) for event, dates in columns.firsts.items() if dates[path]}
        assert mine == firsts, path
        assert {name: float(amount) for name, amount in swept.items() if amount} == {
            name: float(amounts[path]) for name, amounts in columns.swept.items() if amounts[path]
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_random_deals_and_paths_come_out_as_the_exact_engine_says(
    meridian_text: str, all_templates: dict[str, Template], seed: int
) -> None:
    found = case(meridian_text, all_templates, seed, PATHS, WEEKS)
    if found is None:
        pytest.skip("the file's own checks refuse this deal")
    held_equal(found, all_templates)
    TRIED.append(seed)


def test_most_random_deals_are_deals() -> None:
    assert not TRIED or len(TRIED) >= len(SEEDS) // 2


def few(deal: Deal, weeks: int, paths: int = 5) -> PathRates:
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), deal.closing_date + timedelta(weeks=weeks)))
    numbers = np.random.default_rng(8)
    ticks = np.rint(21_000 * np.exp(np.cumsum(0.05 * numbers.standard_normal((len(dates), paths)), axis=0))).astype(np.int64)
    return PathRates(dates, {"CRI-H100": ticks})


def test_a_template_whose_columns_say_otherwise_than_its_measure_is_not_used(meridian: Deal, all_templates: dict[str, Template]) -> None:
    """The appraisal's limit one tick off: the paths next to it are asked, and the answer names both."""
    true = all_templates["appraisal_trigger"]

    def wrong(terms: Any, facts: Facts) -> LinearForm | None:
        assert true.columns is not None
        form = true.columns(terms, facts)
        return form and replace(form, limit=(form.limit or Fraction(0)) + Fraction(1, 10_000))

    rates = few(meridian, 12)
    ticks = rates.ticks["CRI-H100"].copy()
    ticks[5] = (15_750, 15_749, 15_751, 15_748, 15_752)
    ticks[:5] = 21_000
    lying = {**all_templates, "appraisal_trigger": replace(true, columns=wrong)}
    given = held_facts(["outstanding_principal=USD 16,000,000"], meridian.closing_date, resolve(meridian, meridian.closing_date))
    until = meridian.closing_date + timedelta(weeks=12)
    with pytest.raises(Differs, match=r"appraisal on 2026-02-12: measure gives FAIL"):
        run_columns(meridian, lying, PathRates(rates.dates, {"CRI-H100": ticks}), given, until)


def test_a_template_without_columns_runs_path_by_path_and_is_named(meridian: Deal, all_templates: dict[str, Template]) -> None:
    plain = {**all_templates, "rental_rate_floor": replace(all_templates["rental_rate_floor"], columns=lambda _terms, _facts: None)}
    given = held_facts(
        ["outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour"],
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    until = meridian.closing_date + timedelta(weeks=12)
    slow = run_columns(meridian, plain, few(meridian, 12), given, until)
    fast = run_columns(meridian, all_templates, few(meridian, 12), given, until)
    assert (slow.one_by_one, fast.one_by_one) == ({"rate-floor"}, set())
    assert {event: dates.tolist() for event, dates in slow.firsts.items()} == {
        event: dates.tolist() for event, dates in fast.firsts.items()
    }


def test_a_wrong_statistic_is_found_too(meridian: Deal, all_templates: dict[str, Template]) -> None:
    def wrong(terms: Any, facts: Facts) -> LinearForm:
        return LinearForm(((Statistic("sum of rates", facts.terms.index_of(terms), count=3), Fraction(1)),))

    lying = {**all_templates, "rental_rate_floor": replace(all_templates["rental_rate_floor"], columns=wrong)}
    given = held_facts(
        ["weighted_average_rental_rate=USD 1.80 per GPU-hour"], meridian.closing_date, resolve(meridian, meridian.closing_date)
    )
    with pytest.raises(Differs):
        run_columns(meridian, lying, few(meridian, 16, 200), given, meridian.closing_date + timedelta(weeks=16))


def test_how_old_a_value_may_be_is_asked_of_the_fallback(meridian: Deal) -> None:
    terms = resolve(meridian, meridian.closing_date).index["CRI-H100"]
    assert oldest("CRI-H100", terms) == 1
    gaps = np.array([[21_000], [NO_VALUE], [NO_VALUE]])
    dates = tuple(publication_dates(date(2026, 1, 8), date(2026, 1, 22)))
    rates = PathRates(dates, {"CRI-H100": gaps})
    assert [int(rates.reference("CRI-H100", terms, day)[0]) for day in dates] == [21_000, 21_000, NO_VALUE]


WRITTEN = {
    "ltv fails": ("ltv", "fails"),
    "ltv cure by": ("ltv", "cure by"),
    "ltv default": ("ltv", "default"),
    "early-amortization in effect": ("early-amortization", "begins"),
    "cash-sweep fails": ("cash-sweep", "fails"),
    "cash-sweep in effect": ("cash-sweep", "begins"),
    "appraisal fails": ("appraisal", "fails"),
    "appraisal due": ("appraisal", "due"),
}
"""What the vector calls each thing that happens."""


def test_all_27_paths_of_the_vector_come_out_of_the_columns(meridian: Deal, all_templates: dict[str, Template]) -> None:
    """Every scenario, point and multiple at once: each first date, what never happens, and what is swept in all."""
    beside = shared()
    if beside is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    vector = json.loads((beside / "data" / "foresight" / "stress-meridian.json").read_text(encoding="utf-8"))["first_dates"]
    until = date(2028, 9, 28)
    each = [path_of(name).rates(resolve_level(meridian), meridian.closing_date, until) for name in vector]
    ticks = np.array([[int((value or 0) * 10_000) for _, value in rates] for rates in each]).T
    rates = PathRates(tuple(day for day, _ in each[0]), {"CRI-H100": ticks})
    given = held_facts(HELD, meridian.closing_date, resolve(meridian, meridian.closing_date))
    columns = run_columns(meridian, all_templates, rates, given, until)
    assert not columns.one_by_one
    assert not columns.by_steps
    assert len(vector) == 27
    for path, (name, wanted) in enumerate(vector.items()):
        for written, event in WRITTEN.items():
            says = wanted.get(written)
            on = 0 if says is None else date.fromisoformat(says if isinstance(says, str) else says[0]).toordinal()
            assert int(columns.firsts[event][path]) == on, (name, written)
        assert columns.swept["cash-sweep"][path] == wanted.get("swept in all", 1_200_000), name


def resolve_level(deal: Deal) -> Any:
    from engine.foresight.stress import closing_levels

    return closing_levels(deal)["CRI-H100"]

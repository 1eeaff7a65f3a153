"""The columns equal the exact engine: every status, date, count and amount, on random deals with rates on and
beside limits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest

from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.template import Facts, Template
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.path_rates import PathRates, oldest
from engine.foresight.columns.proof import Differs
from engine.foresight.columns.verdicts import split
from engine.foresight.facts_by_date import held_facts
from engine.foresight.path_run import moments, moments_together
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from engine.terms.clause import Cure
from engine.terms.contract_dates import publication_dates
from tests.conftest import DEALS, shared
from tests.foresight.compared_columns import brought, by_date, held_equal, without
from tests.foresight.random_deals import Case, case, chunks, example
from tests.foresight.test_stress import HELD, path_of

SOAK = os.environ.get("HEADROOM_SOAK") == "1"
CHUNKS = chunks("HEADROOM_CHUNKS", 1000 if SOAK else 20)
DEALS_IN_CHUNK, PATHS = 2, 50
"""100 comparisons a chunk: 2 random deals on 50 paths each, of which ten at a time begin alike. They are 2,000
in `make test`, 100,000 in the soak.
"""
STEPPED = (
    "is tested only while something stands",
    "may have a second Cure Period",
    "has a cure of its own",
    "is closed after its last test",
)
"""Why a part of a random deal runs by the engine's own steps."""
STEPPED_SEEDS = range(1000, 1050 if SOAK else 1002)
STEPPED_PATHS = 200 if SOAK else 18
WEEKS = 20


def cases(text: str, templates: dict[str, Template], seed: int, paths: int) -> Iterator[Case]:
    """Random deals that the file's own checks let through, each on paths of 8 to 18 weeks; most are."""
    tried = range(seed, seed + 2 * DEALS_IN_CHUNK)
    return (
        one for one in (case(text, templates, n, paths, 8 + n * 7 % 11) for n in tried) if one is not None
    )


@pytest.mark.parametrize("chunk", CHUNKS)
def test_random_deals_and_paths_come_out_as_the_exact_engine_says(
    meridian_text: str, all_templates: dict[str, Template], chunk: int
) -> None:
    """Every verdict, state, date, count and amount, on every date, with rates on every limit and a tick
    beside it.
    """
    compared = 0
    for found in islice(cases(meridian_text, all_templates, chunk * 100, PATHS), DEALS_IN_CHUNK):
        columns = held_equal(found, all_templates)
        assert all(reason.endswith(STEPPED) for reason in columns.by_steps.values())
        # The fall since the window's start, rounded, is not a sum of rates.
        assert columns.one_by_one <= {"appraisal", *columns.by_steps}
        compared += found.rates.paths
    assert compared == DEALS_IN_CHUNK * PATHS


def test_each_reason_for_the_engine_s_own_steps_is_drawn(
    meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The comparisons above would be silent of a kind of deal that the fixed seeds no longer draw."""
    drawn = [
        resolve(found.deal, found.deal.closing_date)
        for chunk in range(20)
        for found in islice(cases(meridian_text, all_templates, chunk * 100, 1), DEALS_IN_CHUNK)
    ]
    tests = [one for terms in drawn for one in terms.covenants.values()]
    triggers = [one for terms in drawn for one in terms.triggers.values()]
    assert any(one.tested_while for one in tests)
    assert any(one.last_tested for one in tests)
    cures = [getattr(one, "cure", None) for one in tests]
    assert any(isinstance(one, Cure) and one.extension for one in cures)
    assert any(one.cure for one in triggers)


@pytest.mark.parametrize("seed", range(40 if SOAK else 2))
def test_what_explains_a_result_moves_no_state(
    meridian_text: str, all_templates: dict[str, Template], seed: int
) -> None:
    """The paths above leave Break-even Rates and outlooks out: with them every state, date and amount is the
    same.
    """
    found = next(cases(meridian_text, all_templates, 500_000 + seed * 100, 2))
    held_equal(found, all_templates, explained=True)


@pytest.mark.parametrize("seed", STEPPED_SEEDS)
def test_many_more_paths_come_out_as_measure_and_the_engine_s_own_steps_say(
    meridian_text: str, all_templates: dict[str, Template], seed: int
) -> None:
    """Without thresholds and without arrays: `measure` on each path, and the step of the exact engine."""
    found = case(meridian_text, all_templates, seed, STEPPED_PATHS, WEEKS)
    if found is None:
        pytest.skip("the file's own checks refuse this deal")
    plain = {name: replace(one, columns=lambda _terms, _facts: None) for name, one in all_templates.items()}
    slow = by_date(found, plain, arrays=False)
    fast = by_date(found, all_templates, arrays=True)
    assert fast[1].firsts.keys() == slow[1].firsts.keys()
    for day, states in slow[0].items():
        for path, state in enumerate(states):
            assert without(fast[0][day][path]) == without(state), (day, path)
    for event, dates in slow[1].firsts.items():
        assert fast[1].firsts[event].tolist() == dates.tolist(), event
    for path in range(STEPPED_PATHS):
        assert brought(fast[1], path) == brought(slow[1], path), path


def test_paths_that_begin_alike_come_out_as_each_of_them_alone(
    meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The first two part at half time, and the third is the first again."""
    found = next(cases(meridian_text, all_templates, 700, 2))
    paths = [found.exact(path) for path in (0, 1, 0)]
    assert paths[0] != paths[1]
    together = moments_together(found.deal, all_templates, paths, found.given, found.until)
    for path, lived in zip(paths, zip(*together, strict=True), strict=True):
        alone = moments(found.deal, all_templates, path, found.given, found.until)
        assert [(one.drafts, one.state) for one in lived] == [(one.drafts, one.state) for one in alone]


EXAMPLES = {
    "cascade-mixed-2026": {"generation-spread", "ltv", "pool-rent", "stress-cover"},
    "granite-revolver-2026": set(),
    "northfield-abs-2026-1": set(),
    "ridgeline-leaseback-2026": None,
    "summit-abs-2026-2": {"thin-market"},
}
"""Example deals, each with the tests of which no columns say what they compare, on some date at least."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_deals_of_one_index_and_of_several_come_out_as_the_exact_engine_says(
    load: Callable[[str], Deal], all_templates: dict[str, Template], name: str
) -> None:
    deal = load((DEALS / f"{name}.yaml").read_text(encoding="utf-8"))
    columns = held_equal(example(deal, 2, 60 if SOAK else 12, 5), all_templates, explained=True)
    wanted = EXAMPLES[name]
    assert wanted is None or columns.one_by_one <= wanted
    assert columns.determined


def few(deal: Deal, weeks: int, paths: int = 5) -> PathRates:
    dates = tuple(
        publication_dates(deal.closing_date + timedelta(days=1), deal.closing_date + timedelta(weeks=weeks))
    )
    numbers = np.random.default_rng(8)
    ticks = np.rint(
        21_000 * np.exp(np.cumsum(0.05 * numbers.standard_normal((len(dates), paths)), axis=0))
    ).astype(np.int64)
    return PathRates(dates, {"CRI-H100": ticks})


def test_a_template_whose_columns_say_otherwise_than_its_measure_is_not_used(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """The appraisal's limit one tick off: compiling asks its measure there, and the error names both."""
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
    given = held_facts(
        ["outstanding_principal=USD 16,000,000"],
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    until = meridian.closing_date + timedelta(weeks=12)
    with pytest.raises(
        Differs,
        match=r"appraisal on 2026-01-08: measure gives PASS up to 5250 .*, and its columns say PASS up to 5251",
    ):
        run_columns(meridian, lying, PathRates(rates.dates, {"CRI-H100": ticks}), given, until)


def test_a_template_without_columns_runs_path_by_path_and_is_named(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    plain = {
        **all_templates,
        "rental_rate_floor": replace(all_templates["rental_rate_floor"], columns=lambda _terms, _facts: None),
    }
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
        ["weighted_average_rental_rate=USD 1.80 per GPU-hour"],
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    with pytest.raises(Differs):
        run_columns(
            meridian, lying, few(meridian, 16, 200), given, meridian.closing_date + timedelta(weeks=16)
        )


def test_how_old_a_value_may_be_is_asked_of_the_fallback(meridian: Deal) -> None:
    terms = resolve(meridian, meridian.closing_date).index["CRI-H100"]
    assert oldest(terms) == 1
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


def test_all_27_paths_of_the_vector_come_out_of_the_columns(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """Every scenario, point and multiple at once: each first date, what never happens, and what is swept in
    all.
    """
    beside = shared()
    if beside is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    vector = json.loads((beside / "data" / "foresight" / "stress-meridian.json").read_text(encoding="utf-8"))[
        "first_dates"
    ]
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
            on = (
                0
                if says is None
                else date.fromisoformat(says if isinstance(says, str) else says[0]).toordinal()
            )
            assert int(columns.firsts[event][path]) == on, (name, written)
        assert columns.swept["cash-sweep"][path] == wanted.get("swept in all", 1_200_000), name


def resolve_level(deal: Deal) -> Any:
    from engine.foresight.stress import closing_levels

    return closing_levels(deal)["CRI-H100"]


def test_two_paths_share_a_code_only_if_both_of_their_codes_agree() -> None:
    """Six indices have twelve bits; those of the sixth ran into what tells a missing report."""
    groups, further = np.array([1, 0, 1, 0, 1]), np.array([0, 1024, 0, 4095, 1024])
    codes = split(groups, further).tolist()
    assert codes[0] == codes[2]
    assert len(set(codes)) == 4

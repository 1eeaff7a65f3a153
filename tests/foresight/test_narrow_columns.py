"""What columns keep narrow is exact: sums of rates, windows that move or grow, and counts that an amendment
shortens.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest

from engine.determination.linear_form import LinearForm, Statistic
from engine.foresight.columns import state_arrays
from engine.foresight.columns.path_rates import PathRates, scaled, values_of
from engine.foresight.columns.state_arrays import TestArrays, TestRules
from engine.foresight.columns.verdicts import Said
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates

FIRST, INDEX = date(2026, 1, 8), "CRI-H100"
DAYS = tuple(publication_dates(FIRST, FIRST + timedelta(weeks=11)))


def rates_of(*rows: list[int]) -> PathRates:
    return PathRates(DAYS[: len(rows)], {INDEX: np.array(rows, dtype=np.int64)}).narrow()


@pytest.mark.parametrize(
    ("statistic", "weight", "wanted"),
    [
        (Statistic("sum of rates", INDEX, count=3), Fraction(1), [4_500_000_000, 3]),
        (Statistic("rate", INDEX), Fraction(7), [10_500_000_000, 7]),
        (
            Statistic("highest", INDEX, at_closing=Fraction(300_000)),
            Fraction(1),
            [3_000_000_000, 3_000_000_000],
        ),
    ],
)
def test_a_sum_that_half_the_width_cannot_hold_is_exact(
    meridian: Deal, statistic: Statistic, weight: Fraction, wanted: list[int]
) -> None:
    terms = resolve(meridian, meridian.closing_date).index[INDEX]
    rates = rates_of([1_500_000_000, 1], [1_500_000_000, 1], [1_500_000_000, 1])
    assert rates.ticks[INDEX].dtype == np.int32
    form = scaled(LinearForm(((statistic, weight),)))
    values, there = values_of(form, rates, lambda _index, _day: terms, DAYS[2])
    assert there is None
    assert values.tolist() == wanted


def test_rates_that_half_the_width_cannot_hold_stay_as_wide_as_they_are() -> None:
    rates = rates_of([2**31, NO_VALUE])
    assert rates.ticks[INDEX].tolist() == [[2**31, NO_VALUE]]


@pytest.mark.parametrize("back", [None, 0, 2, 5])
def test_the_highest_value_of_a_window_is_the_same_whether_it_grows_moves_or_is_asked_for_again(
    back: int | None,
) -> None:
    """A window that grows takes what it was before; one that has moved on, and an earlier date, may not."""
    draw = np.random.default_rng(3)
    rows = draw.integers(1, 50, (12, 4))
    rows[draw.random((12, 4)) < 0.2] = NO_VALUE
    rates = rates_of(*rows.tolist())
    for place in (*range(12), 11, 4, 5, 5):
        since = None if back is None else DAYS[max(0, place - back)]
        first = 0 if back is None else max(0, place - back)
        top = rates.highest(INDEX, since, DAYS[place])
        assert top is not None
        assert top.tolist() == rows[first : place + 1].max(axis=0).tolist(), place


def rules(out_of: int) -> TestRules:
    return TestRules(out_of, out_of, True, True, None, None, False, 1, (), False, None)


@pytest.mark.parametrize("paths", [1, 40])
def test_counts_are_the_last_dates_of_each_path_also_where_an_amendment_looks_back_on_fewer(
    paths: int,
) -> None:
    """A date without a verdict forgets nothing, not even what the shorter count no longer looks at."""
    draw = np.random.default_rng(5)
    state = TestArrays(paths, 0, 11)
    wanted: list[list[bool]] = [[] for _ in range(paths)]
    for on, out_of in enumerate((11,) * 14 + (3,) * 5 + (8,) * 9, start=700_000):
        known = draw.random(paths) < 0.7
        failed = (draw.random(paths) < 0.5) & known
        said = Said(known & ~failed, failed, (known & ~failed,), None if known.all() else known)
        state_arrays.tested(state, rules(out_of), said, on)
        for path in range(paths):
            if known[path]:
                wanted[path] = [*wanted[path], bool(failed[path])][-out_of:]
            length = int(state.length[path])
            bits = [bool(int(state.counted[path]) >> place & 1) for place in reversed(range(length))]
            assert bits == wanted[path], (on, path)

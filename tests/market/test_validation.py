"""The validation suite against second implementations, and what each test refuses."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.market.quality import statistical_suite as v
from engine.market.quality.distribution import bimodality
from engine.market.quality.finding import CollectedDay
from engine.market.quality.platforms import compared, read_quotes
from engine.market.quality.representativeness import coverage_of
from engine.market.quality.time_series import adf, arch_lm, kpss, time_series

START = date(2024, 1, 4)


def weeks(count: int, seed: int = 1, drift: float = -0.004, prices: int = 44) -> list[v.Week]:
    chance = np.random.default_rng(seed)
    value, found = 2.1, []
    for n in range(count):
        value *= math.exp(drift + 0.03 * chance.standard_normal())
        day = START + timedelta(weeks=n)
        sample = tuple(float(x) for x in value * np.exp(0.1 * chance.standard_normal(prices)))
        days = tuple(
            CollectedDay(day - timedelta(days=d), 30, int(chance.integers(6, 18)), value * math.exp(0.02 * chance.standard_normal()))
            for d in range(7, 0, -1)
        )
        found.append(v.Week(day, value, sample, 0.9 / math.sqrt(prices), days))
    return found


def series(count: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([week.value for week in weeks(count, seed)])


@pytest.mark.parametrize("seed", range(5))
def test_time_series_tests_agree_with_statsmodels(seed: int) -> None:
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    diagnostic = pytest.importorskip("statsmodels.stats.diagnostic")
    values = series(60, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what its next release will return, and of p-values outside its table
        unit_root = stattools.adfuller(values, maxlag=1, autolag=None)
        level = stattools.kpss(values, regression="c", nlags=int(4 * (60 / 100) ** 0.25))
    assert adf(values, "levels").statistic == pytest.approx(unit_root[0], rel=1e-9)
    assert adf(values, "levels").p_value == pytest.approx(unit_root[1], rel=1e-6)
    assert f"critical {unit_root[4]['5%']:.2f}" in adf(values, "levels").verdict
    assert kpss(values, "levels").statistic == pytest.approx(level[0], rel=1e-9)
    returns = np.diff(np.log(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lm = diagnostic.het_arch(returns - returns.mean(), nlags=4)
    assert arch_lm(values).statistic == pytest.approx(lm[0], rel=1e-9)
    assert arch_lm(values).p_value == pytest.approx(lm[1], rel=1e-9)


def test_verdicts_on_series_whose_nature_is_known() -> None:
    chance = np.random.default_rng(11)
    walk, noise = np.cumsum(chance.standard_normal(400)) + 100, chance.standard_normal(400)
    assert adf(walk, "x").finding
    assert adf(noise, "x").finding is False
    assert kpss(walk, "x").finding
    assert kpss(noise, "x").finding is False


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_test_refuses_by_name_below_the_sample_that_it_needs(count: int) -> None:
    found = v.suite(weeks(count, prices=5))
    assert {one.test.split(",")[0] for one in found} >= {
        "coverage ratio",
        "trend of daily counts",
        "ADF",
        "KPSS",
        "ARCH-LM",
        "first digits",
    }
    for one in found:
        if one.statistic is None and one.finding is None:
            assert one.verdict.startswith("refused: ")
            assert "needs" in one.verdict
    refused = {one.test for one in found if one.verdict.startswith("refused")}
    assert {"ADF, levels", "KPSS, levels", "ARCH-LM, log returns", "first digits", "coverage ratio"} <= refused


def test_figures_that_do_not_vary_are_refused_by_name_and_never_printed_as_no_number() -> None:
    """Sixty weeks of one price and one count: every statistic is a number or absent."""
    same = [replace(week, value=2.0, prices=(2.0,) * 44, days=(CollectedDay(week.publication, 30, 8, 2.0),)) for week in weeks(60)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = v.suite(same)
    assert all(one.statistic is None or math.isfinite(one.statistic) for one in found)
    assert all(one.p_value is None or math.isfinite(one.p_value) for one in found)
    said = {one.test.split(",")[0]: one.verdict for one in found}
    for test in ("trend of daily counts", "Shapiro-Wilk", "Jarque-Bera", "skewness", "ADF", "KPSS", "ARCH-LM"):
        assert said[test].startswith("refused: "), test
        assert "not vary" in said[test], test


def test_low_coverage_for_four_weeks_is_a_finding_and_for_three_is_not() -> None:
    low = tuple(CollectedDay(START, 40, 8, 2.0) for _ in range(7))
    high = tuple(CollectedDay(START, 20, 12, 2.0) for _ in range(7))
    made = [v.Week(START, 2.0, (), None, days) for days in (high, low, low, low, high)]
    assert v.coverage(made).finding is False
    assert v.coverage([*made[:4], v.Week(START, 2.0, (), None, low), *made[4:]]).finding is True


def test_days_whose_listings_are_not_known_have_no_coverage() -> None:
    """A day of filtered rows is not fully covered, and a cut list's share is not known; both are left out and said."""
    filtered, cut = CollectedDay(START, None, 8, 2.0), CollectedDay(START, None, 8, 2.0, cut=True)
    known, none = CollectedDay(START, 40, 8, 2.0), CollectedDay(START, 0, 0, None)
    week = v.Week(START, 2.0, (), None, (filtered, cut, known, none))
    assert [day.coverage for day in week.days] == [None, None, 0.2, None]
    assert coverage_of(week) == 0.2
    said = v.coverage([week] * 4)
    assert said.finding
    assert "left out: 4 days whose rows came filtered, 4 days whose list was cut" in said.caveat
    assert v.coverage([replace(week, days=(filtered,))] * 5).verdict.startswith("refused: 0 weeks with a known coverage")


def test_a_week_whose_coverage_is_not_known_ends_no_run() -> None:
    low, unknown = (CollectedDay(START, 40, 8, 2.0),), (CollectedDay(START, None, 8, 2.0),)
    made = [v.Week(START, 2.0, (), None, days) for days in (low, low, unknown, low, low)]
    assert v.coverage(made).finding is True


def test_a_step_over_a_missing_day_is_no_day_over_day_jump() -> None:
    """Sixteen days one week apart have no pair of neighbours; a gap of one day among thirty takes two pairs."""
    apart = [v.Week(w.publication, w.value, w.prices, w.width, w.days[:1]) for w in weeks(16)]
    assert v.jumps(apart).verdict == "refused: 0 pairs of consecutive days, and it needs 14"
    month = weeks(4)
    gap = [replace(month[0], days=(*month[0].days[:3], *month[0].days[4:])), *month[1:]]
    assert (v.jumps(month).sample, v.jumps(gap).sample) == (27, 25)
    assert "1 step over missing days left out" in v.jumps(gap).caveat


def test_time_series_take_no_step_over_a_missing_week() -> None:
    made = weeks(60)
    gap = [*made[:25], replace(made[25], value=None), *made[26:]]
    run = np.array([week.value for week in made[26:]])
    found = {one.test: one for one in time_series(gap)}
    assert found["ADF, levels"].statistic == adf(run, "levels").statistic
    assert found["KPSS, first differences"].statistic == kpss(np.diff(run), "first differences").statistic
    assert "on 34 consecutive weeks of 59 with a value, 33 pairs of neighbours" in found["ARCH-LM, log returns"].caveat
    assert "1 lag" in found["ADF, levels"].caveat
    missing = [week for n, week in enumerate(made) if n != 25]
    assert [one.statistic for one in time_series(missing)] == [one.statistic for one in found.values()]


def test_a_jump_is_named_with_its_day() -> None:
    found = weeks(4, seed=3)
    days = [list(week.days) for week in found]
    jumped = days[2][3]
    days[2][3] = replace(jumped, median=6.0)
    changed = [v.Week(w.publication, w.value, w.prices, w.width, tuple(d)) for w, d in zip(found, days, strict=True)]
    said = v.jumps(changed)
    assert said.finding
    assert str(jumped.day) in said.verdict


def test_the_minimum_viable_count_is_where_the_fit_crosses_a_quarter() -> None:
    made = [v.Week(START, 2.0, (2.0,) * count, 1.5 / math.sqrt(count), ()) for count in (16, 20, 25, 30, 36, 40, 49, 64)]
    found = v.minimum_viable_count(made)
    assert found.statistic == pytest.approx(36.0)


def test_the_minimum_viable_count_is_given_for_each_quarter() -> None:
    found = [one for one in v.suite(weeks(30)) if one.test.startswith("minimum viable")]
    assert [one.test.partition(", ")[2] for one in found] == ["2024 Q1", "2024 Q2", "2024 Q3"]
    assert [one.sample for one in found] == [13, 13, 4]
    assert [one.statistic is None for one in found] == [False, False, True]
    assert found[2].verdict == "refused: 4 weeks with an interval, and it needs 8"


def test_counts_agree_with_their_nouns() -> None:
    assert counted(1, "weekly values") == "1 weekly value"
    assert counted(1, "pairs of consecutive days") == "1 pair of consecutive days"
    assert counted(0, "weeks with an interval") == "0 weeks with an interval"


def test_two_lumps_of_prices_are_seen_and_one_is_not() -> None:
    chance = np.random.default_rng(4)
    two = v.Week(START, 2.0, tuple(np.concatenate([1.5 + 0.05 * chance.random(22), 2.5 + 0.05 * chance.random(22)])), 0.2, ())
    one = v.Week(START, 2.0, tuple(2.0 + 0.1 * chance.standard_normal(44)), 0.2, ())
    assert bimodality(two).finding
    assert bimodality(one).finding is False
    assert bimodality(replace(two, prices=two.prices[:7])).verdict.startswith("refused: 7 observations")


QUOTES = "date,platform,usd_per_gpu_hour,source\n"


def test_other_platforms_are_compared_on_the_dates_of_their_rates() -> None:
    """Two rates in weeks of USD 2.00 and 1.80; one before the series and one in a week without a value are left out."""
    made = [v.Week(START + timedelta(weeks=n), value, (), None, ()) for n, value in enumerate((2.0, 1.8, None))]
    text = QUOTES + "2024-01-04,P,2.5,list\n2024-01-17,P,2.0,list\n2023-12-01,P,3,list\n2024-01-19,P,3,list\n2024-01-05,Q,1.0,page\n"
    found = compared(made, read_quotes(text, "q.csv"))
    assert [one.test for one in found] == ["price comparison, P", "price comparison, Q"]
    assert found[0].statistic == pytest.approx(-0.15)
    assert found[0].verdict == "the index is 15.0% below P in the middle of 2 rates (-20.0% to -10.0%)"
    assert "source: list; 2 rates without a value" in found[0].caveat
    assert found[1].statistic == pytest.approx(1.0)
    assert compared(made, None)[0].verdict.startswith("refused: rates of other platforms are not given")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("5 March,P,2,x", "q.csv:2: `5 March` is not a date"),
        ("2024-01-04,P,-2,x", "not above zero"),
        ("2024-01-04,P,nan,x", "not above zero"),
        ("2024-01-04,P,cheap,x", "is no rate"),
        ("2024-01-04,P,2,", "names its platform and its source"),
        ("2024-01-04,P", "is no rate"),
    ],
)
def test_a_rate_without_its_date_figure_or_source_is_refused(row: str, why: str) -> None:
    with pytest.raises(WrongUsage, match=re.escape(why)):
        read_quotes(QUOTES + row + "\n", "q.csv")
    with pytest.raises(WrongUsage, match="has no rows with the columns"):
        read_quotes("a,b\n1,2\n", "q.csv")

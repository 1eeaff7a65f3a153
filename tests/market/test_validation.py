"""The validation suite against second implementations, and what each test refuses."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.market.quality import statistical_suite as v
from engine.market.quality.finding import CollectedDay
from engine.market.quality.representativeness import coverage_of, papers_flag
from engine.market.quality.time_series import adf, arch_lm, kpss, read_together, time_series

START = date(2024, 1, 4)


def weeks(count: int, seed: int = 1, drift: float = -0.004, prices: int = 44) -> list[v.Week]:
    chance = np.random.default_rng(seed)
    value, found = 2.1, []
    for n in range(count):
        value *= math.exp(drift + 0.03 * chance.standard_normal())
        day = START + timedelta(weeks=n)
        sample = tuple(float(x) for x in value * np.exp(0.1 * chance.standard_normal(prices)))
        days = tuple(
            CollectedDay(
                day - timedelta(days=d),
                30,
                int(chance.integers(6, 18)),
                value * math.exp(0.02 * chance.standard_normal()),
            )
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
        warnings.simplefilter(
            "ignore"
        )  # of what its next release will return, and of p-values outside its table
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
    assert {
        "ADF, levels",
        "KPSS, levels",
        "ARCH-LM, log returns",
        "first digits",
        "coverage ratio",
    } <= refused


def test_figures_that_do_not_vary_are_refused_by_name_and_never_printed_as_no_number() -> None:
    """Sixty weeks of one price and one count: every statistic is a number or absent."""
    same = [
        replace(week, value=2.0, prices=(2.0,) * 44, days=(CollectedDay(week.publication, 30, 8, 2.0),))
        for week in weeks(60)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = v.suite(same)
    assert all(one.statistic is None or math.isfinite(one.statistic) for one in found)
    assert all(one.p_value is None or math.isfinite(one.p_value) for one in found)
    said = {one.test.split(",")[0]: one.verdict for one in found}
    for test in (
        "trend of daily counts",
        "Shapiro-Wilk",
        "Jarque-Bera",
        "skewness",
        "ADF",
        "KPSS",
        "ARCH-LM",
    ):
        assert said[test].startswith("refused: "), test
        assert "not vary" in said[test], test


def test_low_coverage_for_four_weeks_is_a_finding_and_for_three_is_not() -> None:
    low = tuple(CollectedDay(START, 40, 8, 2.0) for _ in range(7))
    high = tuple(CollectedDay(START, 20, 12, 2.0) for _ in range(7))
    made = [v.Week(START, 2.0, (), None, days) for days in (high, low, low, low, high)]
    assert v.coverage(made).finding is False
    assert v.coverage([*made[:4], v.Week(START, 2.0, (), None, low), *made[4:]]).finding is True


def test_days_whose_listings_are_not_known_have_no_coverage() -> None:
    """A day of filtered rows is not fully covered, and a cut list's share is not known; both are left out and
    said.
    """
    filtered, cut = CollectedDay(START, None, 8, 2.0), CollectedDay(START, None, 8, 2.0, cut=True)
    known, none = CollectedDay(START, 40, 8, 2.0), CollectedDay(START, 0, 0, None)
    week = v.Week(START, 2.0, (), None, (filtered, cut, known, none))
    assert [day.coverage for day in week.days] == [None, None, 0.2, None]
    assert coverage_of(week) == 0.2
    said = v.coverage([week] * 4)
    assert said.finding
    assert "left out: 4 days whose rows came filtered, 4 days whose list was cut" in said.caveat
    assert v.coverage([replace(week, days=(filtered,))] * 5).verdict.startswith(
        "refused: 0 weeks with a known coverage"
    )


def test_running_weeks_do_not_bridge_one_that_is_not_known_or_missing() -> None:
    low, unknown = (CollectedDay(START, 40, 8, 2.0),), (CollectedDay(START, None, 8, 2.0),)

    def of(*parts: tuple[int, tuple[CollectedDay, ...]]) -> bool | None:
        return v.coverage(
            [v.Week(START + timedelta(weeks=n), 2.0, (), None, days) for n, days in parts]
        ).finding

    assert of((0, low), (1, low), (2, unknown), (3, low), (4, low)) is False
    assert of((0, low), (1, low), (3, low), (4, low)) is False
    assert of((0, low), (1, low), (2, low), (3, low)) is True


def test_the_caveat_names_the_rules_that_removed_the_listings() -> None:
    day = CollectedDay(START, 40, 8, 2.0, removed={"availability": 24, "geography": 8})
    said = v.coverage([v.Week(START, 2.0, (), None, (day,))] * 4)
    assert "removed by rule: availability 75%, geography 25%" in said.caveat


def test_the_papers_own_flag_stands_beside_the_versions() -> None:
    thin, full = CollectedDay(START, 40, 9, 2.0), CollectedDay(START, 40, 12, 2.0)
    made = [
        v.Week(START, 2.0, (2.0,) * 30, None, (thin, full), False),
        v.Week(START, 2.0, (2.0,) * 30, None, (full,), False),
        v.Week(START, 2.0, (2.0,) * 3, None, (full,), True),
    ]
    found = papers_flag(made)
    assert (
        found.verdict
        == "2 of 3 weeks by a day below 10 or a week below 4; 1 by the version's rules; 1 by both"
    )


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
    assert (
        "on 34 consecutive weeks of 59 with a value, 33 pairs of neighbours"
        in found["ARCH-LM, log returns"].caveat
    )
    assert "1 lag" in found["ADF, levels"].caveat
    missing = [week for n, week in enumerate(made) if n != 25]
    assert [one.statistic for one in time_series(missing)] == [one.statistic for one in found.values()]


def test_a_jump_is_named_with_its_day() -> None:
    found = weeks(4, seed=3)
    days = [list(week.days) for week in found]
    jumped = days[2][3]
    days[2][3] = replace(jumped, median=6.0)
    changed = [
        v.Week(w.publication, w.value, w.prices, w.width, tuple(d)) for w, d in zip(found, days, strict=True)
    ]
    said = v.jumps(changed)
    assert said.finding
    assert str(jumped.day) in said.verdict


def test_the_minimum_viable_count_is_three_numbers_with_its_failures() -> None:
    counts = (16, 20, 25, 30, 36, 40, 49, 64, 70, 80, 90, 100)
    exact = [v.Week(START, 2.0, (2.0,) * count, 1.5 / math.sqrt(count), ()) for count in counts]
    found = v.minimum_viable_count(exact)
    assert found.statistic == pytest.approx(36.0, abs=1)
    assert "of the 8 weeks with at least" in found.verdict
    assert found.verdict.endswith("0 were wider than 25%")
    scattered = [
        replace(week, width=(week.width or 0) * (3 if n % 3 == 0 else 0.5)) for n, week in enumerate(exact)
    ]
    said = v.minimum_viable_count(scattered).verdict
    assert said.startswith("not determined: ")
    assert not said.endswith("0 were wider than 25%")


def test_the_minimum_viable_count_is_given_for_each_quarter() -> None:
    found = [one for one in v.suite(weeks(30)) if one.test.startswith("minimum viable")]
    assert [one.test.partition(", ")[2] for one in found] == ["2024 Q1", "2024 Q2", "2024 Q3"]
    assert [one.sample for one in found] == [13, 13, 4]
    assert [one.statistic is None for one in found] == [False, False, True]
    assert found[2].verdict == "refused: 4 weeks with an interval, and it needs 12"


def test_adf_and_kpss_are_read_together() -> None:
    walk = np.cumsum(np.random.default_rng(1).standard_normal(200)) + 50
    noise = np.random.default_rng(2).standard_normal(200) + 50
    assert (
        read_together(adf(walk, "levels"), kpss(walk, "levels")).verdict
        == "both read the series as one with a unit root"
    )
    assert (
        read_together(adf(noise, "levels"), kpss(noise, "levels")).verdict
        == "both read the series as stationary"
    )
    assert read_together(adf(noise[:5], "levels"), kpss(noise, "levels")).verdict.startswith("refused: ")
    assert "rejected at 5 of 5 lags" in adf(noise, "levels").verdict


def test_the_noise_of_the_values_is_that_of_the_sellers_and_otherwise_says_that_it_is_too_narrow() -> None:
    """Widths by hand: 0.9 / sqrt(44) = 13.6% of listings, so 7% on either side; 40% by sellers, so 20%."""
    made = weeks(25)
    plain = {one.test: one.caveat for one in time_series(made)}["ADF, levels"]
    assert "measured to within 7% (half the middle 95% interval of listings, too narrow" in plain
    assert plain.endswith("such noise leans to stationarity")
    known = [replace(week, sellers_width=0.4) for week in made]
    said = {one.test: one.caveat for one in time_series(known)}["ADF with KPSS, levels"]
    assert "measured to within 20% (half the middle 95% interval by sellers), and such noise" in said
    one_unknown = [replace(known[0], sellers_width=None), *known[1:]]
    assert "of listings" in {one.test: one.caveat for one in time_series(one_unknown)}["KPSS, levels"]


def test_a_share_just_below_the_limit_is_not_rounded_up_to_it() -> None:
    """119 of 400 is 29.75%: below 30%, and printed so."""
    low = v.Week(START, 2.0, (), None, (CollectedDay(START, 400, 119, 2.0),))
    assert v.coverage([replace(low, publication=START + timedelta(weeks=n)) for n in range(4)]).verdict == (
        "29.8% to 29.8% of the model's listings qualify, by week; below 30% for at most 4 weeks running"
    )

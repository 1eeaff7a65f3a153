"""Calibration: by hand, by a naive loop written from the definitions alone, by what must hold of any variant."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
import pytest

from engine.foresight.calibrate import (
    Question,
    Tally,
    Variant,
    cell,
    shortfalls,
    smallest_count,
    tallied,
    tally,
)
from engine.foresight.rate_paths import NO_VALUE, Paths, blocks, simulated
from engine.foresight.rate_posterior import WEEKLY_4, posterior
from engine.foresight.sampling_noise import RateSeries
from tests.conftest import shared
from tests.foresight.naive_calibration import Found, naive


@pytest.fixture(scope="module")
def hand() -> dict[str, Any]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read: dict[str, Any] = json.loads(
        (found / "data" / "foresight" / "calibration-hand.json").read_text(encoding="utf-8")
    )
    return read


def one_path(true: list[float], published: list[float]) -> Paths:
    ticks = np.array([[round(rate * 10_000)] for rate in published], dtype=np.int64)
    return Paths(np.array([[rate] for rate in true]), ticks, np.zeros_like(ticks))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_calibration_by_hand(hand: dict[str, Any], count: int) -> None:
    paths = one_path(hand["true"], hand["published"])
    question = Question(hand["q"], hand["k"])
    found = tally(paths, Variant(15_000, count, hand["release count"]), question)
    wanted = hand[f"counted {count}"]
    dates = [int(week) + 1 for week in np.flatnonzero(shortfalls(paths.true, 1.5, 4)[:, 0])]
    assert dates == hand["shortfall dates"]
    assert (found.false_alarms, found.missed, found.paths_with_flap) == (
        wanted["false alarms"],
        wanted["misses"],
        wanted["flaps"],
    )
    assert found.spells == len(wanted["spells (first, last date in effect)"])
    assert cell(Variant(15_000, count, 2), found).delay == wanted["delay"]
    second = naive(hand["true"], hand["published"], 1.5, count, 2, 1.5, 4, 8)
    assert [list(run) for run in second.spells] == wanted["spells (first, last date in effect)"]


def random_paths(seed: int, weeks: int, paths: int) -> Paths:
    """Rates around a level, a third of them on it or a tick beside it, with weeks missed."""
    random = np.random.default_rng(seed)
    true = 1.5 * np.exp(np.cumsum(0.02 * random.standard_normal((weeks, paths)), axis=0))
    near = random.random((weeks, paths)) < 0.33
    ticks = np.rint(true * np.exp(0.03 * random.standard_normal((weeks, paths))) * 10_000).astype(np.int64)
    ticks = np.where(near, 15_000 + random.integers(-1, 2, (weeks, paths)), ticks)
    true = np.where(random.random((weeks, paths)) < 0.1, 1.5, true)
    return Paths(true, np.where(random.random((weeks, paths)) < 0.08, NO_VALUE, ticks), np.zeros_like(ticks))


def same_counts(found: Tally, slow: Sequence[Found]) -> list[int]:
    """Return the delays, once both count alike over paths of 60 dates."""
    assert found.false_alarms == sum(one.false_alarms for one in slow)
    assert found.paths_with_false_alarm == sum(one.false_alarms > 0 for one in slow)
    assert found.missed == sum(one.misses for one in slow)
    delays = [delay for one in slow for delay in one.delays]
    assert list(found.delays[:60]) == [delays.count(length) for length in range(60)]
    assert found.paths_with_flap == sum(one.flaps > 0 for one in slow)
    assert found.paths_with_short == sum(one.shorts > 0 for one in slow)
    return delays


@pytest.mark.parametrize("seed", range(12))
def test_a_naive_loop_counts_the_same(seed: int) -> None:
    random = np.random.default_rng(seed)
    variant = Variant(
        15_000, int(random.integers(1, 5)), int(random.integers(1, 4)), None if seed % 3 else 15_200
    )
    question = Question(int(random.integers(1, 6)), int(random.integers(1, 12)))
    paths = random_paths(seed, 60, 40)
    found = tally(paths, variant, question)
    back = (variant.release_level or variant.level) / 10_000
    slow = [
        naive(
            list(paths.true[:, place]),
            [None if tick == NO_VALUE else tick / 10_000 for tick in paths.published[:, place].tolist()],
            1.5,
            variant.count,
            variant.release,
            back,
            question.q,
            question.k,
        )
        for place in range(40)
    ]
    assert found.shortfalls == sum(len(one.shortfalls) for one in slow)
    assert found.spells == sum(len(one.spells) for one in slow)
    delays = same_counts(found, slow)
    said, years, alarmed = cell(variant, found), 40 * 60 / 52, found.paths_with_false_alarm / 40
    spread = math.sqrt(alarmed * (1 - alarmed) / 40) if 0 < alarmed < 1 else 1 - 0.05 ** (1 / 40)
    assert (said.false_alarm, said.error) == pytest.approx((alarmed, spread))
    alarms = sum(one.false_alarms for one in slow)
    assert said.false_alarms_a_year == pytest.approx(alarms / years)
    assert said.false_alarms_error == pytest.approx(math.sqrt(alarms) / years)
    falls = sum(len(one.shortfalls) for one in slow)
    assert said.shortfalls_a_year == pytest.approx(falls / years)
    assert said.missed == pytest.approx(sum(one.misses for one in slow) / falls)
    assert said.delay == pytest.approx(sum(delays) / len(delays))
    assert said.delay_90 == sorted(delays)[math.ceil(0.9 * len(delays)) - 1]
    assert (said.timely, said.flap, said.short) == (
        len(delays),
        sum(one.flaps > 0 for one in slow) / 40,
        sum(one.shorts > 0 for one in slow) / 40,
    )


BEGINS, ENDS = ("below level", "at or below level"), ("at or above level", "above level", "below level")


@pytest.mark.parametrize("seed", range(12))
def test_a_naive_loop_counts_a_trigger_of_any_shape_the_same(seed: int) -> None:
    """Each side of the level, n of the last m dates, an end at a level of its own or never, dates not tested;
    two of three values lie on a level or a tick beside it.
    """
    random = np.random.default_rng(100 + seed)
    paths = random_paths(seed, 60, 40)
    count, release = int(random.integers(1, 4)), None if seed == 3 else int(random.integers(1, 4))
    variant = Variant(
        15_000,
        count,
        release,
        (None, 15_001, 15_200)[seed % 3],
        BEGINS[seed % 2],
        ENDS[seed % 3],
        None if seed % 4 == 0 else count + int(random.integers(1, 4)),
        None if seed % 5 == 0 or release is None else release + int(random.integers(1, 4)),
    )
    tested = None if seed % 3 else (random.random(60) < 0.6).tolist()
    found = tally(paths, variant, Question(), tested)
    slow = [
        naive(
            list(paths.true[:, place]),
            [None if tick == NO_VALUE else tick / 10_000 for tick in paths.published[:, place].tolist()],
            1.5,
            count,
            release,
            (variant.release_level or variant.level) / 10_000,
            4,
            8,
            variant.begins,
            variant.ends,
            variant.out_of,
            variant.release_out_of,
            tested,
        )
        for place in range(40)
    ]
    assert found.spells == sum(len(one.spells) for one in slow) > 20
    same_counts(found, slow)
    dates = [sum(last - first + 1 for first, last in one.shortfalls) for one in slow]
    assert found.paths_with_shortfall == sum(one > 0 for one in dates)
    assert found.paths_with_quiet == sum(60 - one >= 4 for one in dates)


def test_tallies_of_blocks_add_up_to_the_whole() -> None:
    paths = random_paths(99, 50, 64)
    variant, question = Variant(15_000, 2, 3), Question()
    parts = [
        tally(Paths(paths.true[:, part], paths.published[:, part], paths.sellers[:, part]), variant, question)
        for part in (slice(0, 20), slice(20, 64))
    ]
    assert parts[0].plus(parts[1]) == parts[1].plus(parts[0]) == tally(paths, variant, question)


def test_a_longer_count_never_begins_more_often_on_the_same_paths() -> None:
    paths = random_paths(7, 104, 200)
    found = [tally(paths, Variant(15_000, count, 3), Question()) for count in (1, 2, 3, 4)]
    assert [one.spells for one in found] == sorted((one.spells for one in found), reverse=True)
    assert [one.missed for one in found] == sorted(one.missed for one in found)


def test_a_rate_that_never_falls_has_no_delay_and_no_share_missed() -> None:
    high = np.full((30, 5), 2.0)
    paths = Paths(high, np.full((30, 5), 20_000), np.zeros((30, 5), dtype=np.int64))
    found = cell(Variant(15_000, 2, 3), tally(paths, Variant(15_000, 2, 3), Question()))
    assert (found.false_alarm, found.missed, found.delay, found.delay_90) == (0.0, None, None, None)


def test_what_is_open_at_the_horizon_is_told_apart() -> None:
    falling = np.linspace(2.0, 1.0, 30)[:, None]
    ticks = np.rint(falling * 10_000).astype(np.int64)
    found: Tally = tallied(shortfalls(falling, 1.5, 4), ticks, Variant(15_000, 2, 3), Question())
    assert (found.spells, found.open_spells, found.shortfalls, found.open_shortfalls, found.missed) == (
        1,
        1,
        1,
        1,
        0,
    )


def test_the_smallest_count_whose_false_alarms_stay_under_a_share() -> None:
    paths = random_paths(3, 104, 400)
    cells = [
        cell(v, tally(paths, v, Question())) for v in (Variant(15_000, count, 3) for count in (1, 2, 3, 4))
    ]
    limit = (cells[1].false_alarm + cells[2].false_alarm) / 2
    chosen = smallest_count(cells, 15_000, 3, limit)
    assert chosen is not None
    assert chosen.variant.count == 3
    assert smallest_count(cells, 15_000, 3, 0.0) is None


@pytest.fixture(scope="module")
def heat() -> dict[str, Any]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read: dict[str, Any] = json.loads(
        (found / "data" / "foresight" / "heat-demo.json").read_text(encoding="utf-8")
    )
    return read


def test_the_heat_map_of_the_demonstration_within_two_hundredths(heat: dict[str, Any]) -> None:
    """The vector's draws are by rejection and these are not, so they agree as two simulations do."""
    known = heat["history"]
    series = RateSeries(
        tuple(date.fromisoformat(day) for day, _, _ in known),
        np.array([math.nan if rate is None else math.log(rate) for _, rate, _ in known]),
        np.array([math.nan if rate is None else error for _, rate, error in known]),
        (0,) * len(known),
        0,
        "",
    )
    held = posterior(series, WEEKLY_4)
    made = [
        simulated(held, series, heat["weeks"], heat["seed"], number, size)
        for number, size in blocks(heat["paths"])
    ]
    question = Question(heat["q"], heat["k"])
    for wanted in heat["cells"]:
        variant = Variant(round(wanted["level"] * 10_000), wanted["count"], heat["release count"])
        found = cell(variant, reduce(Tally.plus, (tally(paths, variant, question) for paths in made)))
        assert found.false_alarm == pytest.approx(wanted["P(false alarm)"], abs=0.02)
        assert found.missed == pytest.approx(wanted["missed"], abs=0.02)
        assert found.flap == pytest.approx(wanted["P(flap)"], abs=0.02)
        assert found.false_alarms_a_year == pytest.approx(wanted["false alarms a year"], abs=0.02)
        assert found.delay == pytest.approx(wanted["delay"], abs=0.08)
        assert found.delay_90 == wanted["delay_90"]

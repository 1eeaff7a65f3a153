"""Tests of several rates together: the published vectors, subsets written out, and what must not change a
result.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.basics.seller_subsets import LEAST_SELLERS, Listing, SellerWeek, effective_sellers, seller_week
from engine.determination.joint_subsets import (
    Candidate,
    Highest,
    Replicates,
    WeightedSum,
    _ascending,
    bits_of,
    by_formula,
    medians,
    memberships,
    replicates,
    replicates_of_highest,
)
from tests.conftest import shared

FILE = (shared() or Path("absent")) / "data" / "sellers" / "sellers_vectors.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
MILLION = 10**6

Figure = Callable[[list[Fraction]], Fraction]
FIGURES: dict[str, Figure] = {
    "rate": lambda rates: rates[-1],
    "mean": lambda rates: sum(rates, Fraction(0)) / len(rates),
    "1.80 / mean": lambda rates: Fraction("1.8") * len(rates) / sum(rates, Fraction(0)),
    "(highest - today) / 2.00": lambda rates: (max(rates) - rates[-1]) / 2,
    "0.7 today + 0.3 other": lambda rates: Fraction("0.7") * rates[-1] + Fraction("0.3") * rates[0],
    "today / other": lambda rates: rates[-1] / rates[0],
}


def six(value: Fraction | int) -> str:
    return f"{round(Fraction(value) * MILLION) / MILLION:.6f}"


def listings(name: str) -> list[Listing]:
    return [(seller, price) for seller, price in VECTORS["weeks"][name]]


def median(week: SellerWeek) -> Fraction:
    count = len(week.prices)
    return Fraction(week.prices[(count - 1) // 2] + week.prices[count // 2], 2 * MILLION)


def run(
    weeks: list[SellerWeek], figure: str, limit: Fraction, passes: str
) -> tuple[Fraction, bool, Replicates]:
    measure = FIGURES[figure]

    def passing(value: Fraction) -> bool:
        return value >= limit if passes == "at least" else value <= limit

    def outcomes(cases: Any) -> Any:
        figures = [measure([Fraction(int(rate), MILLION) for rate in rates]) for rates in cases]
        return np.array([passing(one) for one in figures]), figures

    def of_highest(top: Fraction, today: Fraction) -> Fraction:
        return max(Fraction(0), (top - today) / (2 * MILLION))

    today = len(weeks) - 1
    candidates = tuple(Candidate(Fraction(0), ((place, Fraction(1)),)) for place in range(len(weeks)))
    value = measure([median(week) for week in weeks])
    if "highest" in figure:
        return (
            value,
            passing(value),
            replicates_of_highest(
                weeks, today, passing(value), Highest(candidates, candidates[today], of_highest, passing)
            ),
        )
    return value, passing(value), replicates(weeks, today, passing(value), outcomes)


@pytest.mark.skipif(not VECTORS, reason="the vectors of sellers are not beside this checkout")
@pytest.mark.parametrize("vector", VECTORS.get("tests", []), ids=lambda vector: vector["name"])
def test_the_vectors(vector: dict[str, Any]) -> None:
    weeks = [seller_week(listings(name)) for name in vector["weeks"]]
    sellers = {name for week in weeks for name in week.clusters if name}
    assert (len(sellers), six(effective_sellers(weeks))) == (vector["sellers"], vector["effective"])
    value, passed, found = run(weeks, vector["figure"], Fraction(vector["limit"]), vector["passes"])
    assert (six(value), "PASS" if passed else "FAIL") == (vector["value"], vector["result"])
    enough = all(week.known for week in weeks)
    if len(weeks) == 1:  # exact however many sellers there are
        (week,) = weeks
        limit = Fraction(vector["limit"]) * MILLION
        low, high = (six(Fraction(end, MILLION)) for end in week.interval())
        low_80, high_80 = (six(Fraction(end, MILLION)) for end in week.interval(80))
        whole = -(-limit.numerator // limit.denominator)
        apart = week.low_below(whole) if passed else week.subsets - week.high_below(whole)
        subsets, share = week.subsets, week.share_below(limit)
    else:
        (low, high), (low_80, high_80) = (map(six, found.interval(level)) for level in (95, 80))
        subsets, apart, share = found.subsets, found.apart, found.failing
    assert (low, high, low_80, high_80) == (
        vector["low"],
        vector["high"],
        vector["low_80"],
        vector["high_80"],
    )
    assert (subsets, apart, six(share)) == (vector["replicates"], vector["apart"], vector["share_failing"])
    for level, tail, wanted in ((95, 40, vector["decisive"]), (80, 10, vector["decisive_80"])):
        assert (enough and len(sellers) >= LEAST_SELLERS[level] and tail * apart <= subsets) == wanted


@pytest.mark.skipif(not VECTORS, reason="the vectors of sellers are not beside this checkout")
def test_the_bits_of_a_seller() -> None:
    for name, wanted in VECTORS["bits"].items():
        bits = np.unpackbits(np.frombuffer(bits_of(name), dtype=np.uint8), bitorder="little")
        assert "".join(map(str, bits[: len(wanted)])) == wanted


def some_week(chance: random.Random, sellers: int, unknown: bool = False) -> list[Listing]:
    names: list[str | None] = [f"s{n}" for n in range(sellers)]
    names += [None] * unknown
    return [
        (name, chance.randrange(10, 60) * 50_000) for name in names for _ in range(chance.randrange(1, 6))
    ]


def written_out(week: SellerWeek) -> list[tuple[int, int]]:
    """The lower and the upper median of every subset, each subset written out."""
    found = []
    for chosen in product((False, True), repeat=len(week.clusters)):
        held = sorted(
            price
            for held, inside in zip(week.clusters.values(), chosen, strict=True)
            if inside
            for price in held
        )
        found.append(
            (held[(len(held) - 1) // 2], held[len(held) // 2]) if held else (week.prices[0], week.prices[-1])
        )
    return found


@pytest.mark.parametrize("seed", range(40))
def test_subsets_counted_by_sums_are_the_subsets_written_out(seed: int) -> None:
    chance = random.Random(seed)
    week = seller_week(some_week(chance, chance.randrange(1, 8), unknown=seed % 3 == 0))
    pairs = written_out(week)
    for price in {
        *week.prices,
        week.prices[0] - 1,
        week.prices[-1] + 1,
        chance.randrange(500_000, 3_000_000),
    }:
        assert week.low_at_most(price) == sum(low <= price for low, _ in pairs)
        assert week.high_at_least(price) == sum(high >= price for _, high in pairs)
        assert week.share_below(Fraction(price)) == Fraction(
            sum((low < price) + (high < price) for low, high in pairs), 2 * len(pairs)
        )
    for level, tail in ((95, 40), (80, 10)):
        low = min(x for x in week.prices if tail * sum(low <= x for low, _ in pairs) > len(pairs))
        high = max(x for x in week.prices if tail * sum(high >= x for _, high in pairs) > len(pairs))
        assert week.interval(level) == (low, high)


@pytest.mark.parametrize("seed", range(12))
def test_a_week_has_the_same_law_alone_and_among_others(seed: int) -> None:
    chance = random.Random(seed)
    week, other = (seller_week(some_week(chance, count, unknown=seed % 2 == 0)) for count in (5, 9))
    names = sorted({*week.clusters, *other.clusters})
    low, high = medians(week, names, memberships(names))
    alone = written_out(week)
    times = len(low) // len(alone)
    assert sorted(zip(low.tolist(), high.tolist(), strict=True)) == sorted(alone * times)


def renamed(weeks: list[list[Listing]], chance: random.Random) -> list[list[Listing]]:
    sellers = sorted({name for week in weeks for name, _ in week if name is not None})
    others = dict(zip(sellers, chance.sample([f"z{n}" for n in range(99)], len(sellers)), strict=True))
    moved = [[(others[name] if name else None, price) for name, price in week] for week in weeks]
    for week in moved:
        chance.shuffle(week)
    return moved


@pytest.mark.parametrize("figure", ["1.80 / mean", "(highest - today) / 2.00", "today / other"])
@pytest.mark.parametrize("seed", range(4))
def test_a_seller_renamed_and_rows_in_another_order_change_nothing(figure: str, seed: int) -> None:
    chance = random.Random(seed)
    rows = [some_week(chance, count, unknown=count == 6) for count in (4, 7, 6)]
    first = run([seller_week(week) for week in rows], figure, Fraction("0.8"), "at least")
    again = run([seller_week(week) for week in renamed(rows, chance)], figure, Fraction("0.8"), "at least")
    assert first == again


def test_drawn_subsets_depend_on_no_order() -> None:
    chance = random.Random(8)
    rows = [some_week(chance, count) for count in (16, 15)]
    first = run([seller_week(week) for week in rows], "mean", Fraction("1.7"), "at least")
    for week in rows:
        chance.shuffle(week)
    assert first == run([seller_week(week) for week in rows], "mean", Fraction("1.7"), "at least")
    assert first[2].drawn
    assert first[2].subsets == 16_384


def test_one_rate_alone_gives_the_same_replicates_by_subsets_and_by_sums() -> None:
    for seed in range(10):
        chance = random.Random(seed)
        week = seller_week(some_week(chance, 7, unknown=seed % 2 == 0))
        limit = Fraction(chance.randrange(600_000, 2_900_000), MILLION)
        _, passed, found = run([week], "rate", limit, "at least")
        whole = -(-(limit * MILLION).numerator // (limit * MILLION).denominator)
        assert found.failing == week.share_below(limit * MILLION)
        assert found.apart == (week.low_below(whole) if passed else week.subsets - week.high_below(whole))
        assert found.interval() == tuple(Fraction(end, MILLION) for end in week.interval())


@pytest.mark.parametrize("seed", range(8))
def test_a_maximum_is_chosen_by_a_subset_and_measured_by_the_rest(seed: int) -> None:
    """Against the rule written out: every subset, its own highest week, the complement's fall at the four
    corners.
    """
    chance = random.Random(seed)
    weeks = [seller_week(some_week(chance, 5)) for _ in range(4)]
    limit = Fraction("0.15")
    _, passed, found = run(weeks, "(highest - today) / 2.00", limit, "at most")
    names = sorted({name for week in weeks for name in week.clusters})

    def middle(week: SellerWeek, chosen: set[str]) -> tuple[int, int]:
        held = sorted(price for name, prices in week.clusters.items() if name in chosen for price in prices)
        return (
            (held[(len(held) - 1) // 2], held[len(held) // 2]) if held else (week.prices[0], week.prices[-1])
        )

    failing, apart, lows, highs = Fraction(0), 0, [], []
    for bits in product((False, True), repeat=len(names)):
        chosen = {name for name, inside in zip(names, bits, strict=True) if inside}
        own, rest = ([middle(week, group) for week in weeks] for group in (chosen, set(names) - chosen))
        top = max(range(4), key=lambda place: (sum(own[place]), -place))
        falls = []
        for today, other in product((0, 1), repeat=2):
            of = rest[top][today if top == 3 else other]
            falls.append(max(Fraction(0), Fraction(of - rest[3][today], 2 * MILLION)))
        plain = []
        for today, other in product((0, 1), repeat=2):
            values = [week[other] for week in own[:3]] + [own[3][today]]
            plain.append(Fraction(max(values) - values[3], 2 * MILLION))
        failing += Fraction(sum(fall > limit for fall in falls), 4)
        apart += (min(falls) <= limit) != passed or (max(plain) <= limit) != passed
        lows.append(min(falls))
        highs.append(max(plain))
    assert (found.apart, found.failing) == (apart, failing / 32)
    assert (list(found.lows), list(found.highs)) == (sorted(lows), sorted(highs))


@pytest.mark.parametrize("seed", range(6))
def test_a_fall_as_a_weighted_sum_gives_the_replicates_of_the_fall_itself(seed: int) -> None:
    """Every figure of every replicate, unrounded and rounded as a deal may say."""
    chance = random.Random(seed)
    weeks = [seller_week(some_week(chance, 5)) for _ in range(4)]
    level = Fraction(chance.randrange(1_400_000, 2_600_000), MILLION)
    rules: tuple[Callable[[Fraction], Fraction], ...] = (lambda value: value, lambda value: round(value, 3))
    for rounded in rules:
        one = [Candidate(Fraction(0), ((place, Fraction(1)),)) for place in range(4)]
        closing = Candidate(level * MILLION, ())

        def fall(top: Fraction, own: Fraction, rounded: Callable[[Fraction], Fraction] = rounded) -> Fraction:
            return rounded(max(Fraction(0), (top - own) / level / MILLION))

        def passes(value: Fraction) -> bool:
            return value <= Fraction("0.1")

        asked = Highest((closing, *one), one[-1], fall, passes)
        by_sum = WeightedSum((1 / level / MILLION, -1 / level / MILLION), rounded)
        summed = Highest((closing, *one), one[-1], fall, passes, by_sum)
        found = replicates_of_highest(weeks, 3, True, asked)
        assert replicates_of_highest(weeks, 3, True, summed) == found
        assert len(set(found.highs)) > 4


def test_figures_that_share_a_float_stand_in_their_own_order() -> None:
    tiny = Fraction(1, 10**30)
    figures = [
        Fraction(1, 3) + tiny,
        Fraction(1, 3),
        Fraction(2),
        Fraction(1, 3) - tiny,
        Fraction(-1),
        Fraction(1, 3),
    ]
    assert len({float(figure) for figure in figures}) == 3
    assert _ascending(figures) == [4, 3, 1, 5, 0, 2]


CASES = np.array([(1_000_000 + 20_000 * n, 2_000_000) for n in range(300)], dtype=np.int64)
"""More cases than are each asked for; on these the figures below are whole."""


@pytest.mark.parametrize(
    ("rounded", "moves"),
    [(lambda value: Fraction(round(value)), False), (lambda value: value, True)],
    ids=["rounded between the cases that are compared", "against a limit that moves"],
)
def test_a_formula_is_left_where_rounding_or_the_limit_gives_other_outcomes(
    rounded: Callable[[Fraction], Fraction], moves: bool
) -> None:
    cases = CASES.copy()
    # One case that is not compared lies between two whole figures.
    cases[4, 0] += 5_000

    def at(rates: tuple[int, ...]) -> tuple[bool, Fraction]:
        value = rounded(Fraction(rates[0] + rates[1], 20_000))
        return value >= (value if moves else 200), value

    verdicts, figures = by_formula(at, lambda value: value >= 200, rounded)(cases)
    assert not callable(verdicts)
    if not moves:
        # Without the deal's rounding the formula would be taken, and give that case another figure.
        taken, others = by_formula(at, lambda value: value >= 200)(cases)
        assert callable(taken)
        assert others != figures
    assert list(zip(verdicts.tolist(), figures, strict=True)) == [at(tuple(map(int, one))) for one in cases]

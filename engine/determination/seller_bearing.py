"""How a result depends on who sells: the test over subsets of the sellers of all its rates (`rulings.md` 59).

A single rate is counted exactly, however many sellers there are. Several rates go through `joint_subsets`,
with one subset for all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, takewhile
from math import lcm
from typing import TYPE_CHECKING, Literal

from engine.basics.seller_subsets import LEAST_SELLERS, TAILS, SellerWeek, seller_week
from engine.basics.values import Figure, Unit, counted
from engine.determination.facts import Facts, PrintKey
from engine.determination.measure_inputs import Used
from engine.determination.template import Maximum, Measurement, Missing
from engine.events.rates import Published
from engine.events.results import Bearing, Verdict, passes

if TYPE_CHECKING:
    from engine.determination.joint_subsets import Highest, Replicates

MILLION = 10**6
NEEDED = {95: "six", 80: "four"}
Outcome = tuple[bool, Fraction]
"""Whether the test passes, and the figure measured."""
Measured = Callable[[Facts], Measurement]
"""The test at given facts, with its figure rounded as the deal says. Raises Missing."""


@dataclass(frozen=True)
class MeasuredTest:
    """A test that has been measured.

    Attributes:
        facts: what it was measured on; the trace is the measure's own.
        measured: the test itself, at other facts.
        found: the measurement.
        level: the level in per cent at which the deal asks for decisiveness.
        maximum: how its figure looks at the highest value of a window, if it does.
        rounded: the deal's rounding of a figure.
    """

    facts: Facts
    measured: Measured
    found: Measurement
    level: Literal[95, 80] = 95
    maximum: Maximum | None = None
    rounded: Callable[[Fraction], Fraction] = lambda value: value

    @property
    def passed(self) -> bool:
        """Whether the test passes at the published values."""
        return self.passes(self.found.measured.value)

    @property
    def rates_used(self) -> tuple[Used, ...]:
        """The rates that the measure asked for."""
        return tuple(
            one
            for one in self.facts.trace.values()
            if one.unit is Unit.RATE and one.source.kind == "publication"
        )

    @property
    def prints(self) -> tuple[PrintKey, ...]:
        """The prints behind the rates used, each once, in the order asked."""
        return tuple(dict.fromkeys(one.of_print for one in self.rates_used if one.of_print is not None))

    def passes(self, value: Fraction) -> bool:
        """Return whether a figure passes against the test's limit."""
        return passes(
            Figure(value=value, unit=self.found.measured.unit), self.found.limit, self.found.comparison
        )


def seller_bearing(test: MeasuredTest) -> Bearing | None:
    """Return how the sellers bear on a result; None for a test without an index, which is decisive."""
    used = test.rates_used
    keys = test.prints
    if not used:
        return None
    # A rate that people set has not a listing behind it, so nothing shows that other sellers would agree.
    if any(one.of_print is None for one in used):
        return _open(test, "rate set by Act")
    prints = [_print_of(test.facts, key) for key in keys]
    unknown = next((why for one in prints if (why := why_not_known(one)) is not None), None)
    weeks = [week for one in prints if one is not None and (week := week_of(one)) is not None]
    # One print whose sellers are unknown leaves the result open: a subset has to apply to every print.
    if len(weeks) < len(keys):
        return _open(test, unknown or "sellers not known")
    # Listings that name nobody form one cluster with an empty name, which is not a seller.
    sellers = len({name for week in weeks for name in week.clusters if name})
    if not sellers:
        return _open(test, unknown or "sellers not known")
    try:
        found = _one_rate(test, keys[0], weeks[0]) if len(keys) == 1 else None
        found = found or _together(test, keys, weeks)
    except Missing as missing:
        return _open(test, f"not determined at some rates of its sellers: {missing.why.reason}")
    return _bearing(test, found, sellers, unknown)


def week_of(published: Published) -> SellerWeek | None:
    """Return the listings behind a print by seller; None if they are not known."""
    if not published.pooled or len(published.sellers) != len(published.pooled):
        return None
    return _week(published.pooled, published.sellers)


# The key is the whole content and cannot change, so a kept week is never out of date.
@lru_cache(maxsize=1024)
def _week(pooled: tuple[Decimal, ...], sellers: tuple[str | None, ...]) -> SellerWeek:
    return seller_week((seller, int(price.scaleb(6))) for seller, price in zip(sellers, pooled, strict=True))


def _print_of(facts: Facts, key: PrintKey) -> Published | None:
    """Return the print of a Publication Date: the one in the series, or the one behind this date's rate."""
    index, day = key
    published = takewhile(lambda one: one.publication_date >= day, reversed(facts.published.get(index, ())))
    # A rate rests on a print of its own date or of an earlier date, so no older rate is looked at.
    rates = takewhile(lambda rate: rate.on >= day, reversed(facts.rates.get(index, ())))
    prints = (*published, *(rate.published for rate in rates if rate.published is not None))
    there = [one for one in prints if one.publication_date == day and one.value is not None]
    # Of two records of one print, only the one with its sellers can be tested over subsets.
    return next((one for one in there if one.sellers), there[0] if there else None)


def why_not_known(published: Published | None) -> str | None:
    """Return the reason why the sellers behind a print are not known; None if they are."""
    if published is None:
        return "sellers not known: the print is not at hand"
    if published.source.startswith("published"):
        return "sellers not known: published by the administrator"
    week = week_of(published)
    if week is None:
        return "sellers not known: no listings stand beside the rate"
    return None if week.known else f"{week.unknown} of {counted(len(week.prices), 'listings')} name no seller"


def _open(test: MeasuredTest, why: str) -> Bearing:
    return Bearing(decisive=False, decisive_at=test.level, note=why)


@dataclass(frozen=True)
class Found:
    """What the replicates of a test gave.

    They give their number, the ends by level, the number whose verdict differs, and the share that fails.
    """

    replicates: int
    apart: int
    failing: Fraction
    ends: dict[int, tuple[Fraction, Fraction]]
    drawn: bool = False
    turns_at: Decimal | None = None


def _bearing(test: MeasuredTest, found: Found, sellers: int, unknown: str | None) -> Bearing:
    decisive = {
        # With fewer sellers a single subset is more than a tail, and the interval would promise too much.
        level: unknown is None and sellers >= LEAST_SELLERS[level] and tail * found.apart <= found.replicates
        for level, tail in TAILS.items()
    }
    ends = {
        level: pair
        for level, pair in found.ends.items()
        if unknown is None and sellers >= LEAST_SELLERS[level]
    }
    low, high = _figures(test, ends.get(95))
    low_80, high_80 = _figures(test, ends.get(80))
    at_low, at_high = (
        (_verdict(test.passes(end)) for end in ends[test.level]) if test.level in ends else (None, None)
    )
    few = (
        f"{counted(sellers, 'sellers')}; {NEEDED[test.level]} are needed"
        if sellers < LEAST_SELLERS[test.level]
        else None
    )
    return Bearing(
        decisive=decisive[test.level],
        decisive_at=test.level,
        decisive_95=decisive[95],
        decisive_80=decisive[80],
        at_low=at_low,
        at_high=at_high,
        low=low,
        high=high,
        low_80=low_80,
        high_80=high_80,
        sellers=sellers,
        replicates=found.replicates,
        drawn=found.drawn,
        apart=found.apart,
        share_failing_sellers=found.failing,
        turns_at=found.turns_at,
        note=unknown or few,
    )


def _figures(
    test: MeasuredTest, ends: tuple[Fraction, Fraction] | None
) -> tuple[Figure | None, Figure | None]:
    if ends is None:
        return None, None
    low, high = (Figure(value=end, unit=test.found.measured.unit) for end in ends)
    return low, high


def _verdict(passed: bool) -> Verdict:
    return Verdict.PASS if passed else Verdict.FAIL


# ---- one rate: exact for any number of sellers
# -------------------------------------------------------------------------


def _one_rate(test: MeasuredTest, key: PrintKey, week: SellerWeek) -> Found | None:
    """Return the outcome of a test of one rate, with its subsets counted by sums.

    The result is None if the figure does not move in one direction with the rate.
    """
    prices = week.distinct
    outcomes = _along(test, key, prices) or [_at(test, (key,), (price,)) for price in prices]
    figures = [figure for _, figure in outcomes]
    # Equal neighbours count as monotone, because a cap or a rounding leaves parts of a figure flat.
    rising = all(one <= next_one for one, next_one in pairwise(figures))
    falling = not rising and all(one >= next_one for one, next_one in pairwise(figures))
    if not (rising or falling):
        return None
    low, high = week.masses
    failing = [
        sum(mass for mass, (passed, _) in zip(masses, outcomes, strict=True) if not passed)
        for masses in (low, high)
    ]
    # The figure is monotone here, so one of the two corners holds every subset that either of them turns.
    apart = max(failing) if test.passed else week.subsets - min(failing)
    if rising:
        lows, highs = low, high
    else:  # the figures, too, are read from the least on
        figures, lows, highs = figures[::-1], high[::-1], low[::-1]
    turn = next(
        (price for price, (passed, _) in zip(prices, outcomes, strict=True) if passed != outcomes[0][0]), None
    )
    return Found(
        replicates=week.subsets,
        apart=apart,
        failing=Fraction(sum(failing), 2 * week.subsets),
        ends={level: _ends(figures, lows, highs, week.subsets // tail) for level, tail in TAILS.items()},
        turns_at=None if turn is None else Decimal(turn).scaleb(-6),
    )


CHECKED = 14
"""The number of prices at which a line is compared with the test itself."""


def _along(test: MeasuredTest, key: PrintKey, prices: Sequence[int]) -> list[Outcome] | None:
    """Return the outcomes at ascending prices by a line through the first and the last; None without one.

    In nearly every test of one rate the figure lies on a line, or one divided by it does. The line is taken
    only if it gives the figure of the test itself, exactly, at prices spread over all of them. There
    the limit must be the same, and the deal's rounding must change none of the line's figures.
    """
    if len(prices) <= 2 * CHECKED:
        return None
    last = len(prices) - 1
    places = [n * last // (CHECKED - 1) for n in range(CHECKED)]
    asked = {place: _measured_at(test, (key,), (prices[place],)) for place in places}
    # A limit that moves with the rate would give other verdicts than `passes` between these prices.
    against = (test.found.limit, test.found.comparison)
    if any((one.limit, one.comparison) != against for one in asked.values()):
        return None
    values = {place: one.measured.value for place, one in asked.items()}
    figures = _line(prices, values) or _line(prices, values, turned=True)
    # These prices may be ones that the deal's rounding leaves alone, while it changes the figures between.
    if figures is None or any(test.rounded(one) != one for one in figures):
        return None
    # The figures move in one direction, so the limit divides them in two.
    first = test.passes(figures[0])
    turn = bisect_left(figures, True, key=lambda figure: test.passes(figure) != first)
    return [((place < turn) == first, figure) for place, figure in enumerate(figures)]


def _line(
    prices: Sequence[int], asked: Mapping[int, Fraction], turned: bool = False
) -> list[Fraction] | None:
    """Return the figures of a line, or one divided by it if `turned`.

    The result is None if the line misses a figure asked for.
    """
    first, end = asked[0], asked[len(prices) - 1]
    if turned:
        # Between two of one sign a line does not meet zero, which nothing can be divided by.
        if first * end <= 0:
            return None
        first, end = 1 / first, 1 / end
    slope = (end - first) / (prices[-1] - prices[0])
    # Whole numbers on one scale: a fraction is made, and reduced, once for each figure.
    under = lcm(first.denominator, slope.denominator)
    start, rise = int(first * under), int(slope * under)
    sums = [start + rise * (price - prices[0]) for price in prices]
    figures = [Fraction(under, total) if turned else Fraction(total, under) for total in sums]
    return figures if all(figures[place] == figure for place, figure in asked.items()) else None


def _ends(
    figures: Sequence[Fraction], lows: Sequence[int], highs: Sequence[int], beyond: int
) -> tuple[Fraction, Fraction]:
    """Return the figures beyond which at most `beyond` subsets have their least or largest figure.

    The figures ascend; `lows` and `highs` are the numbers of subsets with each as least or largest.
    """
    return _reached(figures, lows, beyond), _reached(figures[::-1], highs[::-1], beyond)


def _reached(figures: Sequence[Fraction], masses: Sequence[int], beyond: int) -> Fraction:
    total = 0
    for figure, mass in zip(figures, masses, strict=True):
        total += mass
        if total > beyond:
            return figure
    return figures[-1]


def _at(test: MeasuredTest, keys: Sequence[PrintKey], micros: Sequence[int]) -> Outcome:
    """Return the outcome of the test if its prints had given these rates, in millionths."""
    found = _measured_at(test, keys, micros)
    return passes(found.measured, found.limit, found.comparison), found.measured.value


def _measured_at(test: MeasuredTest, keys: Sequence[PrintKey], micros: Sequence[int]) -> Measurement:
    """Return the measurement of the test if its prints had given these rates, in millionths."""
    rates = {key: Fraction(micro, MILLION) for key, micro in zip(keys, micros, strict=True)}
    return test.measured(test.facts.with_prints(rates))


# ---- several rates
# -----------------------------------------------------------------------------------------------------


def _together(test: MeasuredTest, keys: Sequence[PrintKey], weeks: Sequence[SellerWeek]) -> Found:
    from engine.determination import (
        joint_subsets as joint,
    )  # late: numpy is imported only where several rates meet

    first = next(
        (
            one.of_print
            for one in test.facts.trace.values()
            if one.index is not None and one.of_print is not None
        ),
        None,
    )
    # Without a rate of this date the place is -1, which matches not a single column: all rates move together.
    today = keys.index(first) if first is not None else -1
    if test.maximum is not None:
        replicates = joint.replicates_of_highest(
            weeks, today, test.passed, _highest(test, test.maximum, keys)
        )
    else:
        replicates = joint.replicates(
            weeks,
            today,
            test.passed,
            joint.by_formula(lambda rates: _at(test, keys, rates), test.passes, test.rounded),
        )
    return _of(replicates)


def _of(replicates: Replicates) -> Found:
    ends = {level: replicates.interval(level) for level in TAILS}
    return Found(replicates.subsets, replicates.apart, replicates.failing, ends, replicates.drawn)


def _highest(test: MeasuredTest, maximum: Maximum, keys: Sequence[PrintKey]) -> Highest:
    """Return the window's values and this date's, each as a weighted sum of prints.

    The weights are found by moving one print at a time.
    """
    from engine.determination import joint_subsets as joint

    # The weights are differences. A move from 1 to 2 gives the weight itself,
    # so any other base would only divide.
    base = {key: Fraction(1) for key in keys}

    def values(rates: dict[PrintKey, Fraction]) -> list[Fraction]:
        facts = test.facts.with_prints(rates)
        return [*(value for _, value in maximum.window(facts)), maximum.today(facts)]

    flat = values(base)
    moved = [values({**base, key: Fraction(2)}) for key in keys]
    candidates = []
    for place, value in enumerate(flat):
        # A print that does not move this value is left out, so that later sums run over few columns.
        weights = tuple((n, other[place] - value) for n, other in enumerate(moved) if other[place] != value)
        constant = value - sum((weight for _, weight in weights), Fraction(0))
        # Rates come in millionths, so the constant goes onto their scale. The weights are ratios and stay.
        candidates.append(joint.Candidate(constant * MILLION, weights))

    def figure(top: Fraction, own: Fraction) -> Fraction:
        return test.rounded(maximum.figure(top / MILLION, own / MILLION))

    by_sum = None
    if maximum.weights is not None:
        of_highest, of_today = maximum.weights
        by_sum = joint.WeightedSum((of_highest / MILLION, of_today / MILLION), test.rounded)
    return joint.Highest(tuple(candidates[:-1]), candidates[-1], figure, test.passes, by_sum)

"""The least number of invented listings that moves a week's value, if the attacker chooses prices and days.

The ruling is `rulings.md` 63. Each collected day has its own number of listings and its own price. What a day
gives towards the target is what it keeps on the target's side less what it keeps on the other side. So days
are joined by adding. Prices are in millionths of USD per GPU-hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite

from engine.market.methodology import Methodology
from engine.market.quality.manipulation import Day, DayPrices, week_value

PRICED_FROM, PRICED_TO = 20, 300
"""The prices that are tried on the target's side, in whole per cent of the value."""


Plan = tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class FakePlan:
    """The cheapest way to move the value to a target.

    Attributes:
        target: the value aimed at, in USD per GPU-hour.
        listing_days: listings, each counted once for every day on which it stands.
        days: for each collected day, how many listings and at what price in millionths; None without any.
    """

    target: Fraction
    listing_days: int
    days: Plan

    @property
    def most_on_one_day(self) -> int:
        """The largest number of invented listings on one day."""
        return max((count for count, _ in self.days), default=0)


Ways = Mapping[tuple[float, float], Plan]
"""By the prices nearest to the target, the plan that leaves them.

The two prices lie on the target's side and on the other, signed so that smaller is better. A pair is left out
if another is better in both.
"""


@dataclass(frozen=True, slots=True)
class _Given:
    """What some days, with invented listings at one total cost, contribute towards the target.

    Attributes:
        gift: the number of prices at the target or beyond it, less the number of the others; if it is above
            0, the median reaches the target.
        ways: the plans with that cost and gift that no other plan beats in both prices.
    """

    gift: int
    ways: Ways


NOTHING = _Given(0, {(-inf, inf): ()})


@dataclass(frozen=True)
class _Attack:
    """A target, and the prices tried on its side.

    Attributes:
        sign: 1 if the value is to fall to the target, -1 if it is to rise to it.
        target: the target in millionths.
        prices: the prices that an invented listing may have, in millionths.
    """

    sign: int
    target: Fraction
    prices: tuple[int, ...]

    def plan_of(self, given: _Given) -> Plan | None:
        """Return a plan that brings the median to the target or beyond; None without one.

        `given` is what the days together give towards the target.
        """
        for (near, far), plan in given.ways.items():
            between = isfinite(near) and isfinite(far) and int(near) + int(far) <= 2 * self.sign * self.target
            if given.gift > 0 or (given.gift == 0 and between):
                return plan
        return None


def least_fakes(days: Sequence[Day], methodology: Methodology, target: Fraction) -> FakePlan | None:
    """Return the least listing-days that bring a week's value to a target or beyond it, and one way to do it.

    Args:
        days: the collected days of the window with their Qualifying Listings.
        methodology: the version that makes the value.
        target: the value to be reached, in USD per GPU-hour; a target below the value means a fall, one above
        it a rise.

    Returns:
        None if the week has no value, or if no plan of reasonable size reaches the target.
    """
    true = week_value(days, methodology)
    if true is None:
        return None
    attack = _attack(true, target)
    listed = [DayPrices(listings, methodology) for _, listings in days]
    plans = [_least(attack, listed, methodology.daily_minimum, short=False)]
    # If some day counts already, days below the minimum are not pooled, because listings are never taken
    # away.
    if methodology.when_no_day_counts == "pool_all" and all(
        len(day.micros) < methodology.daily_minimum for day in listed
    ):
        plans.append(_least(attack, listed, methodology.daily_minimum, short=True))
    reachable = [plan for plan in plans if plan is not None]
    return min(reachable, key=lambda plan: plan.listing_days) if reachable else None


def _attack(true: Fraction, target: Fraction) -> _Attack:
    sign = 1 if target <= true else -1
    micro = target * 10**6
    # Rounded towards the far side of the target, so that a listing there has reached it.
    nearest = micro.numerator // micro.denominator if sign > 0 else -(-micro.numerator // micro.denominator)
    shares = (int(true * share * 10**4) for share in range(PRICED_FROM, PRICED_TO + 1))
    return _Attack(
        sign, micro, (nearest, *(price for price in shares if price > 0 and sign * price <= sign * micro))
    )


def _least(attack: _Attack, listed: Sequence[DayPrices], minimum: int, short: bool) -> FakePlan | None:
    """Return the cheapest plan; None if no plan of reasonable size reaches the target.

    With `short` every day stays below the daily minimum, so that all days are pooled.
    """
    most = 2 * sum(len(day.micros) for day in listed) + minimum
    options: list[list[_Given | None]] = [[] for _ in listed]
    joined: list[list[_Given | None]] = [[] for _ in listed]
    # By rising cost, so the first plan that reaches the target is the least.
    for cost in range(most + 1):
        for place, day in enumerate(listed):
            options[place].append(_option(attack, day, cost, minimum, short))
            before = joined[place - 1] if place else [NOTHING]
            pairs = ((before[cost - k], options[place][k]) for k in range(cost + 1) if cost - k < len(before))
            joined[place].append(
                _best(_with(cost, other) for cost, other in pairs if cost is not None and other is not None)
            )
        cheapest = joined[-1][cost] if listed else None
        plan = attack.plan_of(cheapest) if cheapest is not None else None
        if plan is not None:
            return FakePlan(attack.target / 10**6, cost, plan)
    return None


def _option(attack: _Attack, day: DayPrices, count: int, minimum: int, short: bool) -> _Given | None:
    """Return the best contribution of one day with `count` invented listings.

    If `short` is True, only days below `minimum` listings count, otherwise only the other days. The result is
    None if the listings would stand on a day that does not count.
    """
    if (len(day.micros) + count >= minimum) == short:
        return None if short or count else _Given(0, {(-inf, inf): ((0, None),)})
    # Without a listing the price does not matter, so one contribution stands for all prices.
    if count == 0:
        return _kept(attack, day, 0, None)
    return _best(_kept(attack, day, count, price) for price in attack.prices)


def _kept(attack: _Attack, day: DayPrices, count: int, price: int | None) -> _Given:
    """Return the contribution of one day with `count` invented listings at `price`, outliers removed."""
    low, high, stay = day.kept(price or 0, count)
    micros, target = day.micros, attack.target
    if attack.sign > 0:
        cut = min(high, max(low, bisect_right(micros, target)))
        near, far = (micros[cut - 1] if cut > low else -inf), (micros[cut] if cut < high else inf)
        gift = (cut - low) - (high - cut)
    else:
        cut = min(high, max(low, bisect_left(micros, target)))
        near, far = (-micros[cut] if cut < high else -inf), (-micros[cut - 1] if cut > low else inf)
        gift = (high - cut) - (cut - low)
    if price is not None and stay:
        gift, near = gift + count, max(near, attack.sign * price)
    return _Given(gift, {(near, far): ((count, price),)})


def _with(plan: _Given, other: _Given) -> _Given:
    """Return what two groups of days give together."""
    joined = {
        (max(near, close), min(far, away)): first + second
        for (near, far), first in plan.ways.items()
        for (close, away), second in other.ways.items()
    }
    return _Given(plan.gift + other.gift, _unbeaten(joined))


def _best(given: Iterable[_Given]) -> _Given | None:
    """Return the plan with the largest gift; None without any.

    Equal plans are joined. The joined plan keeps the prices that no other beats.
    """
    best: _Given | None = None
    for plan in given:
        if best is None or plan.gift > best.gift:
            best = plan
        elif plan.gift == best.gift and not plan.ways.keys() <= best.ways.keys():
            best = _Given(best.gift, _unbeaten({**plan.ways, **best.ways}))
    return best


def _unbeaten(ways: Ways) -> Ways:
    """Return the ways that no other way beats.

    A way beats another if each of its two prices is at most the other's.
    """
    if len(ways) < 2:
        return ways
    return {
        cost: plan
        for cost, plan in ways.items()
        if not any(other != cost and other[0] <= cost[0] and other[1] <= cost[1] for other in ways)
    }

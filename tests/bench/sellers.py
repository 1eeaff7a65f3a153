"""`make bench`, sellers: what one seller or invented listings can do to a week, and the shadow rate, each
beside the plain way.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd

from engine.market.listing import Observation
from engine.market.methodology import Methodology, load_methodology
from engine.market.quality.fake_listings import PRICED_FROM, PRICED_TO, least_fakes
from engine.market.quality.manipulation import MOVES, Day, week_value
from engine.market.quality.seller_withdrawal import (
    REPRICED_FROM,
    REPRICED_TO,
    largest_seller,
    least_leaving,
    repricing,
    sellers_of,
)
from engine.market.seller_votes import shadow_rate
from tests.market.naive import outliers_removed

Work = Callable[[], object]
Compared = tuple[str, str, Work, Work, str]
"""What is measured, against what, ours, the other, and the least ratio that is asked for."""
FIRST = date(2026, 3, 5)
COLLECTIONS = 21
"""Three collections a day for a week."""


def days_of(sellers: int, days: int = 7, seed: int = 4) -> tuple[Day, ...]:
    """Return a generated week: each day, each seller lists up to four machines about a price of its own."""
    chance = random.Random(seed)
    own = {f"s{n:02}": chance.lognormvariate(0.6, 0.2) for n in range(sellers)}

    def listed() -> Iterator[Observation]:
        for name, price in own.items():
            for machine in range(chance.randrange(5)):
                yield Observation(
                    round(price * chance.lognormvariate(0, 0.05) * 1e6), name, f"{name}-{machine}"
                )

    return tuple((FIRST + timedelta(days=n), tuple(listed())) for n in range(days))


def plain_week(frame: pd.DataFrame, methodology: Methodology) -> float:
    """Return a week's value by pandas: the days that count, without outliers, pooled."""
    counting = [day for _, day in frame.groupby("day")["micro"] if len(day) >= methodology.daily_minimum]
    return float(np.median(np.concatenate([outliers_removed(day) for day in counting]))) if counting else 0.0


def framed(days: tuple[Day, ...]) -> pd.DataFrame:
    """Return a week's listings as a table."""
    rows = [(day, one.host, one.micro, one.machine) for day, observations in days for one in observations]
    return pd.DataFrame(rows, columns=["day", "seller", "micro", "machine"])


def leaving(sellers: int, methodology: Methodology) -> Compared:
    """Every group of up to three sellers, none of which moves the value that far."""
    days = days_of(sellers)
    frame, names = framed(days), sellers_of(days)

    def plain() -> object:
        groups = [group for size in (1, 2, 3) for group in combinations(names, size)]
        return [plain_week(frame[~frame["seller"].isin(group)], methodology) for group in groups]

    size = f"sellers leave: all groups of 1 to 3 of {sellers}"
    asked = "floor 20x"
    return size, "each group's week by pandas", lambda: least_leaving(days, methodology, _never), plain, asked


def _never(_: Fraction | None) -> bool:
    return False


def reprices(methodology: Methodology) -> Compared:
    """The largest seller at each whole per cent of the value."""
    days = days_of(8)
    frame, seller = framed(days), largest_seller(days)
    true = plain_week(frame, methodology)
    theirs = frame["seller"] == seller

    def plain() -> object:
        made = [
            plain_week(frame.assign(micro=frame["micro"].where(~theirs, true * share / 100)), methodology)
            for share in range(REPRICED_FROM, REPRICED_TO + 1)
        ]
        return min(made), max(made)

    said = "the largest seller reprices, 281 prices"
    return said, "each price's week by pandas", lambda: repricing(days, methodology), plain, "floor 15x"


def invented(methodology: Methodology) -> Compared:
    """One day, so that every count and price can be written out; the same least number first."""
    days = days_of(6, days=1)
    true = week_value(days, methodology)
    assert true is not None
    target = true * Fraction(9, 10)
    found = least_fakes(days, methodology, target)
    assert found is not None

    def plain() -> int:
        day, observations = days[0]
        prices = [int(true * share * 10**4) for share in range(PRICED_FROM, PRICED_TO + 1)]
        tried = [price for price in prices if price <= target * 10**6] + [int(target * 10**6)]
        for count in range(found.listing_days + 1):
            for price in tried:
                value = week_value([(day, (*observations, *(Observation(price),) * count))], methodology)
                if value is not None and value <= target:
                    return count
        return -1

    assert plain() == found.listing_days
    return (
        "invented listings, one day, free price",
        "every count and price written out",
        lambda: least_fakes(days, methodology, target),
        plain,
        "",
    )


def votes() -> Compared:
    """Twenty-one collections of twelve sellers; the same rate first."""
    collections = [observed for n in range(3) for _, observed in days_of(12, seed=n)]
    rows = [(n, one.host, one.machine, one.micro) for n, found in enumerate(collections) for one in found]
    frame = pd.DataFrame(rows, columns=["collection", "seller", "machine", "micro"])

    def plain() -> float:
        machines = frame.groupby(["collection", "seller", "machine"])["micro"].median()
        sellers = machines.groupby(["collection", "seller"]).median().groupby("seller").median()
        return float(sellers.median()) / 1e6

    ours = shadow_rate(collections)
    assert ours is not None
    assert len(collections) == COLLECTIONS
    assert abs(float(ours.rate) - plain()) < 1e-9
    return (
        "shadow rate, 21 collections, 12 sellers",
        "medians by pandas",
        lambda: shadow_rate(collections),
        plain,
        "",
    )


def rows() -> Iterator[Compared]:
    """Yield what `sellers.md` asks a speed of, each beside the plain way."""
    methodology = load_methodology("1.1.1")
    yield leaving(8, methodology)
    yield reprices(methodology)
    yield invented(methodology)
    yield votes()


def spent(work: Work) -> float:
    """Return the CPU seconds of one run."""
    started = time.process_time()
    work()
    return time.process_time() - started


def whole_week() -> None:
    """Print what has no plain way of a useful length: the six targets of a whole week, and a market of twenty
    sellers.
    """
    methodology, days, many = load_methodology("1.1.1"), days_of(8), days_of(20)
    true = week_value(days, methodology)
    assert true is not None
    targets = [true * (1 + sign * move) for move in MOVES for sign in (-1, 1)]
    seconds = [spent(lambda target=target: least_fakes(days, methodology, target)) for target in targets]
    groups = sum(1 for size in (1, 2, 3) for _ in combinations(sellers_of(many), size))
    left = spent(lambda: least_leaving(many, methodology, _never))
    listings = sum(len(found) for _, found in days)
    middle, most = statistics.median(seconds), max(seconds)
    print(f"\nsellers: CPU seconds; a week of {listings} listings of 8 sellers, and one of 20 sellers")
    print(
        f"  invented listings at free prices and days: {middle:.2f} s a target in the middle of six, "
        f"{most:.2f} s at most"
    )
    print(f"  all {groups:,} groups of up to three of 20 sellers leave: {left:.2f} s")

"""Rental and resale depreciation, their spread, generation spreads, and the paper's reference data.

See WP §4, §6. Falls are negative, as in the equations. Reconstructed history is labelled as such and enters
no test (`rulings.md` 37).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

Series = Sequence[tuple[date, Fraction]]
"""(date, published value) pairs, oldest first; dates without a value are left out."""
WEEKS_OF_A_YEAR = 52
SETTLED_WEEKS = 13
SETTLED_WITHIN = Fraction(10, 100)
TRANSITION_WEEKS = 26


@dataclass(frozen=True, slots=True)
class UsefulLife:
    """One market participant's assumption of a GPU's useful life (WP Table 1)."""

    entity: str
    category: str
    years: str
    annual: str
    basis: str


USEFUL_LIVES = (
    UsefulLife("CoreWeave", "neocloud operator", "6", "about 17%", "management estimate"),
    UsefulLife("Amazon", "hyperscaler", "5", "about 20%", "revised from 6 years in February 2025"),
    UsefulLife("Meta", "hyperscaler", "5.5", "about 18%", "management estimate"),
    UsefulLife("Google", "hyperscaler", "6", "about 17%", "management estimate"),
    UsefulLife("Nebius", "neocloud operator", "4", "about 25%", "management estimate"),
    UsefulLife("Lambda Labs", "neocloud operator", "5", "about 20%", "management estimate"),
    UsefulLife("Groq", "AI chip company", "1", "about 100%", "public statement"),
    UsefulLife("USD.AI / Hydra", "lending protocol", "about 6", "17%", "longevity study"),
    UsefulLife("Aravolta", "monitoring platform", "varies", "30 to 45% by workload", "fleet telemetry"),
)


@dataclass(frozen=True, slots=True)
class Transition:
    """The fall of one generation's price as its successor came (WP §6.2).

    The paper reconstructed it from list and spot prices.
    """

    name: str
    first: Fraction
    last: Fraction
    years: Fraction
    stated: str
    """The cumulative decline in the paper's own words.

    The middles of the paper's ranges give another figure than the one that the paper states.
    """

    @property
    def fallen(self) -> Fraction:
        """The cumulative change as a share; negative."""
        return (self.last - self.first) / self.first

    @property
    def annual(self) -> float:
        """The compound annual decline that the change implies, as a share."""
        return 1 - math.exp(math.log(float(self.last / self.first)) / float(self.years))


TRANSITIONS = (
    Transition("V100 to A100", Fraction("2.48"), Fraction("0.55"), Fraction(5), "about 78%"),
    Transition("A100 to H100", Fraction("4.10"), Fraction("1.29"), Fraction(3), "about 69%"),
    Transition(
        "H100 to the next, middle of both ranges",
        Fraction(9),
        Fraction("2.5"),
        Fraction(3, 2),
        "about 60 to 70%",
    ),
)


def depreciation(series: Series, since: date | None = None) -> tuple[tuple[date, Fraction], ...]:
    """Return (date, change) of each value against the first value on or after `since`.

    The change is a share of that first value. This is eq. 1 for rates, and eq. 2 for prices.
    """
    known = [(day, value) for day, value in series if since is None or day >= since]
    return tuple((day, (value - known[0][1]) / known[0][1]) for day, value in known)


def spread(
    rental: Series, resale: Series, since: date | None = None
) -> tuple[tuple[date, Fraction, Fraction, Fraction], ...]:
    """Return (date, rental change, resale change, spread S) for each date of a resale quote (eq. 3).

    The rental change is that of the newest rental value by that date. Both curves are measured from the first
    date on which both are known, or from `since` if that is later.
    """
    starts = [series[0][0] for series in (rental, resale) if series]
    if len(starts) < 2:
        return ()
    # Before both curves are known a spread would compare falls over different times.
    reference = max(*starts, since or date.min)
    rent, sale = _known_by(rental, reference), _known_by(resale, reference)
    if rent is None or sale is None:
        return ()
    points = []
    for day, price in resale:
        # The rental value known by the quote's date is taken, never a later one.
        now = _known_by(rental, day)
        if day >= reference and now is not None:
            one, other = (now - rent) / rent, (price - sale) / sale
            points.append((day, one, other, one - other))
    return tuple(points)


def _known_by(series: Series, day: date) -> Fraction | None:
    """Return the newest value dated on or before a day; None without one."""
    return next((value for on, value in reversed(series) if on <= day), None)


def generation_spread(newer: Series, older: Series) -> tuple[tuple[date, Fraction, Fraction], ...]:
    """Return (date, ratio, difference) of two indices for each date on which both were published."""
    of_older = dict(older)
    return tuple(
        (day, value / of_older[day], value - of_older[day]) for day, value in newer if day in of_older
    )


def lacking(series: Mapping[str, Series], newer: str | None) -> tuple[str, ...]:
    """Return in words which of the paper's three conditions a depreciation index still lacks (WP §6.1).

    The result is empty if the index can be computed.

    Args:
        series: each generation's published values under one methodology version.
        newer: the generation whose arrival is the transition, if one is named.
    """
    said = []
    # A generation without a value is not one of the two that the paper asks for (`rulings.md` 38).
    long_enough = [name for name, prints in series.items() if prints]
    if len(long_enough) < 2:
        said.append(
            f"(a) two generations under one version: {len(long_enough)} has values"
            if long_enough
            else "(a) no generation has values"
        )
    if newer is None or newer not in series or not series[newer]:
        said.append("(b) one observed transition: no newer generation with values is named")
    else:
        older = [name for name in long_enough if name != newer]
        if not any(_settled(series[name], series[newer][0][0]) for name in older):
            said.append(
                f"(b) one observed transition: no older generation has {TRANSITION_WEEKS} weeks before "
                f"{newer} and "
                f"{SETTLED_WEEKS} settled ones after it"
            )
    for name in long_enough:
        if len(series[name]) < WEEKS_OF_A_YEAR:
            said.append(f"(c) {WEEKS_OF_A_YEAR} weekly values: {name} has {len(series[name])}")
    return tuple(said)


def one_version(versions: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Return in words what stands against comparing series (WP §6.1 (a)); empty if nothing does.

    Their values may be of several methodology versions, or of a version that is not stated.

    Args:
        versions: for each series, how many of its values each version made. An empty version is one that the
            source left out.
    """
    names = {version for of_series in versions.values() for version in of_series}
    # A version that is not stated may be any, so it cannot be shown to be the same.
    if len(names) < 2 and "" not in names:
        return ()
    said = "; ".join(f"{name} has {_counted(made)}" for name, made in versions.items() if made)
    return (f"(a) one version: {said}",)


def _counted(made: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count} under {version or 'a version that is not stated'}"
        for version, count in sorted(made.items())
    )


def _settled(older: Series, arrival: date) -> bool:
    """Return whether an older generation has settled at a new level since the newer one arrived.

    It must also have been seen long enough before the arrival.
    """
    before = [value for day, value in older if day < arrival]
    # Only the newest weeks count: prices move as the successor arrives, and settle later.
    after = [value for day, value in older if day >= arrival][-SETTLED_WEEKS:]
    if len(before) < TRANSITION_WEEKS or len(after) < SETTLED_WEEKS:
        return False
    return max(after) - min(after) <= SETTLED_WITHIN * min(after)


def annual_decline(series: Series) -> float | None:
    """Return the compound annual decline from the first value to the last, as a share.

    The result is None if the series covers less than a quarter of a year.
    """
    if len(series) < 2 or series[-1][0] - series[0][0] < timedelta(weeks=13):
        return None
    years = (series[-1][0] - series[0][0]).days / 365
    # A float is enough: the decline is printed for orientation and enters no test.
    return 1 - math.exp(math.log(float(series[-1][1] / series[0][1])) / years)

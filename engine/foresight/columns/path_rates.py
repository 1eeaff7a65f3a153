"""The rates of many paths side by side, in whole ticks of USD 0.0001, with the statistics that tests need."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.basics.kept_by_identity import kept_by_identity
from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.reference_rate import reference_rate
from engine.events.rates import Published
from engine.foresight.rate_paths import NO_VALUE, TICK
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import IndexTerms

Ticks = NDArray[np.int64]
TermsOn = Callable[[str, date], IndexTerms | None]
"""From an index and a day to what the deal then says about it; None if it does not name it."""
LARGEST = 2**62
"""A sum beyond this could overflow, so the test runs path by path."""


@dataclass(frozen=True)
class PathRates:
    """Published values of many paths.

    Attributes:
        dates: the Publication Dates, oldest first.
        ticks: for each index the values, a row for each date and a column for each path; `NO_VALUE` without
            a value.
    """

    dates: tuple[date, ...]
    ticks: Mapping[str, Ticks]

    @property
    def paths(self) -> int:
        """The number of paths."""
        return int(next(iter(self.ticks.values())).shape[1])

    @cached_property
    def top(self) -> int:
        """The highest value of any path, in ticks."""
        return max((int(ticks.max(initial=0)) for ticks in self.ticks.values()), default=0)

    def up_to(self, day: date) -> int:
        """Return how many Publication Dates lie on or before a day."""
        return bisect_right(self.dates, day)

    def published(self, index: str, day: date) -> Ticks:
        """Return the value published on a day, for each path.

        It is `NO_VALUE` everywhere on a day that is not a Publication Date.
        """
        row = self.up_to(day) - 1
        if row < 0 or self.dates[row] != day:
            return np.full(self.paths, NO_VALUE, dtype=np.int64)
        ticks: Ticks = self.ticks[index][row]
        return ticks

    def reference(self, index: str, terms: IndexTerms | None, day: date) -> Ticks:
        """Return each path's Reference Rate of a day by the deal's fallback: the newest value not too old.

        An index without terms on the day has no rate.
        """
        known = self.up_to(day)
        flags = np.full(self.paths, NO_VALUE, dtype=np.int64)
        for age in range(min(oldest(terms) + 1, known) if terms is not None else 0):
            flags = np.where(flags == NO_VALUE, self.ticks[index][known - 1 - age], flags)
        return flags

    def tried(self, index: str, day: date, ticks: Sequence[int]) -> PathRates:
        """Return this single path once for each of `ticks`, with the tick as its newest value by a day."""
        beside = {name: np.repeat(one, len(ticks), axis=1) for name, one in self.ticks.items()}
        beside[index][self.up_to(day) - 1] = ticks
        return PathRates(self.dates, beside)


def one_value(dates: Sequence[date], indices: Sequence[str], tick: int) -> PathRates:
    """Return one path on which every index has the same value on every date."""
    return PathRates(tuple(dates), {name: np.full((len(dates), 1), tick, dtype=np.int64) for name in indices})


FIRST = date(2026, 1, 1)
OLDEST_TRIED = 60
ANY = "any index"


@kept_by_identity(256)
def oldest(terms: IndexTerms) -> int:
    """Return the age in Publication Dates up to which the fallback still gives a value.

    The fallback itself is asked.
    """
    days = tuple(publication_dates(FIRST, FIRST + timedelta(weeks=OLDEST_TRIED + 1)))
    value = Published(index=ANY, publication_date=days[0], value=Decimal(1), published_on=days[0])
    for age in range(OLDEST_TRIED):
        empty = tuple(
            Published(index=ANY, publication_date=day, value=None, published_on=day)
            for day in days[1 : age + 1]
        )
        if reference_rate(terms, ANY, days[age], (value, *empty)).value is None:
            return age - 1
    return OLDEST_TRIED


@dataclass(frozen=True)
class Scaled:
    """A linear form in whole numbers; `unit` of them make one USD per GPU-hour."""

    form: LinearForm
    unit: int
    weights: tuple[int, ...]

    @property
    def limit(self) -> Fraction | None:
        """The form's limit in whole numbers; None if it does not have one."""
        return None if self.form.limit is None else self.form.limit * self.unit


def scaled(form: LinearForm) -> Scaled:
    """Return a form whose weights and Closing Date levels are made whole numbers."""
    # Whole numbers throughout: a float sum could put a path on the other side of a limit.
    common = math.lcm(*(weight.denominator for _, weight in form.parts))
    statistics = [one for one, _ in form.parts] + ([form.gate.statistic] if form.gate is not None else [])
    levels = [
        (statistic.at_closing * TICK).denominator
        for statistic in statistics
        if statistic.at_closing is not None
    ]
    if form.gate is not None:
        levels += [(form.gate.level * TICK).denominator, (form.gate.otherwise * TICK).denominator]
    finer = math.lcm(*levels, 1)
    return Scaled(form, TICK * common * finer, tuple(int(weight * common) for _, weight in form.parts))


def values_of(one: Scaled, rates: PathRates, terms_on: TermsOn, day: date) -> tuple[Ticks, NDArray[np.bool_]]:
    """Return the form on each path in whole numbers, and whether every value that it needs is there.

    Args:
        one: the form.
        rates: the paths.
        terms_on: what the deal says about an index on a day.
        day: the date.

    Raises:
        OverflowError: the sums could pass 2^62.
    """
    total = np.zeros(rates.paths, dtype=np.int64)
    there = np.ones(rates.paths, dtype=bool)
    finer = one.unit // TICK
    per_tick = finer // math.lcm(*(weight.denominator for _, weight in one.form.parts))
    # Numpy's whole numbers would pass their end without a word, so a factor of 64 is kept free.
    if sum(abs(weight) for weight in one.weights) * per_tick * max(rates.top, 1) * 64 > LARGEST:
        raise OverflowError
    for (statistic, _), weight in zip(one.form.parts, one.weights, strict=True):
        values, has = _statistic(statistic, rates, terms_on, day, per_tick)
        total = total + weight * values
        there &= has
    gate = one.form.gate
    if gate is not None:
        reached, _ = _statistic(gate.statistic, rates, terms_on, day, per_tick)
        total = np.where(reached >= int(gate.level * TICK * per_tick), total, int(gate.otherwise * one.unit))
    return total, there


def _statistic(
    statistic: Statistic, rates: PathRates, terms_on: TermsOn, day: date, per_tick: int
) -> tuple[Ticks, NDArray[np.bool_]]:
    index = statistic.index
    if statistic.kind == "published":
        values = rates.published(index, day)
        return values * per_tick, values != NO_VALUE
    if statistic.kind == "rate":
        values = rates.reference(index, terms_on(index, day), day)
        return values * per_tick, values != NO_VALUE
    if statistic.kind == "sum of rates":
        each = [
            # By the fallback of that date: an amendment changes no rate of the past.
            rates.reference(index, terms_on(index, on), on)
            for on in rates.dates[: rates.up_to(day)][-statistic.count :]
        ]
        there = (
            np.logical_and.reduce([ticks != NO_VALUE for ticks in each])
            if each
            else np.zeros(rates.paths, dtype=bool)
        )
        return sum(each, np.zeros(rates.paths, dtype=np.int64)) * per_tick, there & (
            len(each) == statistic.count
        )
    rows = [
        row
        for row in range(rates.up_to(day))
        if statistic.since is None or rates.dates[row] >= statistic.since
    ]
    window = [rates.ticks[index][row] for row in rows]
    closing = None if statistic.at_closing is None else int(statistic.at_closing * TICK * per_tick)
    if statistic.kind == "highest":
        top = (
            np.maximum.reduce(window) * per_tick if window else np.full(rates.paths, NO_VALUE, dtype=np.int64)
        )
        return (top if closing is None else np.maximum(top, closing)), np.ones(rates.paths, dtype=bool)
    values = np.full(rates.paths, NO_VALUE, dtype=np.int64)
    for ticks in window:
        values = np.where(values == NO_VALUE, ticks, values)
    if closing is not None:
        return np.full(rates.paths, closing, dtype=np.int64), np.ones(rates.paths, dtype=bool)
    return values * per_tick, values != NO_VALUE

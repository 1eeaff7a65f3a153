"""The rates of many paths side by side, in whole ticks of USD 0.0001, with the statistics that tests need."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.basics.kept_by_identity import kept_by_identity
from engine.basics.values import Figure
from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.reference_rate import reference_rate
from engine.events.rates import Published
from engine.foresight.columns.linked_values import LARGEST, at_closing, linked_values, parts_of_unit
from engine.foresight.linked_facts import Link
from engine.foresight.rate_paths import NO_VALUE, TICK
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import IndexTerms

Ticks = NDArray[np.signedinteger[Any]]
Width = type[np.int32] | type[np.int64]
Flags = NDArray[np.bool_]
TermsOn = Callable[[str, date], IndexTerms | None]
"""From an index and a day to what the deal then says about it; None if it does not name it."""
NARROW = 2**31
"""Numbers below this fit in half the width, which takes half the memory and half the time."""
KEPT = 128
"""The number of readings that are kept, so that the tests of a date share them."""


class Reading(NamedTuple):
    """A number of each path's rates, and where every value that it needs is there; None if it is everywhere.

    Nothing writes into either array.
    """

    values: Ticks
    there: Flags | None


class _Highest(NamedTuple):
    first: int
    known: int
    values: Ticks


@dataclass(frozen=True)
class PathRates:
    """Published values of many paths.

    Attributes:
        dates: the Publication Dates, oldest first.
        ticks: for each index the values, a row for each date and a column for each path; `NO_VALUE` without
            a value.
        links: the figures that follow an index, which the reports of each path say for themselves.
    """

    dates: tuple[date, ...]
    ticks: Mapping[str, Ticks]
    links: tuple[Link, ...] = ()
    _readings: dict[tuple[str, int, int], Reading] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _highest: dict[str, _Highest] = field(default_factory=dict, init=False, repr=False, compare=False)
    _linked: dict[str, Ticks] = field(default_factory=dict, init=False, repr=False, compare=False)

    def narrow(self) -> PathRates:
        """Return the same rates in numbers of half the width, if they fit."""
        if self.top >= NARROW:
            return self
        return PathRates(
            self.dates,
            {name: ticks.astype(np.int32, copy=False) for name, ticks in self.ticks.items()},
            self.links,
        )

    def linked(self, name: str, day: date) -> Ticks:
        """Return what each path's report of a day says of a linked figure, in whole numbers."""
        link = next(one for one in self.links if one.figure == name)
        known = self.up_to(day)
        if known == 0:
            return np.full(self.paths, at_closing(link), dtype=np.int64)
        if name not in self._linked:
            self._linked[name] = linked_values(link, self.ticks[link.index])
        values: Ticks = self._linked[name][known - 1]
        return values

    def told(self, name: str, day: date, path: int) -> Figure:
        """Return what the report of a day says of a linked figure on one path."""
        link = next(one for one in self.links if one.figure == name)
        value = Fraction(int(self.linked(name, day)[path]), parts_of_unit(link))
        return Figure(value=value, unit=link.unit)

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
        return self.announced(index, day).values

    def reference(self, index: str, terms: IndexTerms | None, day: date) -> Ticks:
        """Return each path's Reference Rate of a day by the deal's fallback: the newest value not too old.

        An index without terms on the day has no rate.
        """
        return self.referred(index, terms, day).values

    def referred(self, index: str, terms: IndexTerms | None, day: date) -> Reading:
        """Return each path's Reference Rate of a day, and where there is one."""
        return self._newest(index, self.up_to(day), 0 if terms is None else oldest(terms) + 1)

    def announced(self, index: str, day: date) -> Reading:
        """Return each path's value published on a day, and where there is one."""
        known = self.up_to(day)
        return self._newest(index, known, 1 if known and self.dates[known - 1] == day else 0)

    def _newest(self, index: str, known: int, most: int) -> Reading:
        """Return the newest value of the last `most` of the first `known` dates."""
        most = min(most, known)
        if (index, known, most) not in self._readings:
            if len(self._readings) >= KEPT:
                self._readings.pop(next(iter(self._readings)))
            self._readings[index, known, most] = self._read(index, known, most)
        return self._readings[index, known, most]

    def _read(self, index: str, known: int, most: int) -> Reading:
        if most == 0:
            nothing = np.full(self.paths, NO_VALUE, dtype=np.int32)
            return Reading(nothing, np.zeros(self.paths, dtype=bool))
        values: Ticks = self.ticks[index][known - 1]
        there: Flags = values != NO_VALUE
        for age in range(1, most):
            # Most dates have a value on every path, and then nothing older is looked at.
            if there.all():
                break
            values = np.where(there, values, self.ticks[index][known - 1 - age])
            there = values != NO_VALUE
        return Reading(values, None if there.all() else there)

    def highest(self, index: str, since: date | None, day: date) -> Ticks | None:
        """Return each path's highest value published from `since` to a day; None without a Publication Date.

        It is `NO_VALUE` where nothing was published.
        """
        first, known = 0 if since is None else bisect_left(self.dates, since), self.up_to(day)
        if first >= known:
            return None
        before = self._highest.get(index)
        # A window that only grows is looked at once, and not again on every date.
        if before is not None and before.first == first and before.known <= known:
            newer = self.ticks[index][before.known : known]
            values = np.maximum(before.values, newer.max(axis=0)) if len(newer) else before.values
        else:
            values = self.ticks[index][first:known].max(axis=0)
        self._highest[index] = _Highest(first, known, values)
        return values

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

    @cached_property
    def per_tick(self) -> int:
        """How many whole numbers one tick of a statistic is, before its weight."""
        return self.unit // TICK // math.lcm(*(weight.denominator for _, weight in self.form.parts))

    @cached_property
    def heaviest(self) -> int:
        """How many times the highest tick the sum may be, at most, if each statistic is of one date."""
        return sum(abs(weight) for weight in self.weights) * self.per_tick

    @cached_property
    def dates(self) -> int:
        """The most dates of one statistic."""
        return max((one.count for one, _ in self.form.parts), default=1)

    @cached_property
    def level(self) -> int:
        """The highest tick that the form names itself, rounded up."""
        levels = [one.at_closing for one, _ in self.form.parts]
        return max((math.ceil(level * TICK) for level in levels if level is not None), default=1)


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


def values_of(one: Scaled, rates: PathRates, terms_on: TermsOn, day: date) -> Reading:
    """Return the form on each path in whole numbers, and where every value that it needs is there.

    Args:
        one: the form.
        rates: the paths.
        terms_on: what the deal says about an index on a day.
        day: the date.

    Raises:
        OverflowError: the sums could pass 2^62.
    """
    # Numpy's whole numbers would pass their end without a word, so a factor of 64 is kept free.
    if one.heaviest * max(rates.top, 1) * 64 > LARGEST:
        raise OverflowError
    most = one.heaviest * max(rates.top, one.level) * one.dates * 2
    gate = one.form.gate
    width: Width = np.int32 if most < NARROW and gate is None else np.int64
    total: Ticks | None = None
    there: Flags | None = None
    for (statistic, _), weight in zip(one.form.parts, one.weights, strict=True):
        values, has = _statistic(statistic, rates, terms_on, day, one.per_tick, width)
        values = values if weight == 1 else weight * values
        total = values if total is None else total + values
        there = _both(there, has)
    if total is None:
        total = np.zeros(rates.paths, dtype=width)
    if gate is not None:
        reached, _ = _statistic(gate.statistic, rates, terms_on, day, one.per_tick, width)
        total = np.where(
            reached >= int(gate.level * TICK * one.per_tick), total, int(gate.otherwise * one.unit)
        )
    return Reading(total, there)


def _statistic(
    statistic: Statistic,
    rates: PathRates,
    terms_on: TermsOn,
    day: date,
    per_tick: int,
    width: Width,
) -> Reading:
    index = statistic.index
    closing = None if statistic.at_closing is None else int(statistic.at_closing * TICK * per_tick)
    if statistic.kind == "published":
        values, there = rates.announced(index, day)
    elif statistic.kind == "rate":
        values, there = rates.referred(index, terms_on(index, day), day)
    elif statistic.kind == "sum of rates":
        values, there = _summed(statistic, rates, terms_on, day, width)
    elif statistic.kind == "first" and closing is not None:
        return Reading(np.full(rates.paths, closing, dtype=width), None)
    elif statistic.kind == "first":
        values, there = _first(statistic, rates, day)
    else:
        top = rates.highest(index, statistic.since, day)
        nothing = np.full(rates.paths, NO_VALUE, dtype=width)
        values = nothing if top is None else _ticked(top, per_tick, width)
        return Reading(values if closing is None else np.maximum(values, closing), None)
    return Reading(_ticked(values, per_tick, width), there)


def _both(one: Flags | None, other: Flags | None) -> Flags | None:
    """Return where two things are both there; None stands for everywhere."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _ticked(values: Ticks, per_tick: int, width: Width) -> Ticks:
    """Return ticks as whole numbers of a form, without a copy where they are that already."""
    wide: Ticks = values.astype(width, copy=False)
    return wide if per_tick == 1 else wide * per_tick


def _summed(
    statistic: Statistic,
    rates: PathRates,
    terms_on: TermsOn,
    day: date,
    width: Width,
) -> Reading:
    total = np.zeros(rates.paths, dtype=width)
    there: Flags | None = None
    days = rates.dates[: rates.up_to(day)][-statistic.count :]
    for on in days:
        # By the fallback of that date: an amendment changes no rate of the past.
        values, has = rates.referred(statistic.index, terms_on(statistic.index, on), on)
        total += values
        there = _both(there, has)
    return Reading(total, there if len(days) == statistic.count else np.zeros(rates.paths, dtype=bool))


def _first(statistic: Statistic, rates: PathRates, day: date) -> Reading:
    values = np.full(rates.paths, NO_VALUE, dtype=np.int32)
    there: Flags = np.zeros(rates.paths, dtype=bool)
    since = 0 if statistic.since is None else bisect_left(rates.dates, statistic.since)
    for ticks in rates.ticks[statistic.index][since : rates.up_to(day)]:
        values = np.where(there, values, ticks)
        there = values != NO_VALUE
        if there.all():
            return Reading(values, None)
    return Reading(values, there)

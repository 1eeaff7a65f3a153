"""The proof of thresholds: `measure` is asked on windows of many shapes, on a threshold and next to it.

A template's `columns` may be wrong in ways that a flat path does not show: another window, a condition left
out, a carried value in place of a published one. So there are high and low windows, and windows with weeks
that have no value. In others a spike stands just inside or just outside of what the form looks at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import HeadroomError
from engine.basics.values import Comparison, Figure
from engine.determination.break_even import CEILING
from engine.determination.facts import Facts
from engine.determination.linear_form import Statistic
from engine.events.results import TestResult, Verdict, passes
from engine.foresight.columns.path_facts import TestOnDate, facts_of
from engine.foresight.columns.path_rates import PathRates, Scaled, Ticks, values_of
from engine.foresight.rate_paths import NO_VALUE, TICK

ALWAYS = 2**62
"""A threshold that no path reaches."""
TRIED = 64
"""The number of steps between two ticks when a path's place beside a threshold is searched."""
SHAPES = 3
"""The number of windows of random values on which `measure` is asked about a threshold."""
Holds = Callable[[TestResult], bool]
Asked = tuple[tuple[str, int], ...]
"""How many figures of each kind of source a measure asks for."""


class Differs(HeadroomError):
    """Raised if a threshold and `measure` disagree.

    The template's `columns` is wrong, or the test is not monotone.
    """


@dataclass(frozen=True)
class Turn:
    """Where something turns: whether it holds at the lowest numbers, and the last one before the turn."""

    at_low: bool
    last: int

    def holds(self, values: Ticks) -> NDArray[np.bool_]:
        """Return where it holds, given the number of each path."""
        # Numpy compares with a number beyond the width of an array far more slowly than with any other.
        if self.last >= ALWAYS:
            return np.full(values.shape, self.at_low)
        return values <= self.last if self.at_low else values > self.last


def predicates(test: TestOnDate) -> list[Holds]:
    """Return what tells two determined results apart.

    They are the verdict, the early warning, and each level that a trigger looks at.
    """
    rules: list[Holds] = [lambda result: result.verdict is Verdict.PASS]
    warning = test.in_force.early_warning
    if warning is not None:
        least = warning.figure.value
        rules.append(lambda result: result.headroom is not None and result.headroom.value < least)
    for comparison, level in test.levels:

        def holds(result: TestResult, comparison: Comparison = comparison, level: Fraction = level) -> bool:
            return result.measured is not None and passes(
                result.measured, Figure(value=level, unit=result.measured.unit), comparison
            )

        rules.append(holds)
    return rules


def closing_tick(test: TestOnDate) -> int:
    """Return the Closing Date level of the deal's first index, in ticks."""
    return (
        max(1, int(next(iter(test.terms.index.values())).closing_date_level * TICK))
        if test.terms.index
        else TICK
    )


def asked_for(facts: Facts) -> Asked:
    """Return how many figures of each kind `measure` has asked for."""
    return tuple(sorted(Counter(used.source.kind for used in facts.trace.values()).items()))


def prove(
    test: TestOnDate,
    form: Scaled,
    turns: Sequence[Turn],
    rates: PathRates,
    asked: Asked,
    proved: set[tuple[object, ...]],
) -> None:
    """Check that `measure` turns at each threshold on windows of other shapes too. Raises Differs otherwise.

    If the clause or its form is new, all thresholds are checked on all shapes. If a window has another
    length, the verdict is checked on a low shape and at the ends of the window. So it is if `measure` asks
    for another number of figures. If only the verdict's threshold has moved, one shape is enough.

    Args:
        test: the test on its date.
        form: what it compares.
        turns: the thresholds.
        rates: paths, of which only dates and indices are looked at.
        asked: what `measure` asks for on the date.
        proved: what was proved on earlier dates; it grows.
    """
    # A form without parts cannot turn.
    if not form.form.parts:
        return
    looked_at = [one for one, _ in form.form.parts] + (
        [form.form.gate.statistic] if form.form.gate is not None else []
    )
    shape = (
        form.form.gate is None,
        *((one.kind, one.index, one.count, one.at_closing) for one in looked_at),
        *(weight for _, weight in form.form.parts),
    )
    # A window that is still filling has fewer dates, so it is proved apart from a full one.
    full = rates.up_to(test.base.on) > max((one.count for one in looked_at), default=0)
    ends = {place for one in looked_at for place in _ends(one, rates, test)}
    words = (test.key, test.clause, test.in_force, shape, full)
    lengths = (*words, asked, tuple(sorted(rates.up_to(test.base.on) - place for place in ends)))
    moved = (*lengths, tuple(turns))
    if moved in proved:
        return
    # A clause whose form was proved once costs little afterwards, and a deal has hundreds of dates.
    new = words not in proved
    spikes = [] if lengths in proved else [_spike(test, rates, place) for place in sorted(ends)]
    windows = [*_random(test, rates, 1, low=lengths not in proved)]
    if new:
        windows += [*_random(test, rates, SHAPES), *_with_gaps(test, rates)]
    for number, turn in enumerate(turns if new else turns[:1]):
        for window in [*windows, *(spikes if number == 0 else ())]:
            for beside, path in _beside(test, form, turn, window):
                _asked(test, number, turn, beside, path)
    proved |= {words, lengths, moved}


def windows_of_all_shapes(test: TestOnDate, form: Scaled, rates: PathRates) -> Iterator[PathRates]:
    """Yield windows of random values, with gaps, and with a spike inside and outside of what a form sees."""
    yield from _random(test, rates, 1, low=True)
    yield from _random(test, rates, SHAPES)
    yield from _with_gaps(test, rates)
    ends = {place for one, _ in form.form.parts for place in _ends(one, rates, test)}
    yield from (_spike(test, rates, place) for place in sorted(ends))


def _ends(one: Statistic, rates: PathRates, test: TestOnDate) -> Iterator[int]:
    """Yield the place of the first date that a statistic of several dates looks at, and that before it."""
    known = rates.up_to(test.base.on)
    if one.kind == "sum of rates":
        first = known - one.count
    elif one.since is not None:
        first = next((row for row in range(known) if rates.dates[row] >= one.since), known)
    else:
        return
    yield from (place for place in (first - 1, first) if 0 <= place < known - 1)


def _random(test: TestOnDate, rates: PathRates, count: int, low: bool = False) -> Iterator[PathRates]:
    """Yield windows of random values about the Closing Date level; with `low`, all values lie below it."""
    # Seeded by the date, so that the same deal is proved on the same windows each time.
    draw = np.random.default_rng(rates.up_to(test.base.on))
    least, most = (0.3, 0.9) if low else (0.6, 1.4)
    for _ in range(count):
        around = closing_tick(test) * draw.uniform(least, most, (len(rates.dates), 1))
        ticks = {
            name: np.maximum(np.rint(around * draw.uniform(0.9, 1.1)), 1).astype(np.int64)
            for name in rates.ticks
        }
        yield PathRates(rates.dates, ticks)


def _spike(test: TestOnDate, rates: PathRates, place: int) -> PathRates:
    """Return a window with one high value, at a place of the dates."""
    level = closing_tick(test)
    ticks = {name: np.full((len(rates.dates), 1), level * 9 // 10, dtype=np.int64) for name in rates.ticks}
    for values in ticks.values():
        # The spike is far above the other values, so a window that is one date off shows at once.
        values[place] = level * 13 // 10
    return PathRates(rates.dates, ticks)


def _with_gaps(test: TestOnDate, rates: PathRates) -> Iterator[PathRates]:
    """Yield windows without the newest value, without the one before it, and without both."""
    known = rates.up_to(test.base.on)
    (window,) = _random(test, rates, 1)
    for places in ((known - 1,), (known - 2,), (known - 2, known - 1)):
        if min(places) < 0:
            continue
        ticks = {name: values.copy() for name, values in window.ticks.items()}
        for values in ticks.values():
            values[list(places)] = NO_VALUE
        yield PathRates(rates.dates, ticks)


def _asked(test: TestOnDate, number: int, turn: Turn, beside: int, path: PathRates) -> None:
    """Check that `measure` and a threshold give the same verdict on a path. Raises Differs otherwise."""
    result = test.decided(facts_of(test, path, 0))
    known = result.verdict is not Verdict.NOT_DETERMINED
    # A window on which nothing is determined is told too, since the arrays would give it a verdict.
    if not known or predicates(test)[number](result) != ((beside <= turn.last) == turn.at_low):
        gives = (
            f"measure gives {result.verdict.value}, "
            f"{result.measured.value if result.measured else 'no figure'}"
        )
        against = f"against {result.limit.value if result.limit else 'none'}"
        said = f"its columns turn after {turn.last}, and give this path {beside}"
        raise Differs(f"{test.key} on {test.base.on}: {gives} {against}; {said}")


def _beside(test: TestOnDate, form: Scaled, turn: Turn, window: PathRates) -> Iterator[tuple[int, PathRates]]:
    """Yield (number, path) for a window whose newest value puts it on a threshold, or next to it.

    A window without its newest value stays as it is. It is left out if the form lacks a value.
    """
    day = test.base.on
    moving = form.form.moving
    assert moving is not None  # without one the search for a turn has ended before
    if window.ticks[moving][window.up_to(day) - 1][0] == NO_VALUE:
        values, there = values_of(form, window, test.fallbacks.terms, day)
        if there is None or there[0]:
            yield int(values[0]), window
        return
    # What never turns has no place beside which a path could be put.
    if turn.last >= ALWAYS:
        return
    there = values_of(form, window, test.fallbacks.terms, day)[1]
    if there is not None and not there[0]:
        return
    # A form may fall as the rate rises, and the search below must know which way to go.
    first, last = numbers_of(test, form, window, moving, (1, CEILING))
    low, high = 1, CEILING
    while high - low > 1:
        # Many ticks are tried at once, because one tick costs almost as much as all of them.
        step = -(-(high - low) // TRIED)
        places = (*range(low, high, step), high)
        under = [
            (one <= turn.last) == (last > first) for one in numbers_of(test, form, window, moving, places)
        ]
        over = next(
            (place for place, is_under in enumerate(under) if place and not is_under), len(places) - 1
        )
        low, high = places[over - 1], places[over]
    numbers = numbers_of(test, form, window, moving, (low, high))
    for tick, number in zip((low, high), numbers, strict=True):
        yield number, window.tried(moving, day, (tick,))


def numbers_of(
    test: TestOnDate, form: Scaled, window: PathRates, index: str, ticks: Sequence[int]
) -> list[int]:
    """Return the form's numbers on a path whose newest value is each of `ticks` in turn."""
    tried = window.tried(index, test.base.on, ticks)
    numbers: list[int] = values_of(form, tried, test.fallbacks.terms, test.base.on)[0].tolist()
    return numbers

"""Every variant of a trigger on the same paths, block by block, on any number of processes.

The figures are the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Literal

from engine.basics.many_processes import Workers, in_order
from engine.foresight.calibrate import Cell, Question, Tally, Variant, cell, tally
from engine.foresight.rate_paths import Paths, Switch, begun_at, blocks, given_history, simulated
from engine.foresight.rate_posterior import Posterior
from engine.foresight.sampling_noise import RateSeries

HALVES_FROM = 52
"""The weeks of history from which levels are chosen on the first half and judged on the second."""
MOST_HISTORIES = 1024
"""The most true rates drawn given the history. They differ less than paths of the model do."""
SCORED = 0.5
"""The share of the drawn true rates that must have a shortfall, and a quiet period, to score a level."""
Watch = Callable[[str], None]
Why = Literal["no shortfall", "no quiet period", "too few of either", "none under"]


@dataclass(frozen=True)
class History:
    """A history, or the first half of one, and what it alone says of the rate."""

    known: Posterior
    series: RateSeries


@dataclass(frozen=True)
class Setting:
    """What is the same for every variant: the model, the horizon and the seed.

    Attributes:
        known: what the history says of the rate.
        series: the history.
        weeks: the horizon in Publication Dates.
        paths: the number of paths.
        seed: the seed of the paths, which is printed.
        question: q and k.
        drift: the weekly drift of the logarithm under a named scenario, otherwise 0.
        switches: named changes of the rate.
        factor: by what the paths are multiplied, so that they begin where the draft says.
        first_half: the first half of the history, and what it says without the second; None if no level is
            chosen on it.
        tested: on which weeks of a path the clause is tested; None for every week.
        tested_then: the same for the weeks of the history.
    """

    known: Posterior
    series: RateSeries
    weeks: int
    paths: int
    seed: int
    question: Question
    drift: float = 0.0
    switches: tuple[Switch, ...] = ()
    factor: float = 1.0
    first_half: History | None = None
    tested: tuple[bool, ...] | None = None
    tested_then: tuple[bool, ...] | None = None

    @property
    def middle(self) -> int:
        """The first week of the second half of the history."""
        return len(self.series.logs) // 2


@dataclass(frozen=True)
class Choice:
    """The variant chosen on the first half of the history, or why none is.

    Attributes:
        cells: the variant's cell on the first half, and that on the second; None if none is chosen.
        why: why none is chosen.
        not_scored: how many variants the first half could not score.
    """

    cells: tuple[Cell, Cell] | None
    why: Why | None
    not_scored: int


@dataclass(frozen=True)
class Calibration:
    """What every variant did.

    Attributes:
        model: each variant on paths of the model.
        history: each variant over the history, its true rate drawn given what was published.
        first_half: each variant over the first half of the history, drawn without the second; empty if no
            level is chosen on it.
        second_half: each variant over the second half.
        variants: the number of variants tried.
        weeks_of_history: the number of weeks of the single history.
    """

    model: tuple[Cell, ...]
    history: tuple[Cell, ...]
    first_half: tuple[Cell, ...]
    second_half: tuple[Cell, ...]
    variants: int
    weeks_of_history: int


def calibrated(
    setting: Setting, variants: Sequence[Variant], workers: Workers = 1, watch: Watch = lambda _: None
) -> Calibration:
    """Return what every variant did on the model's paths and on the history.

    Args:
        setting: what is the same for all.
        variants: what is compared.
        workers: the number of processes; a single one works in this process.
        watch: is told what is done.
    """
    model = _over_blocks(partial(_simulated, setting, tuple(variants)), setting.paths, workers, watch, "path")
    drawn = _over_blocks(
        partial(_drawn, setting, tuple(variants)),
        # Each of these paths is drawn backwards through the history, which costs far more than forward.
        min(setting.paths, MOST_HISTORIES),
        workers,
        watch,
        "history",
    )
    parts = [_cells(variants, part) for part in zip(*drawn, strict=True)]
    return Calibration(
        model=_cells(variants, tuple(block[0] for block in model)),
        history=parts[0],
        first_half=parts[1] if len(parts) > 1 else (),
        second_half=parts[2] if len(parts) > 1 else (),
        variants=len(variants),
        weeks_of_history=setting.known.weeks,
    )


Block = tuple[int, int]
Tallies = tuple[tuple[Tally, ...], ...]
"""For each variant its tally, or several: over the whole, the first half and the second half."""


def _over_blocks(
    work: Callable[[Block], Tallies], paths: int, workers: Workers, watch: Watch, what: str
) -> Tallies:
    """Return the tallies of all blocks, added up in the order of the blocks."""
    every = tuple(blocks(paths))
    done: list[Tallies] = []
    # In the order of the blocks whichever process ends first, so the sums do not vary.
    for rule in in_order(work, every, workers):
        done.append(rule)
        watch(f"{what} {sum(size for _, size in every[: len(done)]):,} of {paths:,}")
    return reduce(_together, done)


def _together(one: Tallies, other: Tallies) -> Tallies:
    return tuple(
        tuple(a.plus(b) for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(one, other, strict=True)
    )


def _simulated(setting: Setting, variants: tuple[Variant, ...], block: Block) -> Tallies:
    number, size = block
    paths = simulated(
        setting.known,
        setting.series,
        setting.weeks,
        setting.seed,
        number,
        size,
        setting.drift,
        setting.switches,
    )
    begun = begun_at(paths, setting.factor)
    return tuple((tally(begun, variant, setting.question, setting.tested),) for variant in variants)


def _drawn(setting: Setting, variants: tuple[Variant, ...], block: Block) -> Tallies:
    number, size = block
    whole = given_history(setting.known, setting.series, setting.seed, number, size)
    then, middle, half = setting.tested_then, setting.middle, setting.first_half
    parts = [(whole, then)]
    if half is not None:
        # The first half is drawn as if the second had not come, so that a choice on it has not seen it.
        first = given_history(half.known, half.series, setting.seed, number, size)
        # Each half is tallied by itself: what begins in the first is cut at its end and not carried over.
        second = Paths(whole.true[middle:], whole.published[middle:], whole.sellers[middle:])
        parts += [(first, then and then[:middle]), (second, then and then[middle:])]
    return tuple(
        tuple(tally(paths, variant, setting.question, on) for paths, on in parts) for variant in variants
    )


def _cells(variants: Sequence[Variant], tallies: Sequence[Tally]) -> tuple[Cell, ...]:
    return tuple(cell(variant, counts) for variant, counts in zip(variants, tallies, strict=True))


def best_by_half(calibration: Calibration, at_most: float) -> Choice:
    """Return the variant chosen on the first half, or why none is.

    The chosen variant has the fewest missed among those whose false alarms stay under `at_most` on the first
    half; among equals it has the least delay. A level without a shortfall has nothing to miss, and one
    without a quiet period no false alarm to give, so neither is scored.
    """
    cells = calibration.first_half
    scored = [place for place, one in enumerate(cells) if one.fallen >= SCORED and one.quiet >= SCORED]
    under = [
        # The place in the list decides between equals.
        (cells[place].missed or 0.0, cells[place].delay or 0.0, place)
        for place in scored
        if cells[place].false_alarm < at_most
    ]
    left = len(cells) - len(scored)
    if under:
        place = min(under)[2]
        return Choice((cells[place], calibration.second_half[place]), None, left)
    if scored:
        return Choice(None, "none under", left)
    if not any(one.fallen for one in cells):
        return Choice(None, "no shortfall", left)
    return Choice(None, "too few of either" if any(one.quiet for one in cells) else "no quiet period", left)

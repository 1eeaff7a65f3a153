"""Every variant of a trigger on the same paths, block by block, on any number of processes.

The figures are the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce

from engine.basics.many_processes import Workers, in_order
from engine.foresight.calibrate import Cell, Question, Tally, Variant, cell, tally
from engine.foresight.rate_paths import Paths, Switch, blocks, given_history, simulated
from engine.foresight.rate_posterior import Posterior
from engine.foresight.sampling_noise import RateSeries

HALVES_FROM = 52
"""The weeks of history from which levels are chosen on the first half and judged on the second."""
MOST_HISTORIES = 1024
"""The most true rates drawn given the history. They differ less than paths of the model do."""
Watch = Callable[[str], None]


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
    """

    known: Posterior
    series: RateSeries
    weeks: int
    paths: int
    seed: int
    question: Question
    drift: float = 0.0
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """What every variant did.

    Attributes:
        model: each variant on paths of the model.
        history: each variant over the history, its true rate drawn given what was published.
        first_half: each variant over the first half of the history; empty under 52 weeks.
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
    whole, first, second = (tuple(block[part] for block in drawn) for part in range(3))
    # Half of a short history says too little to judge a choice by.
    halves = len(setting.series.logs) >= HALVES_FROM
    return Calibration(
        model=_cells(variants, tuple(block[0] for block in model)),
        history=_cells(variants, whole),
        first_half=_cells(variants, first) if halves else (),
        second_half=_cells(variants, second) if halves else (),
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
    return tuple((tally(paths, variant, setting.question),) for variant in variants)


def _drawn(setting: Setting, variants: tuple[Variant, ...], block: Block) -> Tallies:
    number, size = block
    paths = given_history(setting.known, setting.series, setting.seed, number, size)
    # Each half is tallied by itself: what begins in the first is cut at its end and not carried over.
    middle = len(paths.true) // 2
    parts = (slice(None), slice(0, middle), slice(middle, None))
    cut = [Paths(paths.true[part], paths.published[part], paths.sellers[part]) for part in parts]
    return tuple(tuple(tally(part, variant, setting.question) for part in cut) for variant in variants)


def _cells(variants: Sequence[Variant], tallies: Sequence[Tally]) -> tuple[Cell, ...]:
    return tuple(cell(variant, counts) for variant, counts in zip(variants, tallies, strict=True))


def best_by_half(calibration: Calibration, at_most: float) -> tuple[Cell, Cell] | None:
    """Return the cell of the variant chosen on the first half, and that variant's cell on the second half.

    The chosen variant has the fewest missed among those whose false alarms stay under `at_most` on the first
    half; among equals it has the least delay. The result is None if no variant does.
    """
    under = [
        # A variant without a shortfall has missed nothing; the place in the list decides between equals.
        (one.missed if one.missed is not None else 0.0, one.delay or 0.0, place)
        for place, one in enumerate(calibration.first_half)
        if one.false_alarm < at_most
    ]
    if not under:
        return None
    place = min(under)[2]
    return calibration.first_half[place], calibration.second_half[place]

"""A calibration in words and as data: what was tried on how little history, and every figure for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.basics.numerals import times
from engine.basics.probabilities import probability
from engine.basics.values import counted
from engine.foresight.answers import as_data
from engine.foresight.calibrate import FEW_SHORTFALLS, Cell, smallest_count
from engine.foresight.calibration_run import SCORED, best_by_half
from engine.queries.calibrated_trigger import level_words
from engine.queries.calibration_questions import CalibrationAnswer

CALIBRATION_HEAD = (
    "level",
    "count",
    "release",
    "P(false alarm)",
    "a year",
    "missed",
    "delay",
    "90%",
    "P(flap)",
    "P(short)",
)


def where_paths_begin(answer: CalibrationAnswer) -> str:
    """Return from which rate and date the paths begin, and where the history ends."""
    on, value = answer.history_ends
    return (
        f"Every path begins after the Closing Date {answer.starts_on}, around its level of "
        f"{float(answer.start):.4f}. The history ends at {value:.4f} on {on}; it says how the rate moves, "
        "and not where a path begins."
    )


def overfitting(answer: CalibrationAnswer) -> Sequence[str]:
    """Return how many variants were tried on how much history, and what that is worth."""
    calibration = answer.found
    history = f"one history of {counted(calibration.weeks_of_history, 'weeks')}"
    tried = (
        f"{counted(calibration.variants, 'variants')} were tried on {history}; the best of them is "
        "flattered by chance."
    )
    if answer.no_halves:
        return tried, answer.no_halves
    return tried, *_chosen(answer)


def _chosen(answer: CalibrationAnswer) -> Iterator[str]:
    """Yield what is chosen on the first half of the history and how it does on the second, or why none is."""
    under = answer.under
    best = best_by_half(answer.found, under)
    if best.why == "no shortfall":
        yield "The first half has no shortfall at any of these levels, so no level can be chosen by misses."
    elif best.why == "no quiet period":
        yield (
            "The first half has no quiet period at any of these levels, so no level can be chosen by "
            "false alarms."
        )
    elif best.why == "too few of either":
        yield (
            "At no level do half of the true rates drawn for the first half have a shortfall and a quiet "
            "period, so none is chosen."
        )
    elif best.why == "none under":
        yield f"On the first half no variant stays under {under:.0%}, so none is chosen there."
    if best.cells is not None:
        first, second = best.cells
        which = f"{level_words(first.variant.level)} counted {_times(first)}"
        yield (
            f"On the first half, {which} was chosen, where the probability of a false alarm was "
            f"{_chance(first, under)}."
        )
        yield _judged(second, under)
    if best.not_scored and (best.cells is not None or best.why == "none under"):
        yield (
            f"{counted(best.not_scored, 'variants')} had no shortfall or no quiet period in most true rates "
            "drawn for the first half. Misses and false alarms could not score that."
        )


def _judged(second: Cell, under: float) -> str:
    """Return how the chosen variant did on the second half: no praise where nothing could go wrong."""
    alarms = (
        f"the probability was {_chance(second, under)}"
        if second.quiet
        else "no false alarm was possible without a quiet period"
    )
    # Where no shortfall came, a share of those missed would say that all were met.
    missed = (
        "nothing could be missed without a shortfall"
        if second.missed is None
        else f"{second.missed:.1%} of the shortfalls were missed"
    )
    few = f" Only {second.fallen:.0%} of its drawn true rates have one." if 0 < second.fallen < SCORED else ""
    return f"On the second half {alarms}, and {missed}.{few}"


def _times(cell: Cell) -> str:
    variant = cell.variant
    return times(variant.count) if variant.out_of is None else f"on {variant.count} of {variant.out_of} dates"


def smallest_counts(answer: CalibrationAnswer) -> Iterator[str]:
    """Yield, for each level and release, the smallest count whose false alarms stay under the asked share."""
    cells, under = answer.found.model, answer.under
    # Each pair of level and release is an answer of its own: only the count is searched.
    for level, release in dict.fromkeys((cell.variant.level, cell.variant.release) for cell in cells):
        end = "never released" if release is None else f"released on {counted(release, 'dates')}"
        if not any(cell.quiet for cell in cells if cell.variant.level == level):
            yield f"At {level_words(level)} no path has a quiet period, so no false alarm is possible."
            continue
        chosen = smallest_count(cells, level, release, under)
        what = f"if counted {_times(chosen)}" if chosen else "with none of these counts"
        yield f"At {level_words(level)}, {end}, false alarms stay under {under:.0%} {what}."


def calibration_row(cell: Cell, drafted: Cell | None, under: float) -> tuple[str, ...]:
    """Return a variant as a row under `CALIBRATION_HEAD`; the one as drafted is marked.

    Its probability of a false alarm lies on its side of `under` in print too.
    """
    mark = " (draft)" if drafted is not None and cell.variant == drafted.variant else ""
    # `5.3 of 3` read as a share: the number says how few shortfalls the mean is of.
    few = f" (mean of {cell.timely})" if 0 < cell.timely < FEW_SHORTFALLS else ""
    return (
        f"{level_words(cell.variant.level)}{mark}",
        _of(cell.variant.count, cell.variant.out_of),
        _of(cell.variant.release, cell.variant.release_out_of),
        _chance(cell, under),
        f"{cell.false_alarms_a_year:.2f} ± {max(cell.false_alarms_error, 0.005):.2f}",
        _share(cell.missed),
        "-" if cell.delay is None else f"{cell.delay:.1f}{few}",
        "-" if cell.delay_90 is None else str(cell.delay_90),
        f"{cell.flap:.2f}",
        f"{cell.short:.2f}",
    )


def _chance(cell: Cell, under: float) -> str:
    """Return the probability of a false alarm with its Monte Carlo error."""
    return probability(cell.false_alarm, cell.error, under) if cell.quiet else "no quiet period"


def _of(count: int | None, out_of: int | None) -> str:
    """Return a count of dates: `3`, `3 of 4`, or `never`."""
    return "never" if count is None else str(count) if out_of is None else f"{count} of {out_of}"


def _share(value: float | None) -> str:
    return "no shortfall" if value is None else f"{value:.1%}"


def calibration_data(answer: CalibrationAnswer) -> dict[str, object]:
    """Return the answer as JSON holds it."""
    calibration, setting, under = answer.found, answer.setting, answer.under
    known = setting.known
    chosen = {
        f"{level / 10_000:.4f} {'never released' if release is None else f'released on {release}'}": (
            best.variant.count if best else None
        )
        for level, release in dict.fromkeys(
            (cell.variant.level, cell.variant.release) for cell in calibration.model
        )
        for best in [smallest_count(calibration.model, level, release, under)]
    }
    return {
        "deal": answer.deal,
        "term": answer.term,
        "index": answer.index,
        "start": float(answer.start),
        "starts_on": as_data(answer.starts_on),
        "history_ends": {"on": as_data(answer.history_ends[0]), "value": answer.history_ends[1]},
        "paths_begin": where_paths_begin(answer),
        "assumed": list(answer.assumed),
        "paths": setting.paths,
        "weeks": setting.weeks,
        "seed": setting.seed,
        "q": setting.question.q,
        "k": setting.question.k,
        "prior": str(known.prior),
        "sigma": as_data(known.sigma),
        "sigma_95": as_data([known.sigma_at(0.025), known.sigma_at(0.975)]),
        "drafted": as_data(answer.drafted),
        "variants_tried": calibration.variants,
        "weeks_of_history": calibration.weeks_of_history,
        "source": as_data(answer.source),
        "files": as_data(answer.files),
        "model": as_data(calibration.model),
        "history": as_data(calibration.history),
        "first_half": as_data(calibration.first_half),
        "second_half": as_data(calibration.second_half),
        "smallest_count_under": {"share": under, "counts": chosen},
        "walk_forward": as_data(answer.scores),
        "said": list(overfitting(answer)),
    }

"""A calibration in words and as data: what was tried on how little history, and every figure for programs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.basics.numerals import times
from engine.basics.probabilities import probability
from engine.basics.values import counted
from engine.foresight.answers import as_data
from engine.foresight.calibrate import FEW_SHORTFALLS, Cell, smallest_count
from engine.foresight.calibration_run import HALVES_FROM, Calibration, best_by_half
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


def overfitting(calibration: Calibration, under: float) -> Sequence[str]:
    """Return how many variants were tried on how much history, and what that is worth."""
    history = f"one history of {counted(calibration.weeks_of_history, 'weeks')}"
    tried = (
        f"{counted(calibration.variants, 'variants')} were tried on {history}; the best of them is "
        "flattered by chance."
    )
    if not calibration.first_half:
        return (
            tried,
            (
                f"A choice cannot be judged on weeks that it has not seen: that takes {HALVES_FROM} weeks of "
                "history."
            ),
        )
    best = best_by_half(calibration, under)
    if best is None:
        return (tried, f"On the first half no variant stays under {under:.0%}, so none is chosen there.")
    first, second = best
    which = f"{first.variant.level / 10_000:.2f} counted {times(first.variant.count)}"
    # Where no shortfall came, a share of those missed would say that all were met.
    missed = (
        "nothing could be missed without a shortfall"
        if second.missed is None
        else f"{second.missed:.1%} of the shortfalls were missed"
    )
    return (
        tried,
        (
            f"On the first half, {which} was chosen, where the probability of a false alarm was "
            f"{_chance(first, under)}."
        ),
        f"On the second half the probability was {_chance(second, under)}, and {missed}.",
    )


def calibration_row(cell: Cell, drafted: Cell | None, under: float) -> tuple[str, ...]:
    """Return a variant as a row under `CALIBRATION_HEAD`; the one as drafted is marked.

    Its probability of a false alarm lies on its side of `under` in print too.
    """
    mark = " (draft)" if drafted is not None and cell.variant == drafted.variant else ""
    # `5.3 of 3` read as a share: the number says how few shortfalls the mean is of.
    few = f" (mean of {cell.timely})" if 0 < cell.timely < FEW_SHORTFALLS else ""
    return (
        f"{cell.variant.level / 10_000:.2f}{mark}",
        str(cell.variant.count),
        str(cell.variant.release),
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
    return probability(cell.false_alarm, cell.error, under)


def _share(value: float | None) -> str:
    return "no shortfall" if value is None else f"{value:.1%}"


def calibration_data(answer: CalibrationAnswer) -> dict[str, object]:
    """Return the answer as JSON holds it."""
    calibration, setting, under = answer.found, answer.setting, answer.under
    known = setting.known
    chosen = {
        f"{level / 10_000:.4f} released on {release}": (best.variant.count if best else None)
        for level, release in dict.fromkeys(
            (cell.variant.level, cell.variant.release) for cell in calibration.model
        )
        for best in [smallest_count(calibration.model, level, release, under)]
    }
    return {
        "deal": answer.deal,
        "term": answer.term,
        "index": answer.index,
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
        "said": list(overfitting(calibration, under)),
    }

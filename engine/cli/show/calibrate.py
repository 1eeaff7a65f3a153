"""`headroom calibrate`: false alarms, misses and delay of each level, count and release.

They are measured on the model and on the history.
"""

from __future__ import annotations

from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.queries.calibration_questions import CalibrationAnswer
from engine.queries.calibration_words import (
    CALIBRATION_HEAD,
    calibration_data,
    calibration_row,
    overfitting,
    smallest_counts,
    where_paths_begin,
)
from engine.queries.score_words import walked_words


def show_calibration(answer: CalibrationAnswer, as_json: bool) -> int:
    """Print every variant, the smallest count under the asked share, and how much was tried on how little."""
    if as_json:
        print_json(calibration_data(answer))
        return 0
    calibration, setting, drafted = answer.found, answer.setting, answer.drafted
    same = f"the same {setting.paths:,} paths of {setting.weeks} weeks, seed {setting.seed}"
    say(
        f"{answer.deal}, {answer.term} on {answer.index}: {counted(calibration.variants, 'variants')} are "
        f"tried on {same}."
    )
    question = setting.question
    say(
        f"A shortfall begins and ends with {question.q} dates in a row; a flap begins within {question.k} "
        "dates after an end."
    )
    say(where_paths_begin(answer))
    for line in answer.assumed:
        say(line)
    known = setting.known
    say(
        f"The model's weekly volatility is {known.sigma:.1%}, and with 95% between "
        f"{known.sigma_at(0.025):.1%} and {known.sigma_at(0.975):.1%}. The prior is {known.prior}."
    )
    say()
    say(
        table(
            CALIBRATION_HEAD,
            [calibration_row(cell, drafted, answer.under) for cell in calibration.model],
            right=range(10),
        )
    )
    say()
    for line in smallest_counts(answer):
        say(line)
    say()
    say(
        f"These are over the history of {calibration.weeks_of_history} weeks, with the true rate drawn given "
        "what was published:"
    )
    say(
        table(
            CALIBRATION_HEAD,
            [calibration_row(cell, drafted, answer.under) for cell in calibration.history],
            right=range(10),
        )
    )
    say()
    for line in overfitting(answer):
        say(line)
    if answer.scores:
        say(walked_words(answer.scores))
    return 0

"""A calibration from end to end: draft, history and model to figures; refusals that say what is missing; any
number of workers.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.basics.errors import InputProblems, WrongUsage
from engine.determination.template import Template
from engine.foresight.calibrate import Question
from engine.queries.calibration_questions import CalibrationAnswer, ModelAsked, calibrate, whole_numbers
from engine.queries.calibration_words import calibration_row, overfitting
from engine.queries.published_history import read_history
from engine.terms.as_written import Deal

LEVELS = (Fraction(14, 10), Fraction(15, 10))
TERM = "covenants.cash-sweep.level"


def history(folder: Path, weeks: int) -> Path:
    random = np.random.default_rng(4)
    true = 1.8 * np.exp(np.cumsum(0.04 * random.standard_t(4, weeks)))
    rows = ["date,value,low,high,sellers"]
    for week, rate in enumerate(true):
        value = rate * math.exp(0.03 * random.standard_normal())
        day = date(2025, 1, 2) + timedelta(weeks=week)
        rows.append(
            f"{day},{value:.4f},{value * 0.95:.4f},{value * 1.05:.4f},9" if week != 7 else f"{day},,,,"
        )
    path = folder / "history.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def answered(
    deal: Deal, templates: dict[str, Template], path: Path, workers: int = 1, paths: int = 1100
) -> CalibrationAnswer:
    model = ModelAsked(path, date(2026, 12, 31), paths=paths, weeks=40)
    return calibrate(deal, templates, None, TERM, LEVELS, (1, 2, 3), (), model, Question(), 0.10, workers)


def test_the_same_figures_for_one_two_and_three_workers(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    path = history(tmp_path, 60)
    one, two, three = (answered(meridian, all_templates, path, workers).found for workers in (1, 2, 3))
    assert one == two == three
    assert one.variants == 6
    assert len(one.first_half) == len(one.second_half) == 6
    assert [cell.variant.release for cell in one.model] == [3] * 6


def test_the_draft_is_among_the_variants_and_overfitting_is_said(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    found = answered(meridian, all_templates, history(tmp_path, 60), paths=500)
    assert found.drafted is not None
    assert (found.drafted.variant.level, found.drafted.variant.count) == (15_000, 2)
    assert (
        overfitting(found)[0]
        == "6 variants were tried on one history of 59 weeks; the best of them is flattered by chance."
    )
    # No probability stands without its Monte Carlo error or if nothing could go wrong.
    assert re.fullmatch(
        r"On the first half, 1\.[45]0 counted (once|twice|3 times) was chosen, where the probability of a "
        r"false alarm was \d\.\d\d ± \d\.\d\d\. On the second half no false alarm was possible without a "
        r"quiet period, and \d+\.\d% of the shortfalls were missed\.",
        " ".join(overfitting(replace(found, under=1.1))[1:3]),
    )
    assert "no variant stays under 0%" in overfitting(replace(found, under=0.0))[1]
    assert {score.forecast for score in found.scores} >= {"the model", "today stays"}


def test_a_mean_of_few_shortfalls_is_printed_with_their_number_and_reads_as_no_share(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Three shortfalls of 4, 5 and 7 dates had a delay of `5.3 of 3`."""
    cell = answered(meridian, all_templates, history(tmp_path, 30), paths=100).found.model[0]
    few = replace(cell, delay=16 / 3, timely=3)
    assert calibration_row(few, None, 0.10)[6] == "5.3 (mean of 3)"
    assert calibration_row(replace(few, timely=10), None, 0.10)[6] == "5.3"


def test_under_52_weeks_the_page_says_that_a_choice_cannot_be_judged(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    found = answered(meridian, all_templates, history(tmp_path, 30), paths=200)
    assert found.found.first_half == ()
    assert overfitting(found)[1] == (
        "A choice cannot be judged on weeks that it has not seen: that takes 52 weeks of history."
    )


def test_refusals_say_what_is_missing(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    path = history(tmp_path, 20)
    with pytest.raises(WrongUsage, match="19 weeks with a value"):
        answered(meridian, all_templates, path)
    model = ModelAsked(None, date(2026, 12, 31))
    with pytest.raises(WrongUsage, match="needs a published history"):
        calibrate(meridian, all_templates, None, TERM, LEVELS, (1,), (), model, Question(), 0.1)
    with pytest.raises(WrongUsage, match=r"those are covenants\.cash-sweep\.level"):
        calibrate(
            meridian, all_templates, None, "covenants.ltv.multiple", LEVELS, (1,), (), model, Question(), 0.1
        )
    given = replace(model, history=path, prior="mine")
    with pytest.raises(WrongUsage, match=r"the prior `.*` does not exist"):
        calibrate(meridian, all_templates, None, TERM, LEVELS, (1,), (), given, Question(), 0.1)
    for wrong in ("", "0", "1,x", "-1"):
        with pytest.raises(WrongUsage):
            whole_numbers(wrong, "counts")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("day,value\n", "F101"),
        ("date,value\nsoon,1\n", "F105"),
        ("date,value\n2026-01-08,1\n2026-01-08,1\n", "F102"),
        ("date,value\n2026-01-08,x\n", "F103"),
        ("date,value\n2026-01-08,0\n", "F103"),
    ],
)
def test_a_history_that_cannot_be_read_is_a_problem_at_its_line(text: str, code: str) -> None:
    with pytest.raises(InputProblems) as refused:
        read_history(text, "history.csv")
    assert [problem.code for problem in refused.value.problems] == [code]

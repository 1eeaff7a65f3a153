"""A simulation and a calibration computed a second time in plain Python: the model of the history by guesses, a
random generator of another kind, one path after another, from the clauses' own words.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from covenants import templates
from engine.foresight.calibrate import Question
from engine.foresight.facts_by_date import held_facts
from engine.queries.calibration_questions import ModelAsked, calibrate
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from tests.foresight.naive_calibration import naive
from tests.foresight.naive_rate_model import guesses, walked, weeks_of
from tests.queries.test_calibration_questions import TERM, history

PATHS, WEEKS, CLOSING = 4000, 26, 2.10
LTV = 16_000_000 / (0.65 * 1.5 * 1024 * 8760 * 0.95)
"""The rate below which LTV is above 65%: USD 1.9257."""
SEEN = 40
"""The weeks of the history."""


def first_dates(values: list[float | None]) -> dict[str, int]:
    """The first week in which LTV fails, the sweep begins, and the rate has fallen by a quarter of
    its Closing Date level within 90 days.
    """
    found: dict[str, int] = {}
    low = 0
    for week, value in enumerate(values, start=1):
        carried = value if value is not None or week == 1 else values[week - 2]
        if carried is not None and carried < LTV:
            found.setdefault("ltv fails", week)
        if value is None:
            continue
        low = low + 1 if value < 1.50 else 0
        if low == 2:
            found.setdefault("cash-sweep begins", week)
        # The thirteen weeks back to a Thursday are 91 days, so the window holds this date and twelve before.
        window = [one for one in values[max(0, week - 13) : week] if one is not None]
        highest = max([*window, *([CLOSING] if 7 * week - 5 <= 90 else [])])
        if value < highest - 0.25 * CLOSING:
            found.setdefault("appraisal fails", week)
    return found


def test_a_simulation_in_plain_python_gives_the_same_probabilities(meridian: Deal, tmp_path: Path) -> None:
    """Two samples of 4,000 paths: they differ by less than four of their common standard errors."""
    asked = ModelAsked(history(tmp_path, SEEN), date(2026, 12, 31), paths=PATHS, weeks=WEEKS)
    given = held_facts(
        ("outstanding_principal=USD 16,000,000",),
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    found = simulate(meridian, templates, None, given, asked)
    draw, weeks = random.Random(7), weeks_of(asked.history)
    start = guesses(weeks, draw, PATHS)
    # The paths begin at the Closing Date level, and what is not known of today's rate stays about it.
    shift = math.log(CLOSING) - sum(one.x for one in start) / PATHS
    tally: Counter[tuple[str, int]] = Counter()
    for one in start:
        _, values = walked(draw, one._replace(x=one.x + shift), weeks, WEEKS)
        for what, week in first_dates(values).items():
            tally.update((what, within) for within in (4, 13, 26) if week <= within)
    compared = 0
    for chance in found.chances:
        name = f"{chance.subject} {chance.what}"
        if name not in {"ltv fails", "cash-sweep begins", "appraisal fails"}:
            continue
        for within, (share, said) in chance.within.items():
            # The Monte Carlo error that is printed is that of a share of independent paths.
            assert said == pytest.approx(math.sqrt(share * (1 - share) / PATHS))
            mine = tally[name, within] / PATHS
            error = math.sqrt((share * (1 - share) + mine * (1 - mine)) / PATHS)
            assert abs(share - mine) <= 4 * error + 1e-9, (name, within, share, mine)
            compared += 1
    assert compared == 9


LEVELS, COUNTS, RELEASE, HORIZON, CALIBRATED = (1.80, 1.90, 2.00), (1, 2, 3), 3, 40, 2000


def test_a_calibration_in_plain_python_gives_the_same_table(meridian: Deal, tmp_path: Path) -> None:
    """Nine cells of 2,000 paths each: false alarms, their Monte Carlo error, misses, delays, flaps and shorts."""
    asked = ModelAsked(history(tmp_path, SEEN), date(2026, 12, 31), paths=CALIBRATED, weeks=HORIZON)
    levels = tuple(Fraction(round(level * 100), 100) for level in LEVELS)
    table = calibrate(
        meridian, dict(templates()), None, TERM, levels, COUNTS, (RELEASE,), asked, Question(4, 8), 0.1
    ).found.model
    draw, weeks = random.Random(11), weeks_of(asked.history)
    start = guesses(weeks, draw, CALIBRATED)
    # The level is judged from where the draft begins, as the simulation judges the whole draft.
    shift = math.log(CLOSING) - sum(one.x for one in start) / CALIBRATED
    paths = [walked(draw, one._replace(x=one.x + shift), weeks, HORIZON) for one in start]
    for cell in table:
        variant = cell.variant
        level = variant.level / 10_000
        found = [
            naive(true, published, level, variant.count, RELEASE, level, 4, 8) for true, published in paths
        ]
        falls = sum(len(one.shortfalls) for one in found)
        for said, mine, trials in (
            (cell.false_alarm, sum(one.false_alarms > 0 for one in found) / CALIBRATED, CALIBRATED),
            (cell.missed, sum(one.misses for one in found) / falls, falls),
            (cell.flap, sum(one.flaps > 0 for one in found) / CALIBRATED, CALIBRATED),
            (cell.short, sum(one.shorts > 0 for one in found) / CALIBRATED, CALIBRATED),
        ):
            assert said is not None
            error = math.sqrt((said * (1 - said) + mine * (1 - mine)) / trials)
            assert abs(said - mine) <= 4 * error + 0.002, (variant, said, mine)
        assert cell.error == pytest.approx(math.sqrt(cell.false_alarm * (1 - cell.false_alarm) / CALIBRATED))
        delays = [delay for one in found for delay in one.delays]
        assert cell.delay == pytest.approx(sum(delays) / len(delays), abs=0.15)
    assert [cell.variant.count for cell in table].count(2) == 3

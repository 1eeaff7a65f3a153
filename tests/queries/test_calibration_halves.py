"""What is chosen on the first half of a history has seen nothing of the second, and nothing is chosen where
nothing could go wrong; the paths begin where the draft does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.determination.template import Template
from engine.foresight.calibrate import Cell, Question, Variant
from engine.foresight.calibration_run import Calibration, best_by_half
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.rate_paths import NO_VALUE, begun_at, factor_to, simulated
from engine.queries.calibration_questions import CalibrationAnswer, ModelAsked, calibrate, model_of
from engine.queries.calibration_words import calibration_row, overfitting, smallest_counts
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal
from tests.queries.test_calibration_questions import TERM

HALF = 30
SEED = 4


def table(folder: Path, rates: Sequence[float], widths: Sequence[float | None], name: str = "h.csv") -> Path:
    """A history with a small sampling error; `widths` are those of its intervals, None for none."""
    random = np.random.default_rng(SEED)
    rows = ["date,value,low,high,sellers"]
    for week, (rate, width) in enumerate(zip(rates, widths, strict=True)):
        value = rate * math.exp(0.01 * random.standard_normal())
        ends = f"{value * (1 - width):.4f},{value * (1 + width):.4f}" if width is not None else ","
        rows.append(f"{date(2025, 1, 2) + timedelta(weeks=week)},{value:.4f},{ends},9")
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def answered(
    deal: Deal, templates: dict[str, Template], path: Path, levels: tuple[str, ...] = ("1.40", "1.50")
) -> CalibrationAnswer:
    model = ModelAsked(path, date(2026, 12, 31), paths=300, weeks=40)
    tried = tuple(Fraction(level) for level in levels)
    return calibrate(deal, templates, None, TERM, tried, (1, 2), (), model, Question(), 0.10)


def wave(low: float, high: float, weeks: int = HALF) -> list[float]:
    """Rates that fall from high to low and rise again."""
    return [high + (low - high) * math.sin(math.pi * week / weeks) ** 2 for week in range(weeks)]


def test_the_second_half_changes_nothing_of_what_is_chosen_on_the_first(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Other rates, another speed and other sampling errors; a week of the first half has no interval."""
    first = wave(1.2, 1.9)
    widths = [0.05] * 12 + [None] + [0.05] * 17
    calm = table(tmp_path, [*first, *wave(1.8, 1.9)], [*widths, *[0.04] * HALF], "calm.csv")
    wild = table(tmp_path, [*first, *([0.9, 2.8] * 15)], [*widths, *[0.4] * HALF], "wild.csv")
    one, other = (answered(meridian, all_templates, path) for path in (calm, wild))
    assert one.found.first_half == other.found.first_half
    assert one.found.history != other.found.history
    assert one.found.second_half != other.found.second_half
    chosen = [overfitting(answer)[1] for answer in (one, other)]
    assert chosen[0] == chosen[1]
    assert chosen[0].startswith("On the first half, 1.")


def test_a_first_half_without_a_shortfall_chooses_no_level(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """The lowest level had missed nothing, and was chosen for it."""
    falls_late = table(tmp_path, [*wave(2.8, 3.2), *wave(1.2, 3.0)], [0.05] * 2 * HALF)
    found = answered(meridian, all_templates, falls_late)
    assert overfitting(found)[1:] == (
        "The first half has no shortfall at any of these levels, so no level can be chosen by misses.",
    )
    falls_early = table(tmp_path, [*wave(1.2, 3.0), *wave(2.8, 3.2)], [0.05] * 2 * HALF)
    chosen, second, left = overfitting(answered(meridian, all_templates, falls_early, ("0.10", "1.50")))[1:]
    assert chosen.startswith("On the first half, 1.50 counted ")
    assert second.endswith(", and nothing could be missed without a shortfall.")
    assert left.startswith("2 variants had no shortfall or no quiet period in most true rates")


def test_a_first_half_without_a_quiet_period_chooses_no_level(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    low = table(tmp_path, [*wave(1.0, 1.1), *wave(1.0, 2.4)], [0.05] * 2 * HALF)
    found = answered(meridian, all_templates, low)
    assert overfitting(found)[1:] == (
        "The first half has no quiet period at any of these levels, so no level can be chosen by false "
        "alarms.",
    )
    row = calibration_row(found.found.first_half[0], None, 0.1)
    assert row[3] == "no quiet period"


def test_a_first_half_without_intervals_of_its_own_chooses_no_level(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    bare = table(tmp_path, [*wave(1.2, 1.9), *wave(1.2, 1.9)], [*([None] * HALF), *([0.05] * HALF)])
    found = answered(meridian, all_templates, bare)
    assert (found.found.first_half, found.found.second_half) == ((), ())
    assert overfitting(found)[1:] == (
        "The first half has no value, or no interval by sellers, so nothing is chosen on it.",
    )


def cell(
    level: int, missed: float | None, delay: float | None, alarm: float, fallen: float, quiet: float
) -> Cell:
    return Cell(
        variant=Variant(level, 1, 2),
        false_alarm=alarm,
        error=0.01,
        false_alarms_a_year=alarm,
        false_alarms_error=0.01,
        shortfalls_a_year=fallen,
        missed=missed,
        delay=delay,
        delay_90=None if delay is None else 2,
        timely=100,
        flap=0.0,
        short=0.0,
        spells_a_year=1.0,
        open_spells=0.0,
        open_shortfalls=0.0,
        fallen=fallen,
        quiet=quiet,
    )


def halves(*first: Cell) -> Calibration:
    return Calibration((), (), first, first, len(first), 60)


def test_only_a_level_that_could_be_missed_and_could_be_false_is_scored() -> None:
    nothing = cell(1_000, None, None, 0.0, 0.0, 1.0)
    rarely = cell(10_000, 0.0, 0.0, 0.0, 0.49, 1.0)
    all_below = cell(30_000, 0.0, 0.0, 0.0, 1.0, 0.49)
    good, slow, false = (
        cell(15_000, 0.02, 1.0, 0.05, 0.9, 1.0),
        cell(15_000, 0.02, 2.0, 0.01, 0.9, 1.0),
        cell(16_000, 0.0, 0.5, 0.2, 0.9, 1.0),
    )
    best = best_by_half(halves(nothing, rarely, all_below, slow, good, false), 0.1)
    assert best.cells == (good, good)
    assert (best.why, best.not_scored) == (None, 3)
    assert best_by_half(halves(nothing, false), 0.1).why == "none under"
    assert best_by_half(halves(nothing, nothing), 0.1).why == "no shortfall"
    assert best_by_half(halves(rarely, all_below), 0.1).why == "too few of either"
    assert best_by_half(halves(replace(all_below, quiet=0.0)), 0.1).why == "no quiet period"


def test_a_calibration_and_a_simulation_live_on_the_same_paths_from_the_closing_level(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """The history ends near 1.90, and the draft closes at 2.10."""
    path = table(tmp_path, [*wave(1.2, 1.9), *wave(1.7, 1.9)], [0.05] * 2 * HALF)
    asked = ModelAsked(path, date(2026, 12, 31), paths=300, weeks=40)
    found = answered(meridian, all_templates, path)
    simulation = simulate(meridian, lambda: all_templates, None, FactsByDate({}, ()), asked)
    assert float(found.start) == simulation.start == 2.10
    assert found.starts_on == simulation.starts_on == meridian.closing_date
    assert found.history_ends[1] == pytest.approx(1.9, rel=0.03)
    series, known, _ = model_of(None, meridian, "CRI-H100", asked, asked.table())
    paths = begun_at(simulated(known, series, 40, asked.seed, 0, 300), factor_to(known, 2.10))
    for week, fan in enumerate(simulation.fan):
        values = paths.published[week][paths.published[week] != NO_VALUE] / 10_000
        assert fan[2] == pytest.approx(float(np.quantile(values, 0.5)), abs=0.00006)
    assert float(np.median(paths.true[0])) == pytest.approx(2.10, rel=0.03)


def test_the_height_of_a_history_does_not_move_where_a_draft_s_paths_begin(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """The same history, once at 3.2 and once at 2.0: a level had other false alarms on each."""
    rates = [*wave(1.2, 1.9), *wave(1.7, 1.9)]
    low = table(tmp_path, rates, [0.05] * 2 * HALF, "low.csv")
    high = table(tmp_path, [1.6 * rate for rate in rates], [0.05] * 2 * HALF, "high.csv")
    one, other = (answered(meridian, all_templates, path, ("1.90", "2.00")) for path in (low, high))
    for a, b in zip(one.found.model, other.found.model, strict=True):
        assert a.false_alarm == pytest.approx(b.false_alarm, abs=0.02)
        assert a.missed == pytest.approx(b.missed, abs=0.02)
    assert max(cell.false_alarm for cell in one.found.model) > 0.2
    # The history itself is judged where it was.
    assert one.found.history[0].shortfalls_a_year != other.found.history[0].shortfalls_a_year
    never = replace(
        one, found=replace(one.found, model=tuple(replace(c, quiet=0.0) for c in one.found.model))
    )
    assert list(smallest_counts(never)) == [
        "At 1.90 no path has a quiet period, so no false alarm is possible.",
        "At 2.00 no path has a quiet period, so no false alarm is possible.",
    ]

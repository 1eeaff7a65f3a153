"""The trigger of a draft as a calibration counts it: on the engine's own dates, or refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.basics.errors import WrongUsage
from engine.determination.template import Template
from engine.events.states import TriggerStatus
from engine.foresight.calibrate import Question, Variant, tallied
from engine.foresight.columns.many_paths import DealArrays, run_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.shared_steps import PartRun
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.rate_paths import NO_VALUE
from engine.queries.calibrated_trigger import drafted_trigger, level_words, path_dates, variant_words
from engine.queries.calibration_questions import CalibrationAnswer, ModelAsked, calibrate
from engine.terms.as_written import Deal
from tests.foresight.naive_calibration import spells
from tests.queries.test_calibration_questions import TERM, history

BEGINS = "begins: {when: below level, for: 2 consecutive publication dates}"
ENDS = "ends: {when: at or above level, for: 3 consecutive publication dates}"
WEEKS, PATHS = 80, 30


def written(text: str, begins: str = BEGINS, ends: str = ENDS, more: str = "") -> str:
    assert BEGINS in text
    assert ENDS in text
    return text.replace(BEGINS, begins).replace(ENDS, f"{ends}{more}")


def begins(when: str, count: str) -> str:
    return f"begins: {{when: {when} level, for: {count} publication dates}}"


def ends(when: str, count: str, level: str = "") -> str:
    return f"ends: {{when: {when} level, {level}for: {count} publication dates}}"


OWN = "level: USD 1.55 per GPU-hour, "
SHAPES = {
    "as it ships": (BEGINS, ENDS, ""),
    "at or below": (begins("at or below", "2 consecutive"), ends("above", "3 consecutive"), ""),
    "3 of 4": (begins("at or below", "3 of the last 4"), ends("above", "2 consecutive", OWN), ""),
    "an end of 2 of 5": (begins("below", "1 of the last 3"), ends("at or above", "2 of the last 5", OWN), ""),
    "never": (begins("below", "3 of the last 6"), "ends: never", ""),
    "monthly": (BEGINS, ENDS, "\n    frequency: first date of each month"),
    "quarterly, later": (
        begins("at or below", "1 consecutive"),
        ends("above", "1 consecutive"),
        "\n    frequency: first date of each quarter\n    first_tested: 2026-02-13",
    ),
    "until": (BEGINS, ENDS, "\n    first_tested: 2026-03-05\n    last_tested: 2026-09-24"),
    "a missing value fails": (BEGINS, ENDS, ""),
}


def in_effect(held: DealArrays, parts: Sequence[PartRun]) -> np.ndarray:
    """On which paths the sweep is in effect, in arrays or by the engine's own steps."""
    if "cash-sweep" in held.triggers:
        return held.triggers["cash-sweep"].inside.copy()
    (run,) = (part for part in parts if "cash-sweep" in part.part.tests)
    states = [state.triggers.get("cash-sweep") for state in run.states]
    return np.array([state is not None and state.status is TriggerStatus.IN_EFFECT for state in states])[
        run.of_path
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_drafted_variant_begins_and_ends_on_the_engine_s_own_dates(
    shape: str, meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """Random values, two of three on a level or a tick beside it, lived by the engine that decides deals."""
    text = written(meridian_text, *SHAPES[shape])
    if shape == "a missing value fails":
        before, after = text.split("  cash-sweep:", 1)
        text = (
            f"{before}  cash-sweep:{after.replace('if_not_determined: hold', 'if_not_determined: fail', 1)}"
        )
    deal = load(text)
    trigger = drafted_trigger(deal, all_templates, TERM)
    variant = trigger.variant
    assert variant is not None
    random = np.random.default_rng(len(shape))
    levels = random.choice(np.array([15_000, 15_500]), (WEEKS, PATHS))
    near = levels + random.integers(-1, 2, (WEEKS, PATHS))
    ticks = np.where(random.random((WEEKS, PATHS)) < 0.66, near, random.integers(14_000, 17_000, near.shape))
    ticks = np.where(random.random((WEEKS, PATHS)) < 0.1, NO_VALUE, ticks)
    dates = path_dates(deal, WEEKS)
    inside: dict[date, np.ndarray] = {}
    run_columns(
        deal,
        all_templates,
        PathRates(dates, {"CRI-H100": ticks}),
        FactsByDate({}, ()),
        dates[-1],
        watch=lambda on, held, parts: inside.update({on: in_effect(held, parts)}),
    )
    tested = trigger.tested(dates, of_a_path=True)
    mine = np.zeros((WEEKS, PATHS), dtype=bool)
    runs = 0
    for path in range(PATHS):
        values = [None if tick == NO_VALUE else tick / 10_000 for tick in ticks[:, path].tolist()]
        back = (variant.release_level or variant.level) / 10_000
        found, _ = spells(
            values,
            1.5,
            variant.count,
            variant.release,
            back,
            variant.begins,
            variant.ends,
            variant.out_of,
            variant.release_out_of,
            tested,
        )
        runs += len(found)
        for first, last in found:
            mine[first - 1 : last, path] = True
    assert (mine == np.array([inside[on] for on in dates])).all()
    assert runs >= PATHS / 2
    assert tallied(np.zeros_like(mine), ticks, variant, Question(), tested).spells == runs


def answered(
    deal: Deal, templates: dict[str, Template], path: Path, releases: tuple[int, ...] = ()
) -> CalibrationAnswer:
    model = ModelAsked(path, date(2026, 12, 31), paths=200, weeks=30)
    levels = (Fraction(14, 10), Fraction(15, 10))
    return calibrate(deal, templates, None, TERM, levels, (1, 2, 3), releases, model, Question(), 0.10)


def test_the_row_of_the_draft_is_the_drafted_trigger_and_the_others_keep_its_side_and_end(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template], tmp_path: Path
) -> None:
    deal = load(written(meridian_text, *SHAPES["3 of 4"]))
    path = history(tmp_path, 30)
    found = answered(deal, all_templates, path)
    assert found.drafted is not None
    side = ("at or below level", "above level")
    assert found.drafted.variant == Variant(15_000, 3, 2, 15_500, *side, 4, None)
    assert {one.variant for one in found.found.model} == {
        Variant(level, count, 2, 15_500, *side, 4, None) for level in (14_000, 15_000) for count in (1, 2, 3)
    }
    assert found.assumed == (
        "A date counts towards the beginning if its value is at or below the level, among the last 4 dates "
        "with a value.",
        "A date counts towards the end if its value is above 1.55, which stays where it is drafted.",
    )
    # The plain trigger of the same level and count is another one, and its figures are others.
    plain = answered(load(written(meridian_text, begins("below", "3 consecutive"))), all_templates, path)
    assert plain.drafted is not None
    assert plain.drafted.spells_a_year != found.drafted.spells_a_year
    assert plain.assumed == (
        "A date counts towards the beginning if its value is below the level, among dates that follow one "
        "another.",
        "A date counts towards the end if its value is at or above the level itself, which moves with it.",
    )


def test_a_draft_that_is_not_tried_is_named_and_no_row_is_taken_for_it(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template], tmp_path: Path
) -> None:
    path = history(tmp_path, 30)
    longer = answered(load(written(meridian_text, begins("below", "5 consecutive"))), all_templates, path)
    assert longer.drafted is None
    assert longer.assumed[-1] == (
        "The draft is not among these rows. The draft begins below 1.50 on 5 dates, and ends at or above "
        "1.50 on 3 dates."
    )
    other = answered(load(meridian_text), all_templates, path, releases=(1, 2))
    assert other.drafted is None
    assert {one.variant.release for one in other.found.model} == {1, 2}
    # Published values have four decimals, and an agreement may name a level of five.
    finer = meridian_text.replace("level: USD 1.50 per", "level: USD 1.50005 per")
    between = answered(load(finer), all_templates, path)
    assert between.drafted is None
    assert "The draft begins below 1.50005 on 2 dates" in between.assumed[-1]


def test_a_level_of_three_decimals_is_printed_with_all_of_them() -> None:
    assert [level_words(ticks) for ticks in (15_000, 15_050, 15_005, 14_995)] == [
        "1.50",
        "1.505",
        "1.5005",
        "1.4995",
    ]


def test_an_end_that_the_rate_does_not_decide_is_not_calibrated_as_another(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template], tmp_path: Path
) -> None:
    deal, path = load(written(meridian_text, ends="ends: {when: reserve at target}")), history(tmp_path, 30)
    with pytest.raises(WrongUsage, match="ends when the reserve account reaches its target"):
        answered(deal, all_templates, path)
    named = answered(deal, all_templates, path, releases=(3,))
    assert named.drafted is None
    assert named.assumed[-1] == (
        "The draft's own end is the target of its reserve account, so no row here is the draft."
    )
    never = answered(load(written(meridian_text, ends="ends: never")), all_templates, path)
    assert never.drafted is not None
    assert never.drafted.variant.release is None
    assert never.assumed[1] == "Nothing that is measured ends the trigger, as drafted."


def test_a_trigger_that_a_count_of_the_rate_does_not_hold_is_refused(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    springing = (
        "\n    tested_while: {test: ltv, state: EVENT OF DEFAULT, from: the same date, cite: CA §7.03}"
    )
    springing = (
        springing.replace("from: the same date, ", "") if "format: 2" not in meridian_text else springing
    )
    with pytest.raises(WrongUsage, match="is tested only while ltv is EVENT OF DEFAULT"):
        drafted_trigger(load(written(meridian_text, more=springing)), all_templates, TERM)
    rising = written(meridian_text, begins("above", "2 consecutive"), ends("at or below", "3 consecutive"))
    with pytest.raises(WrongUsage, match="has no level that can be calibrated"):
        drafted_trigger(load(rising), all_templates, TERM)
    wide = written(meridian_text, begins("below", "3 of the last 63"))
    with pytest.raises(WrongUsage, match="looks back on at most 62 dates"):
        drafted_trigger(load(wide), all_templates, TERM)
    between = written(meridian_text, ends=ends("above", "1 consecutive", "level: USD 1.55005 per GPU-hour, "))
    with pytest.raises(WrongUsage, match="ends at a level of more than four decimals"):
        drafted_trigger(load(between), all_templates, TERM)
    trigger = drafted_trigger(load(meridian_text), all_templates, TERM)
    with pytest.raises(WrongUsage, match="a level has at most four decimals"):
        trigger.variants((Fraction(150_005, 100_000),), (1,), ())
    for levels, counts, releases in (
        ((), (1,), ()),
        ((Fraction(1),), (0,), ()),
        ((Fraction(0),), (1,), (1,)),
    ):
        with pytest.raises(WrongUsage, match="above zero"):
            trigger.variants(levels, counts, releases)


def test_an_amendment_of_the_trigger_is_named(
    meridian_text: str, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    trigger = drafted_trigger(load(meridian_text), all_templates, TERM)
    assert trigger.variant is not None
    assert variant_words(trigger.variant, trigger.level) == (
        "The draft begins below 1.50 on 2 dates, and ends at or above 1.50 on 3 dates."
    )
    deal = load(meridian_text)
    (closing, terms), *others = deal.segments
    later = closing + timedelta(days=100)
    changed = terms.covenants | {
        "cash-sweep": terms.covenants["cash-sweep"].model_copy(update={"level": Fraction(16, 10)})
    }
    amended = replace(
        deal,
        segments=((closing, terms), (later, terms.model_copy(update={"covenants": changed})), *others),
    )
    found = drafted_trigger(amended, all_templates, TERM)
    assert later in found.amended
    assert any(
        f"An amendment changes this trigger from {later}" in one
        for one in found.taken_over(found.variants((Fraction(15, 10),), (2,), ()), drafted=True)
    )

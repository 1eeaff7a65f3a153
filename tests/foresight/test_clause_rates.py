"""The ladder of clauses that need several limbs: the clause is evaluated, and no single limb speaks for it.

By hand on meridian at closing, 2.10: LTV fails below 1.9257, the appraisal below 1.5750, the sweep begins
below 1.5000, and the rent floor fails above 2.1176.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.foresight.drafted_ladder import ladder_at_closing
from engine.foresight.facts_by_date import Dated, FactsByDate, held_facts
from engine.foresight.ladder import (
    Ladder,
    Rung,
    after_cure_words,
    instead_words,
    inversion_words,
    ladder_on,
    left_out_words,
)
from engine.queries.foresight_reports import ladder_data
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS
from tests.foresight.test_ladder import HELD, turned

LTV = "{test: ltv, result: FAIL}"
APPRAISAL = "{test: appraisal, result: FAIL}"
FLOOR = "{test: rate-floor, result: FAIL}"
SWEEP = "{trigger: cash-sweep, state: IN EFFECT}"
Draft = Callable[..., Deal]


@pytest.fixture
def draft(load: Callable[[str], Deal], meridian_text: str) -> Draft:
    """Meridian whose early amortization begins on another condition, with more triggers if given."""
    text = meridian_text.split("worked_examples:")[0]
    start = text.index("      any_of:\n        - {test: ltv, result: FAIL, for: 4")
    end = text.index("    ends: never", start)

    def made(condition: str, more: str = "") -> Deal:
        changed = f"{text[:start]}      {condition}\n{text[end:]}"
        return load(changed.replace("\nnotices:\n", f"{more}\nnotices:\n"))

    return made


def closing(deal: Deal, templates: dict[str, Template]) -> Ladder:
    return ladder_at_closing(
        deal, templates, held_facts(HELD, deal.closing_date, resolve(deal, deal.closing_date))
    )


def early(ladder: Ladder) -> list[Rung]:
    return [rung for rung in ladder.rungs if rung.subject == "early-amortization"]


def test_a_clause_that_needs_all_acts_at_the_lowest_of_its_limbs_and_is_not_inverted(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    """It stood at LTV's 1.9257 and was marked as 0.4257 above the sweep that it needs."""
    ladder = closing(draft(f"all_of: [{SWEEP}, {LTV}]"), all_templates)
    (rung,) = early(ladder)
    assert (rung.rate, rung.fails, rung.acts_at_once) == (Decimal("1.5000"), "below", True)
    assert rung.limb == "early-amortization by cash-sweep IN EFFECT and ltv FAIL"
    assert rung.needs == "both limbs; never ends"
    assert rung.note == "cash-sweep IN EFFECT below 1.5000; ltv FAIL below 1.9257"
    assert [(limb.limb, limb.rate) for limb in rung.limbs] == [
        ("cash-sweep IN EFFECT", Decimal("1.5000")),
        ("ltv FAIL", Decimal("1.9257")),
    ]
    assert rung.weeks == pytest.approx(40.7, abs=0.05)
    assert ladder.inversions == ()


def test_a_clause_of_two_failures_needs_both(draft: Draft, all_templates: dict[str, Template]) -> None:
    ladder = closing(draft(f"all_of: [{LTV}, {APPRAISAL}]"), all_templates)
    (rung,) = early(ladder)
    assert (rung.rate, rung.test) == (Decimal("1.5750"), "appraisal")
    (one,) = ladder.inversions
    assert inversion_words(one) == "early-amortization acts 0.0750 above cash-sweep, which is milder"
    # 1 - 1.5000 / 2.10 is 28.57%, so 28.6% is the first written decline with which both act at the sweep or after.
    assert instead_words(one) == (
        " With a limit of 28.6% in place of 25%, appraisal acts at 1.4994, and early-amortization acts at 1.4994."
    )


@pytest.mark.parametrize(("n", "rate"), [(1, "1.9257"), (2, "1.5750"), (3, "1.5000")])
def test_at_least_n_acts_at_the_nth_highest_rate(
    draft: Draft, all_templates: dict[str, Template], n: int, rate: str
) -> None:
    deal = draft(f"at_least: {{n: {n}, of: [{SWEEP}, {LTV}, {APPRAISAL}]}}")
    assert max(rung.rate or 0 for rung in early(closing(deal, all_templates))) == Decimal(rate)


def test_the_limit_that_is_named_is_tried_on_the_whole_clause(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    """Two of three: with an appraisal at 28.6% the sweep takes its place, and the clause acts at 1.5000."""
    ladder = closing(draft(f"at_least: {{n: 2, of: [{SWEEP}, {LTV}, {APPRAISAL}]}}"), all_templates)
    (one,) = ladder.inversions
    assert (one.by, one.of, one.then) == (Decimal("0.0750"), "appraisal", Decimal("1.5000"))
    assert ladder_data(ladder)["inversions"][0]["instead"] == {
        "drafted": "25%",
        "limit": "28.6%",
        "rate": "1.4994",
        "test": "appraisal",
        "then": "1.5000",
    }


def test_a_condition_within_a_condition_is_evaluated_as_it_stands(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    deal = draft(f"all_of: [{LTV}, {{any_of: [{APPRAISAL}, {SWEEP}]}}]")
    (rung,) = early(closing(deal, all_templates))
    assert rung.rate == Decimal("1.5750")
    assert rung.limb == "early-amortization by ltv FAIL and (appraisal FAIL or cash-sweep IN EFFECT)"


def test_limbs_on_two_sides_of_the_rate_have_no_rung_and_are_named(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    """LTV fails below 1.9257 and the rent floor above 2.1176: no rate fails both."""
    ladder = closing(draft(f"all_of: [{LTV}, {FLOOR}]"), all_templates)
    assert early(ladder) == []
    assert left_out_words(ladder.left_out) == (
        "1 limb has no rung: early-amortization (ltv FAIL and rate-floor FAIL: no rate of one index alone meets it "
        "while the others stay)."
    )


def test_a_limb_that_is_not_determined_leaves_the_clause_open(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    both = draft(f"all_of: [{SWEEP}, {LTV}]")
    found = ladder_at_closing(both, all_templates, FactsByDate({}))
    assert early(found) == []
    assert found.left_out["early-amortization"] == (
        "cash-sweep IN EFFECT and ltv FAIL: ltv is not determined"
    )
    # Two others are enough, and the third may make it sooner.
    two = draft(f"at_least: {{n: 2, of: [{SWEEP}, {LTV}, {APPRAISAL}]}}")
    (rung,) = early(ladder_at_closing(two, all_templates, FactsByDate({})))
    assert rung.rate == Decimal("1.5000")
    assert (
        "ltv FAIL at no rate; appraisal FAIL below 1.5750; perhaps sooner, because ltv is not determined"
        in (rung.note)
    )


def test_a_date_among_the_limbs_gives_the_clause_its_rung_from_that_date(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    ladder = closing(draft(f"all_of: [{SWEEP}, {{on_or_after: 2026-07-01}}]"), all_templates)
    assert early(ladder) == []
    assert ladder.left_out["early-amortization"] == (
        "cash-sweep IN EFFECT and the date 2026-07-01: no rate brings about the date 2026-07-01"
    )
    later = {one.on: one for one in ladder.later}
    assert [rung.rate for rung in early(later[date(2026, 7, 1)])] == [Decimal("1.5000")]


def test_a_default_with_a_cure_among_the_limbs_does_not_act_at_once(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    deal = draft(f"all_of: [{{test: ltv, state: EVENT OF DEFAULT}}, {APPRAISAL}]")
    ladder = closing(deal, all_templates)
    (rung,) = early(ladder)
    assert (rung.rate, rung.acts_at_once) == (Decimal("1.5750"), False)
    assert ladder.inversions == ()
    assert [after_cure_words(one) for one in ladder.after_cure if one.graver is rung] == [
        "early-amortization acts 0.0750 above cash-sweep, which is milder, unless the failure before it is cured"
    ]


def test_a_trigger_that_follows_a_trigger_stands_at_its_rate(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    (rung,) = early(closing(draft(f"any_of: [{SWEEP}]"), all_templates))
    assert (rung.rate, rung.needs) == (Decimal("1.5000"), "as soon as cash-sweep is IN EFFECT; never ends")


def test_a_milder_trigger_acts_by_its_first_limb(draft: Draft, all_templates: dict[str, Template]) -> None:
    """A block that LTV begins at 1.9257 is not late because the sweep would begin it again at 1.5000."""
    more = (
        "\n  block:\n    cite: CA §9\n    begins:\n      any_of:\n"
        f"        - {LTV}\n        - {SWEEP}\n"
        "    ends: when begins is no longer met\n"
        "    consequences:\n      - {kind: distribution block, effect: nothing is paid, who: agent, starts: "
        "next payment date, cite: CA §9(b)}\n"
    )
    deal = draft(f"any_of: [{APPRAISAL}]", more.replace("who: agent", "who: administrative_agent"))
    ladder = closing(deal, all_templates)
    pairs = {(one.graver.subject, one.milder.subject) for one in ladder.inversions}
    assert ("early-amortization", "cash-sweep") in pairs
    assert ("early-amortization", "block") not in pairs


def test_a_trigger_that_is_in_effect_already_is_met_at_every_rate(
    draft: Draft, all_templates: dict[str, Template]
) -> None:
    """On a recorded date the sweep is on, so that LTV alone is still to come."""
    deal = draft(f"all_of: [{SWEEP}, {LTV}]")
    ladder = closing(deal, all_templates)
    results = [turned(rung) for rung in ladder.rungs if rung.test in ("ltv", "cash-sweep")]
    terms = resolve(deal, deal.closing_date)

    def on(standing: frozenset[str]) -> list[Decimal | None]:
        found = ladder_on(
            terms, all_templates, results, ladder.today, {}, date(2026, 4, 9), standing=standing
        )
        return [rung.rate for rung in early(found)]

    assert on(frozenset()) == [Decimal("1.5000")]
    assert on(frozenset({"cash-sweep"})) == [Decimal("1.9257")]


def principal(*dated: tuple[str, int]) -> FactsByDate:
    held = tuple(Dated(date.fromisoformat(day), Figure(value=amount, unit=Unit.USD)) for day, amount in dated)
    return FactsByDate({"outstanding_principal": held})


def test_the_ladder_comes_again_at_each_step_and_at_each_draw(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """1.9257 x 12 / 16 is 1.4443 from the draw's date, and 60% in place of 65% gives 1.5647."""
    given = principal(("2026-01-06", 16_000_000), ("2026-09-01", 12_000_000))
    ladder = ladder_at_closing(meridian, all_templates, given)
    found = {
        one.on: next(rung.rate for rung in one.rungs if rung.test == "ltv") for one in (ladder, *ladder.later)
    }
    assert found == {
        date(2026, 1, 6): Decimal("1.9257"),
        date(2026, 9, 1): Decimal("1.4443"),
        date(2027, 1, 6): Decimal("1.5647"),
    }
    assert [len(one.inversions) for one in (ladder, *ladder.later)] == [1, 0, 1]
    assert [one["on"] for one in ladder_data(ladder)["later"]] == ["2026-09-01", "2027-01-06"]


def test_a_date_on_which_no_rung_changes_has_no_ladder(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    given = principal(("2026-01-06", 16_000_000), ("2026-09-01", 16_000_000))
    assert [one.on for one in ladder_at_closing(meridian, all_templates, given).later] == [date(2027, 1, 6)]


def test_a_window_after_an_amendment_looks_back_on_the_closing_rate(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """A fall of 20% within the window, from 2.10, is reached at 1.6800 from the step on."""
    text = meridian_text.split("worked_examples:")[0].replace(
        "    maximum_decline: 25%\n",
        "    maximum_decline:\n      2026-01-06: 25%\n      2026-10-01: 20%\n",
    )
    ladder = ladder_at_closing(load(text), all_templates, principal(("2026-01-06", 16_000_000)))
    found = [
        (one.on, next(rung.rate for rung in one.rungs if rung.test == "appraisal"))
        for one in (ladder, *ladder.later)
    ]
    assert found == [
        (date(2026, 1, 6), Decimal("1.5750")),
        (date(2026, 10, 1), Decimal("1.6800")),
        (date(2027, 1, 6), Decimal("1.6800")),
    ]


def test_a_draft_of_several_indices_has_the_rate_at_which_a_test_fails_if_all_fall_alike(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """The fleet is 1,140 GPUs at 2.10, 570 at 2.60 and 162 at 0.95: 4,029.9, of which 1,635.9 stay at closing.

    A stated path moves all of them, so LTV fails on it long before the rate of the H100 alone.
    """
    deal = load((DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8"))
    held = held_facts(
        ("outstanding_principal=USD 28,000,000",), deal.closing_date, resolve(deal, deal.closing_date)
    )
    ladder = ladder_at_closing(deal, all_templates, held)
    alone = next(rung.rate for rung in ladder.rungs if rung.test == "ltv")
    assert alone is not None
    alike = ladder.alike["ltv"]
    assert alike.fails == "below"
    assert alike.rate == pytest.approx(
        Decimal("2.10") * (1140 * alone + Decimal("1635.9")) / Decimal("4029.9"), abs=Decimal("0.0001")
    )
    assert alike.rate > alone


def test_a_draft_of_one_index_has_no_such_rate(meridian: Deal, all_templates: dict[str, Template]) -> None:
    assert closing(meridian, all_templates).alike == {}

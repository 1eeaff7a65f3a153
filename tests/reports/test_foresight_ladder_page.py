"""The ladder in the foresight report: clauses of several limbs, later dates, limits with their steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reports.drawing.lanes import across, fan
from reports.pages.foresight import compose
from reports.pages.foresight_inputs import ForesightInputs
from tests.reports.test_foresight_report import inputs as inputs  # the fixture
from tests.reports.test_foresight_report import said


def at_later_dates(inputs: ForesightInputs, *dates: tuple[str, bool]) -> ForesightInputs:
    """The ladder of closing again on later dates, with its inversion or without."""
    assert inputs.ladder is not None
    none = {**inputs.ladder, "inversions": [], "later": []}
    later = [{**(inputs.ladder if inverted else none), "on": day, "later": []} for day, inverted in dates]
    return replace(inputs, ladder={**inputs.ladder, "later": later})


def test_an_inversion_that_begins_or_ends_later_is_said_with_its_date(inputs: ForesightInputs) -> None:
    ends = at_later_dates(inputs, ("2026-06-01", True), ("2027-01-06", False))
    pair = "Early amortization comes before Cash sweep level"
    assert said(compose(ends)["answer"][0]).startswith(f"{pair} until Wednesday 6 January 2027. ")
    again = at_later_dates(inputs, ("2026-06-01", False), ("2027-01-06", True))
    assert said(compose(again)["answer"][0]).startswith(f"{pair}. ")
    assert again.ladder is not None
    begins = {**again.ladder, "inversions": [], "left_out": {}}
    page = compose(replace(inputs, ladder=begins))
    assert said(page["answer"][0]).startswith(
        f"At closing, no graver limb comes before a milder one. From Wednesday 6 January 2027, {pair}. "
    )
    # What there is to decide has a row for it, with the date.
    assert page["choices"][0][0] == "Loan to value, limit, from 6 Jan 2027"


def test_a_default_that_comes_too_early_from_a_later_date_only_is_said_with_it(
    inputs: ForesightInputs,
) -> None:
    later = at_later_dates(inputs, ("2027-01-06", False))
    assert later.ladder is not None
    one = {"graver": "ltv", "milder": "cash-sweep", "by": "0.4257", "fails": "below", "kind": "default"}
    (day,) = later.ladder["later"]
    ladder = {**later.ladder, "inversions": [], "left_out": {}, "later": [{**day, "after_cure": [one]}]}
    assert "From Wednesday 6 January 2027, ltv fails 0.4257 above cash-sweep" in said(
        compose(replace(inputs, ladder=ladder))["answer"][0]
    ).replace("Loan to value", "ltv").replace("Cash sweep level", "cash-sweep")


def test_the_ladder_stands_at_closing_and_at_each_later_date_on_which_a_rung_changes(
    inputs: ForesightInputs,
) -> None:
    """65% of the closing value at 1.9257 is 60% of it at 1.9257 x 65 / 60, which is 2.0862."""
    table = compose(inputs)["ladder"]["later"]
    assert table["heads"] == ["Acts at", "at closing", "from 6 Jan 2027"]
    assert table["rows"] == [
        ["Loan to value", "1.9257", "2.0862"],
        ["Early amortization", "1.9257, inverted by 0.4257", "2.0862, inverted by 0.5862"],
        ["Appraisal trigger", "1.5750", "1.5750"],
        ["Cash sweep level", "1.5000", "1.5000"],
        ["Rental rate floor, rising", "2.1176", "2.1176"],
    ]
    assert table["said"] == ""
    dates = [(f"2027-0{month}-01", month == 9) for month in range(1, 10)]
    many = compose(at_later_dates(inputs, *dates))["ladder"]["later"]
    assert len(many["heads"]) == 6
    assert many["said"] == (
        "Rates change on 5 further dates, the last on 1 Sep 2027; the ladder of each date stands in the "
        "answers as JSON. Limbs are inverted on some of them, first on 1 Sep 2027."
    )
    assert inputs.ladder is not None
    none = replace(inputs, ladder={**inputs.ladder, "later": []})
    assert compose(none)["ladder"]["later"] is None


def test_a_limit_is_drawn_with_its_steps_and_named_with_the_date_of_the_last(inputs: ForesightInputs) -> None:
    """The line of LTV stood at its closing rate to the end, though the limit steps down in January 2027."""
    assert inputs.stress is not None
    year = replace(inputs, stress={**inputs.stress, "until": "2027-08-30"})
    level = next(one for one in compose(year)["stress"]["chart"]["levels"] if "Loan" in one["text"])
    assert level["text"] == "Loan to value 1.9257, 2.0862 from 6 Jan 2027"
    step = across(date(2027, 1, 6), year.closing, date(2027, 8, 30))
    assert f"H{step}V" in level["d"]
    # Up to May 2026 nothing steps, so the line is flat and its words have no date.
    flat = next(one for one in compose(inputs)["stress"]["chart"]["levels"] if "Loan" in one["text"])
    assert (flat["text"], flat["d"].count("V")) == ("Loan to value 1.9257", 0)


def test_the_fan_has_a_step_in_the_week_of_its_date() -> None:
    """The step of 6 January 2027 comes 52 weeks and a day after closing: the value of week 53 meets it."""
    steps = [(date(2026, 1, 6), 1.9257), (date(2027, 1, 6), 2.0862)]
    week = [1.0, 1.5, 2.0, 2.5, 3.0]
    drawn = fan([week] * 104, [("LTV", steps)], date(2026, 1, 6))
    (level,) = drawn["levels"]
    right, left = drawn["right"], drawn["left"]
    assert level["text"] == "2.0862 LTV, stepped"
    assert f"H{round(left + 52 / 103 * (right - left), 1)}V" in level["d"]
    (flat,) = fan([week] * 26, [("LTV", steps)], date(2026, 1, 6))["levels"]
    assert (flat["text"], flat["d"].count("V")) == ("1.9257 LTV", 0)


def test_a_clause_of_several_limbs_is_named_with_each_of_them(inputs: ForesightInputs) -> None:
    assert inputs.ladder is not None
    limbs = [
        {"limb": "ltv FAIL", "test": "ltv", "rate": "1.9257", "fails": "below"},
        {"limb": "cash-sweep IN EFFECT", "test": "cash-sweep", "rate": "1.5", "fails": "below"},
        {"limb": "the event sale", "test": None, "rate": None, "fails": None},
    ]
    rungs = [
        {**rung, "limbs": limbs, "needs": "2 of 3 limbs; never ends"}
        if rung["subject"] == "early-amortization"
        else rung
        for rung in inputs.ladder["rungs"]
    ]
    page = compose(replace(inputs, ladder={**inputs.ladder, "rungs": rungs}))["ladder"]
    assert (
        "Early amortization needs 2 of 3 limbs: Loan to value FAIL (below 1.9257), Cash sweep level IN EFFECT "
        "(below 1.5000) and the event sale (at no rate alone). "
    ) in page["said"]


def test_a_trigger_begins_and_does_not_fail_if_the_rate_rises(inputs: ForesightInputs) -> None:
    assert inputs.ladder is not None
    (floor,) = (rung for rung in inputs.ladder["rungs"] if rung["fails"] == "above")
    trap = {**floor, "subject": "trap", "limb": "trap by rate-floor FAIL"}
    page = compose(replace(inputs, ladder={**inputs.ladder, "rungs": [*inputs.ladder["rungs"], trap]}))
    assert page["ladder"]["said"].startswith(
        "Rental rate floor fails if the rate rises above 2.1176. Trap begins if the rate rises above 2.1176. "
    )


def test_what_is_not_decided_is_said_in_a_whole_sentence(inputs: ForesightInputs) -> None:
    """It stood as "Trap, it looks at ..."."""
    assert inputs.stress is not None
    open_ = {**inputs.stress, "undecided": {"early-amortization": ["ltv"]}}
    words = [said(runs) for runs in compose(replace(inputs, stress=open_))["answer"]]
    assert (
        "Neither when nor never is known: Early amortization looks at Loan to value, which was not determined."
    ) in words


def test_where_every_index_falls_alike_a_limit_is_drawn_at_the_rate_of_that_fall(
    inputs: ForesightInputs,
) -> None:
    """The stated path crossed the day of a failure far above the line, which was of one index alone."""
    assert inputs.ladder is not None
    ladder = {**inputs.ladder, "alike": {"ltv": {"rate": "1.9500", "fails": "below"}}, "later": []}
    page = compose(replace(inputs, ladder=ladder))
    assert [one["text"] for one in page["stress"]["chart"]["levels"]] == ["Loan to value 1.9500"]

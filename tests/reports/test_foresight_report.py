"""The foresight report: the answer first, never as loud as when, no forecast, the same bytes again, an
archive file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from covenants import templates
from engine.foresight.answers import as_data
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.queries.calibration_questions import ModelAsked
from engine.queries.calibration_words import calibration_data
from engine.queries.foresight_questions import StressAsked, stress
from engine.queries.foresight_reports import parts_of_report, stress_parts
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from reports.drawing.lanes import across
from reports.pages.foresight import compose
from reports.pages.foresight_inputs import ForesightInputs
from reports.render.pdf import render_foresight
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import answered, history
from tests.reports.verapdf import failures

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
PREPARED = date(2026, 7, 6)


@pytest.fixture(scope="module")
def inputs(meridian: Deal, tmp_path_factory: pytest.TempPathFactory) -> ForesightInputs:
    return of_everything(meridian, tmp_path_factory.mktemp("history"))


def of_everything(meridian: Deal, folder: Path) -> ForesightInputs:
    """Return a report of each kind of answer for the example deal, its history written in a folder."""
    given = held_facts(HELD, meridian.closing_date, resolve(meridian, meridian.closing_date))
    asked = StressAsked(("B",), ("middle",), multiples=(Fraction(1), Fraction(5, 2)), weeks=18)
    answer = stress(meridian, templates, given, asked)
    path = history(folder, 40)
    simulated = simulate(meridian, templates, None, given, ModelAsked(path, PREPARED, paths=100, weeks=6))
    return ForesightInputs(
        **parts_of_report(meridian, templates, given, PREPARED),
        **stress_parts(meridian, templates, given, replace(asked, weeks=12), answer, 1, lambda _: None),
        calibration=calibration_data(answered(meridian, dict(templates()), path, paths=150)),
        simulation=as_data(simulated),
    )


def said(runs: Any) -> str:
    return "".join(text for text, _ in runs)


def test_the_answer_says_what_is_inverted_what_comes_first_and_what_never_comes(
    inputs: ForesightInputs,
) -> None:
    page = compose(inputs)
    first, chance, never = (said(runs) for runs in page["answer"][:3])
    assert first.startswith(
        "Early amortization comes before Cash sweep level. Under Scenario B, middle of its band, Loan to value "
    )
    assert "Thursday 26 March 2026 at 1.9131." in first
    assert "An Event of Default of Loan to value is indicated from Friday 10 April 2026" in first
    assert "Early amortization is in effect from Thursday 16 April 2026 at 1.8662." in first
    # Each figure has a sentence of its own, with a verb.
    assert re.match(
        r"By chance: On 100 paths of the model, Cash sweep level comes into effect within 6 weeks with a "
        r"probability of \d\.\d\d ± \d\.\d\d\. ([A-Z][^.]+ (comes into effect|is indicated) with a "
        r"probability of (<0\.01|\d\.\d\d ± \d\.\d\d)\. )+A level of ",
        chance,
    )
    assert "A level of 1.50 counted twice gives a false alarm within 40 weeks with a probability of" in chance
    assert never == "Never: Rental rate floor and Appraisal trigger act on no path up to Tuesday 12 May 2026."


def test_no_sentence_of_the_report_is_longer_than_25_words(inputs: ForesightInputs) -> None:
    page = compose(inputs)
    texts = [said(runs) for runs in (*page["answer"], page["not_forecast"])]
    texts += [page["stress"][name] for name in ("intro", "key")]
    texts += [page["calibration"][name] for name in ("intro", "said")]
    texts += [page["simulation"][name] for name in ("intro", "money", "record", "ways")]
    sentences = [one for text in texts for one in re.split(r"(?<=\.) (?=[A-Z0-9])", text)]
    assert len(sentences) > 25
    assert [one for one in sentences if len(one.split()) > 25] == []


def test_a_first_path_on_which_nothing_happens_is_told_of(inputs: ForesightInputs) -> None:
    """Page 1 said nothing of it where other paths were not as quiet."""
    assert inputs.stress is not None
    quiet, *others = inputs.stress["outcomes"]
    known = {**inputs.stress, "outcomes": [{**quiet, "firsts": []}, *others], "left_out": {}}
    lead = said(compose(replace(inputs, stress=known))["answer"][0])
    assert lead.endswith(" Under Scenario B, middle of its band, nothing happens up to Tuesday 12 May 2026.")
    open_ = {**known, "left_out": {"ltv": "no report"}}
    lead = said(compose(replace(inputs, stress=open_))["answer"][0])
    assert lead.endswith(", nothing that is determined happens up to Tuesday 12 May 2026.")


def test_page_one_says_that_it_is_no_forecast_and_how_much_was_tried(inputs: ForesightInputs) -> None:
    text = said(compose(inputs)["not_forecast"])
    assert text.startswith("This is not a forecast.")
    assert "6 variants were tried on that same history" in text
    assert "It also says how often chance alone would set off a clause" in text
    bare = said(compose(replace(inputs, calibration=None, simulation=None))["not_forecast"])
    assert bare.endswith("run on Thursdays. It does not say how likely anything is.")


def test_the_ladder_is_drawn_from_the_highest_rate_down_with_its_inversion(inputs: ForesightInputs) -> None:
    ladder = compose(inputs)["ladder"]
    assert [row["rate"] for row in ladder["rows"]] == ["1.9257", "1.9257", "1.5750", "1.5000"]
    assert [row["x"] for row in ladder["rows"]] == sorted(row["x"] for row in ladder["rows"])
    assert [row["inverted"] for row in ladder["rows"]] == ["", "inverted by 0.4257", "", ""]
    assert ladder["said"].startswith("Rental rate floor fails if the rate rises above 2.1176. ")
    assert [row["weeks"] for row in ladder["rows"]] == ["10.5", "10.5", "on no path", "40.7"]
    assert ladder["said"].endswith(
        " Weeks are of Scenario B, middle of its band. On no path: it acts on none of the stated paths up to "
        "31 Mar 2026."
    )
    assert compose(inputs)["choices"][0] == [
        "Loan to value, limit",
        "65%: trips at 1.9257, 8.3% below closing",
        "at 83.5% it trips, and with it Early amortization, at 1.4991, not before Cash sweep level at 1.5000",
    ]


def test_weeks_have_a_dash_only_where_no_path_was_lived(inputs: ForesightInputs) -> None:
    ladder = compose(replace(inputs, stress=None, scenarios=None))["ladder"]
    assert [row["weeks"] for row in ladder["rows"]] == ["10.5", "10.5", "–", "40.7"]
    assert ladder["said"].endswith(
        " A dash: this one rate does not decide alone when it acts, or has been reached already."
    )


def test_a_limb_that_acts_on_one_of_the_stated_paths_does_not_act_on_none(inputs: ForesightInputs) -> None:
    """A fall that only the draft's own paths have moves the trigger; the paper's scenarios do not."""
    assert inputs.stress is not None
    others = [name for name in inputs.stress["never"] if name != "appraisal"]
    ladder = compose(replace(inputs, stress={**inputs.stress, "never": others}))["ladder"]
    assert [row["weeks"] for row in ladder["rows"]] == ["10.5", "10.5", "–", "40.7"]
    assert "On no path" not in ladder["said"]


def test_every_limb_has_a_lane_and_every_date_stands_in_the_table(inputs: ForesightInputs) -> None:
    found = compose(inputs)["stress"]
    lanes = {row["name"]: row for row in found["lanes"]["rows"]}
    assert set(lanes) == {
        "Rental rate floor",
        "Loan to value",
        "Cash sweep level",
        "Appraisal trigger",
        "Early amortization",
    }
    assert [span["kind"] for span in lanes["Loan to value"]["spans"]] == ["passes", "cure", "default"]
    assert lanes["Appraisal trigger"]["said"] == "never on this path"
    for row in (
        ["Loan to value fails", "Thu 26 Mar 2026, 1.9131", "Thu 5 Feb 2026, 1.9221", "CA §7.02"],
        [
            "Loan to value must be cured by",
            "Thu 9 Apr 2026, 1.8817",
            "Fri 20 Feb 2026, 1.8443",
            "CA §8.01(d)",
        ],
        ["Early amortization in effect", "Thu 16 Apr 2026, 1.8662", "Thu 26 Feb 2026, 1.8066", "IND §5.07"],
        ["Appraisal trigger fails", "never", "never", "CA §7.04"],
        ["Loan to value at its worst", "68.756% on 7 May 2026", "85.179% on 7 May 2026", "CA §7.02"],
    ):
        assert row in found["rows"]
    assert len(found["scenarios"]["rows"]) == 9


def test_the_first_path_lies_in_the_band_of_its_scenario_and_its_words_say_what_it_does(
    inputs: ForesightInputs,
) -> None:
    """On 8 January 2026, two days after closing: 2.10 x 0.70^(2/365) and 2.10 x 0.60^(2/365)."""
    assert inputs.band[0] == ("2026-01-08", 2.0959, 2.0941)
    found = compose(inputs)["stress"]
    assert found["heading"] == "Stress: Scenario B, middle of its band"
    assert found["intro"].endswith(
        " The rate falls by 35% a year, compound; the heavy line shows it, and the grey is its whole band. At "
        "2.5x time runs so many times as fast."
    )
    assert found["chart"]["band"].endswith("Z")
    bare = compose(replace(inputs, band=()))["stress"]
    assert (bare["chart"]["band"], "grey" in bare["intro"]) == ("", False)


def test_a_lane_marks_the_first_date_on_the_other_paths_and_words_of_a_short_stretch_stand_before_it(
    inputs: ForesightInputs,
) -> None:
    """At 2.5 times the pace LTV fails on Thu 5 Feb 2026; the trigger that follows it begins later."""
    found = compose(inputs)["stress"]
    lanes = {row["name"]: row for row in found["lanes"]["rows"]}
    (mark,) = lanes["Loan to value"]["marks"]
    assert mark == {"x": across(date(2026, 2, 5), inputs.closing, date(2026, 5, 12)), "text": "2.5x"}
    assert [one["text"] for one in lanes["Early amortization"]["marks"]] == ["2.5x"]
    assert lanes["Appraisal trigger"]["marks"] == []
    assert found["key"].endswith(" A triangle marks the first date on B middle 2.5x.")
    assert {span["place"] for span in lanes["Early amortization"]["spans"] if span["text"]} == {"before"}


def test_the_heat_map_marks_the_draft_and_what_stays_under_the_share(inputs: ForesightInputs) -> None:
    found = compose(inputs)["calibration"]
    assert [row["count"] for row in found["rows"]] == ["1 date", "2 dates", "3 dates"]
    drafted = [
        (place, number)
        for place, row in enumerate(found["rows"])
        for number, one in enumerate(row["cells"])
        if one["drafted"]
    ]
    assert drafted == [(1, 1)]
    for row in found["rows"]:
        for one in row["cells"]:
            assert one["framed"] == (float(one["chance"].removeprefix("<")) < 0.10)


def test_both_models_say_from_which_rate_and_date_their_paths_begin(inputs: ForesightInputs) -> None:
    """A calibration began at the history's end, beside a simulation from the Closing Date level."""
    page = compose(inputs)
    assert page["calibration"]["intro"].startswith(
        "Every path begins after the Closing Date 6 Jan 2026, around its level of 2.1000. The history ends at "
    )
    assert (
        "100 paths of 6 weeks begin after the Closing Date 6 Jan 2026, from its level of 2.1000."
        in (page["simulation"]["intro"])
    )
    assert page["calibration"]["assumed"].endswith(
        "A date counts towards the end if its value is at or above the level itself, which moves with it."
    )


def test_the_heat_map_shows_the_draft_s_own_release_and_its_window(inputs: ForesightInputs) -> None:
    """Its corner stood on a cell of another release, whose figures are not the draft's."""
    calibration = inputs.calibration
    assert calibration is not None

    def of(cell: dict[str, Any], **changed: Any) -> dict[str, Any]:
        return {**cell, "variant": {**cell["variant"], **changed}}

    model = [of({**one, "false_alarm": 0.77}, release=1) for one in calibration["model"]]
    both = {**calibration, "model": [*model, *calibration["model"]]}
    found = compose(replace(inputs, calibration=both))["calibration"]
    assert found["rows"] == compose(inputs)["calibration"]["rows"]
    assert found["intro"].endswith("The trigger is released on 3 dates. The data hold other releases too: 1.")
    windowed = {
        **calibration,
        "model": [of(one, out_of=4, release_out_of=5) for one in calibration["model"]],
        "drafted": of(calibration["drafted"], out_of=4, release_out_of=5),
    }
    page = compose(replace(inputs, calibration=windowed))
    assert [row["count"] for row in page["calibration"]["rows"]] == [
        "1 of 4 dates",
        "2 of 4 dates",
        "3 of 4 dates",
    ]
    assert page["calibration"]["intro"].endswith("The trigger is released on 3 of 5 dates.")
    assert "A level of 1.50 counted on 2 of 4 dates gives a false alarm" in said(page["answer"][1])
    never = {
        **calibration,
        "model": [{**of(one, release=None), "quiet": 0.0} for one in calibration["model"]],
    }
    quiet = compose(replace(inputs, calibration={**never, "drafted": None}))["calibration"]
    assert quiet["intro"].endswith("The trigger is never released.")
    # Without a quiet period no false alarm is possible, and a level has no merit of that.
    assert {
        (one["chance"], one["error"], one["framed"]) for row in quiet["rows"] for one in row["cells"]
    } == {("-", "no quiet period", False)}


def test_every_probability_stands_with_its_error_and_what_was_left_out_is_named(
    inputs: ForesightInputs,
) -> None:
    found = compose(inputs)["simulation"]
    cells = [cell for row in found["rows"] for cell in row[1:]]
    assert all("±" in cell or cell == "<0.01" for cell in cells)
    assert "What follows the rate is left out: weighted average rental rate." in found["intro"]


def test_what_was_not_worked_out_for_all_paths_at_once_is_named_with_the_reason(
    inputs: ForesightInputs,
) -> None:
    page = compose(inputs)["simulation"]
    assert page["ways"] == ""
    reason = "`ltv` may have a second Cure Period"
    steps = {"ltv": reason, "early-amortization": reason}
    slow = compose(
        replace(inputs, simulation={**inputs.simulation, "by_steps": steps, "one_by_one": ["appraisal"]})
    )
    assert slow["simulation"]["ways"] == (
        "Appraisal trigger was worked out path by path, because the fast way does not cover what is compared. "
        "The exact engine's own steps decide Loan to value and Early amortization (Loan to value may have a "
        "second Cure Period)."
    )


def test_what_could_not_be_placed_is_not_said_to_be_in_order(inputs: ForesightInputs) -> None:
    assert inputs.ladder is not None
    ordered = {**inputs.ladder, "inversions": [], "left_out": {}, "later": []}
    lead = said(compose(replace(inputs, ladder=ordered))["answer"][0])
    assert lead.startswith("No graver limb comes before a milder one.")
    one = {"graver": "ltv", "milder": "cash-sweep", "by": "0.4257", "fails": "below", "kind": "default"}
    cured = {**ordered, "after_cure": [one]}
    lead = said(compose(replace(inputs, ladder=cured))["answer"][0])
    assert lead.startswith(
        "No graver limb acts at once before a milder one. Loan to value fails 0.4257 above Cash sweep level, "
        "which is milder, and is a default if it is not cured in time."
    )
    both = {**inputs.ladder, "after_cure": [one], "later": []}
    lead = said(compose(replace(inputs, ladder=both))["answer"][0])
    assert lead.startswith(
        "Early amortization comes before Cash sweep level. Loan to value fails 0.4257 above"
    )
    left = {**ordered, "left_out": {"ltv": "no report"}}
    lead = said(compose(replace(inputs, ladder=left))["answer"][0])
    assert lead.startswith("Of the limbs that are determined, no graver limb comes before a milder one.")


def test_money_that_is_not_known_is_no_zero(inputs: ForesightInputs) -> None:
    assert inputs.stress is not None
    unknown = [{"clause": "cash-sweep", "on": "2026-05-15", "amount": None, "balance": "0"}] * 2
    outcomes = [{**one, "swept": unknown} for one in inputs.stress["outcomes"]]
    rows = compose(replace(inputs, stress={**inputs.stress, "outcomes": outcomes}))["stress"]["rows"]
    said_of_each = "not known on 2 Payment Dates"
    assert ["Cash sweep level swept, USD", said_of_each, said_of_each, "CA §7.03"] in rows


def test_two_tests_of_one_template_have_titles_of_their_own(load: Callable[[str], Deal]) -> None:
    deal = load((DEALS / "northfield-abs-2026-1.yaml").read_text(encoding="utf-8"))
    titles = parts_of_report(deal, templates, FactsByDate({}), PREPARED)["titles"]
    assert titles["pool-ltv"] == "Loan to value (pool-ltv)"
    assert titles["class-a-ltv"] == "Loan to value (class-a-ltv)"
    assert len(set(titles.values())) == len(titles)


def test_no_line_of_a_level_runs_through_the_words_of_a_level(inputs: ForesightInputs) -> None:
    """Three levels that lie close had their words moved apart, onto each other's lines."""
    assert inputs.ladder is not None
    rung = next(one for one in inputs.ladder["rungs"] if one["test"] == "cash-sweep")
    close = [{**rung, "test": "appraisal", "rate": "1.51"}, {**rung, "test": "ltv", "rate": "1.52"}]
    near = replace(inputs, ladder={**inputs.ladder, "rungs": [rung, *close], "inversions": []})
    chart = compose(near)["stress"]["chart"]
    assert len(chart["levels"]) == 3
    assert all(level["to"] <= chart["right"] - 10 * len(level["text"]) for level in chart["levels"])
    drawn = render_foresight(near)[0]
    assert all(f'H{level["to"]}"' in drawn for level in chart["levels"])


def test_a_draft_of_several_indices_says_whose_rates_are_printed(inputs: ForesightInputs) -> None:
    assert "alike" not in compose(inputs)["ladder"]["said"] + compose(inputs)["stress"]["intro"]
    assert inputs.ladder is not None
    several = {**inputs.ladder, "today": {**inputs.ladder["today"], "CRI-H200": "2.60"}}
    page = compose(replace(inputs, ladder=several))
    assert "Each rate and its weeks are of one index while the others stay;" in page["ladder"]["said"]
    assert page["stress"]["intro"].endswith(
        " Every index falls alike; the rates are those of CRI-H100. Each limit is drawn as every index falls "
        "alike, and the ladder's rates are of one index alone."
    )


def test_a_limb_of_another_index_stands_at_its_share_and_leaves_no_level_among_the_drawn_rates(
    inputs: ForesightInputs,
) -> None:
    """Its bar stood at its own rate on the scale of the first index, and its level in the chart of that index."""
    assert inputs.ladder is not None
    alone, name = compose(inputs), "Cash sweep level"
    moved = [
        {**rung, "index": "CRI-H200", "rate": str(2 * float(rung["rate"]))}
        if inputs.title(rung["test"]) == name
        else rung
        for rung in inputs.ladder["rungs"]
    ]
    ladder = {**inputs.ladder, "rungs": moved, "today": {**inputs.ladder["today"], "CRI-H200": "9.00"}}
    both = compose(replace(inputs, ladder=ladder))

    def places(page: Any) -> dict[str, float]:
        return {row["name"]: row["x"] for row in page["ladder"]["rows"]}

    assert places(both) == pytest.approx(places(alone), abs=1)
    needs = {row["name"]: row["needs"] for row in both["ladder"]["rows"]}
    assert [row for row, words in needs.items() if words.endswith(", CRI-H200")] == [name]
    assert "The scale is of CRI-H100; a bar of another index" in both["ladder"]["said"]
    for part, chart in (("stress", "chart"), ("simulation", "fan")):
        before, after = ([one["text"] for one in page[part][chart]["levels"]] for page in (alone, both))
        assert after == [text for text in before if name not in text]
        assert len(after) < len(before)


def test_what_is_a_bound_on_stated_paths_and_in_the_simulation_alike_is_said_once(
    inputs: ForesightInputs,
) -> None:
    assert inputs.stress is not None
    assert inputs.simulation is not None
    bound = {"early-amortization": ["rate-floor"]}
    for in_stress, in_simulation, where in (
        (bound, bound, " on the stated paths and in the simulation"),
        (bound, {}, ""),
        ({}, bound, " in the simulation"),
    ):
        told = replace(
            inputs,
            stress={**inputs.stress, "sooner": in_stress},
            simulation={**inputs.simulation, "sooner": in_simulation},
        )
        (line,) = [text for runs in compose(told)["answer"] if (text := said(runs)).startswith("At least")]
        assert line.startswith(f"At least{where}: Early amortization also looks at Rental rate floor")


def test_what_the_words_of_the_heat_map_name_is_drawn_in_a_browser_too(inputs: ForesightInputs) -> None:
    """Frames, bars and corners came from the style of the print alone, and the browser showed none."""
    html, _ = render_foresight(inputs)
    style, _, page = html.partition("</style>")
    worn = {word for classes in re.findall(r'class="([^"]*)"', page) for word in classes.split()}
    for name in ("framed", "bar", "corner", "sub", "sig"):
        assert name in worn
        assert f".{name} " in style


def test_a_part_that_was_not_asked_for_is_left_out(inputs: ForesightInputs) -> None:
    page = compose(replace(inputs, stress=None, scenarios=None, calibration=None, simulation=None))
    assert (page["stress"], page["calibration"], page["simulation"]) == (None, None, None)
    assert said(page["answer"][0]) == "Early amortization comes before Cash sweep level."


def test_the_report_is_an_archive_file_and_the_same_bytes_again(
    inputs: ForesightInputs, tmp_path: Path
) -> None:
    (html, pdf), again = render_foresight(inputs), render_foresight(inputs)
    assert (html, pdf) == again
    assert "This is not a forecast." in html
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    for profile in ("3a", "ua1"):
        assert failures(path, profile)[1] == {}


def test_the_money_of_a_simulated_sweep_says_on_how_many_paths_it_is_not_known(
    inputs: ForesightInputs,
) -> None:
    brought = {"clause": "cash-sweep", "mean": 1200.0, "error": 30.0, "low": 0.0, "high": 5000.0}
    lacking = "On 25.0% of the paths a Payment Date lacks one of collections, operating costs, debt service and fees."
    nothing = dict.fromkeys(("mean", "error", "low", "high"))
    sentences = {
        (
            0.0,
            True,
        ): "Cash sweep level sweeps USD 1,200 ± 30 on average, and between USD 0 and USD 5,000 on 95% of the paths.",
        (0.25, True): f"Cash sweep level sweeps at least USD 1,200 on average. {lacking}",
        (0.25, False): f"What Cash sweep level sweeps is not known. {lacking}",
    }
    for (share, known), sentence in sentences.items():
        one = brought | ({} if known else nothing) | {"not_known": share}
        told = replace(inputs, simulation={**inputs.simulation, "swept": [one]})
        assert compose(told)["simulation"]["money"] == sentence
    assert sentence in render_foresight(told)[0]

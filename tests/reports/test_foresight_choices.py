"""Page 1 of a foresight report: what there is to decide, and each answer in a sentence."""

from __future__ import annotations

from engine.basics.probabilities import share_words
from reports.pages.foresight_choices import calibration_lead, choices, left_out_lead, simulation_lead

LADDER = {
    "rungs": [
        {
            "limb": "early-amortization by ltv FAIL",
            "subject": "early-amortization",
            "rate": "1.9257",
            "limbs": [],
        },
        {"limb": "cash-sweep begins", "subject": "cash-sweep", "rate": "1.5", "limbs": []},
    ],
    "later": [],
    "inversions": [
        {
            "graver": "early-amortization by ltv FAIL",
            "milder": "cash-sweep begins",
            "by": "0.4257",
            "words": "",
            "instead": None,
        }
    ],
}


def cell(count: int, false_alarm: float, missed: float, delay: float) -> dict[str, object]:
    variant = {"level": 15_000, "count": count, "release": 3, "release_level": None, "out_of": None}
    figures = {"false_alarm": false_alarm, "error": 0.006, "missed": missed, "delay": delay, "quiet": 1.0}
    return {"variant": variant, **figures}


DRAFTED = cell(2, 0.18, 0.001, 1.0)
CALIBRATION = {
    "term": "covenants.cash-sweep.level",
    "weeks": 104,
    "smallest_count_under": {"share": 0.10},
    "drafted": DRAFTED,
    "model": [cell(1, 0.32, 0.0, 0.1), DRAFTED, cell(3, 0.08, 0.01, 2.1)],
}
SIMULATION = {
    "paths": 10_000,
    "weeks": 104,
    "chances": [
        {"subject": "ltv", "what": "fails", "within": {"4": [0.31, 0.005], "52": [0.8, 0.004]}},
        {
            "subject": "early-amortization",
            "what": "begins",
            "within": {"4": [0.001, 0.0], "52": [0.4, 0.005], "104": [0.67, 0.005]},
        },
    ],
    "never": ["appraisal"],
    "left_out": ["weighted_average_rental_rate"],
    "undetermined": ["rate-floor"],
}


def test_what_there_is_to_decide_names_the_term_as_drafted_and_what_another_figure_does() -> None:
    inverted, count = choices(LADDER, CALIBRATION, (), str)
    assert inverted[1:] == [
        "acts at 1.9257, 0.4257 before cash-sweep",
        "cash-sweep comes first at 1.9257 or above, or early-amortization at 1.5000 or below",
    ]
    assert count == [
        "cash-sweep, count",
        "2 dates: false alarm 0.18 ± 0.01, missed 0.1%, late 1.0 weeks",
        (
            "1 date: false alarm 0.32 ± 0.01, missed 0.0%, late 0.1 weeks; 3 dates: false alarm 0.08 ± "
            "0.01, missed 1.0%, late 2.1 weeks"
        ),
    ]


def test_a_limit_that_puts_two_limbs_in_order_is_named_with_the_rate_at_which_it_trips() -> None:
    """A limit of 83.5%: 16,000,000 over 1.5 times the fleet's hours at 1.4991, just under the sweep."""
    graver, milder = LADDER["rungs"]
    (inversion,) = LADDER["inversions"]
    instead = {"drafted": "65%", "limit": "83.5%", "rate": "1.4991", "test": "ltv"}
    ladder = {
        **LADDER,
        "rungs": [{**graver, "test": "ltv", "share": "0.083", "fails": "below"}, milder],
        "inversions": [{**inversion, "instead": instead}],
    }
    assert choices(ladder, None, (), str) == [
        [
            "ltv, limit",
            "65%: trips at 1.9257, 8.3% below closing",
            "at 83.5% it trips, and with it early-amortization, at 1.4991, not before cash-sweep at 1.5000",
        ]
    ]


def test_a_limb_that_acts_above_a_rate_trips_above_closing() -> None:
    graver, milder = LADDER["rungs"]
    (inversion,) = LADDER["inversions"]
    ladder = {
        **LADDER,
        "rungs": [{**graver, "test": "ltv", "share": "0.083", "fails": "above"}, milder],
        "inversions": [
            {**inversion, "instead": {"drafted": "65%", "limit": "83.5%", "rate": "1.4991", "test": "ltv"}}
        ],
    }
    assert choices(ladder, None, (), str)[0][1] == "65%: trips at 1.9257, 8.3% above closing"


def test_a_limit_that_was_not_looked_for_is_not_named() -> None:
    (inversion,) = LADDER["inversions"]
    bare = {name: said for name, said in inversion.items() if name != "instead"}
    assert choices({**LADDER, "inversions": [bare]}, None, (), str) == choices(LADDER, None, (), str)


def test_a_wording_that_changes_nothing_is_said_too() -> None:
    same = {
        "first": "covenants.appraisal.measure: a",
        "second": "covenants.appraisal.measure: b",
        "differences": [],
        "not_known": [],
    }
    other = {
        **same,
        "differences": [
            {
                "path": "C",
                "subject": "appraisal",
                "what": "fails",
                "before": None,
                "after": "2026-05-07",
                "before_not_known": None,
                "after_not_known": None,
                "serves": "lender",
            }
        ],
    }
    assert choices(None, None, (same, other), str) == [
        ["appraisal.measure", "a", "b: nothing that happens differs"],
        ["appraisal.measure", "a", "b: appraisal fails never, then Thu 7 May 2026 on C"],
    ]


def test_each_answer_is_a_sentence_of_page_one() -> None:
    assert calibration_lead(CALIBRATION) == (
        "A level of 1.50 counted twice gives a false alarm within 104 weeks with a probability of 0.18 ± "
        "0.01. If the level is counted 3 times, the probability is 0.08 ± 0.01."
    )
    assert simulation_lead(SIMULATION, str) == (
        "On 10,000 paths of the model, early-amortization comes into effect within 52 weeks with a probability "
        "of 0.40 ± 0.01. Nothing happens on any path to appraisal."
    )
    assert ["".join(text for text, _ in runs) for runs in left_out_lead(SIMULATION, str)] == [
        "Left out of the simulation is weighted average rental rate, which would follow the rate.",
        "Not determined on any path of the simulation is rate-floor.",
    ]


def test_a_chance_has_as_many_decimals_as_it_takes_to_lie_on_its_own_side_of_the_bound() -> None:
    assert [share_words(share, 0.10) for share in (0.18, 0.0996, 0.1, 0.1004, 0.09)] == [
        "0.18",
        "0.0996",
        "0.10",
        "0.10",
        "0.09",
    ]
    beside = {**CALIBRATION, "model": [DRAFTED, cell(3, 0.096, 0.01, 2.1)]}
    assert calibration_lead(beside).endswith("counted 3 times, the probability is 0.096 ± 0.006.")


def test_no_false_alarm_on_any_path_is_not_said_to_be_impossible() -> None:
    rare = {**CALIBRATION, "drafted": cell(2, 0.0, 0.001, 1.0)}
    assert "with a probability of 0.00 ± 0.01" in calibration_lead(rare)

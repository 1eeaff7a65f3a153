"""What a person reads who mistypes a deal file: the place, the cause and the remedy are those of the mistake
that was made.
"""

from __future__ import annotations

import pytest

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS
from tests.terms.reported import Check

MERIDIAN = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert old in MERIDIAN
    return MERIDIAN.replace(old, new, 1)


def errors(check: Check, text: str) -> list[Problem]:
    return [problem for problem in check(text) if not problem.code.startswith("W")]


def at(text: str, sign: str) -> tuple[int, int]:
    """The line and the column of the first place of a text."""
    before = text[: text.index(sign)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.mark.parametrize(
    ("old", "new", "sign", "words"),
    [
        (
            'to: reserve account, until: "USD 1,200,000", on_end: keep}',
            "to: reserve account",
            "{share: 100%",
            "`{` is opened here",
        ),
        ("cured_by: [retest], cite", "cured_by: [retest, cite", "[retest, cite", "`[` is opened here"),
        (
            "mostly: on demand, cite: CA §5.17}",
            "mostly: on demand, cite: CA #5}",
            "{mostly: on demand",
            "`{` is opened here",
        ),
    ],
)
def test_a_bracket_that_is_not_closed_is_reported_where_it_opens(
    checked: Check, old: str, new: str, sign: str, words: str
) -> None:
    text = changed(old, new)
    (problem,) = errors(checked, text)
    assert problem.code == "Y100"
    assert words in problem.what
    assert (problem.place.line, problem.place.column) == at(text, sign)
    assert ("begins a comment" in problem.why) == ("#" in new)


def test_a_comma_that_is_missing_is_not_called_a_bracket_that_is_not_closed(checked: Check) -> None:
    (problem,) = errors(
        checked, changed("{title: Credit Agreement, dated", '{title: "Credit" Agreement, dated')
    )
    assert problem.code == "Y100"
    assert "is opened here" not in problem.what


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("maturity_date: 2030-01-15", "maturity_date:", "maturity_date"),
        ("level: USD 1.50 per GPU-hour", "level:", "level"),
        ("multiple: 1.5", "multiple: ~", "multiple"),
        ("time_zone: America/New_York", "time_zone:", "time_zone"),
        ("weighted_by: rented GPU-hours          # or", "weighted_by: # or", "weighted_by"),
    ],
)
def test_a_value_that_is_not_written_is_called_that_whatever_its_type(
    checked: Check, old: str, new: str, name: str
) -> None:
    (problem,) = [one for one in errors(checked, changed(old, new)) if name in one.what]
    assert (problem.code, problem.what) == ("D209", f"`{name}` has no value")
    assert ("begins a comment" in problem.why) == ("#" in new)


def test_covenants_that_are_all_wrong_are_not_called_empty(checked: Check) -> None:
    problems = errors(checked, MERIDIAN.replace("    template:", "    templat:"))
    assert {problem.code for problem in problems} == {"D202"}
    assert len(problems) == 4


def test_curly_quotes_are_named(checked: Check) -> None:
    for text in (
        changed("cite: CA §5.17}", "cite: “CA §5.17, a”}"),
        changed('until: "USD 1,200,000"', "until: “USD 1,200,000”"),
    ):
        assert any("straight" in problem.fix for problem in errors(checked, text))


def test_a_list_for_a_block_names_what_the_block_holds(checked: Check) -> None:
    begins, ends = MERIDIAN.index("parties:"), MERIDIAN.index("\nindex:")
    (problem,) = [
        one
        for one in errors(checked, f"{MERIDIAN[:begins]}parties:\n  - lender\n{MERIDIAN[ends:]}")
        if one.code == "D205"
    ]
    assert problem.what == "`parties` must be a block of named terms"
    assert problem.fix == "write `NAME:` for each, and beneath it `name`, `notices`, `lei`, `cite`"
    (whole,) = errors(checked, "- deal\n")
    assert whole.fix.startswith(
        "begin with `deal: NAME` at the left margin, and write beneath it `format`, `documents`"
    )


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("loan_to_valeu", "did you mean `loan_to_value`"),
        ("coverage", "choose one of them"),
        ("banana", "choose one of them"),
        ("ltv", "choose one of them"),
    ],
)
def test_a_template_is_suggested_only_where_it_is_nearly_written(
    checked: Check, written: str, advice: str
) -> None:
    (problem,) = [
        one
        for one in errors(checked, changed("template: loan_to_value", f"template: {written}"))
        if one.code == "D207"
    ]
    assert problem.fix == advice


@pytest.mark.parametrize("key", ["soon", "2026-01-06T10", "2026-13-01", "06.01.2026"])
def test_a_step_that_is_not_a_date_is_said_in_the_formats_own_words(checked: Check, key: str) -> None:
    text = changed("2026-01-06: 65%", f"{key}: 65%")
    problem = next(one for one in errors(checked, text) if one.place.line == at(text, f"{key}: 65%")[0])
    assert (problem.code, problem.what) == ("D108", f"`{key}` is not a date")


def test_a_date_outside_the_deals_life_says_which_dates_are_inside(checked: Check) -> None:
    (problem,) = errors(checked, changed("2027-01-06: {value", "2037-01-06: {value"))
    assert (problem.code, problem.fix) == (
        "D523",
        "write a date on or before 2030-01-15, or correct `maturity_date`",
    )


@pytest.mark.parametrize(
    ("old", "new", "code", "what"),
    [
        ("America/New_York", "EST", "W126", "`EST` stays at one offset all year"),
        ("2026-01-06: 65%", "2026-01-06: 650%", "W127", "`maximum` of `ltv` is 650%"),
    ],
)
def test_what_hardly_anybody_means_is_doubted(
    checked: Check, old: str, new: str, code: str, what: str
) -> None:
    assert [one.what for one in checked(changed(old, new)) if one.code == code] == [what]
    assert [one for one in checked(MERIDIAN) if one.code == code] == []


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "Asia/Tokyo"])
def test_a_place_is_no_doubtful_zone(checked: Check, zone: str) -> None:
    assert [one for one in checked(changed("America/New_York", zone)) if one.code == "W126"] == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "2026-01-15, test: ltv, result: PASS",
            "2026-01-16, test: ltv, result: PASS",
            (
                "`ltv` is tested on Determination Dates, and 2026-01-16 is not one; the nearest: 2026-01-15 "
                "and "
                "2026-01-22"
            ),
        ),
        (
            "template: loan_to_value",
            "first_tested: 2026-03-05\n    template: loan_to_value",
            "`ltv` is first tested on 2026-03-05",
        ),
        (
            "template: loan_to_value",
            "last_tested: 2026-01-09\n    template: loan_to_value",
            "`ltv` was last tested on 2026-01-09",
        ),
        (
            "2026-01-15, trigger: cash-sweep, state: NOT IN EFFECT, count: 1 of 2",
            "2026-01-16, trigger: cash-sweep, result: PASS",
            (
                "`cash-sweep` is tested on Publication Dates, and 2026-01-16 is not one; the nearest: "
                "2026-01-15 and 2026-01-22"
            ),
        ),
    ],
)
def test_an_example_is_told_why_its_date_has_no_result(
    all_templates: dict[str, Template], old: str, new: str, why: str
) -> None:
    deal, _ = read_deal(changed(old, new), "deal.yaml", all_templates)
    assert deal is not None
    problems = [problem for proof in prove(deal, all_templates) for problem in proof.problems]
    assert why in {problem.why for problem in problems if "`result`" in problem.what}

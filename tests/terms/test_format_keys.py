"""Format 2: its keys are required, format 1 has one stated reading of each with a warning, and may not write
it (`rulings.md` 72, 49).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.basics.calendar import load_calendar
from engine.basics.errors import Problem
from engine.terms.as_written import Deal, resolve
from engine.terms.checks.duties import NOTICES
from engine.terms.contract_dates import determination_dates, payment_dates
from engine.terms.format_keys import KEYS
from engine.terms.known_keys import known_keys
from tests.terms.formats import in_format_1, in_format_2

Check = Callable[[str], list[Problem]]
WEEKLY = "determination_dates: {every: Thursday, if_not_a_business_day: same day, cite:"


def dated(meridian_text: str, rule: str, format_: str = "2") -> str:
    assert WEEKLY in meridian_text
    text = meridian_text.replace(WEEKLY, f"determination_dates: {{{rule}, cite:").split("worked_examples:")[0]
    return in_format_2(text) if format_ == "2" else in_format_1(text)


def codes(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(one.code, one.what) for one in problems if one.code not in ("W106", "W102")]


def days(deal: Deal, until: date) -> list[date]:
    terms = resolve(deal, deal.closing_date)
    return list(determination_dates(terms, load_calendar(terms.business_days), until))


QUARTERS = "every: quarter, day: 15, if_not_a_business_day: same day"


def test_format_1_has_one_reading_with_a_warning(
    checked: Check, load: Callable[[str], Deal], meridian_text: str
) -> None:
    text = dated(meridian_text, QUARTERS, "1")
    said = [one for one in checked(text) if one.code == "W120" and "`months:" in one.what]
    assert [one.what for one in said] == ["format 1 reads `months: [1, 4, 7, 10]` here"]
    assert text.splitlines()[said[0].place.line - 1].startswith("determination_dates:")
    assert days(load(text), date(2026, 10, 31)) == [
        date(2026, 1, 15),
        date(2026, 4, 15),
        date(2026, 7, 15),
        date(2026, 10, 15),
    ]


def test_format_2_asks_for_it_where_it_has_a_place(checked: Check, meridian_text: str) -> None:
    found = codes(checked(dated(meridian_text, QUARTERS).replace("months: [1, 4, 7, 10], ", "")))
    assert ("D201", "`months` is missing") in found
    weekly = codes(checked(dated(meridian_text, "every: Thursday, if_not_a_business_day: same day")))
    assert ("D201", "`months` is missing") not in weekly


def test_format_1_may_not_write_it(checked: Check, meridian_text: str) -> None:
    found = codes(
        checked(dated(meridian_text, QUARTERS.replace("day: 15", "months: [3, 6, 9, 12], day: 15"), "1"))
    )
    assert ("D210", "`months` is a key of format 2") in found


@pytest.mark.parametrize("months", ["[3, 6, 9]", "[3, 6, 9, 9]", "[3, 6, 9, 11]", "[12, 9, 6, 3]"])
def test_a_quarter_has_four_months_three_apart(checked: Check, meridian_text: str, months: str) -> None:
    found = codes(checked(dated(meridian_text, QUARTERS.replace("day: 15", f"months: {months}, day: 15"))))
    assert any(code == "D545" for code, _ in found), found


def test_months_without_quarters_are_read_by_nothing(checked: Check, meridian_text: str) -> None:
    found = codes(
        checked(
            dated(
                meridian_text, "every: month, months: [3, 6, 9, 12], day: 15, if_not_a_business_day: same day"
            )
        )
    )
    assert ("D538", "every month has no months of its own") in found


def test_quarter_ends(load: Callable[[str], Deal], meridian_text: str) -> None:
    text = dated(
        meridian_text,
        "every: quarter, months: [3, 6, 9, 12], day: last, first: 2026-03-31, if_not_a_business_day: same "
        "day",
    )
    assert days(load(text), date(2026, 12, 31)) == [
        date(2026, 3, 31),
        date(2026, 6, 30),
        date(2026, 9, 30),
        date(2026, 12, 31),
    ]


def test_a_first_date_that_is_none_is_refused_with_the_nearest_two(
    checked: Check, meridian_text: str
) -> None:
    text = dated(
        meridian_text,
        "every: quarter, months: [3, 6, 9, 12], day: last, first: 2026-03-30, if_not_a_business_day: same "
        "day",
    )
    (found,) = [one for one in checked(text) if one.code == "D544"]
    assert found.what == "the first Determination Date 2026-03-30 is not one of the dates that the rule makes"
    assert found.why == "the nearest are 2025-12-31 and 2026-03-31"


@pytest.mark.parametrize("first", ["2026-01-31", "2026-02-02"])
def test_the_first_date_may_be_the_written_one_or_the_moved_one(
    checked: Check, load: Callable[[str], Deal], meridian_text: str, first: str
) -> None:
    rule = (
        f"every: quarter, months: [1, 4, 7, 10], day: last, first: {first}, if_not_a_business_day: next "
        "business day"
    )
    text = dated(meridian_text, rule)
    assert days(load(text), date(2026, 5, 31)) == [date(2026, 2, 2), date(2026, 4, 30)]
    (both,) = [one for one in checked(text) if one.code == "W121"]
    assert both.what == "the first Determination Date is written for 2026-01-31 and determined on 2026-02-02"


def test_the_shape_of_the_first_weekday_is_held_to_the_rule_too(checked: Check, meridian_text: str) -> None:
    found = codes(
        checked(dated(meridian_text, "every: Thursday, first: 2026-01-12, if_not_a_business_day: same day"))
    )
    assert any(code == "D544" for code, _ in found)


def test_payment_dates_at_quarter_ends(load: Callable[[str], Deal], meridian_text: str) -> None:
    rule = "payment_dates: {every: month, day: 15, if_not_a_business_day: next business day"
    assert rule in meridian_text
    text = dated(meridian_text, "every: Thursday, if_not_a_business_day: same day")
    quarterly = text.replace(
        rule,
        "payment_dates: {every: quarter, months: [3, 6, 9, 12], day: last, if_not_a_business_day: same day",
    )
    terms = resolve(load(quarterly), date(2026, 1, 6))
    found = payment_dates(terms, load_calendar(terms.business_days), date(2026, 1, 7), date(2026, 12, 31))
    assert found == (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31))


def test_every_key_of_the_table_is_one_that_the_format_knows() -> None:
    assert {key.key for key in KEYS} <= {*known_keys(), *NOTICES}
    assert len({(key.block, key.key) for key in KEYS}) == len(KEYS)
    assert all(key.why and not key.why.endswith(".") and key.why[0].islower() for key in KEYS)

"""Stated paths and the exact engine: meridian against its vectors, switches, jumps, missed weeks, files, lost
contracts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.foresight.draft_paths import StatedPath
from engine.foresight.facts_by_date import FactsByDate, held_facts, read_facts
from engine.foresight.rate_scenarios import (
    Jump,
    Rates,
    ScenarioPath,
    read_jump,
    read_legs,
    read_rates,
)
from engine.foresight.stress import PathOutcome, closing_levels, outcome
from engine.queries.asked_paths import asked_paths
from engine.queries.foresight_questions import stated_paths
from engine.terms.as_written import Deal, resolve
from tests.conftest import shared

HELD = (
    "outstanding_principal=USD 16,000,000",
    "weighted_average_rental_rate=USD 1.80 per GPU-hour",
    "collections=USD 1,150,000",
    "operating_costs=USD 290,000",
    "debt_service=USD 640,000",
    "fees=USD 20,000",
)


@pytest.fixture(scope="module")
def vector() -> dict[str, Any]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read: dict[str, Any] = json.loads(
        (found / "data" / "foresight" / "stress-meridian.json").read_text(encoding="utf-8")
    )
    return read


@pytest.fixture(scope="module")
def given(meridian: Deal) -> FactsByDate:
    return held_facts(HELD, meridian.closing_date, resolve(meridian, meridian.closing_date))


def path_of(name: str) -> ScenarioPath:
    legs, point, multiple = name.split()
    return ScenarioPath(read_legs(legs), point, "compound", Fraction(multiple.removesuffix("x")))  # type: ignore[arg-type]


def lived(
    path: ScenarioPath, deal: Deal, templates: dict[str, Template], given: FactsByDate, until: date
) -> PathOutcome:
    rates = {
        name: path.rates(level, deal.closing_date, until) for name, level in closing_levels(deal).items()
    }
    return outcome(path.name, deal, templates, rates, given, until)


def shown(one: PathOutcome, subject: str, what: Any) -> list[Any] | None:
    first = one.first(subject, what)
    return None if first is None else [str(first.on), None if first.rate is None else float(first.rate)]


@pytest.mark.parametrize("name", ["B middle 1.0x", "B middle 1.5x", "B middle 2.5x", "C high 1.0x"])
def test_meridian_does_what_its_vector_says(
    vector: dict[str, Any], meridian: Deal, all_templates: dict[str, Template], given: FactsByDate, name: str
) -> None:
    wanted = vector["first_dates"][name]
    begins = date.fromisoformat(wanted["cash-sweep in effect"][0])
    one = lived(path_of(name), meridian, all_templates, given, begins + timedelta(days=240))
    assert one.path == name
    assert shown(one, "ltv", "fails") == wanted["ltv fails"]
    assert str(one.first("ltv", "cure by").on) == wanted["ltv cure by"]  # type: ignore[union-attr]
    assert str(one.first("ltv", "default").on) == wanted["ltv default"]  # type: ignore[union-attr]
    assert shown(one, "early-amortization", "begins") == wanted["early-amortization in effect"]
    assert shown(one, "cash-sweep", "fails") == wanted["cash-sweep fails"]
    assert shown(one, "cash-sweep", "begins") == wanted["cash-sweep in effect"]
    assert shown(one, "appraisal", "fails") == wanted.get("appraisal fails")
    money = wanted.get("swept (Payment Date, amount, balance after)")
    if money is None:
        assert one.swept_in_all("cash-sweep").whole == wanted["swept in all"]
    else:
        paid = [[str(pay.on), float(pay.amount or 0), float(pay.balance)] for pay in one.swept]
        assert paid[: len(money)] == money[: len(paid)]
        assert len(paid) >= 7


def test_lanes_cover_every_day_and_say_what_held(
    meridian: Deal, all_templates: dict[str, Template], given: FactsByDate
) -> None:
    one = lived(path_of("B middle 2.5x"), meridian, all_templates, given, date(2026, 6, 30))
    for lane in one.lanes.values():
        assert lane[-1].until == date(2026, 6, 30)
        assert all(before.until + timedelta(days=1) == after.since for before, after in pairwise(lane))
    kinds = [span.kind for span in one.lanes["ltv"]]
    assert kinds == ["passes", "cure", "default"]
    assert [span.kind for span in one.lanes["cash-sweep (trigger)"]] == ["passes", "counted", "in effect"]
    assert one.lanes["appraisal"][-1].kind == "passes"


def test_what_is_not_given_is_named_and_is_no_pass(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    nothing = FactsByDate({})
    one = lived(path_of("B middle 1.0x"), meridian, all_templates, nothing, date(2026, 4, 30))
    assert set(one.undetermined) == {"ltv", "rate-floor"}
    assert one.first("ltv", "fails") is None
    assert [span.kind for span in one.lanes["ltv"]] == ["not determined"]


def test_rates_are_those_of_the_hand_check() -> None:
    """2.10 x 0.65^(79/365) = 1.9131 (B, middle, 2026-03-26), to four decimals, half to even."""
    rates = dict(path_of("B middle 1.0x").rates(Decimal("2.10"), date(2026, 1, 6), date(2026, 12, 31)))
    assert rates[date(2026, 3, 26)] == Decimal("1.9131")
    assert rates[date(2026, 3, 26)] == round(Decimal(2.10 * 0.65 ** (79 / 365)), 4)


def test_a_multiple_lets_time_run_so_many_times_as_fast_and_a_straight_line_ends_at_nothing() -> None:
    once = ScenarioPath(read_legs("B"), "middle", "straight line")
    assert once.remaining(365) == Fraction(65, 100)
    assert once.faster(Fraction(5, 2)).remaining(365) == 1 - Fraction(35 * 25, 1000)
    assert once.faster(Fraction(5, 2)).remaining(500) == 0
    fast = path_of("B middle 2.5x")
    assert float(fast.remaining(146)) == pytest.approx(0.65)


def test_a_switch_goes_on_from_where_the_last_scenario_left_the_rate() -> None:
    path = ScenarioPath(read_legs("A:365,B"), "middle", "compound")
    assert float(path.remaining(365)) == pytest.approx(0.825)
    assert float(path.remaining(730)) == pytest.approx(0.825 * 0.65)
    assert path.name == "A:365,B middle 1.0x"


@pytest.mark.parametrize("text", ["D", "A,B", "A:0,B", "A:548 B", ""])
def test_scenarios_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_legs(text)


def test_a_jump_comes_once_on_the_first_publication_date_so_many_weeks_on() -> None:
    assert read_jump("-30%@26w") == Jump(Fraction(-30, 100), 26)
    for wrong in ("30%@26w", "-100%@26w", "-30%@26d", "-30@26w"):
        with pytest.raises(WrongUsage):
            read_jump(wrong)
    flat = ScenarioPath(read_legs("A"), "middle", "compound")
    since, until = date(2026, 1, 6), date(2026, 8, 31)
    plain = dict(flat.rates(Decimal("2.10"), since, until))
    jumped = dict(
        ScenarioPath(flat.legs, "middle", "compound", jump=read_jump("-30%@26w")).rates(
            Decimal("2.10"), since, until
        )
    )
    day = next(day for day in sorted(plain) if day >= since + timedelta(weeks=26))
    assert next(on for on in plain if plain[on] != jumped[on]) == day
    assert float(jumped[day] or 0) == pytest.approx(float(plain[day] or 0) * 0.7, abs=1e-4)


def test_a_missed_week_has_no_value(
    meridian: Deal, all_templates: dict[str, Template], given: FactsByDate
) -> None:
    missing = frozenset({date(2026, 3, 26)})
    path = ScenarioPath(read_legs("B"), "middle", "compound", missing=missing)
    assert (
        dict(path.rates(Decimal("2.10"), meridian.closing_date, date(2026, 4, 30)))[date(2026, 3, 26)] is None
    )
    one = lived(path, meridian, all_templates, given, date(2026, 4, 30))
    first = one.first("ltv", "fails")
    assert first is not None
    assert first.on == date(2026, 4, 2)  # the carried 1.9289 still passes on 26 March


def test_a_file_of_rates_is_a_path_and_nothing_comes_after_its_end(
    meridian: Deal, all_templates: dict[str, Template], given: FactsByDate
) -> None:
    rates, problems = read_rates(
        "date,rate\n2026-01-08,2.1000\n2026-01-15,1.9000\n2026-01-22,\n", "curve.csv", ["CRI-H100"]
    )
    assert problems == []
    assert rates["CRI-H100"] == (
        (date(2026, 1, 8), Decimal("2.1000")),
        (date(2026, 1, 15), Decimal("1.9000")),
        (date(2026, 1, 22), None),
    )
    one = outcome("curve", meridian, all_templates, rates, given, date(2026, 2, 28))
    assert one.first("ltv", "default") is not None
    assert (
        one.lanes["cash-sweep"][-1].kind == "not determined" or one.lanes["cash-sweep"][-1].kind == "passes"
    )


def test_a_file_of_rates_that_ends_too_early_is_refused(meridian: Deal, tmp_path: Path) -> None:
    """Of weeks after its end it said that nothing happens. A path to Wednesday lacks nothing."""
    table = tmp_path / "curve.csv"
    table.write_text("date,rate\n2026-01-08,2.1000\n2026-01-15,1.9000\n", encoding="utf-8")
    words = ("compound", "1", None, frozenset[date](), table, None)

    def asked(until: date) -> Sequence[StatedPath]:
        return stated_paths(meridian, asked_paths(("B",), "middle", *words, until, 130), until)

    with pytest.raises(WrongUsage, match=r"curve\.csv ends on 2026-01-15, .* --until 2026-01-21 or earlier"):
        asked(date(2026, 1, 22))
    assert [path.name for path in asked(date(2026, 1, 21))] == ["B middle 1.0x", "curve.csv"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("day,rate\n2026-01-08,2.10\n", ["F101"]),
        ("date,CRI-B200\n2026-01-08,2.10\n", ["F101"]),
        ("date,rate\n2026-01-09,2.10\n", ["F102"]),
        ("date,rate\n28/05/2026,2.10\n20260108,2.10\n2026-13-01,2.10\n", ["F105", "F105", "F105"]),
        ("date,rate\n", ["F108"]),
        ("date,rate\n2026-01-15,2.10\n2026-01-08,2.10\n", ["F102"]),
        ("date,rate\n2026-01-08,2.10001\n2026-01-15,-1\n2026-01-22,0\n", ["F103", "F103", "F103"]),
    ],
)
def test_rates_that_cannot_be_read_are_problems_at_their_line(text: str, codes: list[str]) -> None:
    assert [problem.code for problem in read_rates(text, "curve.csv", ["CRI-H100"])[1]] == codes


def usd(amount: int) -> Figure:
    return Figure(value=Fraction(amount), unit=Unit.USD)


def test_facts_hold_until_the_next_one_and_a_late_report_serves_from_its_receipt(meridian: Deal) -> None:
    terms = resolve(meridian, meridian.closing_date)
    text = (
        "date,figure,value,received\n"
        '2026-01-08,outstanding_principal,"USD 16,000,000",\n'
        '2026-03-05,outstanding_principal,"USD 15,000,000",2026-03-10\n'
    )
    facts = read_facts(text, "facts.csv", terms)
    assert facts.on(date(2026, 1, 7)) == {}
    assert [facts.on(date(2026, 3, day))["outstanding_principal"] for day in (4, 5, 9, 10)] == [
        usd(16_000_000),
        usd(16_000_000),
        usd(16_000_000),
        usd(15_000_000),
    ]
    lines = read_facts(text.replace("2026-03-10", ""), "facts.csv", terms, straight_lines=True)
    half = lines.on(date(2026, 2, 5))["outstanding_principal"].value
    assert half == 16_000_000 - 1_000_000 * Fraction(28, 56)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2026-01-08,outstanding_principle,USD 1", "D502"),
        ("2026-01-08,outstanding_principal.class_z,USD 1", "D502"),
        ("2026-01-08,outstanding_principal,sixteen", "D401"),
        ("2026-01-08,outstanding_principal,85%", "D405"),
        ("2026-01-08,outstanding_principal,USD -5", "D405"),
        ("08.01.2026,outstanding_principal,USD 1", "F105"),
        ("2026-01-08,outstanding_principal,USD 16,000,000", "F106"),
        ("2026-01-08,fees,USD 1\n2026-01-08,fees,USD 2", "F107"),
    ],
)
def test_facts_are_checked_as_a_worked_example_is(meridian: Deal, row: str, code: str) -> None:
    with pytest.raises(InputProblems) as refused:
        read_facts(f"date,figure,value\n{row}\n", "facts.csv", resolve(meridian, meridian.closing_date))
    assert code in [problem.code for problem in refused.value.problems]
    # Two figures of one date are shown at the second.
    assert {problem.place.line for problem in refused.value.problems} == {3 if code == "F107" else 2}


def test_facts_without_their_columns_are_refused(meridian: Deal) -> None:
    with pytest.raises(InputProblems):
        read_facts("date,value\n2026-01-08,1\n", "facts.csv", resolve(meridian, meridian.closing_date))
    with pytest.raises(WrongUsage, match=r"the figure `.*` does not exist"):
        held_facts(["rent=USD 1"], meridian.closing_date, resolve(meridian, meridian.closing_date))


def test_a_lost_contract_opens_its_hours(meridian: Deal) -> None:
    terms = resolve(meridian, meridian.closing_date)
    texts = [
        "contracted_gpu_hours.acme=10,000",
        "contracted_rate.acme=USD 2.40 per GPU-hour",
        "contracted_revenue=USD 100,000",
        "uncontracted_gpu_hours=5,000",
    ]
    facts = held_facts(texts, meridian.closing_date, terms)
    lost = facts.with_lost("acme", date(2026, 6, 1))
    assert lost.on(date(2026, 5, 31)) == facts.on(date(2026, 5, 31))
    after = lost.on(date(2026, 6, 1))
    assert {
        name: after[name].value
        for name in ("contracted_gpu_hours.acme", "contracted_revenue", "uncontracted_gpu_hours")
    } == {
        "contracted_gpu_hours.acme": 0,
        "contracted_revenue": 76_000,
        "uncontracted_gpu_hours": 15_000,
    }
    with pytest.raises(WrongUsage, match="contracts given: acme"):
        facts.with_lost("globex", date(2026, 6, 1))


def test_the_paths_are_thursdays(load: Callable[[str], Deal], meridian: Deal) -> None:
    rates: Rates = path_of("C high 2.5x").rates(Decimal("2.10"), meridian.closing_date, date(2027, 1, 1))
    assert {day.weekday() for day, _ in rates} == {3}
    assert all((value or 0) > 0 for _, value in rates)


def test_a_path_is_named_in_words_with_its_fall_its_speed_and_its_jump() -> None:
    path = ScenarioPath(
        read_legs("A:548,B"), "middle", "compound", Fraction(3, 2), Jump(Fraction(-3, 10), 26)
    )
    assert path.in_words == (
        "Scenario A for 548 days and then B, middle of its band, time running 1.5 times as fast"
    )
    assert path.falls == (
        "falls by 17.5% a year for 548 days, then by 35% a year, compound, with a jump of -30% after 26 weeks"
    )
    straight = ScenarioPath(read_legs("C"), "low", "straight line")
    assert (straight.in_words, straight.falls) == (
        "Scenario C, low end of its band",
        "falls by 50% a year, in a straight line",
    )


def test_reports_come_as_often_as_the_deal_says_between_monthly_determination_dates(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """Weekly reports, tests on the last day of each month, and collections that fall on Thursday 7 May.

    The rate is below 1.50 from closing, so the sweep is in effect. On the Payment Date of 15 May the newest
    report is that of 14 May: 700,000 less 290,000 and 640,000 and 20,000 leaves nothing. On 15 April it is that
    of 9 April, which gives 1,150,000 and leaves 200,000. A report of 30 April would still say so on 15 May.
    """
    monthly = meridian_text.replace(
        "determination_dates: {every: Thursday, if_not_a_business_day: same day",
        "determination_dates: {every: month, day: last, if_not_a_business_day: previous business day",
    )
    deal = load(monthly[: monthly.index("worked_examples:")] + "worked_examples: []\n")
    terms = resolve(deal, deal.closing_date)
    table = (
        'date,figure,value\n2026-01-06,collections,"USD 1,150,000"\n2026-05-07,collections,"USD 700,000"\n'
    )
    rest = held_facts([text for text in HELD if "collections" not in text], deal.closing_date, terms)
    given = FactsByDate({**read_facts(table, "facts.csv", terms).figures, **rest.figures})
    rates = {
        "CRI-H100": tuple((date(2026, 1, 8) + timedelta(weeks=week), Decimal("1.40")) for week in range(22))
    }
    one = outcome("low", deal, all_templates, rates, given, date(2026, 6, 1))
    paid = {str(pay.on): None if pay.amount is None else int(pay.amount) for pay in one.swept}
    assert paid["2026-04-15"] == 200_000
    # The newest report of 14 May is one day old, and `too_old_after` is 14 days: the amount is known.
    assert paid["2026-05-15"] == 0

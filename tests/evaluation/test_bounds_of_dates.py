"""Which day counts: the first date of a month, an Act at the cut-off, cash that is short, what a log would lose."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from engine.basics.values import Figure, Unit
from engine.evaluation.determined_again import would_withdraw
from engine.evaluation.due_tests import is_due
from engine.evaluation.outlook import _principal
from engine.evaluation.recorded_acts import counts_for
from engine.evaluation.sweeps import swept
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.events.kinds import Tested as _Tested
from engine.events.results import TestResult, Verdict
from engine.events.states import TestState, TestStatus
from engine.terms.periods import ClockTime

NEW_YORK = ZoneInfo("America/New_York")
PAYMENT = date(2026, 4, 15)


@pytest.mark.parametrize(("day", "due"), [(1, True), (8, False), (15, False)])
def test_a_monthly_test_is_run_on_the_first_date_of_its_month_alone(day: int, due: bool) -> None:
    """1 October 2026 is a Thursday, so that the month's first Publication Date is its first day."""
    on = date(2026, 10, day)
    inputs = SimpleNamespace(
        on=on, measured_on=on, terms=SimpleNamespace(closing_date=date(2026, 1, 6)), calendar=None
    )
    clause = SimpleNamespace(first_tested=None, last_tested=None, frequency="first date of each month")
    assert is_due(inputs, clause, SimpleNamespace(dates="publication dates")) is due


@pytest.mark.parametrize(("seconds", "later"), [(-1, 0), (0, 0), (1, 1)])
def test_an_act_received_at_the_cut_off_itself_counts_for_its_date(seconds: int, later: int) -> None:
    terms = SimpleNamespace(
        determination_dates=SimpleNamespace(cut_off=ClockTime(18)), time_zone="America/New_York"
    )
    on = date(2026, 3, 12)
    at = datetime(2026, 3, 12, 18, tzinfo=NEW_YORK) + timedelta(seconds=seconds)
    act = ActRecorded(
        act="waiver", clause="ltv", effective_on=on, until=date(2026, 4, 2), received_at=at, document=None
    )
    assert counts_for(act, terms) == on + timedelta(days=later)


def taken(cash: int, *, until: int | None = None, held: int = 0, others: int = 0, most: int | None = None):
    sweep = SimpleNamespace(
        share=Fraction(1, 2), until=None if until is None else Fraction(until), repays=None
    )
    figures = {"collections": cash, "operating_costs": 30, "debt_service": 40, "fees": 5}
    return swept(
        "sweep",
        sweep,
        PAYMENT,
        Fraction(held),
        lambda name: Fraction(figures[name]),
        Fraction(others),
        None if most is None else Fraction(most),
    )


def test_a_shortfall_of_cash_sweeps_nothing_and_takes_nothing_out() -> None:
    short = taken(50, held=7)
    assert (short.excess_cash_flow, short.swept, short.reserve_balance) == (0, 0, 7)


def test_a_sweep_takes_its_share_of_the_cash_that_is_left() -> None:
    assert taken(175).swept == 50
    assert taken(175, others=80).swept == 20
    assert taken(175, others=130).swept == 0


def test_a_sweep_stops_at_its_target_and_gives_nothing_back_above_it() -> None:
    assert taken(175, until=60, held=45).swept == 15
    assert taken(175, until=60, held=60).swept == 0
    assert taken(175, until=60, held=90).swept == 0
    assert taken(175, most=12).swept == 12


def determined(status: TestStatus) -> Draft:
    on = date(2026, 3, 12)
    result = TestResult(
        test="ltv",
        template="loan_to_value",
        title="Loan to value",
        cite="CA §8.01",
        on=on,
        verdict=Verdict.FAIL,
        breach="default",
    )
    state = TestState(test="ltv", status=status, since=on)
    return Draft(
        kind="tested",
        subject="ltv",
        effective_on=on,
        payload=_Tested(result=result, state=state, before=None),
    )


def test_an_event_of_default_that_would_not_stand_any_more_is_named() -> None:
    default, cure = determined(TestStatus.EVENT_OF_DEFAULT), determined(TestStatus.CURE_PERIOD)
    assert list(would_withdraw([default], [cure])) == ["the Event of Default of `ltv` since 2026-03-12"]
    assert list(would_withdraw([cure], [default])) == []
    assert list(would_withdraw([default], [default])) == []


def test_a_principal_that_lacks_a_class_is_not_printed_as_the_whole() -> None:
    usd = {name: Figure(value=Fraction(amount), unit=Unit.USD) for name, amount in (("a", 15), ("b", 6))}
    debt = SimpleNamespace(debt={"a": 1, "b": 2})

    def printed(**figures: Figure):
        given = {f"outstanding_principal.{name}": figure for name, figure in figures.items()}
        return _principal(SimpleNamespace(report=SimpleNamespace(figures=given), terms=debt))

    assert printed(a=usd["a"]) is None
    assert printed(**usd).value == 21

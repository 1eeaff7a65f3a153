"""What a long run says of the time that is left."""

from __future__ import annotations

from engine.operations.remaining_time import RemainingTime


def said(passed: float, done: int, of: int) -> str:
    readings = iter((0.0, passed))
    return RemainingTime(of, lambda: next(readings)).after(done)


def test_deals_that_are_left_take_as_long_as_those_that_are_done() -> None:
    assert said(60, 100, 1_000) == "; deal 101 of 1,000, about 9 minutes left"
    assert said(60, 900, 1_000) == "; deal 901 of 1,000, about 10 seconds left"
    assert said(3600, 100, 1_000) == "; deal 101 of 1,000, about 9.0 hours left"


def test_a_short_run_and_a_first_deal_say_nothing() -> None:
    assert (said(19, 100, 1_000), said(60, 0, 1_000), said(60, 1_000, 1_000)) == ("", "", "")

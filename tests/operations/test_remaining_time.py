"""What a long run says of the time that is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from engine.events.notice import NoticeInputs
from engine.operations import deals_in_hand, issue_notices
from engine.operations.remaining_time import RemainingTime
from engine.operations.run import Tools, run
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST
from tests.operations.test_portfolio_run import portfolio


def said(lots: Iterable[tuple[float, int]], at: float, done: int, of: int) -> str:
    """What a run says at a moment, which began at 0 and gave lots at some moments, each up to a deal."""
    clock = [0.0]
    remaining = RemainingTime(of, lambda: clock[0])
    for clock[0], given in lots:
        remaining.lot_given(given)
    clock[0] = at
    return remaining.after(done)


def test_deals_that_are_left_take_as_long_as_the_second_half_of_those_that_are_done() -> None:
    assert said([(300, 50), (360, 100)], 360, 100, 1_000) == "; deal 101 of 1,000, about 18 minutes left"
    lots = [(300, 50), (400, 100), (430, 150), (460, 200)]
    assert said(lots, 460, 200, 1_000) == "; deal 201 of 1,000, about 8 minutes left"
    assert said([(0, 100), (3600, 200)], 3600, 200, 1_000) == "; deal 201 of 1,000, about 8.0 hours left"


def test_within_a_lot_the_time_that_passes_is_taken_off_until_the_lot_should_be_given() -> None:
    lots = [(30, 10), (50, 20)]
    assert said(lots, 60, 24, 60).endswith("about 70 seconds left")
    assert said(lots, 70, 29, 60).endswith("about 60 seconds left")
    assert said(lots, 500, 29, 60).endswith("about 60 seconds left")


def test_no_time_is_named_before_a_second_lot_is_given() -> None:
    assert said([], 60, 5, 1_000) == "; deal 6 of 1,000"
    assert said([(50, 16), (55, 16)], 60, 16, 1_000) == "; deal 17 of 1,000"


def test_a_short_run_and_a_first_deal_say_nothing() -> None:
    lots = [(5, 50), (10, 100)]
    assert (said(lots, 19, 100, 1_000), said(lots, 60, 0, 1_000)) == ("", "")
    assert said(lots, 60, 1_000, 1_000) == ""


@dataclass
class Simulated:
    """Two processes that draw a notice in so many seconds each, on a clock of their own."""

    seconds: float
    start: float
    at_a_time: int = 2
    now: float = 0.0

    def __post_init__(self) -> None:
        self._free: list[float] = []

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterator[bytes]:
        self._free = self._free or [self.now + self.start] * 2
        ready = []
        for _ in notices:
            first = self._free.index(min(self._free))
            self._free[first] = max(self._free[first], self.now) + self.seconds
            ready.append(self._free[first])
        return self._in_turn(ready)

    def _in_turn(self, ready: Sequence[float]) -> Iterator[bytes]:
        for moment in ready:
            self.now = max(self.now, moment)
            yield b"-"


def test_a_run_says_what_it_takes(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten notices of five deals, two at a time, by processes that take a minute to start."""
    drawing = Simulated(seconds=40, start=60)
    lines: list[tuple[float, str]] = []
    monkeypatch.setattr(deals_in_hand, "DEALS_AT_A_TIME", 1)
    monkeypatch.setattr(issue_notices, "RemainingTime", partial(RemainingTime, now=lambda: drawing.now))
    workspace = portfolio(tmp_path, 2)
    told = replace(tools, render=drawing, progress=lambda line: lines.append((drawing.now, line)))
    run(workspace, FIRST.replace(day=FIRST.day + 7), told)
    workspace.store.close()
    named = [(at, re.search(r"about (\d+) (seconds|minutes) left", line)) for at, line in lines]
    left = [
        (drawing.now - at, int(found[1]) * (60 if found[2] == "minutes" else 1))
        for at, found in named
        if found
    ]
    assert len(left) >= 3
    assert all(abs(truth - estimate) <= 40 for truth, estimate in left), left

"""Limits of rate hold over any span of their length, not only within the quarters of the clock."""

from types import SimpleNamespace

import pytest
from limits import RateLimitItem

from engine.web.attempts import (
    GUESSES_AT_AN_ACCOUNT,
    GUESSES_FROM_AN_ADDRESS,
    PAPERS,
    UPLOADS,
    Attempts,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the limits."""
    clock = SimpleNamespace(at=0.0, time=lambda: clock.at)
    for module in ("limits.storage.memory", "limits.strategies"):
        monkeypatch.setattr(f"{module}.time", clock)
    return clock


@pytest.mark.parametrize("limit", [GUESSES_AT_AN_ACCOUNT, GUESSES_FROM_AN_ADDRESS, UPLOADS, PAPERS])
def test_no_more_than_a_limit_are_let_through_where_a_quarter_of_the_clock_ends(
    clock: SimpleNamespace, limit: RateLimitItem
) -> None:
    """One attempt more was let through where the counter of a new window began among the attempts."""
    attempts, span = Attempts(), limit.get_expiry()
    clock.at = 1000 * span - 1
    few = limit.amount // 3
    assert all(attempts.allowed(limit, "a") for _ in range(few))
    clock.at = 1000 * span + 0.01
    found = [attempts.allowed(limit, "a") for _ in range(limit.amount)]
    assert found == [True] * (limit.amount - few) + [False] * few
    assert attempts.allowed(limit, "b")
    clock.at = 1001 * span
    assert [attempts.allowed(limit, "a") for _ in range(few + 1)] == [True] * few + [False]

"""Limits of rate: how often an address may ask, and how often a password may be guessed."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

GUESSES_AT_AN_ACCOUNT: RateLimitItem = parse("10 per 15 minutes")
GUESSES_FROM_AN_ADDRESS: RateLimitItem = parse("30 per 15 minutes")
REQUESTS: RateLimitItem = RateLimitItemPerMinute(12_000)
"""Of one address: two hundred a second, many times what fifty people read; a whole office may sit behind one.
"""
UPLOADS: RateLimitItem = RateLimitItemPerMinute(20)
PAPERS: RateLimitItem = RateLimitItemPerMinute(20)
"""Pages as PDF, of one person."""


class Attempts:
    """Counts in the memory of this process, exact for any span of a limit's length."""

    def __init__(self) -> None:
        """Begin to count."""
        storage = MemoryStorage()
        self._exact = MovingWindowRateLimiter(storage)
        # The moments of twelve thousand requests would fill the memory, and one request more does no harm.
        self._rough = SlidingWindowCounterRateLimiter(storage)

    def allowed(self, limit: RateLimitItem, *of: str) -> bool:
        """Count one attempt; whether it is allowed still."""
        return (self._rough if limit is REQUESTS else self._exact).hit(limit, *of)

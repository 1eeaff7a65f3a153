"""Limits of rate: how often an address may ask, and how often a password may be guessed."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

GUESSES_AT_AN_ACCOUNT: RateLimitItem = parse("10 per 15 minutes")
GUESSES_FROM_AN_ADDRESS: RateLimitItem = parse("30 per 15 minutes")
REQUESTS: RateLimitItem = RateLimitItemPerMinute(12_000)
"""Of one address: two hundred a second, many times what fifty people read; a whole office may sit behind one.
"""
UPLOADS: RateLimitItem = RateLimitItemPerMinute(20)
PAPERS: RateLimitItem = RateLimitItemPerMinute(20)
"""Pages as PDF, of one person."""
LONG_WORK: RateLimitItem = RateLimitItemPerSecond(4, 60)
"""Verifications and the like, of one person in a minute."""


class Attempts:
    """Counts in the memory of this process."""

    def __init__(self) -> None:
        """Begin to count."""
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def allowed(self, limit: RateLimitItem, *of: str) -> bool:
        """Count one attempt; whether it is allowed still."""
        return self._limiter.hit(limit, *of)

    def left(self, limit: RateLimitItem, *of: str) -> bool:
        """Return whether one more attempt would be allowed; nothing is counted."""
        return self._limiter.test(limit, *of)

"""The rates that a deal uses: what one Publication Date gave, and the Reference Rate after its fallback."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from engine.basics.values import Fact, Stated


class Announced(Fact):
    """An announcement of an index's administrator: its kind, its effective date, and when it was recorded.

    The ruling is `rulings.md` 62.
    """

    what: str
    effective_on: date
    recorded_at: datetime


class Published(Fact):
    """What one Publication Date gave for one index: the light form of an IndexValue, or its absence.

    `value` is None for a non-publication. `event` is the leaf hash of the index log's event, None in a worked
    example.
    """

    index: str
    publication_date: date
    value: Stated | None
    print: int = 1
    methodology: str = ""
    source: str = ""
    low_confidence: bool = False
    low_confidence_reasons: tuple[str, ...] = ()
    low: Stated | None = None
    high: Stated | None = None
    observations: int | None = None
    valid_days: int | None = None
    hosts: int | None = None
    hosts_at_least: bool = False
    largest_host_share: Stated | None = None
    """The largest seller's share of the listings; absent if it is not known."""
    pooled: tuple[Stated, ...] = ()
    seller_low: Stated | None = None
    seller_high: Stated | None = None
    """The ends of the interval by sellers, if there is one."""
    sellers: tuple[str | None, ...] = Field(default=(), exclude=True)
    """The host of each value of `pooled`, in the same order, read from the index's own log.

    A deal's log names no host.
    """
    recorded_on: date | None = None
    published_on: date | None = None
    """The day on which this print became public: the Publication Date itself unless it came late."""
    final_at: datetime | None = None
    """The moment at which a value of a daily series was final; None for a weekly series."""
    read_of: date | None = None
    """The day of a daily series that the Publication Date reads."""
    announced: tuple[Announced, ...] = Field(default=(), exclude=True)
    """What is announced of the index. The index's own log holds it, and no event of a deal repeats it."""
    event: str | None = None

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the data without the fields that only a daily series has."""
        said: dict[str, Any] = whole(self)
        # Records from before daily series lack these fields and must come out again byte for byte.
        return {
            key: one
            for key, one in said.items()
            if one is not None or key not in ("final_at", "read_of", "largest_host_share")
        }


class ReferenceRate(Fact):
    """The rate that the deal uses for one index on one date, or the reason why it is missing.

    `age` counts Publication Dates since the value's own: 0 for a value of the latest one.
    """

    index: str
    on: date
    value: Stated | None
    step: str
    cite: str
    age: int = 0
    publication_date: date | None = None
    published: Published | None = None
    newest_print: int | None = None
    """Which print of the newest Publication Date was accepted; 0 for none.

    If another print is accepted later, the date is determined again.
    """
    reason: str | None = None
    by_sellers: tuple[str, ...] | None = Field(default=None, exclude_if=lambda flags: flags is None)
    """The reasons why the rate is Low Confidence by its sellers (`rulings.md` 60).

    They are absent if the methodology judges.
    """

    @property
    def flags(self) -> tuple[str, ...]:
        """The reasons why the value is Low Confidence as the deal judges it; empty if it is not."""
        # If sellers judge, the methodology's flag does not count, even if their rule finds nothing.
        if self.by_sellers is not None or self.published is None or not self.published.low_confidence:
            return self.by_sellers or ()
        return self.published.low_confidence_reasons or ("flagged",)

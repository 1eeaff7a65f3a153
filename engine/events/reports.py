"""What a servicer's report says of its period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.basics.values import Fact, Figure
from engine.events.results import Given


class RentOfDays(Fact):
    """What a rental tape says of one asset class over days that lie in one Calculation Window."""

    asset_class: str
    first: date
    last: date
    gpu_hours: Figure
    revenue: Figure


class ReportFacts(Fact):
    """What a servicer's report says of its period. `given` holds what single figures say of themselves."""

    period_start: date
    period_end: date
    as_of: date
    received: date
    document: str
    sha256: str
    received_at: datetime | None = None
    """The moment of its receipt in the deal's time zone (`rulings.md` 53).

    If only a day is known, its receipt is the end of that day.
    """
    keyed_at: datetime | None = None
    """The moment at which it was entered, in the deal's time zone."""
    serves_from_keying: bool = False
    """Whether it counts from its entry, because it was entered late and no document has shown its receipt."""
    why_from_keying: str | None = None
    corrects: str | None = None
    """The as-of date of the report of the same period that it corrects."""
    completes: str | None = None
    """The as-of date of the report of the same period to which it adds missing figures."""
    held: Mapping[str, str] = {}
    """Figures that await confirmation, by name, and why (`rulings.md` 57). None of them is in `figures`."""
    awaiting: Mapping[str, Figure] = {}
    """The held figures as they were reported."""
    figures: Mapping[str, Figure]
    given: Mapping[str, Given] = {}
    rent_of_days: tuple[RentOfDays, ...] = Field(default=(), exclude_if=lambda said: not said)
    """The rows of a rental tape that states its days, added up (`rulings.md` 47).

    It is absent without such rows.
    """
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the report: the last day of its period, and the beginning of its hash."""
        return f"{self.period_end} {self.sha256[:16]}"

    @property
    def delivered_on(self) -> date:
        """The day on which it counts as delivered."""
        return (
            self.keyed_at.date() if self.serves_from_keying and self.keyed_at is not None else self.received
        )

    def counts_from(self, zone: str) -> datetime:
        """Return the moment from which it counts: its receipt, or its entry if only that is certain."""
        if self.serves_from_keying and self.keyed_at is not None:
            return self.keyed_at
        # A day alone counts as that day's end (`rulings.md` 53).
        return self.received_at or datetime.combine(self.received + timedelta(days=1), time(), ZoneInfo(zone))

    def entered_late(self, cut_off: datetime, zone: str) -> bool:
        """Return whether it was received by a cut-off and entered after it."""
        return self.keyed_at is not None and self.counts_from(zone) <= cut_off < self.keyed_at

"""What is published: one index, one Publication Date, one print.

It is also what `headroom index --json` says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from engine.basics.values import Fact, Stated
from engine.market.interval_types import Interval


class OfDay(Fact):
    """One of several snapshots of the same day.

    Attributes:
        sha256: its hash.
        collected_at: when it was collected.
        qualifying: the number of its Qualifying Listings.
        truncated: whether the marketplace may have cut its list short.
        stands: whether it is the snapshot that stands for the day.
        value: the value of the week if this snapshot stood for the day; None if the week had no value.
    """

    sha256: str
    collected_at: dt.datetime
    qualifying: int
    truncated: bool
    stands: bool
    value: Stated | None


class DayDetail(Fact):
    """One day of the Calculation Window.

    It says how many offers were seen and qualified, what each rule removed, and how many were kept.
    """

    date: dt.date
    offers: int
    qualifying: int
    kept: int
    counts: bool
    excluded: Mapping[str, int]
    truncated: bool
    snapshot: str | None
    form: str
    collected_at: dt.datetime | None = None
    snapshots: tuple[OfDay, ...] = ()
    unchecked: tuple[str, ...] = ()
    """The rules that an unfiltered table lets nobody check. They are taken as applied."""
    doubt: str | None = None
    """The reason why the collection may not be whole, if there is one."""

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the day's data without the fields that have nothing to say."""
        return _said(whole(self), "unchecked", "doubt")


class CollectionRange(Fact):
    """The range of the week's value over all choices of collections of its days.

    It exists if days were collected several times. It is not an interval of confidence (`rulings.md` 61).

    Attributes:
        days: how many days of the window have several collections.
        choices: how many choices there are.
        lowest: the least value, 4 decimals.
        highest: the greatest value, 4 decimals.
        perhaps_none: whether some choice leaves the week without a value.
    """

    days: int
    choices: int
    lowest: Stated
    highest: Stated
    perhaps_none: bool = False


class ShadowValue(Fact):
    """The rate by one seller, one vote over all collections of the week (`rulings.md` 63).

    It stands beside the value and decides nothing.

    Attributes:
        rate: the median over sellers, 4 decimals.
        low, high: its interval by order statistics of the sellers.
        covers: the probability with which the interval holds the true median.
        sellers: how many sellers have a vote.
    """

    rate: Stated
    low: Stated
    high: Stated
    covers: Stated
    sellers: int


class IndexValue(Fact):
    """One print of one Publication Date. Prices are in USD per GPU-hour with 4 decimals, `pooled` with 6.

    `value` is None for a non-publication, whose reason stands in `low_confidence_reasons` (`rulings.md` 4).
    """

    index: str
    gpu_name: str = ""
    country: str = ""
    publication_date: dt.date
    scheduled: bool = True
    window_start: dt.date
    window_end: dt.date
    methodology: str
    source: str = "computed by the calculation agent"
    print: int = 1
    published_on: dt.date | None = None
    """The day on which this print became public, if it is not the Publication Date."""
    value: Stated | None = None
    observations: int = 0
    valid_days: int = 0
    min: Stated | None = None
    max: Stated | None = None
    mean: Stated | None = None
    stdev: Stated | None = None
    low_confidence: bool = True
    low_confidence_reasons: tuple[str, ...] = ()
    interval: Interval | None = None
    interval_width: Stated | None = None
    """The width of the interval as a share of the value."""
    seller_interval: Interval | None = None
    """The interval over subsets of sellers (`rulings.md` 59)."""
    seller_interval_why: str | None = None
    """The reason why the interval over sellers is missing."""
    precision_class: str | None = None
    precision_class_measured: str | None = None
    hosts: int | None = None
    """How many hosts are named; None if none of the listings names one."""
    machines: int | None = None
    hosts_at_least: bool = False
    """Whether `hosts` is only a lower bound, because some observations came without host ids."""
    largest_host_share: Stated | None = None
    """The largest seller's share of the observations.

    Rows without host ids count as one seller, here and in `effective_sellers`.
    """
    effective_sellers: Stated | None = None
    """The number of equal sellers that would be as concentrated, with 2 decimals.

    It is 1 / the sum of squared shares.
    """
    days: tuple[DayDetail, ...] = ()
    pooled: tuple[Stated, ...] = ()
    sellers: tuple[str | None, ...] = ()
    """The host of each value of `pooled`, in the same order; None for a listing that does not name one."""
    inputs: tuple[str, ...] = ()
    """The SHA-256 of every snapshot used."""
    overrides: tuple[str, ...] = ()
    """What Manifest Error Overrides excluded from the value, with reason, document and persons (WP §7.3)."""
    collection_range: CollectionRange | None = None
    """The range over all choices of collections, if some day has several."""
    other_versions: Mapping[str, Stated | None] = Field(default_factory=dict)
    """The value that each other version gives from the same collections; None for a version without a value.

    It decides nothing (`rulings.md` 1).
    """
    shadow: ShadowValue | None = None
    """The shadow rate; None if no listing names a seller."""
    cadence: Literal["weekly", "daily"] = "weekly"
    """How often an administrator publishes the series (`rulings.md` 62).

    The Publication Date of a daily value is its own day.
    """
    provisional: bool = False
    """Whether the administrator may still revise the value."""
    final_at: dt.datetime | None = None
    """The moment at which a daily value becomes final."""
    known_at: dt.datetime | None = None
    engine: str = ""
    """The engine's version alone; the value's event also names commit and lock file.

    Any checkout of that version must give the same value byte for byte.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_edition(cls, data: Any) -> Any:
        """Return the data without `host_interval`, an interval by resampling hosts that edition 1 recorded.

        That interval covered too little and is not read any more.
        """
        return (
            {key: value for key, value in data.items() if key != "host_interval"}
            if isinstance(data, dict)
            else data
        )

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the data without what a print does not say.

        So a print of an earlier release gives the same bytes as it did then.
        """
        data = whole(self)
        weekly = () if self.cadence == "daily" else ("cadence",)
        return {
            key: one
            for key, one in _said(
                data, "overrides", "other_versions", "shadow", "collection_range", "provisional", "final_at"
            ).items()
            if key not in weekly
        }


def _said(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the data without those of `names` whose value is empty."""
    return {key: value for key, value in data.items() if key not in names or value}

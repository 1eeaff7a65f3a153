"""What is published: one index, one Publication Date, one print; also what `headroom index --json` says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from engine.basics.values import Fact
from engine.market.interval_types import Interval


class OfDay(Fact):
    """One of several snapshots of a day: which one stands, and the week's value with this one in its place."""

    sha256: str
    collected_at: dt.datetime
    qualifying: int
    truncated: bool
    stands: bool
    value: Decimal | None


class DayDetail(Fact):
    """One day of the Calculation Window: offers seen, what qualified, what each rule removed, what was kept."""

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
    """The rules that an unfiltered table let nobody check; they are taken as applied."""
    doubt: str | None = None
    """Why the collection may not be whole, if that is so."""

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what there is nothing to say of."""
        return _said(whole(self), "unchecked", "doubt")


class CollectionRange(Fact):
    """Where days were collected several times: the week's least and greatest value over all choices; no interval (`rulings.md` 61).

    Attributes:
        days: how many days of the window have several collections.
        choices: how many choices there are.
        lowest: the least value, 4 decimals.
        highest: the greatest.
        perhaps_none: whether some choice leaves the week without a value.
    """

    days: int
    choices: int
    lowest: Decimal
    highest: Decimal
    perhaps_none: bool = False


class ShadowValue(Fact):
    """One seller, one vote over all collections of the week: beside the value, and deciding nothing (`rulings.md` 63).

    Attributes:
        rate: the median over sellers, 4 decimals.
        low, high: its interval by order statistics of the sellers.
        covers: the probability with which that holds the true median.
        sellers: how many have a vote.
    """

    rate: Decimal
    low: Decimal
    high: Decimal
    covers: Decimal
    sellers: int


class IndexValue(Fact):
    """One print of one Publication Date; prices in USD per GPU-hour with 4 decimals, `pooled` with 6.

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
    value: Decimal | None = None
    observations: int = 0
    valid_days: int = 0
    min: Decimal | None = None
    max: Decimal | None = None
    mean: Decimal | None = None
    stdev: Decimal | None = None
    low_confidence: bool = True
    low_confidence_reasons: tuple[str, ...] = ()
    interval: Interval | None = None
    interval_width: Decimal | None = None
    """Width of the interval as a share of the value."""
    seller_interval: Interval | None = None
    """The interval over subsets of sellers (`rulings.md` 59)."""
    seller_interval_why: str | None = None
    """Why it is missing."""
    precision_class: str | None = None
    precision_class_measured: str | None = None
    hosts: int | None = None
    """How many hosts are named; None if none is."""
    machines: int | None = None
    hosts_at_least: bool = False
    """Whether `hosts` is a lower bound, because some observations came without host ids."""
    largest_host_share: Decimal | None = None
    """The largest seller's share of the observations; rows without host ids are one seller, in `effective_sellers` too."""
    effective_sellers: Decimal | None = None
    """The number of sellers of equal size that would be as concentrated: 1 / the sum of squared shares, 2 decimals."""
    days: tuple[DayDetail, ...] = ()
    pooled: tuple[Decimal, ...] = ()
    sellers: tuple[str | None, ...] = ()
    """The host of each value of `pooled`, in the same order; None if none is named."""
    inputs: tuple[str, ...] = ()
    """SHA-256 of every snapshot used."""
    overrides: tuple[str, ...] = ()
    """What Manifest Error Overrides excluded from it, with reason, document and persons (WP §7.3)."""
    collection_range: CollectionRange | None = None
    """The range over all choices of collections, if some day has several."""
    other_versions: Mapping[str, Decimal | None] = Field(default_factory=dict)
    """What each other version gives from the same collections; None for no value.

    Decides nothing (`rulings.md` 1).
    """
    shadow: ShadowValue | None = None
    """The shadow rate; None if no listing names a seller."""
    cadence: Literal["weekly", "daily"] = "weekly"
    """How often an administrator publishes the series; a daily value's Publication Date is its own day (`rulings.md` 62)."""
    provisional: bool = False
    """Whether its administrator may still revise it."""
    final_at: dt.datetime | None = None
    """When a daily value is final."""
    known_at: dt.datetime | None = None
    engine: str = ""
    """The engine's version alone: a value comes out again byte for byte from any checkout of it; its event names commit and lock file."""

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_edition(cls, data: Any) -> Any:
        """Drop a print's interval from resampling hosts, of edition 1, which covered too little and is no longer read."""
        return (
            {key: value for key, value in data.items() if key != "host_interval"}
            if isinstance(data, dict)
            else data
        )

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what a print does not say, so that a print of an earlier release gives the same bytes."""
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
    """Return the data without those of `names` that hold nothing."""
    return {key: value for key, value in data.items() if key not in names or value}

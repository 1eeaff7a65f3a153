"""What the logs of snapshots and of indices hold.

A deal's events name these facts by hash (`rulings.md` 11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from engine.basics.values import Fact


class SnapshotImported(Fact):
    """A snapshot that entered the archive, with the right under which it was collected, if stated.

    Attributes:
        sha256: the hash of its plain bytes.
        collected_at: the collection time, in UTC.
        form: raw answer, unfiltered table, filtered day or empty day.
        source: what it says of itself.
        collection_right: the document, its date and who holds it.
        accepted: changes of form that a person accepted, by name.
        stated_sha256: the hash that its administrator's metadata states.
        part_of: the SHA-256 of the table of several collections that it was cut from.
    """

    sha256: str
    collected_at: datetime
    form: str
    source: str
    collection_right: Mapping[str, str] | None = None
    accepted: tuple[str, ...] = ()
    stated_sha256: str | None = None
    part_of: str | None = None

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the data without fields that have nothing to say.

        So a plain import records the same bytes as it always did.
        """
        said: dict[str, Any] = whole(self)
        return {
            key: value
            for key, value in said.items()
            if value or key not in ("accepted", "stated_sha256", "part_of")
        }


class SeriesFile(Fact):
    """The file that an administrator's values were taken from, and the map by which it was read.

    The ruling is `rulings.md` 62.
    """

    sha256: str
    form: str
    map_sha256: str


class IndexPublished(Fact):
    """One print of one Publication Date in an index's own log: the whole IndexValue as its JSON.

    `taken_from` is the file of an administrator's print.
    """

    value: Mapping[str, Any]
    reason: str | None = None
    taken_from: SeriesFile | None = None

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the data without a file if the value is computed."""
        said: dict[str, Any] = whole(self)
        return {key: value for key, value in said.items() if value is not None or key != "taken_from"}


class ValueSeen(Fact):
    """A value of a daily series that was published and not yet final when it was taken."""

    value: Mapping[str, Any]
    taken_from: SeriesFile


AWAITS = "awaits confirmation"
"""What a finding says of a value that may have slipped its unit.

The value is not taken until a person confirms it.
"""


class IndexFinding(Fact):
    """A row of an administrator's file that was not taken, and why.

    Attributes:
        index: the index.
        what: `changed after it was final`, or `awaits confirmation` for a step by a factor of 10, 100 or
            1,000.
        publication_date: the date of the row.
        was: the value on record, or the value before it.
        now: the value in the file.
        line: the line of the row in the file.
        taken_from: the file.
    """

    index: str
    what: str
    publication_date: date
    was: str | None
    now: str | None
    line: int
    taken_from: SeriesFile


class IndexAnnounced(Fact):
    """What an administrator announced of an index, and on whose word it is on record (`rulings.md` 62).

    Attributes:
        index: the index.
        what: `cessation`, `methodology change`, `break` in the series, or `restatement` of a date.
        effective_on: from when, or of which date.
        version: the methodology version that it brings, if it does.
        words: what it says, in one sentence.
        document: the name of the announcement.
        document_sha256: the hash of the announcement.
        prepared_by: the person who prepared the entry.
        approved_by: the second person, who approved it.
    """

    index: str
    what: str
    effective_on: date
    version: str | None = None
    words: str
    document: str
    document_sha256: str
    prepared_by: str
    approved_by: str


class DepreciationPublished(Fact):
    """One value of CRI-D: an older generation's rate since a newer one came (WP §6.4).

    Attributes:
        index: the name, like `CRI-D-A100`.
        older: the older generation's series.
        newer: the newer generation's series, whose first value begins the transition.
        methodology: the methodology version of both.
        publication_date: the Thursday.
        reference_date: the date on which the level is 100.
        level: 100 times the rate over that of the reference date, 4 decimals.
        change: eq. 1, 6 decimals; negative for a fall.
    """

    index: str
    older: str
    newer: str
    methodology: str
    publication_date: date
    reference_date: date
    level: str
    change: str


class RateForecast(Fact):
    """What the rate model said of a value before it was published (ADR 11).

    It is kept as it was said, and never made again.

    Attributes:
        series: the series whose next value it is.
        publication_date: the Thursday of that value.
        after: the last Publication Date that was known.
        weeks: the weeks of the history.
        prior: what was assumed before the history, in words.
        sigma: the posterior weekly volatility, 4 decimals.
        quantiles: the value below which each share of the law lies, by the share, in USD per GPU-hour.
    """

    series: str
    publication_date: date
    after: date
    weeks: int
    prior: str
    sigma: str
    quantiles: Mapping[str, str]


class ListingsExcluded(Fact):
    """A Manifest Error Override: listings of one snapshot that an index does not take (WP §7.3).

    Attributes:
        index: the index.
        snapshot: the SHA-256 of the snapshot that holds them.
        listings: their places in the snapshot's list of the index's model, from 0.
        reason: why they are plainly wrong.
        document: the name of the document that shows it.
        document_sha256: the hash of that document.
        prepared_by: the person who prepared the entry.
        approved_by: the second person, who approved it.
    """

    index: str
    snapshot: str
    listings: tuple[int, ...]
    reason: str
    document: str
    document_sha256: str
    prepared_by: str
    approved_by: str

    @property
    def disclosed(self) -> str:
        """What a print discloses of the override, in words.

        It reads like `listings 3, 7 of snapshot 0a1b2c3d4e5f: priced per day (memo.pdf; A, approved by B)`.
        """
        named = ", ".join(str(place) for place in self.listings)
        who = f"{self.document}; {self.prepared_by}, approved by {self.approved_by}"
        return (
            f"{'listing' if len(self.listings) == 1 else 'listings'} {named} of snapshot "
            f"{self.snapshot[:12]}: {self.reason} ({who})"
        )

"""A Snapshot: the raw answer of one collection, read once and never changed.

See `index.md`, From a snapshot to observations. The marketplace's answer comes in as JSON (offers by GPU
model) or as an unfiltered table. A day's filtered observations come in as CSV, for which rules 1 to 6 are
taken as applied (`rulings.md` 7, 61). What is damaged is refused whole, with its reason.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from engine.basics.errors import HeadroomError
from engine.basics.strict_json import NotJson, refuse_second_reading
from engine.basics.values import counted
from engine.market.collection_metadata import CollectionMetadata, read_metadata
from engine.market.offer import Malformed, Offer
from engine.market.offer_table import BEFORE_PRICE, TableRefused, collections_of, read_offer_table

LARGEST = 64 * 1024 * 1024
"""The most bytes that a snapshot may have when decompressed. The real ones have under 1 MB."""
MOST_PARTS = 1_000_000
"""The most parts that a snapshot may have, told by its commas and line ends. The real ones have up to 27,000.

A list of numbers in a file of 64 MB would take gigabytes once it is read.
"""
USUAL_LIMIT = 64
"""The query's limit for a snapshot that does not state one.

A list of exactly this length is cut; a longer one is whole.
"""
NESTING = 300
"""Levels of nesting that a snapshot must leave free.

How deep a reader can go depends on how deep its caller's calls are, and a run's calls are deeper.
"""


class SnapshotRefused(HeadroomError):
    """Raised, with the reason, for a file that cannot be taken as a snapshot."""


class _Document(msgspec.Struct):
    collected_utc: str
    offers_by_model: dict[str, msgspec.Raw]
    source: str = ""
    description: str = ""
    limit: int = USUAL_LIMIT
    whole: list[Any] | None = None


Form = Literal["offers", "offer table", "observations", "empty day"]


@dataclass(frozen=True)
class Snapshot:
    """One collection.

    Attributes:
        plain: the decompressed bytes.
        sha256: their hash.
        collected_at: the collection time, in UTC.
        form: `offers` for the raw answer, `offer table` for the same as an unfiltered table; `observations`
            for a day's filtered rows, `empty day` for the metadata of a day on which nothing qualified.
        source: what the file says of itself.
        limit: the query's limit; a list of that length is cut.
        models: raw offer lists by GPU model (form `offers`).
        table: the rows of a table.
        unchecked: the rules that the file lets nobody check; they are taken as applied.
        spoken: the GPU model and country of an empty day.
        whole: GPU models whose list the collector showed to be whole; None if it does not say.
    """

    plain: bytes = field(repr=False)
    sha256: str
    collected_at: datetime
    form: Form
    source: str
    limit: int
    models: Mapping[str, msgspec.Raw]
    table: tuple[Offer | Malformed, ...] = ()
    unchecked: frozenset[str] = frozenset()
    spoken: frozenset[tuple[str, str]] = frozenset()
    whole: frozenset[str] | None = None

    @property
    def day(self) -> date:
        """The UTC date that the snapshot belongs to (`rulings.md` 2)."""
        return self.collected_at.date()


_documents = msgspec.json.Decoder(_Document)
_lists = msgspec.json.Decoder(list[Offer])
_raw_lists = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(Offer)
_any = msgspec.json.Decoder(msgspec.Raw)


def offers(snapshot: Snapshot, model: str) -> list[Offer | Malformed]:
    """Return the offers of one GPU model in the order of the answer.

    An offer that cannot be read stands as Malformed.
    """
    if snapshot.form != "offers":
        return [row for row in snapshot.table if isinstance(row, Malformed) or row.gpu_name == model]
    raw = snapshot.models.get(model)
    if raw is None:
        return []
    try:
        return list(_lists.decode(raw))
    except msgspec.ValidationError:
        # Only a list with a bad offer is read one by one; any other is read in one pass.
        return [_offer(item) for item in _raw_lists.decode(raw)]


def _offer(raw: msgspec.Raw) -> Offer | Malformed:
    try:
        return _one.decode(raw)
    except msgspec.ValidationError as error:
        return Malformed(str(error))


def read_snapshot(data: bytes, name: str) -> Snapshot:
    """Return a snapshot from the bytes of a `.json`, `.json.gz`, `.csv` or `.csv.gz` file.

    Args:
        data: the file's bytes.
        name: its name, for the form and for the error.

    Raises:
        SnapshotRefused: the file is damaged, cut, too large, or not a snapshot.
    """
    plain = plain_bytes(data, name)
    if len(plain) > LARGEST:
        raise SnapshotRefused(
            f"{name}: {counted(len(plain), 'bytes')}, more than the {LARGEST:,} that a snapshot may have"
        )
    if not plain.strip():
        raise SnapshotRefused(f"{name}: the file is empty")
    digest = hashlib.sha256(plain).hexdigest()
    if name.lower().removesuffix(".gz").endswith(".csv"):
        return _from_csv(plain, name, digest)
    said = read_metadata(unmarked(plain))
    return _from_json(plain, name, digest) if said is None else _empty_day(plain, name, digest, said)


def read_new_snapshot(data: bytes, name: str) -> Snapshot:
    """Return a snapshot that comes in, which must have one reading.

    A kept one is read without this look: it was recorded as it was read, and is read so again.

    Raises SnapshotRefused as `read_snapshot`, for too many parts, and for a key that stands twice in one
    object.
    """
    plain = plain_bytes(data, name)
    parts = plain.count(b",") + plain.count(b"\n")
    if parts > MOST_PARTS:
        raise SnapshotRefused(
            f"{name}: {counted(parts, 'parts')}, more than the {MOST_PARTS:,} that a snapshot may have"
        )
    snapshot = read_snapshot(plain, name)
    if snapshot.form in ("offers", "empty day"):
        refuse_two_readings(snapshot.plain, name)
    return snapshot


def refuse_two_readings(plain: bytes, name: str) -> None:
    """Raise SnapshotRefused for JSON in which a key stands twice in one object."""
    try:
        refuse_second_reading(unmarked(plain))
    except NotJson as error:
        raise SnapshotRefused(f"{name}: {error}") from None


def unmarked(plain: bytes) -> bytes:
    """Return the bytes of a file without the byte order mark that programs on Windows put before them.

    The hash is over the whole file, with the mark.
    """
    return plain.removeprefix(b"\xef\xbb\xbf")


def plain_bytes(data: bytes, name: str) -> bytes:
    """Return a file's bytes, decompressed if they are compressed. Raises SnapshotRefused."""
    return _decompressed(data, name) if data[:2] == b"\x1f\x8b" else data


def _decompressed(data: bytes, name: str) -> bytes:
    """Return the decompressed bytes, never more than LARGEST and one: a compressed bomb is cut off there."""
    try:
        stream = zlib.decompressobj(wbits=31)
        plain = stream.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise SnapshotRefused(f"{name}: the compressed file is damaged ({error})") from None
    # A stream longer than the limit has not ended either; it is refused by its size, and not as cut off.
    if len(plain) <= LARGEST and not stream.eof:
        raise SnapshotRefused(f"{name}: the compressed file is cut off")
    if stream.unused_data:
        # other readers would take it as part of the snapshot, and the hash would not cover it
        raise SnapshotRefused(
            f"{name}: {counted(len(stream.unused_data), 'bytes')} stand after the compressed snapshot; "
            "compress it anew"
        )
    return plain


def _from_json(plain: bytes, name: str, digest: str) -> Snapshot:
    try:
        plain.decode("utf-8")  # texts inside the offers are read later, when nothing can be refused any more
        document = _documents.decode(unmarked(plain))
        # A file that only just decodes here would fail later, in a run whose own calls are deeper.
        _any.decode(b"[" * NESTING + unmarked(plain) + b"]" * NESTING)
        for model, raw in document.offers_by_model.items():
            # The lists are decoded later, when a refusal would stop a run and not an import.
            if not bytes(raw).lstrip().startswith(b"["):
                raise SnapshotRefused(f"{name}: the offers of `{model}` are not a list")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotRefused(f"{name}: not a snapshot or cut off ({error})") from None
    except RecursionError:
        raise SnapshotRefused(f"{name}: not a snapshot: nested too deep") from None
    if document.limit < 1:
        raise SnapshotRefused(f"{name}: the query's limit is {document.limit}")
    at = _time(document.collected_utc, name)
    source = document.source or document.description
    whole = (
        None
        if document.whole is None
        else frozenset(model for model in document.whole if isinstance(model, str))
    )
    return Snapshot(
        plain, digest, at, "offers", source, document.limit, document.offers_by_model, whole=whole
    )


def _time(text: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SnapshotRefused(f"{name}: `{text}` is not a collection time") from None
    if at.tzinfo is None:
        raise SnapshotRefused(f"{name}: the collection time `{text}` has no zone; write it with `+00:00`")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise SnapshotRefused(
            f"{name}: the collection time `{text}` lies outside the years that can be told"
        ) from None


def _from_csv(plain: bytes, name: str, digest: str) -> Snapshot:
    try:
        if len(collections_of(plain, name)) > 1:
            raise SnapshotRefused(
                f"{name}: the table holds several collections; each is a snapshot of its own"
            )
        table = read_offer_table(plain, name)
    except TableRefused as error:
        raise SnapshotRefused(str(error)) from None
    # Each spelling is read once: a table repeats the same time on every row.
    times = [_time(text, name) for text in dict.fromkeys(table.times)]
    if len({at.date() for at in times}) > 1:
        raise SnapshotRefused(f"{name}: the rows are of several days; one file holds one day")
    form: Form = "observations" if table.filtered else "offer table"
    source = "filtered observations of one day" if table.filtered else "a table of offers, not filtered"
    # The latest row dates the collection: before that moment the file was not known in whole.
    return Snapshot(plain, digest, max(times), form, source, 0, {}, table.offers, table.unchecked)


def _empty_day(plain: bytes, name: str, digest: str, said: CollectionMetadata) -> Snapshot:
    """Return the snapshot of a day on which nothing qualified, as the administrator's metadata says."""
    if said.counts.final_observations:
        raise SnapshotRefused(
            f"{name}: it says that {said.counts.final_observations} observations were kept; import the table "
            "that holds them"
        )
    at, spoken = _time(said.collected_utc, name), frozenset({(said.target_gpu, said.geography)})
    return Snapshot(
        plain, digest, at, "empty day", "a day's metadata: nothing qualified", 0, {}, (), BEFORE_PRICE, spoken
    )

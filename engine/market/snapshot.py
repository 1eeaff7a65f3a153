"""A Snapshot: the raw answer of one collection, read once and never changed (`index.md`, From a snapshot to observations).

Two forms come in: the marketplace's answer as JSON (offers by GPU model), and a day's filtered observations as CSV,
for which rules 1 to 6 are taken as applied (`rulings.md` 7). What is damaged is refused whole, with its reason.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from engine.basics.errors import HeadroomError
from engine.basics.tables import read_table

LARGEST = 64 * 1024 * 1024
"""Bytes that a snapshot may have when decompressed; the real ones have under 1 MB."""
USUAL_LIMIT = 64
"""The query's limit where a snapshot does not state one; a list of exactly this length is cut, a longer one is whole."""
NESTING = 300
"""Levels that a snapshot must leave free: what can be read depends on how deep the reader's own calls are, and a run's are deeper."""
COLUMNS = ("gpu_name", "num_gpus", "dph_total", "geolocation", "collected_utc")


class SnapshotRefused(HeadroomError):
    """A file that cannot be taken as a snapshot, and why."""


class Offer(msgspec.Struct, gc=False):
    """The fields of an offer that the rules look at; what is absent stands as the rule for its absence says."""

    gpu_name: str = ""
    rentable: bool | None = True
    rented: bool | None = False
    geolocation: str | None = ""
    reliability2: float | None = 0.0
    num_gpus: int | float | None = 0
    start_date: float | None = None
    dph_total: float | None = None
    host_id: int | str | None = None
    machine_id: int | str | None = None


class Malformed(msgspec.Struct):
    """An offer that cannot be read, and why; it is excluded with that reason and never stops the day."""

    why: str


class _Document(msgspec.Struct):
    collected_utc: str
    offers_by_model: dict[str, msgspec.Raw]
    source: str = ""
    description: str = ""
    limit: int = USUAL_LIMIT


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a day's filtered observations."""

    gpu_name: str
    geolocation: str
    num_gpus: float
    dph_total: float


@dataclass(frozen=True)
class Snapshot:
    """One collection.

    Attributes:
        plain: the decompressed bytes.
        sha256: their hash.
        collected_at: when, in UTC.
        form: `offers` for the raw answer, `observations` for a day's filtered rows.
        source: what the file says of itself.
        limit: the query's limit; a list of that length is cut.
        models: raw offer lists by GPU model (form `offers`).
        rows: the filtered rows (form `observations`).
    """

    plain: bytes = field(repr=False)
    sha256: str
    collected_at: datetime
    form: Literal["offers", "observations"]
    source: str
    limit: int
    models: Mapping[str, msgspec.Raw]
    rows: tuple[Row, ...] = ()

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
    """The offers of one GPU model in the order of the answer; one that cannot be read stands as Malformed."""
    raw = snapshot.models.get(model)
    if raw is None:
        return []
    try:
        return list(_lists.decode(raw))
    except msgspec.ValidationError:
        return [_offer(item) for item in _raw_lists.decode(raw)]


def _offer(raw: msgspec.Raw) -> Offer | Malformed:
    try:
        return _one.decode(raw)
    except msgspec.ValidationError as error:
        return Malformed(str(error))


def read_snapshot(data: bytes, name: str) -> Snapshot:
    """A snapshot from the bytes of a `.json`, `.json.gz`, `.csv` or `.csv.gz` file.

    Args:
        data: the file's bytes.
        name: its name, for the form and for the error.

    Raises:
        SnapshotRefused: the file is damaged, cut, too large, or no snapshot.
    """
    plain = _decompressed(data, name) if data[:2] == b"\x1f\x8b" else data
    if len(plain) > LARGEST:
        raise SnapshotRefused(f"{name}: {len(plain):,} bytes, more than the {LARGEST:,} that a snapshot may have")
    if not plain.strip():
        raise SnapshotRefused(f"{name}: the file is empty")
    digest = hashlib.sha256(plain).hexdigest()
    form = _from_csv if name.removesuffix(".gz").endswith(".csv") else _from_json
    return form(plain, name, digest)


def _decompressed(data: bytes, name: str) -> bytes:
    """The plain bytes, never more than LARGEST and one: a compressed bomb is cut off there."""
    try:
        stream = zlib.decompressobj(wbits=31)
        plain = stream.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise SnapshotRefused(f"{name}: the compressed file is damaged ({error})") from None
    if len(plain) <= LARGEST and not stream.eof:
        raise SnapshotRefused(f"{name}: the compressed file is cut off")
    if stream.unused_data:
        # other readers would take it as part of the snapshot, and the hash would not cover it
        raise SnapshotRefused(f"{name}: {len(stream.unused_data):,} bytes stand after the compressed snapshot; compress it anew")
    return plain


def _from_json(plain: bytes, name: str, digest: str) -> Snapshot:
    try:
        plain.decode("utf-8")  # texts inside the offers are read later, when nothing can be refused any more
        document = _documents.decode(plain)
        _any.decode(b"[" * NESTING + plain + b"]" * NESTING)
        for model, raw in document.offers_by_model.items():
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
    return Snapshot(plain, digest, at, "offers", source, document.limit, document.offers_by_model)


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
        raise SnapshotRefused(f"{name}: the collection time `{text}` lies outside the years that can be told") from None


def _from_csv(plain: bytes, name: str, digest: str) -> Snapshot:
    try:
        table, problems = read_table(plain.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise SnapshotRefused(f"{name}: not a table of observations ({error})") from None
    if table is None:
        raise SnapshotRefused(f"{name}: not a table of observations ({problems[0].why})")
    if not table.rows:
        raise SnapshotRefused(f"{name}: the table has no rows")
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise SnapshotRefused(f"{name}: the table lacks the column {', '.join(missing)}")
    times = [_time(row.cells["collected_utc"], name) for row in table.rows]
    if len({at.date() for at in times}) > 1:
        raise SnapshotRefused(f"{name}: the rows are of several days; one file holds one day")
    rows = tuple(_row(row.cells, row.line, name) for row in table.rows)
    return Snapshot(plain, digest, max(times), "observations", "filtered observations of one day", 0, {}, rows)


def _row(row: Mapping[str, str], line: int, name: str) -> Row:
    try:
        gpus, price = float(row["num_gpus"]), float(row["dph_total"])
    except ValueError:
        raise SnapshotRefused(f"{name}:{line}: num_gpus and dph_total must be numbers") from None
    if not (math.isfinite(gpus) and math.isfinite(price)):
        raise SnapshotRefused(f"{name}:{line}: num_gpus and dph_total must be finite")
    return Row(row["gpu_name"], row["geolocation"], gpus, price)

"""A Snapshot on its way in and in the archive: what is damaged is refused whole, what is kept is what was
hashed.
"""

from __future__ import annotations

import gzip
import json
import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.basics.files import write_whole
from engine.market.archive import Archive
from engine.market.snapshot import LARGEST, SnapshotRefused, read_new_snapshot, read_snapshot
from tests.market.make import AT, document, offer
from tests.market.test_listing import HEAD, ROW

BROKEN: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"   \n", "empty"),
    (b"not json", "not a snapshot"),
    (b"[]", "not a snapshot"),
    (b"{}", "collected_utc"),
    (document([offer()])[:-40], "cut off"),
    (document([offer()]) + b"}", "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00+00:00"}', "offers_by_model"),
    (b'{"collected_utc": "2026-03-04T15:00:00", "offers_by_model": {}}', "no zone"),
    (b'{"collected_utc": "yesterday", "offers_by_model": {}}', "not a collection time"),
    (b'{"collected_utc": 5, "offers_by_model": {}}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": []}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": {}}}', "not a list"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": null}}', "not a list"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": [NaN]}}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {}, "limit": 0}', "limit"),
    (b"\xff\xfe\x00", "not a snapshot"),
    (document([offer(note="caf\u00e9")]).replace(b"\\u00e9", b"\xe9"), "not a snapshot"),
    (document([offer(note="X")]).replace(b"X", b"\\ud800"), "not a snapshot"),
    (document([offer(note="X")]).replace(b'"X"', b"[" * 890 + b"]" * 890), "nested too deep"),
    (document([offer(note="X")]).replace(b'"X"', b"[" * 100_000 + b"]" * 100_000), "nested too deep"),
    (document([offer()]).replace(AT.isoformat().encode(), b"0001-01-01T00:00:00+14:00"), "outside the years"),
    (b"\x1f\x8b\x08broken", "damaged"),
    (gzip.compress(document([offer()])) + gzip.compress(b" "), "after the compressed snapshot"),
    (gzip.compress(document([offer()])) + b"more", "4 bytes stand after"),
    (gzip.compress(document([offer()]))[:-9], "cut off"),
    (gzip.compress(b" " * (LARGEST + 5)), "snapshot may have"),
]


def test_a_new_snapshot_of_too_many_parts_is_refused_and_a_kept_one_is_read() -> None:
    """A kept one was taken before the bound, and its record rests on it."""
    data = document([offer()]).replace(b"]", b"," + b"1," * 1_000_001 + b"1]", 1)
    with pytest.raises(SnapshotRefused, match=r"1,000,0\d\d parts, more than the 1,000,000"):
        read_new_snapshot(gzip.compress(data), "s.json.gz")
    assert read_snapshot(data, "s.json").form == "offers"


@pytest.mark.parametrize(("data", "reason"), BROKEN)
def test_damaged_files_are_refused_whole_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotRefused, match=reason):
        read_snapshot(data, "s.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD, "no rows"),
        ("a,b\n1,2\n", "lacks the column"),
        (HEAD + ROW + ROW.replace("03-04", "03-05"), "several days"),
        (HEAD + ROW.replace("4.0", "cheap"), ":2: num_gpus"),
        (HEAD + ROW.replace("4.0", "inf"), "finite"),
        (HEAD + ROW.replace("+00:00", ""), "no zone"),
    ],
)
def test_damaged_tables_are_refused(text: str, reason: str) -> None:
    with pytest.raises(SnapshotRefused, match=reason):
        read_snapshot(text.encode(), "day.csv")


def test_the_archive_keeps_once_and_finds_what_was_changed(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    data = document([offer()])
    assert archive.add(data, "a.json")[1]
    assert not archive.add(gzip.compress(data), "other.json.gz")[1]
    path = next(tmp_path.rglob("*.json.gz"))
    changed = json.loads(data)
    changed["offers_by_model"]["H100 SXM"][0]["dph_total"] = 3.0
    path.write_bytes(gzip.compress(json.dumps(changed).encode()))
    with pytest.raises(SnapshotRefused, match="has been changed"):
        list(archive.between(date(2026, 3, 4), date(2026, 3, 4)))


def test_the_archive_holds_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    archive, plain = Archive(tmp_path), document([offer()])
    snapshot, _ = archive.add(gzip.compress(plain), "a.json.gz")
    assert snapshot.plain == plain == gzip.decompress(next(tmp_path.rglob("*.gz")).read_bytes())
    assert [one.sha256 for one in archive.between(AT.date(), AT.date())] == [snapshot.sha256]


def test_a_file_is_replaced_whole_and_whoever_the_umask_lets_may_read_it(tmp_path: Path) -> None:
    place = tmp_path / "pages" / "week.html"
    before = os.umask(0o027)
    try:
        write_whole(place, b"first")
        write_whole(place, b"second")
    finally:
        os.umask(before)
    assert place.read_bytes() == b"second"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert [path.name for path in place.parent.iterdir()] == ["week.html"]


def test_days_are_utc_dates() -> None:
    evening = datetime.fromisoformat("2026-03-04T20:30:00-06:00")
    assert (
        read_snapshot(document([offer()], evening), "a.json").day == datetime(2026, 3, 5, tzinfo=UTC).date()
    )

"""Files are hashed and kept as they came, whatever their line ends; what is not UTF-8 is refused at its place
by every reader.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.basics.files import bytes_of, text_of
from engine.basics.received_files import LARGEST
from engine.basics.tables import read_table
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.operations.report_entry import proof_of
from engine.operations.series_intake import Announcement, announcement_in
from engine.terms.source import parse
from engine.workspace.deal_files import read_file
from engine.workspace.documents import keep_document, kept_documents, read_document
from engine.workspace.workspace import PLACEHOLDER, create, opened
from tests.cli.calling import headroom
from tests.conftest import DEALS

ENDS = {"as a Unix program saves it": b"\n", "as Windows saves it": b"\r\n", "as an old Mac saves it": b"\r"}
LATIN = "café, 2.00\n".encode("latin-1")


@pytest.mark.parametrize(
    "data",
    [b"", b"a\r\nb\n\rc\r", b"\xef\xbb\xbfa: b\r\n", bytes(range(256)), LATIN, "ä\u2028\ufffd".encode()],
)
def test_text_and_bytes_turn_into_each_other_without_loss(data: bytes) -> None:
    assert bytes_of(text_of(data)) == data


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "a mark of byte order"])
def test_a_deal_file_is_the_same_deal_whatever_its_line_ends_and_hashed_as_it_came(
    tmp_path: Path, all_templates: dict[str, object], end: bytes, mark: bytes
) -> None:
    data = mark + (DEALS / "meridian-2026-1.yaml").read_bytes().replace(b"\n", end)
    path = tmp_path / "meridian-2026-1.yaml"
    path.write_bytes(data)
    read = read_file(path, all_templates)  # type: ignore[arg-type]
    assert read.reason is None
    assert read.deal is not None
    assert read.deal.sha256 == sha256(data).hexdigest()
    assert bytes_of(read.deal.tree.text) == data


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_table_is_the_same_table_whatever_its_line_ends(end: bytes) -> None:
    table, problems = read_table(
        text_of(b"\xef\xbb\xbfdate,value" + end + b'"2026-01-08","2.00"' + end), "rows.csv"
    )
    assert problems == []
    assert table is not None
    assert [(row.line, dict(row.cells)) for row in table.rows] == [
        (2, {"date": "2026-01-08", "value": "2.00"})
    ]


STRANGE = {
    "Latin-1": (b"a: b\r\nname: caf\xe9\r\n", "Y105", (2, 10)),
    "UTF-16, which Excel calls Unicode text": ("a,b\r\n".encode("utf-16"), "Y105", (1, 1)),
    "half a character at the end": ("a: ä".encode()[:-1], "Y105", (1, 4)),
    "a NUL": (b"a: b\nc: \x00\n", "Y104", (2, 4)),
    "an escape sequence": (b"a: \x1b[2J\n", "Y104", (1, 4)),
    "after lone carriage returns": (b"a: b\rc: d\re: \xff\r", "Y105", (3, 4)),
}


@pytest.mark.parametrize(("data", "code", "place"), STRANGE.values(), ids=STRANGE)
def test_what_is_no_text_is_refused_at_its_place_by_every_reader(
    data: bytes, code: str, place: tuple[int, int]
) -> None:
    for problems in (parse(text_of(data), "file.yaml")[1], read_table(text_of(data), "file.csv")[1]):
        assert [(one.code, (one.place.line, one.place.column)) for one in problems] == [(code, place)]


def test_a_snapshot_with_a_mark_of_byte_order_is_taken_and_hashed_with_it() -> None:
    text = (
        b'{"collected_utc": "2026-01-08T12:00:00+00:00", "limit": 100, "offers_by_model": {"H100 SXM": []}}'
    )
    marked = b"\xef\xbb\xbf" + text.replace(b", ", b",\r\n")
    plain, found = read_snapshot(text, "a.json"), read_snapshot(marked, "a.json")
    assert (found.collected_at, found.models) == (plain.collected_at, plain.models)
    assert found.sha256 == sha256(marked).hexdigest()
    assert found.plain == marked


def test_a_table_of_offers_without_a_row_is_refused_in_a_sentence() -> None:
    head = b"collected_utc,gpu_name,geolocation,num_gpus,dph_total,reliability2,start_date,host_id,machine_id,id,rentable\n"
    with pytest.raises(SnapshotRefused, match="the table has no rows"):
        read_snapshot(head, "a.csv")


def test_a_document_is_kept_as_it_came_once_under_its_hash(tmp_path: Path) -> None:
    create(tmp_path / "desk", "Example Agent")
    workspace = opened(tmp_path / "desk")
    path = tmp_path / "Waiver\r\nof \x1b[2J.PDF"
    path.write_bytes(b"%PDF\r\n\x00")
    document = read_document(path)
    path.write_bytes(b"changed after it was read")
    keep_document(workspace, document)
    keep_document(workspace, document)
    (kept,) = kept_documents(workspace, document.sha256)
    assert (kept.name, kept.read_bytes()) == (
        f"{sha256(b'%PDF' + bytes([13, 10, 0])).hexdigest()}.pdf",
        b"%PDF\r\n\x00",
    )


NO_DOCUMENT = {
    "empty": ("letter.pdf", b"", "the file has no content"),
    "zero bytes": ("letter.pdf", bytes(5000), "the file has no content"),
    "a placeholder": ("letter.pdf.nextcloud", b" x", "stands for letter.pdf"),
    "a placeholder of iCloud": (".letter.pdf.icloud", b"bplist00", "stands for letter.pdf"),
    "half of it": ("letter.pdf.part", b"%PDF", "stands for letter.pdf"),
}


@pytest.mark.parametrize(("name", "data", "why"), NO_DOCUMENT.values(), ids=NO_DOCUMENT)
def test_what_stands_in_the_place_of_a_document_proves_nothing(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WrongUsage, match=why):
        read_document(tmp_path / name)
    with pytest.raises(WrongUsage, match=why):
        proof_of(tmp_path / name, "A", "B")
    said = Announcement("CRI-H100", "cessation", date(2026, 1, 8), "no more")
    with pytest.raises(WrongUsage, match=why):
        announcement_in(tmp_path / name, said, "A", "B")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "letter.pdf").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(WrongUsage, match="the file has more than 67,108,864 bytes"):
        read_document(tmp_path / "letter.pdf")


def test_the_document_of_an_announcement_is_kept(tmp_path: Path) -> None:
    desk, letter = tmp_path / "desk", tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF of the administrator")
    words = ("--words", "no more", "--prepared-by", "A", "--approved-by", "B")
    assert headroom("init", str(desk)).returncode == 0
    settings = desk / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent"), encoding="utf-8")
    said = ("--what", "cessation", "--effective", "2026-01-08", "--document", str(letter), *words)
    done = headroom("announce", "CRI-H100", *said, folder=desk)
    assert done.returncode == 0, done.stderr
    digest = sha256(letter.read_bytes()).hexdigest()
    assert [path.name for path in (desk / "documents").iterdir()] == [f"{digest}.pdf"]

"""The exported log, read by a client written from the specification alone, and every way in which it can be
wrong.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed
from engine.record.canonical import canonical
from engine.record.checkpoint import Checkpoint, sign
from engine.record.keys import SigningKey, generate_key
from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import Entry
from engine.record.tiles import LONGEST_ENTRY, TooLong, export, json_lines, read_tiles, tile_path

SIZES = (0, 1, 5, 255, 256, 257, 512, 700)


def a_log(size: int) -> list[Entry]:
    tree, entries = CompactRange(), []
    for seq in range(size):
        body = canonical({"at": seq})
        leaf = leaf_hash(body)
        tree.append(leaf)
        entries.append(Entry("deal/x", seq, f"k{seq}", body, leaf, tree.root()))
    return entries


def note_over(entries: list[Entry], key: SigningKey) -> str:
    tree = CompactRange()
    for entry in entries:
        tree.append(entry.leaf)
    return sign(Checkpoint("agent.example/x", len(entries), tree.root()), key)


class Client:
    """An independent reader: the paths, widths and hashes of tlog-tiles, with nothing of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")
        self.size, self.root = int(lines[1]), base64.b64decode(lines[2])

    def path(self, level: str, index: int, width: int) -> Path:
        digits = f"{index:012d}"
        groups = [digits[place : place + 3] for place in (0, 3, 6, 9)]
        while len(groups) > 1 and groups[0] == "000":
            groups.pop(0)
        name = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
        return self.folder / "tile" / level / (name if width == 256 else f"{name}.p/{width}")

    def hashes(self, level: int) -> list[bytes]:
        count, found = self.size // 256**level, []
        for index in range((count + 255) // 256):
            width = min(256, count - 256 * index)
            raw = self.path(str(level), index, width).read_bytes()
            assert len(raw) == 32 * width
            found += [raw[32 * place : 32 * place + 32] for place in range(width)]
        return found

    def bodies(self) -> list[bytes]:
        found = []
        for index in range((self.size + 255) // 256):
            raw = self.path("entries", index, min(256, self.size - 256 * index)).read_bytes()
            while raw:
                (length,) = struct.unpack(">H", raw[:2])
                found.append(raw[2 : 2 + length])
                raw = raw[2 + length :]
        return found

    def mth(self, hashes: list[bytes]) -> bytes:
        if len(hashes) < 2:
            return hashes[0] if hashes else sha256().digest()
        half = 1
        while half * 2 < len(hashes):
            half *= 2
        return sha256(b"\x01" + self.mth(hashes[:half]) + self.mth(hashes[half:])).digest()


@pytest.mark.parametrize("size", SIZES)
def test_another_client_reads_what_was_exported(size: int, tmp_path: Path, operator: SigningKey) -> None:
    entries = a_log(size)
    export(entries, note_over(entries, operator), [operator.verifier], tmp_path)
    client = Client(tmp_path)
    leaves = client.hashes(0)
    assert client.bodies() == [entry.body for entry in entries]
    assert leaves == [sha256(b"\x00" + entry.body).digest() for entry in entries]
    assert client.mth(leaves) == client.root
    for level in (1, 2):
        below = client.hashes(level - 1)
        assert client.hashes(level) == [
            client.mth(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)
        ]


@pytest.mark.parametrize("size", SIZES)
def test_our_reader_gives_back_the_same_entries(size: int, tmp_path: Path, operator: SigningKey) -> None:
    entries = a_log(size)
    exported = export(entries, note_over(entries, operator), [operator.verifier], tmp_path)
    assert read_tiles(tmp_path, [operator.verifier]) == (exported, tuple(entry.body for entry in entries))


def test_names_of_tiles() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(0, 1234, 5) == "tile/0/x001/234.p/5"
    assert tile_path("entries", 0) == "tile/entries/000"
    assert tile_path(3, 999, 255) == "tile/3/999.p/255"
    assert tile_path(1, 1000) == "tile/1/x001/000"


def test_the_example_of_the_specification(tmp_path: Path, operator: SigningKey) -> None:
    """A tree of 70,000: 273 + 1 tiles at level 0, 1 + 1 at level 1, one at level 2."""
    entries = a_log(70_000)
    export(entries, note_over(entries, operator), [operator.verifier], tmp_path)
    files = {
        str(path.relative_to(tmp_path / "tile")) for path in (tmp_path / "tile").rglob("*") if path.is_file()
    }
    assert {name for name in files if ".p" in name} == {
        "0/273.p/112",
        "1/001.p/17",
        "2/000.p/1",
        "entries/273.p/112",
    }
    assert [sum(name.startswith(f"{level}/") for name in files) for level in ("0", "1", "2", "entries")] == [
        274,
        2,
        1,
        274,
    ]


def test_only_what_the_checkpoint_covers_is_exported(tmp_path: Path, operator: SigningKey) -> None:
    entries = a_log(9)
    export(entries, note_over(entries[:5], operator), [operator.verifier], tmp_path)
    assert len(read_tiles(tmp_path, [operator.verifier])[1]) == 5


def test_a_checkpoint_over_other_entries_is_not_exported(tmp_path: Path, operator: SigningKey) -> None:
    for note in (note_over(a_log(5)[1:], operator), note_over(a_log(9), operator)):
        with pytest.raises(VerificationFailed, match="is not over these entries"):
            export(a_log(5), note, [operator.verifier], tmp_path)
    with pytest.raises(VerificationFailed, match="no known key"):
        export(a_log(5), note_over(a_log(5), operator), [generate_key("other").verifier], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_entry_that_no_bundle_can_hold_is_refused(tmp_path: Path, operator: SigningKey) -> None:
    for length, fits in ((LONGEST_ENTRY, True), (LONGEST_ENTRY + 1, False)):
        body = b'"' + b"x" * (length - 2) + b'"'
        leaf = leaf_hash(body)
        entries = [Entry("deal/x", 0, "k", body, leaf, leaf)]
        folder = tmp_path / str(length)
        if fits:
            export(entries, note_over(entries, operator), [operator.verifier], folder)
            assert read_tiles(folder, [operator.verifier])[1] == (body,)
        else:
            with pytest.raises(TooLong, match="entry 0 has 65,536 bytes"):
                export(entries, note_over(entries, operator), [operator.verifier], folder)


def test_every_changed_file_is_found(tmp_path: Path, operator: SigningKey) -> None:
    entries = a_log(300)
    export(entries, note_over(entries, operator), [operator.verifier], tmp_path)
    changes: tuple[Callable[[bytes], bytes], ...] = (
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
        lambda raw: bytes([raw[0] ^ 0x80]) + raw[1:],
        lambda raw: raw[32:] + raw[:32],
        lambda _: b"",
    )
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 6
    for path in files:
        kept = path.read_bytes()
        for change in changes:
            if len(kept) > 40 and change(kept) != kept:
                path.write_bytes(change(kept))
                with pytest.raises(VerificationFailed):
                    read_tiles(tmp_path, [operator.verifier])
        path.unlink()
        with pytest.raises(VerificationFailed, match=r"cannot be read|lacks"):
            read_tiles(tmp_path, [operator.verifier])
        path.write_bytes(kept)
    assert read_tiles(tmp_path, [operator.verifier])


def test_json_lines_hold_the_exact_body() -> None:
    lines = [json.loads(line) for line in json_lines(a_log(3))]
    assert [canonical(line["body"]) for line in lines] == [entry.body for entry in a_log(3)]
    assert [line["seq"] for line in lines] == [0, 1, 2]
    assert {*lines[0]} == {"log", "seq", "key", "leaf", "root", "body"}

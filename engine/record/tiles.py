"""A log as files that any C2SP tlog-tiles client reads, and as JSON lines for everybody else.

A tile holds up to 256 hashes of one level of the tree, a bundle up to 256 entries. The last of each is
partial, and its name says how many it holds: `tile/0/x001/234.p/5`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

from engine.basics.errors import HeadroomError, VerificationFailed
from engine.basics.files import refuse_lost_disk
from engine.basics.regular_files import open_file
from engine.basics.values import counted
from engine.record.canonical import canonical
from engine.record.checkpoint import LONGEST_NOTE, Checkpoint, stated
from engine.record.entry import Entry
from engine.record.key_lives import key_lives, living
from engine.record.keys import VerifierKey
from engine.record.merkle import leaf_hash, root

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
LONGEST_ENTRY = 0xFFFF
"""Bytes of the longest entry that a bundle can hold: its length is written in 16 bits."""
SHOWN = 5
"""Missing files that are named."""


class TooLong(HeadroomError):
    """An entry that does not fit into a bundle."""


def export(entries: Sequence[Entry], note: str, keys: Iterable[VerifierKey], folder: Path) -> Checkpoint:
    """Write the part of a log that a signed checkpoint covers into `folder`, the checkpoint last.

    Returns:
        The checkpoint that was exported.

    Raises:
        VerificationFailed: the checkpoint is not signed by one of `keys`, or is not over these entries.
        TooLong: an entry has more than 65,535 bytes; export JSON lines instead.
    """
    known, every = tuple(keys), [entry.body for entry in entries]
    checkpoint = living(note, key_lives(every, stated(note).origin, known), known).checkpoint
    # What was recorded after the checkpoint is left out: nobody has signed it yet.
    bodies = every[: checkpoint.size]
    leaves = [leaf_hash(body) for body in bodies]
    if len(leaves) != checkpoint.size or root(leaves) != checkpoint.root:
        raise VerificationFailed(f"the checkpoint of {checkpoint.origin} is not over these entries")
    for path, content in (*_bundles(bodies), *_tiles(leaves)):
        _write(folder / path, content)
    # Last, so that an export that breaks off has no checkpoint and is not taken for a whole log.
    _write(folder / "checkpoint", note.encode())
    return checkpoint


def read_tiles(
    folder: Path, keys: Iterable[VerifierKey], ended: Mapping[VerifierKey, date] | None = None
) -> tuple[Checkpoint, tuple[bytes, ...]]:
    """Return the checkpoint and the entries' bodies of an exported log.

    The function trusts only `keys`, and the keys to which they handed the log on.

    Raises:
        VerificationFailed: a file is missing, too long, or not what the signed checkpoint stands for.
    """
    note, known = _read(folder, "checkpoint", LONGEST_NOTE).decode(errors="replace"), tuple(keys)
    said = stated(note)
    # All missing files are named at once, before the first that cannot be read ends the check.
    _none_missing(folder, said.size)
    bodies = [
        body for path, count in _paths("entries", said.size) for body in _unbundled(folder, path, count)
    ]
    checkpoint = living(note, key_lives(bodies, said.origin, known, ended), known).checkpoint
    leaves = [leaf_hash(body) for body in bodies]
    if root(leaves) != checkpoint.root:
        raise VerificationFailed("the entries are not the ones that the checkpoint was signed over")
    for path, content in _tiles(leaves):
        # The root proves the entries. The tiles are compared too, because other clients read them alone.
        if _read(folder, path, len(content)) != content:
            raise VerificationFailed(f"the hashes in {path} are not over the entries")
    return checkpoint, tuple(bodies)


def _none_missing(folder: Path, size: int) -> None:
    """Raise VerificationFailed if a file of an exported log is not there, naming the first of them."""
    missing = list(islice((path for path in _expected(size) if not (folder / path).is_file()), SHOWN + 1))
    if missing:
        more = " and more" if len(missing) > SHOWN else ""
        raise VerificationFailed(
            f"the exported log lacks {', '.join(missing[:SHOWN])}{more}; copy the folder whole, or export "
            "it again"
        )


def _expected(size: int) -> Iterator[str]:
    """Yield the files of a log of a size, by its bundles first."""
    level: int | str = "entries"
    while size:
        yield from (path for path, _ in _paths(level, size))
        if level == "entries":
            level = 0
        else:
            level, size = int(level) + 1, size // WIDTH


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield each entry as one line of JSON, with its number, key, hashes and body."""
    for entry in entries:
        yield canonical(
            {
                "log": entry.log,
                "seq": entry.seq,
                "key": entry.key,
                "leaf": entry.leaf.hex(),
                "root": entry.root.hex(),
                "body": json.loads(entry.body),
            }
        ).decode()


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return where a tile or a bundle lies.

    The path has its level (or `entries`), its index by three digits, and its width if it is partial.
    """
    groups = f"{index:03d}"
    # Padded to a multiple of three digits, as tlog-tiles names its folders.
    groups = groups.zfill(-(-len(groups) // 3) * 3)
    parts = [groups[place : place + 3] for place in range(0, len(groups), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{name}" if width == WIDTH else f"tile/{level}/{name}.p/{width}"


def _paths(level: int | str, count: int) -> Iterator[tuple[str, int]]:
    """Yield the files that hold `count` hashes or entries, each with how many it holds."""
    for index in range(-(-count // WIDTH)):
        width = min(WIDTH, count - index * WIDTH)
        yield tile_path(level, index, width), width


def _tiles(leaves: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    hashes, level = leaves, 0
    while hashes:
        groups = [hashes[start : start + WIDTH] for start in range(0, len(hashes), WIDTH)]
        for (path, _), group in zip(_paths(level, len(hashes)), groups, strict=True):
            yield path, b"".join(group)
        # Only a full tile is hashed into the level above; the next level up is over those alone.
        hashes, level = [root(group) for group in groups if len(group) == WIDTH], level + 1


def _bundles(bodies: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, body in enumerate(bodies):
        if len(body) > LONGEST_ENTRY:
            raise TooLong(
                f"entry {number} has {counted(len(body), 'bytes')}, more than a bundle can hold; export "
                "JSON lines instead"
            )
    for index, (path, width) in enumerate(_paths("entries", len(bodies))):
        group = bodies[index * WIDTH : index * WIDTH + width]
        yield path, b"".join(len(body).to_bytes(2, "big") + body for body in group)


def _unbundled(folder: Path, path: str, count: int) -> Iterator[bytes]:
    raw = _read(folder, path, count * (2 + LONGEST_ENTRY))
    place = 0
    for _ in range(count):
        length = int.from_bytes(raw[place : place + 2], "big")
        # A slice beyond the end would be shorter without an error, and pass for an entry.
        if place + 2 + length > len(raw):
            raise VerificationFailed(f"{path} ends within an entry")
        yield raw[place + 2 : place + 2 + length]
        place += 2 + length
    if place != len(raw):
        raise VerificationFailed(f"{path} holds more than its {counted(count, 'entries')}")


def _read(folder: Path, path: str, limit: int) -> bytes:
    try:
        with open_file(folder / path) as file:
            # One byte more than allowed shows that the file is too long, without reading all of it.
            content = file.read(limit + 1)
    except OSError as error:
        refuse_lost_disk(error)
        raise VerificationFailed(f"{path} of the exported log cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise VerificationFailed(f"{path} is longer than a file of its kind can be")
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

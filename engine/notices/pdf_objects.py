"""The objects of a PDF as its cross references name them, of every revision of the file (ISO 32000, 7.5).

Bytes of a font or a picture may look like a name or an instruction by chance.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import Any, NamedTuple, TypeGuard

from engine.basics.errors import VerificationFailed
from engine.notices.pdf_values import BLANK, NotFollowed, Values, references, tokens

LARGEST_STREAM = 16 * 2**20
LARGEST_INSIDE = 128 * 2**20
"""What all streams of a file may hold together."""
TOO_LONG = f"the file's streams are longer than {LARGEST_INSIDE:,} bytes together"
MOST_ENTRIES = 2**18
"""Places of objects that all cross references name; a notice of six pages has some two thousand."""
MOST_SECTIONS = 50
"""Sections of cross references that are followed; a signed notice has two."""
NO_LINE = "a stream does not begin on a line of its own"
FILTERED = "a stream is compressed otherwise than once by FlateDecode, which is not read"
NOT_LISTED = "the file's cross references cannot be read"
NO_OBJECT = "the file's cross references lead to no object"
NOT_PACKED = "an object of the file is not where it should be"

_BEGINS = re.compile(rb"stream\r?\n")
_BLANKS = re.compile(BLANK + b"*+")
_ROW = re.compile(rb"(\d{10}) \d{5} ([nf])(?: \r| \n|\r\n)")
"""A row of a table of cross references; of shorter rows one reader makes nothing, and looks for objects."""
_HEAD = re.compile(rb"[\r\n]\d{1,10} \d{1,5} obj\Z")
"""How an object begins, on a line of its own, so that no comment holds it."""


@dataclass
class Objects:
    """What the cross references of a file lead to, whichever of its revisions names it.

    Attributes:
        names: every name in an object, and in a dictionary of a stream or of cross references.
        spans: the place of each object in the file and where it ends, with its stream.
        streams: where the bytes of each stream begin, and where they end.
        drawing: where instructions begin that a reader may draw, among the streams.
    """

    names: set[bytes] = field(default_factory=set)
    spans: list[tuple[int, int]] = field(default_factory=list)
    streams: dict[int, int] = field(default_factory=dict)
    drawing: set[int] = field(default_factory=set)


class Inflated(NamedTuple):
    """A stream as far as it could be inflated, and how many bytes were read for that."""

    inside: bytes
    read: int
    ended: bool
    """Whether the stream came to its end; where it did not, `read` is an upper bound."""


def inflated(start: memoryview) -> Inflated:
    """Return the stream that begins here; it is empty if nothing of it is compressed.

    Raises VerificationFailed if it is longer than `LARGEST_STREAM` bytes.
    """
    inflate, parts, length, step = zlib.decompressobj(), list[bytes](), 0, 2**16
    read = 0
    try:
        while read < len(start) and not inflate.eof:
            piece = start[read : read + step]
            read += len(piece)
            while piece and not inflate.eof:
                parts.append(inflate.decompress(piece, 2**20))
                length += len(parts[-1])
                if length > LARGEST_STREAM:
                    raise VerificationFailed(f"a stream of the file is longer than {LARGEST_STREAM:,} bytes")
                # What did not fit into the bound of one step is inflated next, and counted like the rest.
                piece = memoryview(inflate.unconsumed_tail)
    except zlib.error:
        pass  # what could be inflated until there counts
    return Inflated(b"".join(parts), read - len(inflate.unused_data), inflate.eof)


def is_packed(data: bytes, after: int, stream: int) -> bool:
    """Return whether the dictionary before a stream's word says by itself that the stream is compressed.

    Args:
        data: the file.
        after: the stream's object begins after this place.
        stream: where the stream's word stands.
    """
    at = data.rfind(b" obj", after, stream) + 4
    # A name in a text, in a comment or in an inner dictionary says nothing of the stream.
    if at < 4 + after or _HEAD.search(data, max(after, at - 24), at) is None:
        return False
    try:
        about, end = Values().read(data[at:stream], 0)
    except (ValueError, LookupError, TypeError):
        return False
    stated = about.get(b"Filter") if isinstance(about, dict) else None
    return stated in (b"FlateDecode", [b"FlateDecode"]) and not data[at + end : stream].strip()


@contextmanager
def _followed() -> Iterator[None]:
    """Take what a reader of objects meets in a damaged file for one that cannot be followed."""
    try:
        yield
    except NotFollowed:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, StopIteration) as error:
        raise NotFollowed("the file's objects cannot be read") from error


_Packed = tuple[bytes, int, dict[int, int]]
"""What a stream of objects holds, where the first of them begins, and how far behind it each does."""


def objects_of(data: bytes) -> Objects:
    """Return what the cross references lead to in every revision.

    Raises NotFollowed if an object is not where they say, or cannot be read there.
    """
    return Reading(data).everything()


def _whole(token: bytes) -> int:
    if not token.isdigit():
        raise NotFollowed(NOT_LISTED)
    return int(token)


def _are_whole(values: Any) -> TypeGuard[list[int]]:
    """Return whether this is a list of whole numbers, none of which is negative."""
    return isinstance(values, list) and all(isinstance(one, int) for one in values)


class Reading:
    """The objects that stand in a file by themselves, and where the others lie in streams of objects.

    Raises NotFollowed if an object is not where the cross references say, or cannot be read there.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.values = data, Values()
        self.found = Objects(self.values.names)
        self.read: dict[int, tuple[Any, int]] = {}
        self.looked = self.unpacked = self.whole = self.listed = 0
        self.inside: dict[tuple[int, int, bool], bytes] = {}
        self.known: dict[int, list[tuple[Any, int | None]]] = {}
        self.packed: dict[int, _Packed] = {}
        self.newest: dict[int, tuple[int, int]] = {}
        """What the newest section says of each object: its kind, and its place or its stream's number."""
        self.taken_out: dict[int, Any] = {}
        self.root: Any = None
        with _followed():
            self._read_all()

    def _read_all(self) -> None:
        sections = re.findall(rb"startxref\s+(\d+)", self.data[-2048:])
        if not sections:
            raise NotFollowed("the file has no cross references")
        seen, held, holders = set[int](), set[tuple[int, int]](), set[int]()
        place: int | None = int(sections[-1])
        while place is not None:
            if place in seen or len(seen) == MOST_SECTIONS:
                raise NotFollowed("the file's cross references go in a circle")
            seen.add(place)
            entries, about = self._section(place)
            # One reader takes the first place of an object that a list names twice, another the last.
            if len({number for number, _, _ in entries}) < len(entries):
                raise NotFollowed("the file's cross references name an object twice")
            self.root = about.get(b"Root") if len(seen) == 1 else self.root
            place = about.get(b"Prev")
            if not isinstance(place, int | None):
                raise NotFollowed(NOT_LISTED)
            for number, kind, one in entries:
                self.newest.setdefault(number, (kind, one))
                if kind == 1:
                    held.add((number, one))
                elif kind == 2:
                    holders.add(one)
        for number, one in held:
            self._object(one, number)
        # Objects in a stream that does not say so would be read by another reader alone.
        for holder in holders:
            if not {start for _, start in self.known[holder]} <= self.packed.keys():
                raise NotFollowed("objects lie in a stream that is not for objects")

    def value(self, number: int) -> tuple[Any, int | None]:
        """Return an object as the newest revision has it, and where its stream begins if it has one.

        An object that no cross reference names is nothing. Raises NotFollowed.
        """
        kind, one = self.newest.get(number, (0, 0))
        with _followed():
            if kind == 1:
                value, start = self.read[one]
                return value, start or None
            if kind == 2:
                if number not in self.taken_out:
                    _, start = self.read[self.newest[one][1]]
                    data, first, places = self.packed[start]
                    self.taken_out[number] = self.values.read(data, first + places[number])[0]
                return self.taken_out[number], None
        return None, None

    def everything(self) -> Objects:
        """Return what the cross references lead to in every revision. Raises NotFollowed."""
        with _followed():
            for data, first, places in self.packed.values():
                for number, place in places.items():
                    value, end = self.values.read(data, first + place)
                    self._count(end - first - place)
                    self.known.setdefault(number, []).append((value, None))
            self._instructions()
        return self.found

    def _section(self, place: int) -> tuple[list[tuple[int, int, int]], dict[bytes, Any]]:
        """Return the entries of a table or stream of cross references, and its dictionary."""
        begun, at = next(tokens(self.data, place))
        if begun != b"xref":
            about, start = self._object(place, None)
            return list(self._packed_entries(about, start)), about
        entries: list[tuple[int, int, int]] = []
        reading, none = tokens(self.data, at), (b"", 0)
        while (token := next(reading, none))[0] != b"trailer":
            stated, at = next(reading, none)
            first, count = _whole(token[0]), _whole(stated)
            self._list(count)
            at = _BLANKS.match(self.data, at).end()  # type: ignore[union-attr]  # no blank is a match too
            for number in range(first, first + count):
                if (row := _ROW.match(self.data, at)) is None:
                    raise NotFollowed(NOT_LISTED)
                entries.append((number, int(row[2] == b"n"), int(row[1])))
                at = row.end()
            reading = tokens(self.data, at)
        about, end = self.values.read(self.data, token[1])
        if not isinstance(about, dict):
            raise NotFollowed(NOT_LISTED)
        self.found.spans.append((place, end))
        return entries, about

    def _list(self, count: int) -> None:
        """Refuse more cross references than are followed, those of all revisions together."""
        self.listed += count
        if self.listed > MOST_ENTRIES:
            raise NotFollowed("the file has more cross references than are followed")

    def _packed_entries(self, about: Any, start: int) -> Iterator[tuple[int, int, int]]:
        stated = about if start else {}
        ranges, widths = stated.get(b"Index"), stated.get(b"W")
        ranges = [0, stated.get(b"Size")] if ranges is None else ranges
        if stated.get(b"Type") != b"XRef" or not _are_whole(ranges) or not _are_whole(widths):
            raise NotFollowed(NOT_LISTED)
        if len(widths) != 3 or len(ranges) % 2 or b"DecodeParms" in about:
            raise NotFollowed(NOT_LISTED)
        self._list(count := sum(ranges[1::2]))
        data, (kind, place, other) = self.plain(about, start), widths
        row = kind + place + other
        if kind > 1 or not place or count * row > len(data):
            raise NotFollowed("the file's cross references end too early")
        numbers = chain.from_iterable(
            range(first, first + many) for first, many in zip(ranges[::2], ranges[1::2], strict=True)
        )
        # By their columns: a file has thousands of entries, and each would be taken apart by itself.
        columns = [data[at : count * row : row] for at in range(kind + place)]
        kinds = columns[0] if kind else repeat(1, count)
        return zip(numbers, kinds, map(int.from_bytes, zip(*columns[kind:], strict=True)), strict=True)

    def _object(self, place: int, number: int | None) -> tuple[Any, int]:
        """Read the object at a place of the file, and what a stream of objects holds.

        Returns its value and where its stream begins, 0 if it has none.
        """
        if place in self.read:
            return self.read[place]
        head = [*islice(tokens(self.data, min(place, len(self.data))), 3)]
        if len(head) < 3 or not (head[0][0].isdigit() and head[1][0].isdigit() and head[2][0] == b"obj"):
            raise NotFollowed(NO_OBJECT)
        own, at = head[0][0], head[2][1]
        if number not in (None, int(own)):
            raise NotFollowed("the file's cross references lead to another object than they name")
        value, end = self.values.read(self.data, at)
        after, last = next(tokens(self.data, end), (b"", end))
        start = 0
        if after == b"stream" and isinstance(value, dict):
            match, length = _BEGINS.match(self.data, last - len(after)), value.get(b"Length")
            if match is None:
                raise NotFollowed(NO_LINE)
            if not isinstance(length, int):
                raise NotFollowed("a stream does not say how long it is")
            start = match.end()
            after, last = next(tokens(self.data, min(start + length, len(self.data))), (b"", 0))
            if after != b"endstream":
                raise NotFollowed("a stream of the file is longer than it says")
            if value.get(b"Filter", b"FlateDecode") not in (b"FlateDecode", [b"FlateDecode"]):
                raise NotFollowed(FILTERED)
            self.found.streams[start] = start + length
            if value.get(b"Subtype") == b"Form":
                self.found.drawing.add(start)
            if value.get(b"Type") == b"ObjStm":
                self.packed[start] = self._packed(value, start)
        elif after != b"endobj":
            raise NotFollowed("an object of the file does not end")
        self.found.spans.append((place, last))
        self.known.setdefault(int(own), []).append((value, start or None))
        self.read[place] = value, start
        self._count(last - place)
        return value, start

    def _packed(self, about: dict[bytes, Any], start: int) -> _Packed:
        """Return a stream of objects, and the number of each with the place where it begins."""
        data, first, many = self.plain(about, start), about.get(b"First"), about.get(b"N")
        self.unpacked += len(data)
        if not isinstance(first, int) or not isinstance(many, int):
            raise NotFollowed(NOT_PACKED)
        written = data[:first].split()
        if not b"".join(written).isdigit() or len(written) != 2 * many:
            raise NotFollowed(NOT_PACKED)
        places = dict(zip(map(int, written[::2]), map(int, written[1::2]), strict=True))
        if 2 * len(places) != len(written):
            raise NotFollowed("a stream of objects holds one of them twice")
        return data, first, places

    def _count(self, length: int) -> None:
        """Refuse objects that lie in each other, of which a short file could hold very many."""
        self.looked += length
        if self.looked > 2 * (len(self.data) + self.unpacked):
            raise NotFollowed("objects of the file lie in each other")

    def plain(self, about: dict[bytes, Any], start: int) -> bytes:
        """Return what a stream holds, inflated if it is compressed.

        Each stream is read once and counted. Raises NotFollowed if all of them are too long together.
        """
        packed, end = b"Filter" in about, start + about[b"Length"]
        if (start, end, packed) not in self.inside:
            raw = self.data[start:end]
            found = inflated(memoryview(raw)).inside if packed else raw
            self.whole += len(raw) + len(found)
            if self.whole > LARGEST_INSIDE:
                raise NotFollowed(TOO_LONG)
            self.inside[start, end, packed] = found
        return self.inside[start, end, packed]

    def _instructions(self) -> None:
        """Note where the instructions begin that a reader may draw."""
        waiting = [(one, False) for one in self.values.drawn] + [(one, True) for one in self.values.placed]
        seen = set[tuple[int, bool]]()
        while waiting:
            if (one := waiting.pop()) in seen:
                continue
            seen.add(one)
            number, placed = one
            for value, start in self.known.get(number, ()):
                if start is None:
                    waiting += [(other, placed) for other in references(value)]
                # What is placed on a page as a picture is drawn as its points, and not as instructions.
                elif not (placed and value.get(b"Subtype") == b"Image"):
                    self.found.drawing.add(start)

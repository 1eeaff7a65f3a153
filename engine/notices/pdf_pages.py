"""The pages of a notice's file, which every reader finds alike (ISO 32000, 7.7.3).

A file can be written so that one reader shows another page than the next.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.basics.errors import VerificationFailed
from engine.notices.pdf_objects import Reading
from engine.notices.pdf_values import NotFollowed, Reference, refuse_unreadable, tokens

MOST_PAGES = 100
MOST_PARTS = 8
"""Streams of instructions of a page; a notice has one. A stream that is named often is drawn as often."""
DEEPEST = 40
MOST_WITHIN = 11
"""Parts of a page that lie in each other; those of a notice do not."""
MOST_DRAWN = 2**22
"""Bytes of instructions that a page draws; a notice's draws a twentieth of it.

Those of a part count for each call. Parts that draw each other are soon very many.
"""
MOST_WRITTEN = 2**23
"""Bytes of instructions of all pages; a page of a notice has some 60,000."""
MOST_MARKS = 2**12
"""Marks of content that a page begins, counted in the same way; a page of a notice has some 350.

PDFium keeps for each mark those that it lies in: 20,000 in 140 KB of instructions filled more than 1.5 GB.
"""
EACH_PART = 64
"""Bytes that a part counts beside its instructions: a reader keeps something for every part that it draws."""
LONGEST_DRAWN = 2**20
"""Bytes of instructions that are read one by one; all parts of a notice together have a fiftieth of it."""
LONGEST_MAP = 2**16
"""Bytes in which a font says which text its signs are; a notice's have a fortieth of it."""
NOT_THERE = "the file's pages are not where they should be"


def refuse_other_readings(data: bytes) -> None:
    """Refuse a file whose pages two readers could show differently.

    Everything is read that the pages show, and no dictionary there says a name twice. The tags of the text
    are passed over, which a page does not show and which are most of the objects.

    Raises VerificationFailed.
    """
    try:
        reading = Reading(data)
        root, pages, drawn = _dictionary(reading, reading.root), Pages(reading), Drawn(reading)
        pages.add(root.get(b"Pages"))
        for number, page in enumerate(pages.found, 1):
            _refuse_page(reading, drawn, page, number)
        _read(reading, [value for name, value in root.items() if name != b"StructTreeRoot"])
    except NotFollowed as error:
        raise VerificationFailed(str(error)) from error


def _refuse_page(reading: Reading, drawn: Drawn, page: dict[bytes, Any], number: int) -> None:
    """Refuse a page that draws more than a notice's, or what two readers could show differently."""
    if b"Resources" not in page:
        raise VerificationFailed(f"page {number} has no resources of its own")
    parts, _ = _resolved(reading, page.get(b"Contents"))
    if isinstance(parts, list) and len(parts) > MOST_PARTS:
        raise VerificationFailed(f"page {number} is drawn by more than {MOST_PARTS} streams")
    named = parts if isinstance(parts, list) else [page.get(b"Contents")]
    written = [
        reading.plain(about, start) for about, start in (_resolved(reading, one) for one in named) if start
    ]
    whole = drawn.by(written, page[b"Resources"])
    if whole.length > MOST_DRAWN:
        raise VerificationFailed(f"page {number} draws more than {MOST_DRAWN:,} bytes of instructions")
    if whole.marks > MOST_MARKS:
        raise VerificationFailed(f"page {number} has more than {MOST_MARKS:,} marks in its instructions")
    drawn.take(b"\n".join(written))
    # One reader takes such a thing for nothing, and another shows what it names.
    if not isinstance(_resolved(reading, page.get(b"Annots"))[0], list | None):
        raise VerificationFailed(beside(number))


def beside(number: int) -> str:
    """Return why a page is refused on which something stands beside its words."""
    return f"page {number} has a field or a remark beside its words, as no notice has"


def _resolved(reading: Reading, value: Any) -> tuple[Any, int | None]:
    return reading.value(value.number) if isinstance(value, Reference) else (value, None)


def _dictionary(reading: Reading, value: Any) -> dict[bytes, Any]:
    found, start = _resolved(reading, value)
    if not isinstance(found, dict) or start is not None:
        raise NotFollowed(NOT_THERE)
    return found


class Pages:
    """The pages of a file in their order, found in one walk through their tree.

    Each node says how many pages are under it, and some readers look for a page by these numbers.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading, self.found, self.seen = reading, list[dict[bytes, Any]](), set[int]()

    def add(self, value: Any, depth: int = 0) -> None:
        """Add the pages under a node. Raises NotFollowed."""
        if not isinstance(value, Reference):
            raise NotFollowed(NOT_THERE)
        # Within the walk: 30 nodes that name the next one twice lead to a billion pages.
        if value.number in self.seen:
            raise NotFollowed("the file's pages name one of their objects twice")
        if depth > DEEPEST:
            raise NotFollowed("the file's pages are nested too deep")
        self.seen.add(value.number)
        node, before = _dictionary(self.reading, value), len(self.found)
        kids, _ = _resolved(self.reading, node.get(b"Kids"))
        # Of a page that has pages, one reader shows the page and another its pages.
        if (node.get(b"Type") == b"Pages") != isinstance(kids, list):
            raise NotFollowed("a page of the file has pages of its own")
        if not isinstance(kids, list):
            self.found.append(node)
            if len(self.found) > MOST_PAGES:
                raise NotFollowed(f"more than {MOST_PAGES} pages")
            return
        for kid in kids:
            self.add(kid, depth + 1)
        if _resolved(self.reading, node.get(b"Count"))[0] != len(self.found) - before:
            raise NotFollowed("the file has another number of pages than it says")


class Whole(NamedTuple):
    """What instructions draw at most, if each call draws the part that draws most.

    Attributes:
        length: in bytes of instructions.
        marks: how many marks of content begin.
        within: how many parts lie in each other.
    """

    length: int
    marks: int
    within: int


class Drawn:
    """What the instructions of pages draw, with their parts."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.known = reading, dict[int, Whole]()
        self.length = self.of_parts = 0
        """The bytes of all instructions together, those of a part counted once, and of the parts alone."""

    def take(self, instructions: bytes) -> None:
        """Count instructions and read them. Raises NotFollowed if they are too long or cannot be read."""
        self.length += len(instructions)
        if self.length > MOST_WRITTEN:
            raise NotFollowed(f"the pages have more than {MOST_WRITTEN:,} bytes of instructions together")
        refuse_unreadable(instructions)

    def by(self, written: list[bytes], resources: Any, within: int = 0) -> Whole:
        """Return what instructions draw with these resources. Raises NotFollowed.

        Args:
            written: the instructions of each stream.
            resources: what they name their parts in.
            within: in how many parts they lie themselves.
        """
        own = _dictionary(self.reading, resources)
        self._refuse_long_maps(own)
        named = _dictionary(self.reading, own.get(b"XObject", {}))
        parts = [self._part(part, within + 1) for part in named.values()]
        calls = sum(one.count(b"Do") for one in written)
        marks = sum(one.count(b"BMC") + one.count(b"BDC") for one in written)
        most = Whole(*map(max, zip(*parts, strict=True))) if parts else Whole(0, 0, 0)
        return Whole(sum(map(len, written)) + calls * most.length, marks + calls * most.marks, most.within)

    def _refuse_long_maps(self, resources: dict[bytes, Any]) -> None:
        """Refuse a font whose map from signs to text keeps a reader busy: a line of it tells of 65,536."""
        fonts, _ = _resolved(self.reading, resources.get(b"Font"))
        for font in fonts.values() if isinstance(fonts, dict) else ():
            said, stream = _resolved(self.reading, font)
            told = said.get(b"ToUnicode") if isinstance(said, dict) and stream is None else None
            about, start = _resolved(self.reading, told)
            if start is not None and len(self.reading.plain(about, start)) > LONGEST_MAP:
                raise NotFollowed(f"a font says in more than {LONGEST_MAP:,} bytes which text its signs are")

    def _part(self, part: Any, within: int) -> Whole:
        if not isinstance(part, Reference):
            raise NotFollowed(NOT_THERE)
        known = self.known.get(part.number, Whole(0, 0, 1))
        if within + known.within > MOST_WITHIN + 1:
            raise NotFollowed("the drawings of a page are nested too deep")
        if part.number not in self.known:
            # Until it is known: one that draws itself draws too much.
            self.known[part.number] = Whole(MOST_DRAWN + 1, 0, 1)
            about, start = self.reading.value(part.number)
            if start is None:
                raise NotFollowed(NOT_THERE)
            drawn = Whole(0, 0, 0)
            if about.get(b"Subtype") != b"Image":
                instructions = self.reading.plain(about, start)
                drawn = self.by([instructions], about.get(b"Resources"), within)
                self._refuse_of_the_page(instructions, about[b"Resources"])
            self.known[part.number] = Whole(EACH_PART + drawn.length, drawn.marks, 1 + drawn.within)
        return self.known[part.number]

    def _refuse_of_the_page(self, instructions: bytes, resources: Any) -> None:
        """Refuse a part that draws what its own resources do not name.

        PDFium takes it from the page's resources, where the part itself may be: 2 KB then filled 22 GB.
        """
        self.of_parts += len(instructions)
        if self.of_parts > LONGEST_DRAWN:
            raise NotFollowed(f"the parts of the pages have more than {LONGEST_DRAWN:,} bytes together")
        self.take(instructions)
        own, _ = _resolved(self.reading, _dictionary(self.reading, resources).get(b"XObject", {}))
        named, before = {b"/" + name for name in own}, b""
        # Most parts draw no other, and to take one apart costs more than all else here.
        for token, _ in tokens(instructions) if b"Do" in instructions else ():
            if token == b"Do" and before not in named:
                raise NotFollowed("a part of a page draws what its own resources do not name")
            before = token


def _read(reading: Reading, values: list[Any]) -> None:
    """Read everything that values lead to. Raises NotFollowed for what cannot be read."""
    seen, waiting = set[int](), values
    while waiting:
        value = waiting.pop()
        if isinstance(value, Reference):
            if value.number not in seen:
                seen.add(value.number)
                waiting.append(reading.value(value.number)[0])
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()

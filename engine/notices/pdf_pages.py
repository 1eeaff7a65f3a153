"""The pages of a notice's file, which every reader finds alike (ISO 32000, 7.7.3).

A file can be written so that one reader shows another page than the next.
"""

from __future__ import annotations

from typing import Any

from engine.basics.errors import VerificationFailed
from engine.notices.pdf_objects import NotFollowed, Reading, Reference, tokens

MOST_PARTS = 8
"""Streams of instructions of a page; a notice has one. A stream that is named often is drawn as often."""
DEEPEST = 40
MOST_DRAWN = 100_000
"""Parts that a page draws; a notice draws some twenty. Parts that draw each other are soon very many."""


def refuse_other_readings(data: bytes) -> None:
    """Refuse a file whose pages two readers could show differently.

    Everything is read that the pages show, and no dictionary there says a name twice. The tags of the text
    are passed over, which a page does not show and which are most of the objects.

    Raises VerificationFailed.
    """
    try:
        reading = Reading(data)
        root, parts_drawn = _dictionary(reading, reading.root), Drawn(reading)
        for number, page in enumerate(_pages(reading, root.get(b"Pages"), 0), 1):
            if b"Resources" not in page:
                raise VerificationFailed(f"page {number} has no resources of its own")
            parts, _ = _resolved(reading, page.get(b"Contents"))
            if isinstance(parts, list) and len(parts) > MOST_PARTS:
                raise VerificationFailed(f"page {number} is drawn by more than {MOST_PARTS} streams")
            named = parts if isinstance(parts, list) else [page.get(b"Contents")]
            drawn = parts_drawn.by([_resolved(reading, one) for one in named], page[b"Resources"])
            if drawn > MOST_DRAWN:
                raise VerificationFailed(f"page {number} draws more than {MOST_DRAWN:,} parts")
        _read(reading, [value for name, value in root.items() if name != b"StructTreeRoot"])
    except NotFollowed as error:
        raise VerificationFailed(str(error)) from error


def _resolved(reading: Reading, value: Any) -> tuple[Any, int | None]:
    return reading.value(value.number) if isinstance(value, Reference) else (value, None)


def _dictionary(reading: Reading, value: Any) -> dict[bytes, Any]:
    found, _ = _resolved(reading, value)
    if not isinstance(found, dict):
        raise NotFollowed("the file's pages are not where they should be")
    return found


def _pages(reading: Reading, value: Any, depth: int) -> list[dict[bytes, Any]]:
    """Return the pages under a node of their tree, in their order."""
    node = _dictionary(reading, value)
    kids, _ = _resolved(reading, node.get(b"Kids"))
    # Of a page that has pages, one reader shows the page and another its pages.
    if depth > DEEPEST or (node.get(b"Type") == b"Pages") != isinstance(kids, list):
        raise NotFollowed("a page of the file has pages of its own")
    if not isinstance(kids, list):
        return [node]
    return [page for kid in kids for page in _pages(reading, kid, depth + 1)]


class Drawn:
    """How many parts are drawn at most, if each call draws the part that draws most."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.known = reading, dict[int, int]()

    def by(self, instructions: list[tuple[Any, int | None]], resources: Any) -> int:
        """Return how many parts instructions draw with these resources. Raises NotFollowed."""
        parts = _dictionary(self.reading, resources).get(b"XObject", {})
        most = max(map(self._part, _dictionary(self.reading, parts).values()), default=0)
        if not most:
            return 0
        calls = (self.reading.plain(about, start).count(b"Do") for about, start in instructions if start)
        return sum(calls) * most

    def _part(self, part: Any) -> int:
        if not isinstance(part, Reference):
            raise NotFollowed("the file's pages are not where they should be")
        if part.number not in self.known:
            self.known[part.number] = (
                MOST_DRAWN + 1
            )  # until it is known: one that draws itself draws too many
            about, start = self.reading.value(part.number)
            if not isinstance(about, dict):
                raise NotFollowed("the file's pages are not where they should be")
            drawn = 0
            if about.get(b"Subtype") != b"Image":
                drawn = self.by([(about, start)], about.get(b"Resources"))
                self._refuse_of_the_page(about, start)
            self.known[part.number] = 1 + drawn
        return self.known[part.number]

    def _refuse_of_the_page(self, about: dict[bytes, Any], start: int | None) -> None:
        """Refuse a part that draws what its own resources do not name.

        PDFium takes it from the page's resources, where the part itself may be: 2 KB then filled 22 GB.
        """
        own, _ = _resolved(self.reading, _dictionary(self.reading, about[b"Resources"]).get(b"XObject", {}))
        before = b""
        for token, _ in tokens(self.reading.plain(about, start)) if start else ():
            if token == b"Do" and before not in {b"/" + name for name in own}:
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

"""`page.json`: every visible string of a notice with its place, made without a renderer (`rulings.md` 64).

The strings stand in reading order. They are read from the filled template that the renderer draws, so that no
second account of the words can differ. A place is the page (`first`, or `proof` for all that follow it), the
block, and the flow: what is read without a break. A column that floats beside others is a flow of its own,
and so is each string of a drawing. A table's head carries the table's number, for it is drawn again on every
page that the table runs over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from engine.basics.canonical_json import canonical
from engine.events.notice import NoticeInputs
from reports.notice.filled_page import filled_page
from reports.notice.markup import piece

Word = list[Any]
"""One string: its flow, its text, and its table's number where it is of a head."""

BLOCKS = frozenset(
    (
        "p",
        "th",
        "td",
        "li",
        "h1",
        "h2",
        "h3",
        "div",
        "figcaption",
        "blockquote",
        "section",
        "table",
        "tr",
        "figure",
        "br",
    )
)
"""Elements that begin and end a string."""
PARTS = frozenset(("sub", "h", "st", "v", "n", "f"))
"""Classes of a span that is a string by itself."""
FLOATS = frozenset(("half", "side", "sum"))
UNSEEN = frozenset(("title", "style", "colgroup"))


def page_words(inputs: NoticeInputs) -> bytes:
    """Return the words of a notice's pages as canonical JSON.

    Raises:
        ValueError: the log does not say which deal it is.
    """
    context, page = filled_page(inputs)
    body = ElementTree.fromstring(page).find("body")
    assert body is not None  # the template has one
    margin = {
        "left": context["left"],
        "middle": context["illustrative"],
        "right": context["deal"],
        "foot": context["foot"],
    }
    order = {
        "p1": [block["block"] for block in context["first"]],
        "proof": [block["block"] for block in context["proof"]],
    }
    blocks = []
    for section in body.iter("section"):
        first = "p1" in section.get("class", "").split()
        blocks += _blocks(section, "first" if first else "proof", order["p1" if first else "proof"])
    return canonical(
        {
            "version": 1,
            "margin": {name: " ".join(text.split()) for name, text in margin.items()},
            "blocks": blocks,
        }
    )


def first_words(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the words of a notice's masthead, answer and dues, in the form of `page.json`."""
    due = [
        ("due", piece("first.html.j2", "due", block)) for block in context["first"] if block["block"] == "due"
    ]
    pieces = [
        ("masthead", piece("first.html.j2", "masthead", context)),
        ("answer", piece("first.html.j2", "answer", context)),
        *due,
    ]
    return [
        _block("first", name, [ElementTree.fromstring(f"<section>{text}</section>")]) for name, text in pieces
    ]


def _blocks(section: Element, page: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the blocks of a section.

    On page 1, masthead and answer come before the first heading. Each heading begins a further block.
    """
    waiting = list(names)
    blocks: list[tuple[str, list[Element]]] = [("masthead", [])] if page == "first" else []
    for child in section:
        if child.get("class") == "answer":
            blocks.append(("answer", []))
        elif child.tag == "h2" or child.find("h2") is not None:
            blocks.append((waiting.pop(0), []))
        blocks[-1][1].append(child)
    return [_block(page, name, elements) for name, elements in blocks]


def _block(page: str, name: str, elements: Iterable[Element]) -> dict[str, Any]:
    reader = _Reader()
    return {
        "page": page,
        "block": name,
        "words": [word for element in elements for word in reader.words(element)],
    }


class _Reader:
    """Reads the elements of a block in their order, and numbers its flows and its tables."""

    def __init__(self) -> None:
        self.flows = 0
        self.tables = 0

    def words(self, element: Element) -> Iterator[Word]:
        """Yield the strings of an element, each with its flow and, in a table's head, the table."""
        said: list[str] = []
        place: list[Any] = [0]
        for text, where in self._texts(element, [0], None):
            if text is None or where != place:
                yield from _said(said, place)
                said = []
            place = where
            if text is not None:
                said.append(text)
        yield from _said(said, place)

    def _texts(
        self, element: Element, place: list[Any], parent: Element | None
    ) -> Iterator[tuple[str | None, list[Any]]]:
        """Yield each piece of text with its place; None if a string ends."""
        tag = element.tag.rpartition("}")[2]
        if tag in UNSEEN:
            return
        place = self._place(element, tag, place, parent)
        ends = tag in BLOCKS or tag == "text" or bool(PARTS & set(element.get("class", "").split()))
        if ends:
            yield None, place
        if tag == "li" and parent is not None and parent.tag == "ol":
            self.flows += 1  # a renderer draws the numbers of a list apart from its items
            yield f"{list(parent).index(element) + 1}.", [self.flows]
            yield None, place
        if element.text:
            yield element.text, place
        for child in element:
            yield from self._texts(child, place, element)
            if child.tail:
                yield child.tail, place
        if ends:
            yield None, place

    def _place(self, element: Element, tag: str, place: list[Any], parent: Element | None) -> list[Any]:
        """Return where an element's strings stand.

        They stand in a flow of their own, in a table's head, or where the strings of the parent stand.
        """
        classes = set(element.get("class", "").split())
        outer = set(parent.get("class", "").split()) if parent is not None else set()
        if tag == "text" or FLOATS & classes or (tag == "p" and "sig" in outer):
            self.flows += 1
            place = [self.flows, *place[1:]]
        if tag == "thead":
            self.tables += 1
            return [place[0], self.tables]
        return place[:1] if tag == "tbody" else place


def _said(pieces: Sequence[str], place: Sequence[Any]) -> Iterator[Word]:
    text = " ".join("".join(pieces).split())
    if text:
        yield [place[0], text, *place[1:]]

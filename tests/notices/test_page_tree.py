"""A tree of pages is walked once and within bounds, and says itself how many pages it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import ArrayObject, NameObject, NumberObject, StreamObject

from engine.determination.template import Template
from engine.notices.pdf import read_notice
from engine.notices.pdf_objects import Reading
from engine.notices.pdf_pages import MOST_MARKS, MOST_PAGES, _resolved
from engine.notices.trust_policy import Policy
from tests.notices.test_beside_the_pages import (
    TREE,
    Change,
    Writer,
    among_resources,
    box,
    drawn_first,
    named,
    page,
    refused_alike,
    set_on,
)
from tests.notices.test_beside_the_pages import desk as desk  # the fixtures
from tests.notices.test_beside_the_pages import plain as plain
from tests.notices.test_beside_the_pages import policy as policy
from tests.notices.test_beside_the_pages import told as told
from tests.notices.test_other_readings import changed

TWICE = "the file's pages name one of their objects twice"
COUNT = "the file has another number of pages than it says"
NOT_THERE = "the file's pages are not where they should be"
DEEP = "the drawings of a page are nested too deep"


def kids(writer: Writer, change: Callable[[ArrayObject], object], more: int = 0) -> None:
    """Change the pages of the tree, of which it then says that they are so many more."""
    tree = TREE(writer)
    change(tree["/Kids"])
    tree[NameObject("/Count")] = NumberObject(tree["/Count"] + more)
    writer.update_container(tree)


def a_page_more(writer: Writer, many: int) -> None:
    for _ in range(many):
        kids(writer, lambda there: there.append(writer.add_object(named(**plain_entries(writer)))), 1)


def plain_entries(writer: Writer) -> dict[str, object]:
    of = page(writer)
    return {name[1:]: of.raw_get(name) for name in of if name != "/Annots"}


def pages_within(writer: Writer, levels: int, twice: bool = False, said: int | None = None) -> None:
    """The last page below nodes that each name the next, once or twice."""
    there = TREE(writer)["/Kids"]
    below, count = there.raw_get(len(there) - 1), 1
    for _ in range(levels):
        below_all = [below] * (2 if twice else 1)
        count *= len(below_all)
        below = writer.add_object(
            named(
                Type=NameObject("/Pages"),
                Kids=ArrayObject(below_all),
                Count=NumberObject(count if said is None else said),
            )
        )
    kids(writer, lambda those: those.__setitem__(len(those) - 1, below), count - 1)


def in_place(writer: Writer) -> None:
    entries = plain_entries(writer)
    kids(writer, lambda there: there.append(named(**entries)), 1)


def nested(writer: Writer, levels: int, shown_too: int = 0, inside: bytes = b"") -> None:
    """Parts each of which draws the next; the page names the first, and before it one further down."""
    part, parts = None, []
    for _ in range(levels):
        about = named(Subtype=NameObject("/Form"), BBox=box(0, 0, 9, 9), Resources=named())
        if part is not None:
            about["/Resources"][NameObject("/XObject")] = named(part=part)
        made = StreamObject(about, stream_data=inside if part is None else b"/part Do ")
        made.compress()
        parts.append(part := writer.add_object(made))
    first = {"deeper": parts[-1 - shown_too]} if shown_too else {}
    among_resources(writer, "/XObject", **first, part=part)
    drawn_first(b"/part Do\n")(writer)


def long_map(writer: Writer, ranges: int) -> None:
    """A font of page 1 that says for each range of all codes which text they are."""
    font = next(iter(page(writer)["/Resources"]["/Font"].values())).get_object()
    told = b"".join(b"<0000> <FFFF> <%04X>\n" % (n % 50_000) for n in range(ranges))
    made = StreamObject(named(), stream_data=b"beginbfrange\n" + told + b"endbfrange\n")
    made.compress()
    font[NameObject("/ToUnicode")] = writer.add_object(made)
    writer.update_container(font)


FORGED: dict[str, tuple[Change, str]] = {
    "a page named twice": (lambda writer: kids(writer, lambda there: there.append(there.raw_get(0)), 1), TWICE),
    "a tree that doubles": (lambda writer: pages_within(writer, 12, twice=True), TWICE),
    "a tree in a circle": (lambda writer: kids(writer, lambda there: there.append(writer.root.raw_get("/Pages"))), TWICE),
    "too many pages": (lambda writer: a_page_more(writer, MOST_PAGES), f"more than {MOST_PAGES} pages"),
    "a tree too deep": (lambda writer: pages_within(writer, 41), "the file's pages are nested too deep"),
    "a page that is not counted": (set_on(TREE, "/Count", lambda: NumberObject(1)), COUNT),
    "a node that counts another": (lambda writer: pages_within(writer, 1, said=2), COUNT),
    "a count that stands elsewhere as a name": (set_on(TREE, "/Count", lambda: NameObject("/All")), COUNT),
    "a page written in its tree": (in_place, NOT_THERE),
    "remarks that are no list": (
        set_on(page, "/Annots", lambda: named(Subtype=NameObject("/FreeText"))),
        "page 1 has a field or a remark beside its words, as no notice has",
    ),
    "parts in each other": (lambda writer: nested(writer, 600), DEEP),
    "parts in each other, once too deep": (lambda writer: nested(writer, 12), DEEP),
    "parts in each other, seen before from further down": (lambda writer: nested(writer, 12, 6), DEEP),
    "a font that says its signs at length": (
        lambda writer: long_map(writer, 4_000),
        "a font says in more than 65,536 bytes which text its signs are",
    ),
    "a long part": (
        lambda writer: nested(writer, 1, inside=b" " * (2**20 + 1)),
        "the parts of the pages have more than 1,048,576 bytes together",
    ),
    "marks in each other": (
        drawn_first(b"/P BMC " * (MOST_MARKS + 1)),
        "page 1 has more than 4,096 marks in its instructions",
    ),
    "marks in each other in a part": (
        lambda writer: nested(writer, 2, inside=b"/P BMC " * MOST_MARKS),
        "page 1 has more than 4,096 marks in its instructions",
    ),
    "a page drawn at length": (
        drawn_first(b" " * (2**22 + 1)),
        "page 1 draws more than 4,194,304 bytes of instructions",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_pages_without_end_and_parts_in_each_other_are_refused_alike(
    what: str, plain: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    change, why = FORGED[what]
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(changed(plain, change), why, loose, all_templates, tmp_path)


def test_a_tree_of_several_levels_and_parts_within_bounds_are_taken(plain: bytes) -> None:
    pages = read_notice(plain).pages
    assert read_notice(changed(plain, lambda writer: pages_within(writer, 39))).pages == pages
    assert read_notice(changed(plain, lambda writer: nested(writer, 11, 6))).pages == pages


def test_names_of_parts_are_gathered_once_for_all_calls(
    plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gathered for each of 30,000 calls, 3,000 names would take minutes."""
    gathered = []

    class Gathered(dict[bytes, object]):
        def __iter__(self) -> Iterator[bytes]:
            gathered.append(len(self))
            return super().__iter__()

    def seen(reading: Reading, value: object) -> tuple[object, int | None]:
        found, start = _resolved(reading, value)
        return (Gathered(found) if isinstance(found, dict) else found), start

    def often(writer: Writer) -> None:
        nested(writer, 2)
        first = page(writer)["/Resources"]["/XObject"]["/part"]
        first._data, first._encoded_data = b"/part Do " * 300, None

    monkeypatch.setattr("engine.notices.pdf_pages._resolved", seen)
    assert read_notice(changed(plain, often)).pages == read_notice(plain).pages
    assert 0 < len(gathered) < 300

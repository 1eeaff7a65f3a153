"""A file that two readers could show differently is refused, whichever page it shows to the verifiers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import ArrayObject, NameObject, NumberObject, StreamObject

from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.notices.pdf import read_notice
from engine.notices.pdf_objects import Reading
from engine.notices.pdf_values import NotFollowed
from engine.notices.trust_policy import Policy
from tests.notices.test_beside_the_pages import (
    TREE,
    Change,
    Writer,
    among_resources,
    box,
    drawn_first,
    in_the_root,
    named,
    page,
    refused_alike,
    set_on,
)
from tests.notices.test_beside_the_pages import desk as desk  # the fixtures
from tests.notices.test_beside_the_pages import plain as plain
from tests.notices.test_beside_the_pages import policy as policy
from tests.notices.test_beside_the_pages import told as told
from tests.notices.test_pdf_objects import file_of, stream


def changed(plain: bytes, change: Change) -> bytes:
    writer, out = Writer(io.BytesIO(plain)), io.BytesIO()
    change(writer)
    writer.write(out)
    return out.getvalue()


def contents_often(writer: Writer) -> None:
    of = page(writer)
    of[NameObject("/Contents")] = ArrayObject([of.raw_get("/Contents")] * 9)
    writer.update_container(of)


def resources_of_all_pages(writer: Writer) -> None:
    of = page(writer)
    TREE(writer)[NameObject("/Resources")] = of.raw_get("/Resources")
    del of["/Resources"]
    writer.update_container(TREE(writer))
    writer.update_container(of)


def pages_of_a_page(writer: Writer) -> None:
    of = page(writer)
    of[NameObject("/Kids")] = ArrayObject([TREE(writer)["/Kids"].raw_get(1)])
    writer.update_container(of)


def drawn_in_parts(writer: Writer, levels: int, own: bool = False) -> None:
    """Parts each of which draws the next ten times; the last draws nothing, or itself."""
    part = None
    for level in range(levels):
        said = named(Subtype=NameObject("/Form"), BBox=box(0, 0, 9, 9), Resources=named())
        made = StreamObject(said, stream_data=b"/part Do " * 10 if level or own else b"")
        if part is not None:
            said["/Resources"][NameObject("/XObject")] = named(part=part)
        part = writer.add_object(made)
        if own:
            said["/Resources"][NameObject("/XObject")] = named(part=part)
    among_resources(writer, "/XObject", part=part)
    drawn_first(b"/part Do\n")(writer)


def part_of_the_page(writer: Writer) -> None:
    """A part whose resources are empty; one reader finds it in the page's, and draws it in itself."""
    said = named(Subtype=NameObject("/Form"), BBox=box(0, 0, 9, 9), Resources=named())
    among_resources(writer, "/XObject", part=writer.add_object(StreamObject(said, stream_data=b"/part Do ")))
    drawn_first(b"/part Do\n")(writer)


def contents_twice(plain: bytes) -> bytes:
    """Page 1 with its instructions and with those of page 2; one reader takes the first, another the last."""

    def change(writer: Writer) -> None:
        of = page(writer)
        of[NameObject("/Content_")] = page(writer, 1).raw_get("/Contents")
        writer.update_container(of)

    made = changed(plain, change)
    assert made.count(b"/Content_ ") == 1
    return made.replace(b"/Content_ ", b"/Contents ")


def without_root(plain: bytes) -> bytes:
    before = plain.rsplit(b"startxref\n", 1)[1].split()[0]
    return plain + b"xref\n0 0\ntrailer\n<</Prev %b>>\nstartxref\n%d\n" % (before, len(plain))


OF_PAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "instructions twice": (
        contents_twice,
        "a dictionary of the file says a name twice, or something else than a name",
    ),
    "instructions nine times": (
        lambda plain: changed(plain, contents_often),
        "page 1 is drawn by more than 8 streams",
    ),
    "resources for all pages together": (
        lambda plain: changed(plain, resources_of_all_pages),
        "page 1 has no resources of its own",
    ),
    "parts that draw each other": (
        lambda plain: changed(plain, lambda writer: drawn_in_parts(writer, 9)),
        "page 1 draws more than 4,194,304 bytes of instructions",
    ),
    "a part that draws itself": (
        lambda plain: changed(plain, lambda writer: drawn_in_parts(writer, 1, own=True)),
        "page 1 draws more than 4,194,304 bytes of instructions",
    ),
    "a part that draws what the page's resources name": (
        lambda plain: changed(plain, part_of_the_page),
        "a part of a page draws what its own resources do not name",
    ),
    "a page of pages": (
        lambda plain: changed(plain, pages_of_a_page),
        "a page of the file has pages of its own",
    ),
    "pages that are one": (
        lambda plain: changed(plain, set_on(TREE, "/Type", lambda: NameObject("/Page"))),
        "a page of the file has pages of its own",
    ),
    "a root that an earlier list alone names": (
        without_root,
        "the file's pages are not where they should be",
    ),
    "a second list of objects": (
        lambda plain: changed(plain, in_the_root("/XRefStm", lambda: NumberObject(9))),
        "the file has a second list of its objects, as no notice has",
    ),
    "a lock": (
        lambda plain: changed(plain, in_the_root("/Encrypt", lambda: NumberObject(9))),
        "the file has a lock on what it holds, as no notice has",
    ),
    "places moved": (
        lambda plain: plain.replace(b"\n", b"\n%\n", 1),
        "the file's cross references lead to no object",
    ),
    "no cross references": (
        lambda plain: plain.replace(b"startxref", b"startxxxx"),
        "the file has no cross references",
    ),
}


def test_parts_that_draw_each_other_within_bounds_are_taken(plain: bytes) -> None:
    nested = changed(plain, lambda writer: drawn_in_parts(writer, 3))
    assert read_notice(nested).pages == read_notice(plain).pages


@pytest.mark.parametrize("what", OF_PAGES)
def test_a_file_that_two_readers_could_show_differently_is_refused_alike(
    what: str, plain: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    forge, why = OF_PAGES[what]
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(forge(plain), why, loose, all_templates, tmp_path)


def test_a_file_whose_objects_are_looked_for_is_refused(
    plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PDFium looks for them where it cannot follow the cross references, and finds others than they name."""
    monkeypatch.setattr("pypdfium2.raw.FPDF_DocumentHasValidCrossReferenceTable", lambda _: 0)
    with pytest.raises(VerificationFailed, match="the file's cross references cannot be read"):
        read_notice(plain)


def packed(objects: dict[int, bytes], kind: bytes = b"ObjStm") -> bytes:
    """A stream of objects."""
    bodies, heads, at = b"", b"", 0
    for number, body in objects.items():
        heads += b"%d %d " % (number, at)
        bodies += body + b" "
        at = len(bodies)
    return stream(heads + bodies, b"/Type /%s/N %d/First %d" % (kind, len(objects), len(heads)))


def read_of(holder: bytes) -> Reading:
    """A file whose object 5 lies in a stream of objects, by its stream of cross references."""
    data = file_of({1: b"<<>>", 2: holder})
    body = data[: data.index(b"xref\n")]
    rows = [(0, 0), (1, body.index(b"1 0 obj")), (1, body.index(b"2 0 obj")), (0, 0), (0, 0), (2, 2)]
    table = b"".join(bytes([kind]) + place.to_bytes(2) + b"\0" for kind, place in rows)
    about = b"/Type /XRef/W [1 2 1]/Size 6/Root 1 0 R"
    return Reading(body + b"6 0 obj\n" + stream(table, about) + b"\nendobj\nstartxref\n%d\n" % len(body))


def test_an_object_in_a_stream_is_found_once_and_where_it_says() -> None:
    assert read_of(packed({4: b"<</A 1>>", 5: b"<</B 2>>"})).value(5) == ({b"B": 2}, None)
    for holder in (packed({5: b"<</B 2>>"}, b"Objects"), b"<</B 2>>"):
        with pytest.raises(NotFollowed, match="a stream that is not for objects"):
            read_of(holder)
    twice = packed({4: b"<</A 1>>", 5: b"<</B 2>>"}).replace(b"\n4 0", b"\n5 0")
    with pytest.raises(NotFollowed, match="holds one of them twice"):
        read_of(twice)


UNREAD = "an object of the file cannot be read"
DAMAGED: dict[str, tuple[bytes, bytes, str]] = {
    "an instruction in a list": (b"/BBox [0 0 ", b"/BBox [R 0 ", UNREAD),
    "a name in the place of a number": (b"[/ICCBased 3 0 R]", b"[/ICCBased/3 0 R]", UNREAD),
    "half a sign of an end": (b"/BBox [0 0 ", b"/BBox [> 0 ", UNREAD),
    "a text of other digits": (b"/CheckSum <", b"/CheckSum<_", "a text of the file is not hexadecimal"),
    "a part without resources": (
        b"]/Resources ",
        b"]/Resource_ ",
        "the file's pages are not where they should be",
    ),
    "a font of another length": (
        b"/Filter /FlateDecode/Length 5",
        b"/Filter /FlateDecode/Length 1",
        "a stream of the file is longer than it says",
    ),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_object_is_refused_alike(
    what: str, plain: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Also where no page needs it: some readers pass over what is damaged, and others do not."""
    there, damaged, why = DAMAGED[what]
    assert there in plain
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(plain.replace(there, damaged, 1), why, loose, all_templates, tmp_path)

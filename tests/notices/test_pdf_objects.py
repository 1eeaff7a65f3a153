"""What only looks like a name or an instruction is told from one by the objects of the file."""

from __future__ import annotations

import re
import zlib

import pytest

from engine.basics.errors import VerificationFailed
from engine.notices.pdf import HIDDEN, MOST_DOUBTS, _refuse_bombs, _settle
from engine.notices.pdf_objects import objects_of
from engine.notices.pdf_values import NotFollowed

SCRIPT = "the file has a script, as no notice has"
WITHIN = b"7 0 obj\n<</S /JavaScript>>\nendobj\n"


def stream(inside: bytes, said: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (said, len(inside), inside)


def file_of(objects: dict[int, bytes], named: tuple[int, ...] = ()) -> bytes:
    """A file of these objects, with a table of cross references to them; `named` are others to point at."""
    data = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % one for one in objects.items())
    places = {number: data.index(b"%d 0 obj" % number) for number in (*objects, *named)}
    table = b"".join(b"%d 1\n%010d 00000 n \n" % one for one in places.items())
    return data + b"xref\n%strailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(data))


def settled(data: bytes) -> str:
    """Why a file is refused; nothing if it is not."""
    try:
        _settle(data, _refuse_bombs(data))
    except VerificationFailed as failed:
        return str(failed)
    return ""


@pytest.mark.parametrize("inside", [b"3 Tr ", b"/XFA ", WITHIN, b"BI /F ", b"/#46 "])
def test_what_a_stream_holds_by_chance_is_nothing(inside: bytes) -> None:
    data = file_of({1: b"<</Type /Catalog>>", 2: stream(inside)})
    assert _refuse_bombs(data) != []
    assert settled(data) == ""


def test_words_are_no_names() -> None:
    assert settled(file_of({1: b"<</Title (Classes \\) (A/AA) /XFA) /Of % /AA\n 1>>"})) == ""
    assert settled(file_of({1: b"<</Title (Classes \\\\) /XFA 1>>"})) != ""


def test_an_object_inside_a_stream_is_one_if_a_cross_reference_leads_there() -> None:
    objects = {1: b"<</Type /Catalog>>", 2: stream(WITHIN)}
    assert settled(file_of(objects)) == ""
    assert settled(file_of(objects, named=(7,))) == SCRIPT


def test_a_name_in_escapes_is_the_name_that_it_stands_for() -> None:
    assert settled(file_of({1: b"<</S /J#61vaScript>>"})) == SCRIPT


def test_zeros_and_comments_part_names_and_instructions_as_blanks_do() -> None:
    assert (
        settled(file_of({1: b"<</AA\0<<>>>>"}))
        == "the file has an action that runs by itself, as no notice has"
    )
    for unseen in (b"3\0Tr\0", b"3 % 0\nTr", b"[]3 Tr"):
        assert settled(file_of({1: b"<</Contents 2 0 R>>", 2: stream(unseen)})) == HIDDEN


def test_a_stream_that_only_seems_compressed_is_read_as_it_stands() -> None:
    """Bytes that can be inflated to something harmless may be instructions as they are."""
    parts = (b"%", b" 3 Tr \n...")  # a comment, and as it stands a line end in the head of its second part
    heads = (b"\0\x01\0\xfe\xff", b"\x01\n\0\xf5\xff")
    blocks = b"".join(head + part for head, part in zip(heads, parts, strict=True))
    unseen = b"\x78\x01" + blocks + zlib.adler32(b"".join(parts)).to_bytes(4)
    assert zlib.decompress(unseen) == b"% 3 Tr \n..."
    for said in (b"/X (/Filter /FlateDecode )", b"/X <</Filter /FlateDecode>>", b"%/Filter /FlateDecode\n"):
        assert settled(file_of({1: b"<</Contents 2 0 R>>", 2: stream(unseen, said)})) == HIDDEN
    assert settled(file_of({1: b"<</Contents 2 0 R>>", 2: stream(unseen, b"/Filter /FlateDecode")})) == ""


@pytest.mark.parametrize("contents", [b"2 0 R", b"[2 0 R]", b"[ 4 0 R 2 0 R ]", b"3 0 R"])
def test_what_a_page_names_as_its_contents_is_drawn(contents: bytes) -> None:
    """Whatever the stream says of itself, and also by a list that stands elsewhere."""
    page = b"<</Type /Page /Cont#65nts " + contents + b">>"
    objects = {1: page, 2: stream(b"q 3 Tr Q", b"/Type /EmbeddedFile"), 3: b"[2 0 R]"}
    assert settled(file_of(objects)) == HIDDEN
    in_words = {**objects, 2: stream(b"(\\) 3 Tr ) Tj 0 Tr % 3 Tr")}
    assert _refuse_bombs(file_of(in_words)) != []
    assert settled(file_of(in_words)) == ""


def test_a_form_is_drawn_and_an_earlier_revision_counts() -> None:
    form = stream(b"3 Tr", b"/Subtype /Form ")
    first = file_of({1: b"<<>>", 2: form})
    assert settled(first) == HIDDEN
    later = file_of({2: b"null"})[9:].replace(b"<</Root", b"<</Prev %d /Root" % first.index(b"xref\n"))
    moved = re.sub(
        rb"\d{10}(?= 00000 n)|(?<=startxref\n)\d+",
        lambda found: b"%0*d" % (len(found[0]), int(found[0]) + len(first) - 9),
        later,
    )
    assert objects_of(first + moved).drawing == objects_of(first).drawing
    assert settled(first + moved) == HIDDEN


def test_a_doubt_is_a_refusal_where_no_cross_reference_leads() -> None:
    """Another reader may find the objects of a file by looking for them."""
    data = file_of({1: b"<<>>", 2: stream(b"3 Tr")})
    assert settled(data) == ""
    assert settled(data.replace(b"2 1\n", b"9 1\n")) == HIDDEN
    assert settled(data.replace(b"startxref", b"startxxxx")) == HIDDEN
    alone = file_of({1: b"<<>>"})
    assert settled(alone + b"5 0 obj <</AA 1>> endobj") != ""
    assert settled(alone + stream(b"3 Tr")) == HIDDEN


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"startxref 99999999999999999999999999",
        b"%" * 100_000 + b"\nstartxref 5",
        b"xref\n0 99999999999999\nstartxref 0",
        b"xref\n0 0\ntrailer <</Prev 0>>\nstartxref 0",
        b"1 0 obj <</Type /XRef /W [0 0 0] /Size 99999999999 /Length 0>>\nstream\n\nendstream startxref 0",
        b"xref\n0 0\ntrailer " + b"[" * 100_000 + b"\nstartxref 0",
        b"(" * 100_000 + b"startxref 0",
    ],
)
def test_a_file_that_cannot_be_followed_ends_soon(damaged: bytes) -> None:
    try:
        found = objects_of(damaged)
    except NotFollowed:
        return
    assert (found.names, found.streams) == ({b"Prev"}, {})


def test_objects_in_each_other_and_names_without_end_are_bounded() -> None:
    nested = b"".join(b"%d 0 obj (" % number for number in range(1, 400)) + b") endobj " * 399
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (n, nested.index(b"%d 0 obj" % n)) for n in range(1, 400))
    data = nested + b"xref\n%strailer <<>>\nstartxref %d" % (table, len(nested))
    with pytest.raises(NotFollowed, match="lie in each other"):
        objects_of(data)
    assert settled(file_of({1: b"<<>>", 2: stream(b"/XFA " * MOST_DOUBTS)})) != ""

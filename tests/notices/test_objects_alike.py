"""Both verifiers ask the same of an object, of a stream and of the cross references, in the same words."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.notices import pdf_objects
from engine.notices.pdf_objects import MOST_ENTRIES, Reading
from engine.notices.pdf_values import NotFollowed
from engine.notices.trust_policy import Policy
from tests.notices.test_beside_the_pages import desk as desk  # the fixtures
from tests.notices.test_beside_the_pages import plain as plain
from tests.notices.test_beside_the_pages import policy as policy
from tests.notices.test_beside_the_pages import refused_alike
from tests.notices.test_beside_the_pages import told as told
from tests.notices.test_pdf_objects import file_of, stream

PACKED = zlib.compress(b"0 0 m")
FILTERED = "a stream is compressed otherwise than once by FlateDecode, which is not read"
ESCAPED = "a filter is named in escapes, which is not read"
NOT_LISTED = "the file's cross references cannot be read"
NOT_ENDING = "an object of the file does not end"
LISTED_TWICE = "the file's cross references name an object twice"
LENGTH = "a stream does not say how long it is"
NAMES = "a dictionary of the file says a name twice, or something else than a name"
NO_OBJECT = "the file's cross references lead to no object"
UNREAD = "an object of the file cannot be read"


def with_stream(said: bytes, inside: bytes = PACKED) -> bytes:
    return file_of({1: b"<<>>", 2: b"<<%s>>\nstream\n%s\nendstream" % (said, inside), 3: b"%d" % len(inside)})


def listed(about: bytes, rows: bytes, more: bytes = b"") -> bytes:
    """A file with a stream of cross references; rows are of one byte, two bytes and one."""
    data = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + more
    table = stream(rows, b"/W [1 2 1]/Size 3/Root 1 0 R" + about)
    return data + b"2 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n" % len(data)


ROWS = b"\0\0\0\0" + b"\1\0\x09\0" + b"\0\0\0\0"
XREF = b"/Type /XRef"
LISTS: dict[str, tuple[bytes, str]] = {
    "a list without its kind": (listed(b"", ROWS), NOT_LISTED),
    "a list of another kind": (listed(b"/Type /Metadata", ROWS), NOT_LISTED),
    "ranges of which one is half": (listed(XREF + b"/Index [0 3 4]", ROWS), NOT_LISTED),
    "ranges below nothing": (listed(XREF + b"/Index [-1 3]", ROWS), NOT_LISTED),
    "ranges that are numbers with fractions": (listed(XREF + b"/Index [0.0 3]", ROWS), NOT_LISTED),
    "widths of which one is missing": (listed(XREF, ROWS).replace(b"/W [1 2 1]", b"/W [1 2]  "), NOT_LISTED),
    "a longer list than it has rows": (
        listed(XREF + b"/Index [0 4]", ROWS),
        "the file's cross references end too early",
    ),
    "more rows than are followed": (
        listed(XREF + b"/Index [0 262145]", ROWS),
        "the file has more cross references than are followed",
    ),
    "a list before it that is no number": (listed(XREF + b"/Prev 1 0 R", ROWS), NOT_LISTED),
    "a list before it at a fraction": (listed(XREF + b"/Prev 9.0", ROWS), NOT_LISTED),
    "a table of words": (file_of({1: b"<<>>"}).replace(b"xref\n1 1", b"xref\na 1"), NOT_LISTED),
    "a table with a signed number": (file_of({1: b"<<>>"}).replace(b"xref\n1 1", b"xref\n+1 1"), NOT_LISTED),
    "an object that is listed twice": (
        file_of({1: b"<<>>"}, named=(1,)).replace(b"trailer", b"1 1\n0000000009 00000 n \ntrailer"),
        LISTED_TWICE,
    ),
    "an object in two ranges": (listed(XREF + b"/Index [0 2 1 1]", ROWS), LISTED_TWICE),
    "a list for the first page alone": (
        file_of({1: b"<</Linearized 1>>"}),
        "the file has a second list of its objects, as no notice has",
    ),
    "a table with short rows": (file_of({1: b"<<>>"}).replace(b"00000 n ", b"00000 n"), NOT_LISTED),
    "a table with another kind of line": (file_of({1: b"<<>>"}).replace(b"00000 n", b"00000 m"), NOT_LISTED),
}
STREAMS: dict[str, tuple[bytes, str]] = {
    "a length that stands elsewhere": (with_stream(b"/Length 3 0 R"), LENGTH),
    "a length with a fraction": (with_stream(b"/Length %d.0" % len(PACKED)), LENGTH),
    "a length with a sign": (with_stream(b"/Length +%d" % len(PACKED)), LENGTH),
    "no length": (with_stream(b""), LENGTH),
    "a filter that stands elsewhere": (with_stream(b"/Filter 3 0 R/Length %d" % len(PACKED)), FILTERED),
    "another filter": (with_stream(b"/Filter/LZWDecode/Length 2", b"ab"), FILTERED),
    "two filters": (with_stream(b"/Filter[/FlateDecode/FlateDecode]/Length %d" % len(PACKED)), FILTERED),
    "no filter, said": (with_stream(b"/Filter null/Length %d" % len(PACKED)), FILTERED),
    "a filter in escapes": (with_stream(b"/Filter/Fl#61teDecode/Length %d" % len(PACKED)), FILTERED),
    "the name of a filter in escapes": (with_stream(b"/F#69lter/FlateDecode/Length %d" % len(PACKED)), ESCAPED),
    "the handler of a signature": (with_stream(b"/Filter/Adobe.PPKLite/Length 2", b"ab"), FILTERED),
    "a stream of a number": (file_of({1: b"<<>>", 2: b"7\nstream\na\nendstream"}), NOT_ENDING),
    "a stream longer than it says": (
        with_stream(b"/Length 2"),
        "a stream of the file is longer than it says",
    ),
    "two values": (file_of({1: b"<<>>", 2: b"7 8"}), NOT_ENDING),
    "a name without its value": (file_of({1: b"<</A>>"}), NAMES),
    "a list for a name": (file_of({1: b"<<[1] 2>>"}), NAMES),
    "a word for a name": (file_of({1: b"<<A 2>>"}), UNREAD),
    "a word for a value": (file_of({1: b"<</A b>>"}), UNREAD),
    "an end without its list": (file_of({1: b"]"}), UNREAD),
    "an end without its text": (file_of({1: b"<</A )>>"}), UNREAD),
    "a text without its end": (file_of({1: b"<</A (>>"}), UNREAD),
    "a list too deep": (file_of({1: b"[" * 61 + b"]" * 61}), UNREAD),
    "a place of no object": (file_of({1: b"<<>>"}).replace(b"1 0 obj", b"1 ) obj"), NO_OBJECT),
    "a place of another word": (file_of({1: b"<<>>"}).replace(b"1 0 obj", b"1 0 obi"), NO_OBJECT),
    "no PDF": (b"%PDF" + file_of({1: b"<<>>"})[5:], "this is not a PDF"),
    "a line that ends otherwise": (
        with_stream(b"/Filter/FlateDecode/Length %d" % len(PACKED)).replace(b"stream\nx", b"stream\0x"),
        "a stream does not begin on a line of its own",
    ),
    "objects in each other": (
        b"%PDF-1.7\n" + b"".join(b"%d 0 obj (" % n for n in range(1, 400)) + b") endobj " * 399,
        "objects of the file lie in each other",
    ),
}  # fmt: skip


def listed_nested(data: bytes) -> bytes:
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (n, data.index(b"%d 0 obj" % n)) for n in range(1, 400))
    return data + b"xref\n%strailer\n<</Root 1 0 R>>\nstartxref\n%d\n" % (table, len(data))


STREAMS["objects in each other"] = (
    listed_nested(STREAMS["objects in each other"][0]),
    STREAMS["objects in each other"][1],
)


@pytest.mark.parametrize("what", [*LISTS, *STREAMS])
def test_what_does_not_say_plainly_what_it_is_is_refused_alike(
    what: str, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    data, why = (LISTS | STREAMS)[what]
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(data, why, loose, all_templates, tmp_path)


def test_cross_references_of_all_revisions_are_bounded_together(
    policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Fifty lists of a million each fit into a short file, and would fill the memory."""
    row, many = b"\0", MOST_ENTRIES // 2 + 1
    data, before = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", b""
    for number in (2, 3):
        about = b"/Type /XRef/W [0 1 0]/Index [9 %d]/Size 9/Root 1 0 R/Filter /FlateDecode" % many
        at = len(data)
        data += b"%d 0 obj\n" % number + stream(zlib.compress(row * many), about + before) + b"\nendobj\n"
        before = b"/Prev %d" % at
    data += b"startxref\n%d\n" % at
    loose = policy.model_copy(update={"signature_needed": False})
    why = "the file has more cross references than are followed"
    refused_alike(data, why, loose, all_templates, tmp_path)


def test_what_is_read_of_all_streams_is_bounded_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = b"q " * 1_000
    packed = stream(zlib.compress(inside), b"/Filter /FlateDecode")
    reading = Reading(file_of({1: b"<<>>", 2: packed, 3: packed}))
    monkeypatch.setattr(pdf_objects, "LARGEST_INSIDE", 3_000)
    for _ in range(9):
        assert reading.plain(*reading.value(2)) == inside
    with pytest.raises(NotFollowed, match="the file's streams are longer than 134,217,728 bytes together"):
        reading.plain(*reading.value(3))

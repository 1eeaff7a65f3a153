"""A notice's PDF as its verifier reads it: attachments, and the text of the first pages.

Every decompression is bounded beforehand.

PDFium reads it, which is not a part of what wrote it. PDFium is fast enough for a desk that verifies a year
of notices (ADR 0009). What it would inflate is inflated here first and counted, so that a bomb meets a bound
and not the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.errors import VerificationFailed
from engine.basics.regular_files import open_file
from engine.basics.values import counted
from engine.notices.pdf_objects import (
    FILTERED,
    LARGEST_INSIDE,
    NO_LINE,
    NOT_LISTED,
    TOO_LONG,
    Inflated,
    Objects,
    inflated,
    is_packed,
    objects_of,
)
from engine.notices.pdf_pages import LONGEST_DRAWN, MOST_PAGES, beside, refuse_other_readings
from engine.notices.pdf_values import BLANK, PART, NotFollowed, tokens

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

LARGEST_FILE = 32 * 2**20
MOST_DOUBTS = 100
"""So many names in the bytes of a file do not stand there by chance."""
MOST_ATTACHMENTS = 16
PAGES_OF_RESULTS = 4
"""Pages that the results of a deal with very many tests may take; a deal with a dozen needs one or two."""

_FILTER = re.compile(rb"/Filter(?![A-Za-z0-9])(.{0,60})", re.DOTALL)
_READ = re.compile(
    rb"[ \t\r\n]*(/FlateDecode|/Adobe\.PPKLite|\[[ \t\r\n]*/FlateDecode[ \t\r\n]*\])(?=[\s/>]|\Z)"
)
"""The only values of a filter that are read.

They are Deflate, once, written out, and the handler of a signature, which decompresses nothing.

A value that stands elsewhere in the file (`12 0 R`) could name any filters, so it is refused; so is a name
with escapes.
"""
_ESCAPED = re.compile(rb"/(?=[A-Za-z0-9]{0,20}#)((?:[A-Za-z0-9]|#[0-9A-Fa-f]{2}){1,24})")
_ELSEWHERE = "an action that leads out of it"
FOREIGN = {
    b"OpenAction": "an action that runs when it is opened",
    b"AA": "an action that runs by itself",
    b"OCProperties": "layers that can be switched off",
    b"JavaScript": "a script",
    b"XFA": "a form that is drawn in place of its pages",
    b"Rotate": "a page that is turned",
    b"CropBox": "a page of which a part is cut off",
    b"UserUnit": "a page of another scale",
    b"CharProcs": "letters that are drawings",
    b"DecodeParms": "a stream that is compressed in a further way",
    b"Encrypt": "a lock on what it holds",
    b"XRefStm": "a second list of its objects",
    b"Linearized": "a second list of its objects",
    b"Launch": _ELSEWHERE,
    b"URI": _ELSEWHERE,
    b"GoToR": _ELSEWHERE,
    b"GoToE": _ELSEWHERE,
    b"SubmitForm": _ELSEWHERE,
    b"ImportData": _ELSEWHERE,
}
"""The names of what can change what a reader shows or does, beside the words of the pages.

A notice has none of it. Where several are, the first of this order is said.
"""
PAPERS = ((595.2756, 841.8898), (612.0, 792.0))
"""Width and height of A4 and US Letter in points."""
_NAMED = re.compile(rb"/(" + b"|".join(FOREIGN) + rb")(?!" + PART + rb")")
"""One pass over the bytes: a search for each name costs six times as much."""
ESCAPED_FILTER = "a filter is named in escapes, which is not read"
NOT_INFLATED = "a stream of the file cannot be inflated"
HIDDEN = "a page draws letters otherwise than filled, as no notice does"
IMAGE = "a page holds an image among its instructions, as no notice does"
"""Such an image brings filters of its own, so that a short file could fill the memory."""
_BEGUN = re.compile(rb"BI(?<!" + PART + rb"BI)(?!" + PART + rb")")
"""The instruction that begins such an image."""
_RENDERED = re.compile(rb"Tr(?<!" + PART + rb"Tr)(?<!" + BLANK + rb"0 Tr)(?!" + PART + rb")")
"""The instruction that says how letters are drawn: 0 fills them, as a notice's are; 3 leaves them unseen."""
_STREAM = re.compile(rb"stream(?<!" + PART + rb"stream)(?!" + PART + rb")[^\r\n]*+(?:\r\n?|\n|\Z)")
"""The word before a stream's bytes, and the rest of its line, which PDFium passes over whatever it is."""


@dataclass(frozen=True)
class NoticeFile:
    """What is read of a notice.

    Attributes:
        attachments: embedded files by name.
        pages: the text of each page, in the order in which it is drawn; spaces made one.
    """

    attachments: dict[str, bytes]
    pages: tuple[str, ...]


def read_file(path: Path) -> bytes:
    """Return the bytes of a notice's file, no more than a notice can have.

    Raises VerificationFailed if there are more.
    """
    with open_file(path) as file:
        # Not by the size that the file system tells: a pipe or a growing file tells another.
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise VerificationFailed(f"{path.name} has more than {LARGEST_FILE:,} bytes")
    return data


def read_notice(data: bytes) -> NoticeFile:
    """Return the parts of a notice.

    Raises VerificationFailed if it is not a PDF that can be read within bounds.
    """
    from pypdfium2 import PdfDocument, PdfiumError  # late: the verifier alone reads PDFs
    from pypdfium2 import raw as pdfium

    if len(data) > LARGEST_FILE:
        raise VerificationFailed(f"the file has {counted(len(data), 'bytes')}, more than {LARGEST_FILE:,}")
    if not data.startswith(b"%PDF-"):
        raise VerificationFailed("this is not a PDF")
    # Before the parser sees the file, since the parser inflates without a bound.
    _settle(data, _refuse_bombs(data))
    refuse_other_readings(data)
    try:
        with PdfDocument(data) as document:
            # Otherwise PDFium looks for objects in the whole file, and finds what no reader is led to.
            if not pdfium.FPDF_DocumentHasValidCrossReferenceTable(document):
                raise VerificationFailed(NOT_LISTED)
            return NoticeFile(dict(_attachments(document)), _text_of_pages(document))
    except (PdfiumError, IndexError, UnicodeDecodeError) as error:
        raise VerificationFailed(f"the file cannot be read as a PDF: {error}") from error


@dataclass(frozen=True)
class Doubt:
    """What no notice has seems to stand somewhere; the bytes of a font or a picture may be so by chance.

    Attributes:
        place: where it stands in the file.
        why: what a reader would meet there.
        part: the stream in which it stands, None if it was found in the file as it is.
    """

    place: int
    why: str
    part: bytes | None = None


def _refuse_bombs(data: bytes) -> list[Doubt]:
    """Inflate every stream of the file to its bound, wherever its cross references say that it lies.

    What seems to stand there and no notice has comes back, for `_settle` to look at.
    """
    for match in _FILTER.finditer(data):
        if _READ.match(match[1]) is None:
            raise VerificationFailed(FILTERED)
    doubts = [*islice(_foreign_in(data), MOST_DOUBTS)]
    if len(doubts) == MOST_DOUBTS:
        raise VerificationFailed(doubts[0].why)
    whole = before = until = 0
    view = memoryview(data)
    for match in _STREAM.finditer(data):
        begins, start = match.span()
        found = inflated(view[start:])
        if until < start:
            until = data.find(b"endstream", start)
            until = len(data) if until < 0 else until
        # What is read counts like what comes of it: streams that lie in each other are read again and again.
        whole += len(found.inside) + found.read + until - start
        if whole > LARGEST_INSIDE:
            raise VerificationFailed(TOO_LONG)
        doubts += _doubts_of(data, before, match, found, data[start:until])
        before = begins
        if len(doubts) >= MOST_DOUBTS:
            raise VerificationFailed(doubts[0].why)
    return doubts


def _doubts_of(
    data: bytes, before: int, begun: re.Match[bytes], found: Inflated, plain: bytes
) -> Iterator[Doubt]:
    """Yield what seems to stand in a stream and no notice has: as it was inflated, and as it stands."""
    begins, start = begun.span()
    if begun[0] not in (b"stream\n", b"stream\r\n"):
        yield Doubt(begins, NO_LINE)
    for why in _doubtful_in(found.inside):
        yield Doubt(start, why, found.inside)
    whole = found.ended and found.read <= len(plain)
    # A reader takes it as it stands if it does not say that it is compressed. Few are asked what they say:
    # what is compressed seldom holds by chance what no notice has.
    reasons = [*_doubtful_in(plain)]
    if (reasons or not whole) and is_packed(data, before, begins):
        reasons = [*_doubtful_in(plain[found.read :])] if whole else reasons
        if not whole:
            yield Doubt(begins, NOT_INFLATED)
    for why in reasons:
        yield Doubt(start, why, plain)


def _escaped_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each name that is written with escapes, without them, and where it stands."""
    for match in _ESCAPED.finditer(data) if b"#" in data else ():
        yield match.start(), re.sub(rb"#(..)", lambda one: bytes.fromhex(one[1].decode()), match[1])


def _foreign_in(data: bytes) -> Iterator[Doubt]:
    """Yield what seems to be a name that no notice has, or the name of a filter in escapes."""
    for match in _NAMED.finditer(data):
        yield Doubt(match.start(), _has(FOREIGN[match[1]]))
    for place, name in _escaped_in(data):
        if name in FOREIGN:
            yield Doubt(place, _has(FOREIGN[name]))
        elif name in (b"Filter", b"F", b"FFilter"):
            yield Doubt(place, ESCAPED_FILTER)


def _has(what: str) -> str:
    return f"the file has {what}, as no notice has"


def _doubtful_in(part: bytes) -> Iterator[str]:
    """Yield what seems to stand in a stream and no notice has."""
    # The first conditions are a hundred times faster, and seldom there.
    if b"BI" in part and _BEGUN.search(part):
        yield IMAGE
    yield from (doubt.why for doubt in islice(_foreign_in(part), 1))
    if b"Tr" in part and _RENDERED.search(part):
        yield HIDDEN


def _settle(data: bytes, doubts: list[Doubt]) -> None:
    """Refuse the file for a doubt that its objects confirm, or that lies where no object is.

    Raises VerificationFailed. A file without a doubt is not looked into, so that most cost nothing here.
    """
    if not doubts:
        return
    try:
        found = objects_of(data)
    except NotFollowed:
        raise VerificationFailed(doubts[0].why) from None
    for name, what in FOREIGN.items():
        if name in found.names:
            raise VerificationFailed(_has(what))
    for doubt in doubts:
        if not _explained(doubt, found):
            raise VerificationFailed(doubt.why)


def _explained(doubt: Doubt, found: Objects) -> bool:
    """Return whether a doubt is nothing: letters of a text, or bytes of a stream that is not drawn."""
    if doubt.part is None:
        if any(start <= doubt.place < end for start, end in found.streams.items()):
            return True
        # The objects there were read, and had no such name.
        read = any(start <= doubt.place < end for start, end in found.spans)
        return read and doubt.why not in (ESCAPED_FILTER, NO_LINE, NOT_INFLATED)
    if doubt.place in found.drawing:
        return len(doubt.part) <= LONGEST_DRAWN and doubt.why not in _drawn_in(doubt.part)
    return doubt.place in found.streams


def _drawn_in(instructions: bytes) -> set[str]:
    """Return what instructions draw that no notice has."""
    before, what = b"", set[str]()
    for token, _ in tokens(instructions):
        if token == b"BI":
            what.add(IMAGE)
        elif token == b"Tr" and before != b"0":
            what.add(HIDDEN)
        before = token
    return what


def _attachments(document: PdfDocument) -> Iterator[tuple[str, bytes]]:
    count, seen = document.count_attachments(), set()
    if count > MOST_ATTACHMENTS:
        raise VerificationFailed(f"more than {MOST_ATTACHMENTS} attachments")
    for place in range(count):
        one = document.get_attachment(place)
        name = one.get_name()
        # Of two files with one name, one reader would verify the first and another show the second.
        if name in seen:
            raise VerificationFailed(f"two attachments are named {name!r}")
        seen.add(name)
        yield name, bytes(one.get_data())


def _text_of_pages(document: PdfDocument) -> tuple[str, ...]:
    if len(document) > MOST_PAGES:
        raise VerificationFailed(f"more than {MOST_PAGES} pages")
    texts = []
    for number, page in enumerate(document, 1):
        _refuse_frame(page, number)
        texts.append(" ".join(page.get_textpage().get_text_range().split()))
    return tuple(texts)


def _refuse_frame(page: PdfPage, number: int) -> None:
    """Refuse a page that shows something beside its words, or not all of them.

    The only field is the signature's own, which lies on the first page and has no extent.
    """
    from pypdfium2 import raw as pdfium

    count = pdfium.FPDFPage_GetAnnotCount(page)
    if count > (number == 1) or (count and not _is_unseen_field(page)):
        raise VerificationFailed(beside(number))
    # The page's own box alone: one reader takes a box of the pages together in its place, and another none.
    box = page.get_mediabox(fallback_ok=False)
    if box is None or not any(
        box[:2] == (0, 0) and abs(box[2] - wide) < 1 and abs(box[3] - high) < 1 for wide, high in PAPERS
    ):
        raise VerificationFailed(f"page {number} does not say that its size is A4 or US Letter")


def _is_unseen_field(page: PdfPage) -> bool:
    """Return whether the first annotation of a page is a field without an extent."""
    from pypdfium2 import raw as pdfium

    one, box = pdfium.FPDFPage_GetAnnot(page, 0), pdfium.FS_RECTF()
    try:
        known = bool(pdfium.FPDFAnnot_GetRect(one, box))
        unseen = known and (box.left, box.bottom, box.right, box.top) == (0, 0, 0, 0)
        return unseen and pdfium.FPDFAnnot_GetSubtype(one) == pdfium.FPDF_ANNOT_WIDGET
    finally:
        pdfium.FPDFPage_CloseAnnot(one)

"""A notice's PDF as its verifier reads it: attachments, and the text of the first pages.

Every decompression is bounded beforehand.

PDFium reads it, which is not a part of what wrote it. PDFium is fast enough for a desk that verifies a year
of notices (ADR 0009). What it would inflate is inflated here first and counted, so that a bomb meets a bound
and not the memory.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.errors import VerificationFailed
from engine.basics.values import counted

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

LARGEST_FILE = 32 * 2**20
LARGEST_STREAM = 16 * 2**20
LARGEST_INSIDE = 128 * 2**20
"""What all streams of a file may hold together."""
MOST_ATTACHMENTS = 16
MOST_PAGES = 100
PAGES_OF_RESULTS = 4
"""Pages that the results of a deal with very many tests may take; a deal with a dozen needs one or two."""

_STREAM = re.compile(rb"stream\r?\n")
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
_INLINE = re.compile(rb"(?<![!-~])BI\s[^<>]{0,400}?/(?:F|Filter)\b")
"""An image inside the page's own instructions, which brings filters of its own; a notice has none."""


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
    with path.open("rb") as file:
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

    if len(data) > LARGEST_FILE:
        raise VerificationFailed(f"the file has {counted(len(data), 'bytes')}, more than {LARGEST_FILE:,}")
    # Before the parser sees the file, since the parser inflates without a bound.
    _refuse_bombs(data)
    try:
        with PdfDocument(data) as document:
            return NoticeFile(dict(_attachments(document)), _text_of_pages(document))
    except (PdfiumError, IndexError, UnicodeDecodeError) as error:
        raise VerificationFailed(f"the file cannot be read as a PDF: {error}") from error


@dataclass(frozen=True)
class DrawnPage:
    """A page as it is drawn.

    It holds each piece of text with the place of its box in points, and its pictures in colour.

    Attributes:
        texts: the text of a box, and its left and lower edge, rounded.
        pictures: the points of the page as it is shown and as it is printed, row by row; fields and remarks
            are drawn too.
    """

    texts: tuple[tuple[str, float, float], ...]
    pictures: tuple[bytes, bytes]


DOTS_PER_INCH = 100


def drawn_pages(data: bytes) -> Iterator[DrawnPage]:
    """Yield each page of a file that was read within bounds, as it is drawn.

    Raises VerificationFailed if it cannot be read.
    """
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        with PdfDocument(data) as document:
            document.init_forms()  # a field may paint over the page, and is not drawn otherwise
            for page in document:
                text = page.get_textpage()
                boxes = (text.get_rect(n) for n in range(text.count_rects()))
                texts = tuple(
                    (text.get_text_bounded(*box), round(box[0], 1), round(box[1], 1)) for box in boxes
                )
                shown, printed = (
                    bytes(page.render(scale=DOTS_PER_INCH / 72, optimize_mode=mode).buffer)
                    for mode in (None, "print")
                )
                yield DrawnPage(texts, (shown, printed))
    except PdfiumError as error:
        raise VerificationFailed(f"the file cannot be drawn: {error}") from error


def _refuse_bombs(data: bytes) -> None:
    """Inflate every stream of the file to its bound, wherever its cross references say that it lies."""
    for match in _FILTER.finditer(data):
        if _READ.match(match[1]) is None:
            stated = match[1].strip().partition(b"\n")[0].decode("latin-1")
            raise VerificationFailed(f"a stream is compressed by {stated}, which is not read")
    for name in set(_ESCAPED.findall(data)):
        if re.sub(rb"#(..)", lambda one: bytes.fromhex(one[1].decode()), name) in (
            b"Filter",
            b"F",
            b"FFilter",
        ):
            raise VerificationFailed(f"a filter is named in escapes, /{name.decode()}, which is not read")
    whole, view = 0, memoryview(data)
    for match in _STREAM.finditer(data):
        inside = _inflated(view[match.end() :])
        whole += len(inside)
        if whole > LARGEST_INSIDE:
            raise VerificationFailed(f"the file's streams are longer than {LARGEST_INSIDE:,} bytes together")
        if b"BI" in inside and _INLINE.search(
            inside
        ):  # the first is a hundred times faster, and seldom there
            raise VerificationFailed("the page holds an image with a filter of its own, which is not read")


def _inflated(start: memoryview) -> bytes:
    """Return the stream that begins here, inflated; nothing if it is not compressed."""
    inflate, parts, length, step = zlib.decompressobj(), [], 0, 2**16
    try:
        for place in range(0, len(start), step):
            piece = start[place : place + step]
            while piece and not inflate.eof:
                parts.append(inflate.decompress(piece, 2**20))
                length += len(parts[-1])
                if length > LARGEST_STREAM:
                    raise VerificationFailed(f"a stream of the file is longer than {LARGEST_STREAM:,} bytes")
                # What did not fit into the bound of one step is inflated next, and counted like the rest.
                piece = memoryview(inflate.unconsumed_tail)
            if inflate.eof:
                break
    except zlib.error:
        pass  # what could be inflated until there counts
    return b"".join(parts)


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
    return tuple(re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document)

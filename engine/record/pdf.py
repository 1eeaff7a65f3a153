"""A notice's PDF as its verifier reads it: attachments and the text of the first pages, with every decompression bounded beforehand.

PDFium reads it, which is no part of what wrote it, and is fast enough for a desk that verifies a year of notices (ADR 0009). What it
would inflate is inflated here first and counted, so that a bomb meets a bound and not the memory.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import VerificationFailed

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

LARGEST_FILE = 32 * 2**20
LARGEST_STREAM = 16 * 2**20
LARGEST_INSIDE = 128 * 2**20
"""What all streams of a file may hold together."""
MOST_ATTACHMENTS = 16
PAGES_OF_RESULTS = 4
"""Pages that the results of a deal with very many tests may take; a deal with a dozen needs one or two."""

_STREAM = re.compile(rb"stream\r?\n")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]{0,200}\]|/[^\s/<>\[\]()]*)")
_READ = {b"/FlateDecode"}
_SEALS = {b"/Adobe.PPKLite"}
"""Of a signature's dictionary: the name of its handler, which decompresses nothing."""


@dataclass(frozen=True)
class NoticeFile:
    """What is read of a notice.

    Attributes:
        attachments: embedded files by name.
        pages: the text of the first pages, which are the answer; spaces made one.
    """

    attachments: dict[str, bytes]
    pages: tuple[str, ...]


def read_notice(data: bytes) -> NoticeFile:
    """The parts of a notice. Raises VerificationFailed where it is no PDF that can be read within bounds."""
    from pypdfium2 import PdfDocument, PdfiumError  # late: the verifier alone reads PDFs

    if len(data) > LARGEST_FILE:
        raise VerificationFailed(f"the file has {len(data):,} bytes, more than {LARGEST_FILE:,}")
    _refuse_bombs(data)
    try:
        with PdfDocument(data) as document:
            return NoticeFile(dict(_attachments(document)), _text_of_first_pages(document))
    except (PdfiumError, IndexError, UnicodeDecodeError) as error:
        raise VerificationFailed(f"the file cannot be read as a PDF: {error}") from error


def _refuse_bombs(data: bytes) -> None:
    """Inflate every stream of the file to its bound, wherever its cross references say that it lies."""
    for stated in set(_FILTER.findall(data)):
        if stated.strip(b"[] \r\n") not in _READ | _SEALS:
            raise VerificationFailed(f"a stream is compressed by {stated.decode('latin-1')}, which is not read")
    whole, view = 0, memoryview(data)
    for found in _STREAM.finditer(data):
        whole += _inflated(view[found.end() :])
        if whole > LARGEST_INSIDE:
            raise VerificationFailed(f"the file's streams are longer than {LARGEST_INSIDE:,} bytes together")


def _inflated(start: memoryview) -> int:
    """How long the stream that begins here is when it is inflated; 0 where it is not compressed."""
    inflate, length, step = zlib.decompressobj(), 0, 2**16
    try:
        for place in range(0, len(start), step):
            piece = start[place : place + step]
            while piece and not inflate.eof:
                length += len(inflate.decompress(piece, 2**20))
                if length > LARGEST_STREAM:
                    raise VerificationFailed(f"a stream of the file is longer than {LARGEST_STREAM:,} bytes")
                piece = memoryview(inflate.unconsumed_tail)
            if inflate.eof:
                break
    except zlib.error:
        return length
    return length


def _attachments(document: PdfDocument) -> Iterator[tuple[str, bytes]]:
    count = document.count_attachments()
    if count > MOST_ATTACHMENTS:
        raise VerificationFailed(f"more than {MOST_ATTACHMENTS} attachments")
    for place in range(count):
        one = document.get_attachment(place)
        yield one.get_name(), bytes(one.get_data())


def _text_of_first_pages(document: PdfDocument) -> tuple[str, ...]:
    pages = range(min(len(document), PAGES_OF_RESULTS))
    return tuple(re.sub(r"\s+", " ", document[page].get_textpage().get_text_bounded()) for page in pages)

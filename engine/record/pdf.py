"""A notice's PDF as its verifier reads it: attachments with every decompression bounded, the text, where the signature lies."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import VerificationFailed

LARGEST_FILE = 32 * 2**20
LARGEST_ATTACHMENT = 16 * 2**20
MOST_ATTACHMENTS = 16


@dataclass(frozen=True)
class NoticeFile:
    """What is read of a notice.

    Attributes:
        attachments: embedded files by name.
        text: the text of page 1, which is the answer; spaces made one.
    """

    attachments: dict[str, bytes]
    text: str


def read_notice(data: bytes) -> NoticeFile:
    """The parts of a notice. Raises VerificationFailed where it is no PDF that can be read within bounds."""
    from pypdf import PdfReader  # late: the verifier alone reads PDFs
    from pypdf.errors import PyPdfError

    if len(data) > LARGEST_FILE:
        raise VerificationFailed(f"the file has {len(data):,} bytes, more than {LARGEST_FILE:,}")
    try:
        reader = PdfReader(io.BytesIO(data))
        attachments = dict(_attachments(reader))
        text = reader.pages[0].extract_text()
    except VerificationFailed:
        raise
    except (PyPdfError, KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, OSError, zlib.error) as error:
        raise VerificationFailed(f"the file cannot be read as a PDF: {type(error).__name__}") from error
    return NoticeFile(attachments, re.sub(r"\s+", " ", text))


def _attachments(reader: Any) -> Iterator[tuple[str, bytes]]:
    names = reader.trailer["/Root"]["/Names"]["/EmbeddedFiles"]["/Names"]
    if len(names) > 2 * MOST_ATTACHMENTS:
        raise VerificationFailed(f"more than {MOST_ATTACHMENTS} attachments")
    for place in range(0, len(names), 2):
        stream = names[place + 1].get_object()["/EF"]["/F"].get_object()
        yield str(names[place]), _bounded(stream)


def _bounded(stream: Any) -> bytes:
    """An embedded file's bytes, decompressed to no more than the bound; a bomb stops there."""
    raw, filters = bytes(stream._data), stream.get("/Filter")
    if filters is None:
        return raw
    if filters != "/FlateDecode":
        raise VerificationFailed(f"an attachment is compressed by {filters}, which is not read")
    inflate = zlib.decompressobj()
    found = inflate.decompress(raw, LARGEST_ATTACHMENT)
    if not inflate.eof:
        raise VerificationFailed(f"an attachment is longer than {LARGEST_ATTACHMENT:,} bytes, or cut off")
    return found

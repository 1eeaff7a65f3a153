"""Streams that a process has compressed before.

They are the colour profile, the marks, the watermark, and each stream of a file once. pydyf compresses a
stream when it writes it and again when it hashes the file. The compressed bytes are kept for a while by the
bytes that they come from.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

MOST = 128
"""Streams that are kept, the longest unused given up first; a notice has about fifty."""


class Compressor:
    """What pydyf asks of the standard library's compressor."""

    def __init__(self, level: int) -> None:
        """Compress at `level`."""
        self._level = level

    def compress(self, data: bytes) -> bytes:
        """Return the whole of `data`, compressed."""
        return deflated(data, self._level)

    def flush(self) -> bytes:
        """Return an empty text of bytes: `compress` has given all."""
        return b""


@lru_cache(MOST)
def deflated(data: bytes, level: int) -> bytes:
    """Return `data` compressed at `level`, as the standard library does it."""
    # Equal bytes at one level are always compressed alike, so a kept stream changes no file.
    return zlib.compress(data, level)


class Compression:
    """The standard library's module as far as pydyf uses it."""

    compressobj = Compressor
    compress = staticmethod(zlib.compress)

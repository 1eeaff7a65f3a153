"""Streams that a process has compressed before: the colour profile, the marks, the watermark; and each stream of a file once.

pydyf compresses a stream where it writes it and again where it hashes the file. What is compressed is kept by
its bytes for a while.
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
        """The whole of `data`, compressed."""
        return deflated(data, self._level)

    def flush(self) -> bytes:
        """Nothing: `compress` has given all."""
        return b""


@lru_cache(MOST)
def deflated(data: bytes, level: int) -> bytes:
    """`data` compressed at `level`, as the standard library does it."""
    return zlib.compress(data, level)


class Compression:
    """The standard library's module as far as pydyf uses it."""

    compressobj = Compressor
    compress = staticmethod(zlib.compress)

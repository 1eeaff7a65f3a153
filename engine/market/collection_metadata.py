"""What an administrator's `.meta.json` says of a day (`rulings.md` 61).

It says when the day was collected, what came of it, and the SHA-256 of its table.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

ENDING = ".meta.json"


class _Counts(msgspec.Struct):
    final_observations: int
    api_returned: int | None = None


class _Provenance(msgspec.Struct):
    output_file: str = ""
    sha256: str = ""
    archive_sha256: str = ""


class CollectionMetadata(msgspec.Struct, frozen=True):
    """The facts of one day's `.meta.json` that are read. The rest stays in its bytes."""

    collected_utc: str
    target_gpu: str
    geography: str
    counts: _Counts
    provenance: _Provenance = msgspec.field(default_factory=_Provenance)

    @property
    def file(self) -> str:
        """The file name of the table that it describes, whatever separators its path has."""
        return self.provenance.output_file.replace("\\", "/").rpartition("/")[2]


_metadata = msgspec.json.Decoder(CollectionMetadata)


def read_metadata(plain: bytes) -> CollectionMetadata | None:
    """Return the metadata of a day, or None if the file does not hold such metadata."""
    try:
        return _metadata.decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


Agreement = Literal["equal", "equal but for the ends of its lines", "differs", "not stated"]


def compared(plain: bytes, stated: str) -> Agreement:
    """Return whether a file is the one whose SHA-256 its administrator states.

    A table whose line ends a tool has rewritten is told apart from one that says something else.
    """
    if not stated:
        return "not stated"
    unix = plain.replace(b"\r\n", b"\n")
    if hashlib.sha256(plain).hexdigest() == stated.lower():
        return "equal"
    # Mail programs and Git rewrite line ends on the way, which changes the hash and no figure.
    rewritten = (unix, unix.replace(b"\n", b"\r\n"))
    return (
        "equal but for the ends of its lines"
        if any(hashlib.sha256(form).hexdigest() == stated.lower() for form in rewritten)
        else "differs"
    )

"""A row of the database as an entry, and the hashes as they are stored in it."""

from __future__ import annotations

import re
from typing import Any

from engine.basics.errors import VerificationFailed
from engine.record.entry import Entry

HASH = re.compile(r"[0-9a-f]{64}")
"""How a hash is stored: one way only, so that no two rows say the same."""
HASH_BYTES = 32


def hash_of(log: str, seq: int, text: str) -> bytes:
    """Return the bytes of a stored hash. Raises VerificationFailed if it is not one."""
    hashed = hash_or_nothing(text)
    if not hashed:
        raise VerificationFailed(
            f"a hash of entry {seq} of {log} is not 64 lower-case hexadecimal digits; the record was changed"
        )
    return hashed


def hash_or_nothing(text: str) -> bytes:
    """Return the bytes of a stored hash.

    They are empty if the text is not a hash: the tree can do without a peak.
    """
    try:
        hashed = bytes.fromhex(text)
    except ValueError:
        return b""
    # Written again it is the same text, so there was nothing in it but lower-case digits.
    return hashed if len(hashed) == HASH_BYTES and hashed.hex() == text else b""


def entry_of(row: Any) -> Entry:
    """Return a row of all columns, in their order, as an entry. Raises VerificationFailed as `hash_of`."""
    # The columns are taken by their places, which is half the work of taking each by its name.
    log, seq, key, body, leaf, root, peak = row
    # Bytes that are not text come back as they were, so the leaf hash finds the row that was edited.
    data = body.encode("utf-8", "surrogateescape")
    return Entry(log, seq, key, data, hash_of(log, seq, leaf), hash_of(log, seq, root), hash_or_nothing(peak))

"""Canonical JSON (RFC 8785) and the hashes made over it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Return `value` as RFC 8785 bytes: the same facts always give the same bytes.

    Raises:
        TypeError: for a float, or for a value that JSON has no form for; the message has its path. A figure
            is text, because two readers may print one float differently, but never one text.
        ValueError: for text that is not Unicode, or an integer beyond 2^53 - 1, which some readers round.
    """
    if _plain(value):
        try:
            return _WRITTEN.encode(value).encode()
        except UnicodeEncodeError:
            pass  # the library says what is wrong with it
    # Asked before the library writes: it accepts floats, and a float must never reach the record.
    _only_exact(value, "$")
    return rfc8785.dumps(value)


_WRITTEN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
_LARGEST = 2**53 - 1


def _plain(value: Any) -> bool:
    """Return whether the standard library writes a value as RFC 8785 does, which is ten times faster.

    It does for text, whole numbers, truths and nothing, in lists and under ASCII keys: it escapes the same
    signs in the same way, and sorts such keys in the same order. A type of one's own is left to the library.
    """
    left = [value]
    while left:
        one = left.pop()
        # The exact type: a subclass of text or number may write itself in another way.
        kind = type(one)
        if kind is str or kind is bool or one is None:
            continue
        if kind is dict:
            if not all(type(key) is str and key.isascii() for key in one):
                return False
            left.extend(one.values())
        elif kind is list or kind is tuple:
            left.extend(one)
        elif kind is not int or not -_LARGEST <= one <= _LARGEST:
            return False
    return True


def sha256_hex(data: bytes) -> str:
    """Return SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _only_exact(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise TypeError(f"{path} is a float; write figures as text")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{path} has the key {key!r}; JSON keys are text")
            _only_exact(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _only_exact(item, f"{path}[{number}]")
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"{path} is a {type(value).__name__}, which JSON has no form for; write it as text")

"""Spans of keys: all keys of a kind of event, or all that begin alike."""

from __future__ import annotations

Span = tuple[str, str]
"""Keys from the first, included, to the second, excluded, in the order of their bytes."""


def of_kind(kind: str) -> Span:
    """Return the keys of all events of a kind."""
    # `}` is the byte after `|`, so the span ends just behind the last key of the kind.
    return f"{kind}|", f"{kind}}}"


def beginning(text: str) -> Span:
    """Return all keys that begin with a text, which is not empty."""
    return text, f"{text[:-1]}{chr(ord(text[-1]) + 1)}"


def ends_of(*spans: Span) -> dict[str, str]:
    """Return the first key and the end of each span, by the names that a statement has for them."""
    firsts = {f"first{n}": first for n, (first, _) in enumerate(spans)}
    return firsts | {f"end{n}": end for n, (_, end) in enumerate(spans)}

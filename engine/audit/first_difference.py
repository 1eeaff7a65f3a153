"""Where two bodies of one event differ first, in words that differ as well."""

from __future__ import annotations

import json
from typing import Any

SHOWN = 80
"""Characters of a value that are printed."""


def first_difference(recorded: Any, again: Any, path: str = "") -> str:
    """Return where two bodies differ first, and how."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        for key in sorted({*recorded, *again}):
            if recorded.get(key) != again.get(key):
                return first_difference(recorded.get(key), again.get(key), f"{path}.{key}" if path else key)
    if isinstance(recorded, list) and isinstance(again, list) and len(recorded) == len(again):
        for number, (one, other) in enumerate(zip(recorded, again, strict=True)):
            if one != other:
                return first_difference(one, other, f"{path}[{number}]")
    one, other = json.dumps(recorded, ensure_ascii=False), json.dumps(again, ensure_ascii=False)
    same = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = max(0, same - SHOWN // 4) if max(len(one), len(other)) > SHOWN else 0
    return f"{path} is recorded as {_short(one, start)} and comes out as {_short(other, start)}"


def _short(text: str, start: int) -> str:
    """Return the part of a long text in which it differs."""
    shown = text[start : start + SHOWN]
    return ("..." if start else "") + shown + ("..." if start + SHOWN < len(text) else "")

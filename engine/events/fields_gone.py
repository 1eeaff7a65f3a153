"""Fields that events once declared and that no code ever computed.

A record may hold them, and no page reads them. Each is empty in every record that has it. So a record is read
without them, and compared without them.
"""

from __future__ import annotations

from typing import Any

GONE: dict[str, object] = {"limit_cite": None, "elsewhere": [], "share_failing_hosts": None}
"""Each field, and what it holds in every record that has it."""


def without_fields_gone(data: Any) -> Any:
    """Return what a record holds without the empty fields that are gone.

    A field of that name with a value stays, and is refused as unknown.
    """
    if not isinstance(data, dict) or GONE.keys().isdisjoint(data):
        return data
    return {key: value for key, value in data.items() if not _empty(key, value)}


def with_fields_gone(again: Any, recorded: Any) -> Any:
    """Return `again` with each removed field that `recorded` holds empty at the same place.

    `again` is what the engine computes now, and `recorded` is what the record holds. So the two can be
    compared.
    """
    if isinstance(again, dict) and isinstance(recorded, dict):
        kept = {key: with_fields_gone(one, recorded.get(key)) for key, one in again.items()}
        return {**kept, **{key: value for key, value in recorded.items() if _empty(key, value)}}
    # Lists of other lengths differ anyway, and their entries cannot be matched by place.
    if isinstance(again, list) and isinstance(recorded, list) and len(again) == len(recorded):
        return [with_fields_gone(one, other) for one, other in zip(again, recorded, strict=True)]
    return again


def _empty(key: str, value: object) -> bool:
    return key in GONE and value == GONE[key]

"""Answers as data: every fact of foresight as JSON holds it, with dates and exact numbers as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, printed, rounded

PLACES = 6
"""The decimals of an exact number without a finite decimal form, and of a float."""


def as_data(value: Any) -> Any:
    """Return `value` as JSON data.

    A dataclass becomes an object, a figure its printed text, an exact number text.
    """
    if isinstance(value, Figure):
        return printed(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(as_data(key)): as_data(one) for key, one in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [as_data(element) for element in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return exact_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, PLACES) if math.isfinite(value) else None
    return value


def exact_text(value: Fraction) -> str:
    """Return an exact number as decimal text with at most six decimals, without trailing zeros."""
    text = f"{rounded(value, PLACES):f}".rstrip("0").rstrip(".")
    return text or "0"

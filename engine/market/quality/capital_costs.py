"""The inputs of the capital estimate of `headroom manipulation` (WP §7.3.1; rulings 37).

They come from a file that names its source and date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import NoToml, read_toml

NEEDED = ("gpu_price_usd", "gpus_per_listing", "weekly_cost_usd", "weeks", "source", "as_of")
FIX = f"it needs {', '.join(NEEDED)}"
MOST, PLACES, LONGEST = 10**12, 6, 40
"""The largest figure that is read, and the decimals of an amount; `1e999999999` would fill any memory."""


def read_costs(path: Path | None) -> dict[str, Any]:
    """Return the cost of one listing in USD, its GPUs and its source; "not given" without a file.

    Raises WrongUsage naming everything that is wrong with the file.
    """
    if path is None:
        return {"per_listing": "not given", "source": None, "usd": None, "gpus": None}
    try:
        table = read_toml(path, Decimal)
    except (OSError, NoToml) as error:
        raise WrongUsage(f"{path} cannot be read ({error}); {FIX}") from None
    wrong = list(_wrong(table))
    if wrong:
        raise WrongUsage(f"{path}: {'; '.join(wrong)}; {FIX}")
    usd = (
        Decimal(table["gpu_price_usd"]) * table["gpus_per_listing"]
        + Decimal(table["weekly_cost_usd"]) * table["weeks"]
    )
    return {
        "per_listing": f"{usd:f}",
        "source": f"{path.name}: {table['source']}, {table['as_of']}",
        "usd": usd,
        "gpus": table["gpus_per_listing"],
    }


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in NEEDED if name not in table]
    if missing:
        yield f"{', '.join(missing)} missing"
        return
    for name, least, kind in (
        ("gpu_price_usd", 0, "a price above zero"),
        ("gpus_per_listing", 0, "a whole number above zero"),
        ("weekly_cost_usd", -1, "an amount, zero or more"),
        ("weeks", -1, "a whole number, zero or more"),
    ):
        value = table[name]
        whole = "whole" in kind
        # A truth value is a whole number to Python, and `true` GPUs are a mistake in the file.
        number = isinstance(value, int if whole else int | Decimal) and not isinstance(value, bool)
        if not number or not Decimal(value).is_finite() or not (value > 0 if least == 0 else value >= 0):
            yield f"{name} = {str(value)[:LONGEST]} is not {kind}"
        elif value > MOST or value != round(value, PLACES):
            yield f"{name} = {str(value)[:LONGEST]} is above {MOST:,} or has more than {PLACES} decimals"
    if not isinstance(table["source"], str) or not table["source"].strip():
        yield "source says nothing"
    if not isinstance(table["as_of"], date) and not _dated(table["as_of"]):
        yield f"as_of = {table['as_of']} is not a date like 2026-03-01"


def _dated(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(date.fromisoformat(text))
    except ValueError:
        return False

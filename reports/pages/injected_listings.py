"""Appendix A of a first publication, as a table (WP §7.3.1).

It says the least number of injected listings that moves the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reports.formats import short_date

NOTE = (
    "Each figure is the least number of injected listings that moves the index by the share at the head of "
    "its column. Each is listed at the share of the true median beside it. The listings pass the filters, "
    "and outliers are removed as the methodology says. A row of Table 5 is the middle of many draws of its "
    "number of listings. The same figures are written beside this page as CSV."
)


def appendix_table(rows: Sequence[Sequence[str]]) -> dict[str, Any] | None:
    """Return the appendix as a table; None without rows.

    The week, each day and each size of Table 5 have a row, and each attack has a column.

    Args:
        rows: what is attacked, its listings, the price, the move, and the least number of listings, as
            `injection_appendix` has them.
    """
    if not rows:
        return None
    attacks = list(dict.fromkeys((at, move) for _, _, at, move, _ in rows))
    least: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for what, listings, at, move, count in rows:
        least.setdefault((what, listings), {})[at, move] = count
    heads = [f"{move}, at {at.removesuffix(' of the median')}" for at, move in attacks]
    shown = [
        [_what(what), listings, *(found.get(attack, "") for attack in attacks)]
        for (what, listings), found in least.items()
    ]
    return {"heads": heads, "rows": shown, "note": NOTE}


def _what(what: str) -> str:
    """Return a row's name: a day as people write it."""
    if what[:1].isdigit():
        return short_date(date.fromisoformat(what))
    return what[:1].upper() + what[1:]

"""Sentences about the collections of a week's days (`rulings.md` 61).

They say what the other collections would give, and which collections are in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reports.formats import counted, listed, price, sentence, short_date


def collections(value: Mapping[str, Any]) -> list[str]:
    """Return the range over all choices of collections, and each day in doubt.

    The list is empty if nothing is to be said.
    """
    said = []
    range_ = value.get("collection_range")
    if range_:
        days, choices = int(range_["days"]), int(range_["choices"])
        several = (
            f"{sentence(counted(days))} day{'' if days == 1 else 's'} {'was' if days == 1 else 'were'} "
            "collected several times"
        )
        said.append(
            f"{several}; over all {choices:,} choices of collections the value is {price(range_['lowest'])} "
            f"to {price(range_['highest'])}."
        )
        if range_.get("perhaps_none"):
            said.append("Some of these choices give no value.")
        said.append("This range enters no interval.")
    for day in value.get("days") or ():
        on = short_date(date.fromisoformat(str(day["date"])))
        if day.get("doubt"):
            said.append(f"{on}: {day['doubt']}.")
        if day.get("unchecked"):
            said.append(
                f"{on}: the table has no cells for {listed(list(day['unchecked']))}; taken as applied."
            )
    return said

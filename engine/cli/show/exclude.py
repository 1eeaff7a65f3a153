"""`headroom exclude`: a Manifest Error Override (WP §7.3).

By the override, an index does not take named listings.
"""

from __future__ import annotations

from engine.cli.output import print_json, say, table
from engine.operations.exclusions import DayListings, RecordedOverride


def show_listings(day: DayListings, as_json: bool) -> None:
    """Print every Qualifying Listing of a day, the highest price first.

    Each has the number by which an override names it.
    """
    if as_json:
        print_json(day.as_data())
        return
    say(
        f"{day.index}, {day.day}, snapshot {day.snapshot[:12]}: {len(day.listings.places)} Qualifying "
        "Listings"
    )
    rows = [
        (str(number), f"{row.usd:.6f}", row.host or "-", row.machine or "-", str(row.gpus))
        for number, row in day.dearest_first
    ]
    say(table(("listing", "USD per GPU-hour", "host", "machine", "GPUs"), rows, right=(0, 1, 4)))


def show_override(override: RecordedOverride, as_json: bool) -> None:
    """Print an override as it stands on record."""
    if as_json:
        print_json(override.as_data())
        return
    payload, state = override.payload, "recorded" if override.new else "already on record"
    say(f"{payload.index}: {payload.disclosed}: {state}; a week published before is not changed by it:")
    say("  `headroom restate` shows what it would be")

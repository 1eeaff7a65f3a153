"""How a file that was written in format 2 is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.basics.values import counted
from engine.cli.output import print_json, say

if TYPE_CHECKING:
    from engine.queries.migrated_deal import MigratedDeal


def show_migrated(deal: MigratedDeal, as_json: bool) -> None:
    """Print each key with the reading that format 1 gave it, and where the file is."""
    if as_json:
        print_json(deal.as_data())
        return
    for written_key in deal.migration.written:
        block = ".".join(map(str, written_key.path)) or "the deal"
        say(f"{block}: {written_key.key.key}: {written_key.written}")
    say(
        f"written into {deal.into}: {counted(len(deal.migration.written), 'keys')}; see that the agreement "
        "means each of them"
    )

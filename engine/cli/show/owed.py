"""`headroom owed`: who owes whom what, over all deals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.basics.values import printed
from engine.cli.output import print_json, say, table
from engine.queries.who_owes_whom import OpenDuty, who_owes_whom
from engine.workspace.workspace import Workspace

HEAD = ("deal", "principal", "who", "owes", "by", "days", "to")


def show_owed(workspace: Workspace, on: date, as_json: bool) -> int:
    """Print what is still owed on a date, the longest overdue first."""
    found = who_owes_whom(workspace, on)
    if as_json:
        print_json({"on": str(on), "owed": [one.as_data() for one in found]})
        return 0
    say(owed_table(found) if found else f"nothing is owed on {on}")
    return 0


def owed_table(found: Sequence[OpenDuty]) -> str:
    """What is still owed as a table, a line each."""
    rows = [
        (
            one.deal,
            printed(one.principal) if one.principal else "-",
            f"{one.who}{f' ({one.name})' if one.name else ''}",
            f"{one.what} ({one.cite})",
            str(one.by),
            f"{-one.days} overdue" if one.days < 0 else str(one.days),
            ", ".join(one.to) or "-",
        )
        for one in found
    ]
    return table(HEAD, rows, right=(1, 5))

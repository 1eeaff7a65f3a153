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
    duties = who_owes_whom(workspace, on)
    if as_json:
        print_json({"on": str(on), "owed": [duty.as_data() for duty in duties]})
        return 0
    say(owed_table(duties) if duties else f"nothing is owed on {on}")
    return 0


def owed_table(duties: Sequence[OpenDuty]) -> str:
    """Return what is still owed as a table, a line each."""
    rows = [
        (
            duty.deal,
            printed(duty.principal) if duty.principal else "-",
            f"{duty.who}{f' ({duty.name})' if duty.name else ''}",
            f"{duty.what} ({duty.cite})",
            str(duty.by),
            f"{-duty.days} overdue" if duty.days < 0 else str(duty.days),
            ", ".join(duty.to) or "-",
        )
        for duty in duties
    ]
    return table(HEAD, rows, right=(1, 5))

"""What something that is about to be recorded would change of the past: shown before it is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cli.output import say, table
from engine.foresight.impact import Reach

SHOWN = 40
"""Lines of differences that are printed; all of them stand in `--json`."""


def say_reach(reached: Sequence[Reach]) -> None:
    """Print what would change: each result, then the notices that state one."""
    if not reached:
        say("no result of a past date would change")
    for reach in reached:
        dates = f"{reach.correction.from_on} to {reach.correction.until}"
        say(f"{reach.deal}: {dates} would be determined again; {len(reach.changes)} would stand otherwise")
        rows = [
            (str(change.on), change.subject, change.before, change.after) for change in reach.changes[:SHOWN]
        ]
        if rows:
            say(table(("date", "test or trigger", "as determined", "as it would be"), rows))
        if len(reach.changes) > SHOWN:
            say(f"and {len(reach.changes) - SHOWN} more; --json holds all of them")
        if reach.notices:
            say(
                "notices that state one of them: "
                + ", ".join(f"No. {notice.number} ({notice.kind})" for notice in reach.notices)
            )

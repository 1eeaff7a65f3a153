"""`headroom demo`: 26 generated Thursdays over illustrative deals, and which notices to open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from engine.basics.values import counted
from engine.cli.output import print_json, progress_done, say
from engine.demo.build import build_demonstration
from engine.operations.run import Tools

SHOWN = 7
"""Lines of what tripped and cured that are printed; all of them stand in `--json`."""


def demonstrate(into: Path, tools: Callable[[datetime], Tools], as_json: bool = False) -> None:
    """Make the demonstration in `into`, and print what happened and which file to open."""
    made = build_demonstration(into, tools)
    progress_done()
    if as_json:
        print_json(made.as_data())
        return
    span = f"{counted(len(made.thursdays), 'Thursdays')}, {made.thursdays[0]} to {made.thursdays[-1]}"
    say(
        f"{span}, {counted(len(made.deals), 'illustrative deals')}, {made.notices} notices. All of it is "
        "generated."
    )
    for line in made.notable[:SHOWN]:
        say(line)
    say(
        f"Mail  {made.workspace / 'outgoing-mail'}: drafts and reminders to the parties; nothing left this "
        "machine"
    )
    page, worst = made.open
    say(f"Open  {page}")
    say(f"and   {worst}; then: .venv/bin/headroom --workspace {made.workspace} history {made.deals[0]}")

"""`headroom history` and `headroom explain`: what happened, and the whole working of one result."""

from __future__ import annotations

from datetime import date

from engine.cli.output import print_json, say, table
from engine.queries.history import explanation_of, history_of, summary
from engine.workspace.workspace import Workspace


def history(workspace: Workspace, deal: str, as_json: bool) -> None:
    """Print every event of a deal, oldest first."""
    found = history_of(workspace, deal)
    if as_json:
        print_json(found.as_data())
        return
    rows = [(str(e.seq), str(e.effective_on), e.kind, e.subject, summary(e)) for e in found.events]
    say(table(("no.", "effective", "event", "of", "what"), rows, right=(0,)))
    say()
    say(f"{found.size} entries; head {found.root}")


def explain(workspace: Workspace, deal: str, test: str, on: date, as_json: bool) -> None:
    """Print one result from listings to verdict, as text that a lawyer can follow."""
    found = explanation_of(workspace, deal, test, on)
    if as_json:
        print_json(found.as_data())
        return
    for line in found.lines:
        say(line)

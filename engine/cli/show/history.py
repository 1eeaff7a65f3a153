"""`headroom history` and `headroom explain`: what happened, and the whole working of one result."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.cli.output import print_json, say, table
from engine.queries.history import explanation_of, history_of, summary
from engine.queries.spreadsheets import history_parquet, history_workbook
from engine.workspace.workspace import Workspace


def history(workspace: Workspace, deal: str, as_json: bool, into: Path | None = None) -> None:
    """Print every event of a deal, oldest first, or write them as a workbook or a Parquet file. Raises WrongUsage for another ending."""
    if into is not None and into.suffix not in (".xlsx", ".parquet"):
        raise WrongUsage(f"{into}: a history is written as .xlsx or .parquet; give --into a name that ends so")
    answer = history_of(workspace, deal)
    if into is not None:
        write_whole(into, history_workbook(deal, answer.events) if into.suffix == ".xlsx" else history_parquet(answer.events))
        if not as_json:
            say(f"{into}: {len(answer.events)} events of {deal}")
            return
    if as_json:
        print_json(answer.as_data())
        return
    rows = [(str(e.seq), str(e.effective_on), e.kind, e.subject, summary(e)) for e in answer.events]
    say(table(("no.", "effective", "event", "of", "what"), rows, right=(0,)))
    say()
    say(f"{answer.size} entries; head {answer.root}")


def explain(workspace: Workspace, deal: str, test: str, on: date, as_json: bool) -> None:
    """Print one result from listings to verdict, as text that a lawyer can follow."""
    explanation = explanation_of(workspace, deal, test, on)
    if as_json:
        print_json(explanation.as_data())
        return
    for line in explanation.lines:
        say(line)

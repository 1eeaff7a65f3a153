"""`headroom history` and `headroom explain`: what happened, and the whole working of one result."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.queries.compared_dates import compare_dates
from engine.queries.filtered_history import Wanted, filtered, line_of
from engine.queries.history import explanation_of
from engine.queries.spreadsheets import history_parquet, history_workbook
from engine.workspace.workspace import Workspace

ALL = Wanted()
"""Every event."""


def history(
    workspace: Workspace, deal: str, as_json: bool, into: Path | None = None, wanted: Wanted = ALL
) -> None:
    """Print the events of a deal, oldest first, or write them as a workbook or a Parquet file.

    Raises WrongUsage for another ending.
    """
    if into is not None and into.suffix not in (".xlsx", ".parquet"):
        raise WrongUsage(
            f"{into}: a history is written as .xlsx or .parquet; give --into a name that ends so"
        )
    answer = filtered(workspace, deal, wanted)
    if into is not None:
        write_whole(
            into,
            history_workbook(deal, answer.events)
            if into.suffix == ".xlsx"
            else history_parquet(answer.events),
        )
        if not as_json:
            say(f"{into}: {counted(len(answer.events), 'events')} of {deal}")
            return
    if as_json:
        print_json(answer.as_data())
        return
    rows = [
        (str(e.seq), str(e.effective_on), f"{e.recorded_at:%Y-%m-%d %H:%M}", e.kind, e.subject, line_of(e))
        for e in answer.events
    ]
    say(table(("no.", "effective", "recorded, UTC", "event", "of", "what"), rows, right=(0,)))
    say()
    # The head names the whole log, so a part of it must be called a part.
    shown = "" if len(answer.events) == answer.size else f"{len(answer.events)} of "
    say(f"{shown}{counted(answer.size, 'entries')}; head {answer.root}")


def compare(workspace: Workspace, deal: str, first: date, second: date, as_json: bool) -> None:
    """Print two dates of a deal side by side; what differs is marked."""
    answer = compare_dates(workspace, deal, first, second)
    if as_json:
        print_json(answer.as_data())
        return
    rows = [("*" if row.changed else "", row.title, row.what, row.first, row.second) for row in answer.rows]
    say(table(("", "of", "what", str(first), str(second)), rows))
    say()
    say(
        f"of {counted(len(answer.rows), 'lines')} {sum(row.changed for row in answer.rows)} changed; each "
        "is marked with *"
    )


def explain(workspace: Workspace, deal: str, test: str, on: date, as_json: bool) -> None:
    """Print one result from listings to verdict, as text that a lawyer can follow."""
    explanation = explanation_of(workspace, deal, test, on)
    if as_json:
        print_json(explanation.as_data())
        return
    for line in explanation.lines:
        say(line)

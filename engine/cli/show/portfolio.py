"""`headroom portfolio`: every test of every deal on a date, the worst first.

It comes as a table, CSV, JSON or a PDF.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.cli.show.owed import owed_table
from engine.queries.portfolio import Row, portfolio_of
from engine.queries.spreadsheets import portfolio_parquet, portfolio_workbook
from engine.workspace.workspace import Workspace

RenderPage = Callable[[Sequence[Mapping[str, Any]], date, str], bytes]
"""(the rows, the date, the same rows as CSV) -> PDF."""
HEAD = ("deal", "test", "state", "result", "headroom", "on", "due")


def show_portfolio(
    workspace: Workspace, on: date, into: Path | None, render: RenderPage, as_json: bool
) -> int:
    """Print the portfolio, or write it where a file is named.

    Raises WrongUsage for a workspace without deals, or another ending.
    """
    if into is not None and into.suffix not in (".csv", ".pdf", ".xlsx", ".parquet"):
        raise WrongUsage(
            f"{into}: a portfolio is written as .csv, .pdf, .xlsx or .parquet; give --into a name that ends "
            "so"
        )
    portfolio = portfolio_of(workspace, on)
    data = portfolio.as_data()
    count = f"{len(portfolio.deals)} deal{'s' if len(portfolio.deals) > 1 else ''}"
    if into is not None:
        text = portfolio.as_csv()
        made = {
            ".pdf": lambda: render(data["rows"], on, text),
            ".xlsx": lambda: portfolio_workbook(portfolio),
            ".parquet": lambda: portfolio_parquet(portfolio.rows),
        }
        write_whole(into, made.get(into.suffix, text.encode)())
    if as_json:
        print_json({**data, "into": str(into) if into is not None else None})
    elif into is not None:
        say(f"{into}: {counted(len(portfolio.rows), 'rows')} of {count} on {on}")
    else:
        say(table(HEAD, [_cells(row) for row in portfolio.rows], right=(4,)))
        say()
        say(f"{count} as of {on}; each row as determined on its own date")
        say()
        say(owed_table(portfolio.owed) if portfolio.owed else f"nothing is owed on {on}")
    return 0


def _cells(row: Row) -> tuple[str, ...]:
    data = row.as_data()
    state = row.state + (f", {row.counting}" if row.counting else "")
    due = "; ".join(
        f"{deadline.what}, {'overdue since it was due' if deadline.overdue else 'due'} {deadline.by}"
        for deadline in row.due
    )
    shown = (data["result"] or "-", data["headroom_shown"] or "-", data["on"] or "-", due or row.note)
    return (row.deal, row.key, state, *(str(deadline) for deadline in shown))

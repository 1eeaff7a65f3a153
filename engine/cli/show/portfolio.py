"""`headroom portfolio`: every test of every deal on one date, the worst first; as a table, CSV, JSON or one PDF."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text, write_whole
from engine.cli.output import print_json, say, table
from engine.queries.portfolio import Row, portfolio
from engine.record.log import deal_log, read
from engine.terms.source import parse
from engine.workspace.workspace import Workspace

RenderPage = Callable[[Sequence[Mapping[str, Any]], date, str], bytes]
"""(the rows, the date, the same rows as CSV) -> PDF."""
COLUMNS = ("deal", "test", "title", "cite", "state", "counting", "result", "measured", "limit", "headroom", "on")
HEAD = ("deal", "test", "state", "result", "headroom", "on", "due")


def show_portfolio(workspace: Workspace, on: date, into: Path | None, render: RenderPage, as_json: bool) -> int:
    """Print the portfolio, or write it where a file is named. Raises WrongUsage for a workspace without deals, or another ending."""
    if into is not None and into.suffix not in (".csv", ".pdf"):
        raise WrongUsage(f"{into}: a portfolio is written as .csv or .pdf; give --into a name that ends so")
    names = tuple(_names(workspace))
    if not names:
        raise WrongUsage(f"there is no deal in {workspace.root / 'deals'}; put deal files there")
    rows = portfolio([(name, read(workspace.store, deal_log(name))) for name in names], on)
    data = [row.as_data() for row in rows]
    count = f"{len(names)} deal{'s' if len(names) > 1 else ''}"
    if into is not None:
        text = _csv(data)
        write_whole(into, render(data, on, text) if into.suffix == ".pdf" else text.encode())
    if as_json:
        print_json({"on": str(on), "deals": list(names), "rows": data, "into": str(into) if into is not None else None})
    elif into is not None:
        say(f"{into}: {len(rows)} rows of {count} on {on}")
    else:
        say(table(HEAD, [_cells(row) for row in rows], right=(4,)))
        say()
        say(f"{count} as of {on}; each row as determined on its own date")
    return 0


def _names(workspace: Workspace) -> Iterator[str]:
    """Every deal: those with a log, and those whose file was never run."""
    logs = {log.removeprefix("deal/") for log in workspace.store.logs() if log.startswith("deal/")}
    files = set()
    for path in workspace.deal_files():
        tree, _ = parse(read_text(path), path.name)
        name = tree.get(("deal",)) if tree is not None else None
        files.add(name if isinstance(name, str) and name else path.stem)
    yield from sorted(logs | files)


def _cells(row: Row) -> tuple[str, ...]:
    data = row.as_data()
    state = row.state + (f", {row.counting}" if row.counting else "")
    due = "; ".join(f"{one.what}, {'overdue since it was due' if one.overdue else 'due'} {one.by}" for one in row.due)
    shown = (data["result"] or "-", data["headroom_shown"] or "-", data["on"] or "-", due or row.note)
    return (row.deal, row.key, state, *(str(one) for one in shown))


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    file = io.StringIO()
    written = csv.writer(file, lineterminator="\n")
    written.writerow((*COLUMNS, "due_by", "due_from", "due", "overdue", "note"))
    for row in rows:
        due = row["due"]
        first = (due[0]["by"], due[0]["who"], "; ".join(one["what"] for one in due)) if due else ("", "", "")
        overdue = "yes" if any(one["overdue"] for one in due) else ""
        written.writerow((*(row[name] for name in COLUMNS), *first, overdue, row["note"]))
    return file.getvalue()

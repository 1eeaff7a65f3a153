"""`headroom coverage`: how often a series' intervals hold the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.cli.output import print_json, progress, progress_done, say, table
from engine.queries.measured_coverage import measured_coverage
from engine.workspace.workspace import Workspace


def show_coverage(workspace: Workspace, series: str, draws: int, into: Path | None, as_json: bool) -> int:
    """Print the table of a series, and keep it as data: publication pages show it."""
    try:
        measured = measured_coverage(workspace, series, draws, progress).as_data()
    # The line of progress would otherwise stand before the refusal.
    finally:
        progress_done()
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        # The page prints the hash of this file, so the same table must have the same bytes.
        text = json.dumps(measured, indent=1, sort_keys=True) + "\n"
        (into / f"coverage-{series.replace('@', '-')}.json").write_text(text, encoding="utf-8")
    if as_json:
        print_json(measured)
        return 0
    say(
        f"{measured['series']}: {measured['pairs']} pairs of a week and a seller, {measured['sellers']} "
        "sellers"
    )
    heads = (
        "sellers",
        "effective",
        "listings 95%",
        "width",
        "subsets 95%",
        "width",
        "subsets 80%",
        "error",
        "trusted",
    )
    for scaling, rows in measured["tables"].items():
        say()
        say(f"Listings {scaling}, {rows[0]['draws']:,} draws of each number of sellers")
        say(table(heads, [_cells(row) for row in rows], right=tuple(range(8))))
    for limit in measured["limits"]:
        say(limit)
    return 0


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    own = (
        row["listings"]["coverage"],
        row["listings"]["width"],
        row["subsets"]["coverage"],
        row["subsets"]["width"],
    )
    last = (row["subsets_80"]["coverage"], row["subsets"]["error"], "yes" if row["trusted"] else "no")
    return (str(row["sellers"]), row["effective"], *own, *last)

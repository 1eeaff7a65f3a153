"""`headroom publication` and `headroom series`: the page of a published week, and the whole series with its prints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.commands.output import print_json, say
from engine.errors import WrongUsage
from engine.market.archive import write_whole
from engine.record.event import Event
from engine.record.log import index_log, read
from engine.workspace import Workspace

RenderPage = Callable[[Sequence[Mapping[str, Any]], datetime, Mapping[str, Any] | None], tuple[str, bytes]]
"""(the weeks up to the published one, when it was recorded, the first print where it is a Restatement) -> HTML and PDF."""


def publish_page(workspace: Workspace, series: str, publication: date, into: Path, render: RenderPage, as_json: bool) -> int:
    """Write the publication page of a recorded week as HTML and PDF."""
    prints: dict[date, list[Event]] = {}
    for event in read(workspace.store, index_log(series)):
        prints.setdefault(event.effective_on, []).append(event)
    if publication not in prints:
        known = f"the newest is of {max(prints)}" if prints else "it has none"
        raise WrongUsage(f"{series} has no publication of {publication}; {known}")
    weeks = [prints[day][-1].payload.value for day in sorted(prints) if day <= publication]
    first = prints[publication][0].payload.value if len(prints[publication]) > 1 else None
    html, pdf = render(weeks, prints[publication][-1].recorded_at, first)
    name = f"{series.replace('@', '-')}-{publication}"
    write_whole(into / f"{name}.html", html.encode())
    write_whole(into / f"{name}.pdf", pdf)
    if as_json:
        print_json(
            {"series": series, "publication_date": str(publication), "html": str(into / f"{name}.html"), "pdf": str(into / f"{name}.pdf")}
        )
    else:
        say(f"{into / name}.html and .pdf")
    return 0


FIGURES = ("value", "low_confidence", "observations", "valid_days", "hosts")
SERIES = ("publication_date", "print", *FIGURES, "interval_low", "interval_high", "methodology", "leaf")
"""The columns of an exported series."""


def export_series(workspace: Workspace, series: str, into: Path, as_json: bool) -> int:
    """Write a series with all of its prints, as CSV or, where the file's name says so, as JSON."""
    events = read(workspace.store, index_log(series))
    if not events:
        known = [log.removeprefix("index/") for log in workspace.store.logs() if log.startswith("index/")]
        raise WrongUsage(f"there is no series {series}; there are {', '.join(known) or 'none yet'}")
    rows = [_series_row(event) for event in events]
    if into.suffix == ".json":
        write_whole(into, (json.dumps([dict(zip(SERIES, row, strict=True)) for row in rows], indent=2) + "\n").encode())
    else:
        file = io.StringIO()
        table_ = csv.writer(file, lineterminator="\n")
        table_.writerow(SERIES)
        table_.writerows(rows)
        write_whole(into, file.getvalue().encode())
    if as_json:
        print_json({"series": series, "prints": len(rows), "into": str(into)})
    else:
        say(f"{into}: {len(rows)} prints of {series}")
    return 0


def _series_row(event: Event) -> tuple[Any, ...]:
    value = event.payload.value
    ends = value.get("interval") or {}
    figures = tuple(value.get(name) for name in FIGURES)
    return (str(event.effective_on), event.print, *figures, ends.get("low"), ends.get("high"), value["methodology"], event.leaf)

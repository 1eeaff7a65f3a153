"""`headroom publication` and `headroom series`: the page of a published week, and the whole series with its prints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage, dates_there
from engine.basics.files import write_whole
from engine.cli.output import print_json, say
from engine.events.kinds import Event
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

RenderPage = Callable[[Sequence[Mapping[str, Any]], datetime, Mapping[str, Any] | None], tuple[str, bytes]]
"""(the weeks up to the published one, when it was recorded, the first print where it is a Restatement) -> HTML and PDF."""


def publish_page(workspace: Workspace, series: str, publication: date, into: Path, render: RenderPage, as_json: bool) -> int:
    """Write the publication page of a recorded week as HTML and PDF."""
    prints: dict[date, list[Event]] = {}
    for event in on_record(workspace, series):
        prints.setdefault(event.effective_on, []).append(event)
    if publication not in prints:
        raise WrongUsage(f"{series} has no publication of {publication}; of its dates {dates_there(prints, publication)}")
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


FIGURES = ("value", "low_confidence", "observations", "valid_days", "hosts", "min", "max", "mean", "stdev")
SERIES = (
    *("publication_date", "print", "published_on", *FIGURES, "low_confidence_reasons"),
    *("interval_low", "interval_high", "methodology_version", "leaf"),
)
"""The columns of an exported series: those that an import needs are among them, under the same names (WP §5.7)."""


def export_series(workspace: Workspace, series: str, into: Path, as_json: bool) -> int:
    """Write a series with all of its prints, as CSV or JSON, whichever the file's name says. Raises WrongUsage for another ending."""
    if into.suffix not in (".csv", ".json"):
        raise WrongUsage(f"{into}: a series is written as .csv or .json; give --into a name that ends so")
    events = on_record(workspace, series)
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
    reasons = "; ".join(value.get("low_confidence_reasons") or ())
    public = event.effective_on if event.print == 1 else event.recorded_at.date()
    which = (str(event.effective_on), event.print, value.get("published_on") or str(public))
    return (*which, *figures, reasons, ends.get("low"), ends.get("high"), value["methodology"], event.leaf)

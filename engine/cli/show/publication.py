"""`headroom publication` and `headroom series`.

They give the page of a published week, and the whole series with its prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, say
from engine.queries.exports import published_week, series_csv, series_json, series_rows
from engine.queries.injection_appendix import appendix_csv, first_publication, injection_appendix
from engine.queries.measured_coverage import kept_coverage
from engine.queries.spreadsheets import series_parquet, series_workbook
from engine.workspace.workspace import Workspace

Appendix = Sequence[Sequence[str]]
RenderPage = Callable[
    [Sequence[Mapping[str, Any]], datetime, Mapping[str, Any] | None, Mapping[str, Any], Appendix],
    tuple[str, bytes],
]
"""The function that renders a publication page as HTML and PDF.

It takes the weeks up to the published one, the time of recording, the first print of a Restatement, the
coverage, and the rows of Appendix A.
"""


def publish_page(
    workspace: Workspace, series: str, publication: date, into: Path, render: RenderPage, as_json: bool
) -> int:
    """Write the publication page of a recorded week as HTML and PDF."""
    week = published_week(workspace, series, publication)
    # A Restatement of the first week is not a first publication, so it carries no Appendix A.
    begins = publication == first_publication(workspace, series) and week.first is None
    appendix = injection_appendix(workspace, series, publication) if begins else ()
    html, pdf = render(week.weeks, week.recorded_at, week.first, kept_coverage(workspace, series), appendix)
    name = into / f"{series.replace('@', '-')}-{publication}"
    written = {"html": (Path(f"{name}.html"), html.encode()), "pdf": (Path(f"{name}.pdf"), pdf)}
    if appendix:
        written["appendix_a"] = (Path(f"{name}-appendix-a.csv"), appendix_csv(appendix).encode())
    for place, data in written.values():
        write_whole(place, data)
    if as_json:
        places = {kind: str(place) for kind, (place, _) in written.items()}
        print_json({"series": series, "publication_date": str(publication), **places})
    else:
        say(f"{name}.html and .pdf")
        if "appendix_a" in written:
            say(
                f"{written['appendix_a'][0]}: Appendix A, what injected listings do, with the first "
                "publication (WP §7.3.1)"
            )
    return 0


def export_series(workspace: Workspace, series: str, into: Path, as_json: bool) -> int:
    """Write a series with all of its prints, as CSV or JSON, whichever the file's name says.

    Raises WrongUsage for another ending.
    """
    if into.suffix not in (".csv", ".json", ".xlsx", ".parquet"):
        raise WrongUsage(
            f"{into}: a series is written as .csv, .json, .xlsx or .parquet; give --into a name that ends so"
        )
    rows = series_rows(workspace, series)
    if into.suffix == ".xlsx":
        write_whole(into, series_workbook(series, rows))
    elif into.suffix == ".parquet":
        write_whole(into, series_parquet(rows))
    else:
        write_whole(into, (series_json(rows) if into.suffix == ".json" else series_csv(rows)).encode())
    if as_json:
        print_json({"series": series, "prints": len(rows), "into": str(into)})
    else:
        say(f"{into}: {counted(len(rows), 'prints')} of {series}")
    return 0

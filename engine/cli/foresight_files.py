"""Answers of foresight as files: a report as .pdf or .html, a workbook as .xlsx."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.assembly import all_templates, foresight_page

if TYPE_CHECKING:
    from engine.foresight.facts_by_date import FactsByDate

ENDINGS = (".pdf", ".html", ".xlsx")
OF_THE_PAGE = ("titles", "sections", "band")
"""The parts that say how a page names and draws the answers; a workbook has no use for them."""


def refuse_ending(into: Path | None, endings: tuple[str, ...] = ENDINGS) -> None:
    """Refuse another ending of a file before anything is computed for it. Raises WrongUsage."""
    from engine.basics.errors import WrongUsage

    if into is not None and into.suffix not in endings:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}" if len(endings) > 1 else endings[0]
        raise WrongUsage(f"{into}: an answer is written as {known}; give --into a name that ends so")


def write_answer(
    into: Path, draft: Any, given: FactsByDate, prepared: date, answers: Callable[[], Mapping[str, Any]]
) -> None:
    """Write a draft's report, or its answers as a workbook.

    Args:
        into: the file; its ending says which.
        draft: the draft.
        given: what is assumed of the Servicer's reports.
        prepared: the date of the report.
        answers: the answers as JSON by name, asked for once the ending is known to be one.
    """
    from engine.basics.files import write_whole
    from engine.queries.foresight_reports import parts_of_report

    refuse_ending(into)
    # An answer that the command has worked out already takes the place of the report's own.
    parts = {**parts_of_report(draft, all_templates, given, prepared), **answers()}
    if into.suffix == ".xlsx":
        from engine.queries.foresight_workbooks import foresight_workbook

        write_whole(into, foresight_workbook(_of_a_workbook(parts), prepared))
        return
    # Both forms are made of one page, so that a browser and a printer say the same.
    html, pdf = foresight_page()(parts)
    write_whole(into, html.encode() if into.suffix == ".html" else pdf)


def _of_a_workbook(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as a workbook has them.

    The report's own part names the draft's file, so that no answer tells the folder in which the file lies.
    """
    return {
        name: {key: value for key, value in part.items() if key != "file"}
        if isinstance(part, Mapping)
        else part
        for name, part in parts.items()
        if name not in OF_THE_PAGE
    }


def write_ladders(into: Path, ladders: Any, prepared: date) -> None:
    """Write the ladders of recorded deals as a workbook.

    Raises WrongUsage for a report, which is of one draft.
    """
    from engine.basics.files import write_whole
    from engine.foresight.answers import as_data
    from engine.queries.foresight_workbooks import foresight_workbook

    refuse_ending(into, (".xlsx",))
    write_whole(
        into, foresight_workbook({ladder.deal: as_data(ladder.ladder) for ladder in ladders}, prepared)
    )

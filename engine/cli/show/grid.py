"""`headroom grid`: two terms varied at once, as a table and as CSV."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

from engine.basics.assumed_figures import LINK_OR_HOLD
from engine.basics.files import write_whole
from engine.basics.happenings import no_date, sooner_words
from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.foresight.answers import as_data, exact_text
from engine.queries.csv_tables import csv_of
from engine.queries.grid_questions import GridAnswer, GridCell


def show_grid(answer: GridAnswer, into: Path | None, as_json: bool) -> int:
    """Print the grid, and write its CSV where a file that ends so is named."""
    # Other endings are reports or workbooks, which the caller has written by then.
    if into is not None and into.suffix == ".csv":
        write_whole(into, grid_csv(answer).encode())
    if as_json:
        print_json({**as_data(answer), "into": str(into) if into is not None else None})
        return 0
    say(f"{answer.deal} on {answer.path} up to {answer.until}: {answer.shown} of {answer.subject}.")
    for sentence in answer.assumed:
        say(sentence)
    if answer.left_out:
        say(LINK_OR_HOLD)
    say(f"Across {answer.x}, drafted {answer.drafted[0]}; down {answer.y}, drafted {answer.drafted[1]}.")
    say()
    columns = tuple(dict.fromkeys(cell.x for cell in answer.cells))
    rows = tuple(dict.fromkeys(cell.y for cell in answer.cells))
    by_pair = {(cell.x, cell.y): cell for cell in answer.cells}
    say(
        table(
            ("", *columns),
            [(row, *(cell_words(by_pair[column, row]) for column in columns)) for row in rows],
            right=range(1, len(columns) + 1),
        )
    )
    for why in dict.fromkeys(cell.not_known for cell in answer.cells if cell.not_known is not None):
        say(f"{answer.subject} is {why}.")
    for note in answer.unpublished:
        say(f"NO VALUE: {note}")
    if answer.sooner:
        say(f"AT LEAST: {sooner_words(answer.subject, answer.sooner)}.")
    if into is not None:
        say(f"{into}: {counted(len(answer.cells), 'cells')}")
    return 0


def cell_words(cell: GridCell) -> str:
    """Return a cell as people read it."""
    if isinstance(cell.value, date):
        return str(cell.value)
    if isinstance(cell.value, Fraction):
        return f"{float(cell.value):,.2f}"
    return no_date(cell.not_known)


def grid_csv(answer: GridAnswer) -> str:
    """Return one row for each pair: x, y, value."""
    rows = []
    for cell in answer.cells:
        value = (
            no_date(cell.not_known)
            if cell.value is None
            # A program that reads the file gets the exact figure; the terminal shows a rounded one.
            else exact_text(cell.value)
            if isinstance(cell.value, Fraction)
            else str(cell.value)
        )
        rows.append((cell.x, cell.y, value))
    return csv_of((answer.x, answer.y, f"{answer.shown} of {answer.subject}"), rows)

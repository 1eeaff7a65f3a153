"""A deal as foresight takes it.

It is a draft in a file, without a workspace, or a deal of the workspace by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text
from engine.determination.template import Template
from engine.foresight.facts_by_date import FactsByDate, held_facts, read_facts
from engine.foresight.given_files import given_file
from engine.terms.as_written import Deal, resolve
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.deal_files import read_file
from engine.workspace.workspace import Workspace


def text_of(path: Path) -> str:
    """Return a file's text as it stands. Raises WrongUsage if the file does not exist."""
    return read_text(path)


def deal_named(workspace: Workspace, name: str, templates: Mapping[str, Template]) -> Deal:
    """Return a deal of the workspace by its name.

    Raises WrongUsage without one, or where it cannot be evaluated.
    """
    names = []
    for path in workspace.deal_files():
        read = read_file(path, templates)
        if read.name == name:
            if read.deal is None:
                raise WrongUsage(f"{name} cannot be evaluated: {read.reason}")
            return counted_on_record(workspace, read.deal)
        names.append(read.name)
    raise WrongUsage(
        f"neither a file nor a deal `{name}` exists; deals in this workspace: {', '.join(names) or 'none'}"
    )


def facts_for(deal: Deal, held: Sequence[str], table: Path | None, between: str | None) -> FactsByDate:
    """Return what is assumed of the Servicer's reports.

    The sources are held figures, a table of facts by date, or both. A date's own row comes first.

    Args:
        deal: the draft, whose classes the figures name.
        held: `NAME=VALUE` each, from the Closing Date on.
        table: a CSV file `date,figure,value[,received]`.
        between: `straight lines`, or None for steps.

    Raises:
        WrongUsage: what is not a fact, or another word for what lies between two dates.
        InputProblems: what is wrong with the table.
    """
    if between not in (None, "steps", "straight lines"):
        raise WrongUsage(
            f"`--between {between}` is not known; write `straight lines`, or leave it out for steps"
        )
    terms = resolve(deal, deal.closing_date)
    facts = held_facts(held, deal.closing_date, terms)
    if table is None:
        return facts
    lines = between == "straight lines"
    text = text_of(table)
    dated = read_facts(text, str(table), terms, lines)
    kept = tuple(link for link in facts.links if link.figure not in dated.figures)
    figures = {**facts.figures, **dated.figures}
    return FactsByDate(figures, lines, kept, source=given_file("facts", table, text))


def until_of(deal: Deal, until: date | None, weeks: int) -> date:
    """Return the last date that foresight evaluates.

    It is the date that is named. Otherwise it lies `weeks` weeks after the Closing Date, but never after
    maturity.
    """
    last = until or deal.closing_date + timedelta(weeks=weeks)
    maturity = resolve(deal, last).maturity_date
    if last <= deal.closing_date:
        raise WrongUsage(f"{last} is not after the Closing Date {deal.closing_date}")
    return min(last, maturity)

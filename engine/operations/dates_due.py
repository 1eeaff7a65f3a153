"""What a run goes over.

It is the files that claim the same name, the series that a deal reads, and what reaches back to earlier
dates.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from engine.basics.errors import render
from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template, clauses_of
from engine.evaluation.corrections import Cause, by_terms, reaching_back
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event
from engine.events.rates import Published
from engine.events.standing import OF_A_DATE
from engine.terms.as_written import Deal, index_terms, indices, load_deal, monitored_from, resolve
from engine.terms.checks.duplicate_names import claimed_twice
from engine.workspace.deal_files import adopted_path
from engine.workspace.series import series_of
from engine.workspace.workspace import Workspace


def files_claimed_twice(workspace: Workspace) -> Iterator[tuple[Path, str]]:
    """Yield the deal files that claim the name of another one, and why none of them is evaluated."""
    paths = {
        f"deals/{path.name}": path
        for path in workspace.deal_files()
        if path.is_file() and os.access(path, os.R_OK)
    }
    for problem in claimed_twice({file: text_of(bytes_in(path)) for file, path in paths.items()}):
        yield paths[problem.place.file], f"{render(problem).splitlines()[0]}: {problem.why}; {problem.fix}"


def series_read(deal: Deal, on: date) -> tuple[str, ...]:
    """Return the series that a deal has read by a date, under the terms of each stretch of its life."""
    # An amendment may change the source of an index, and windows still look at the series before it.
    since = [since for since, _ in deal.segments if since <= on]
    return tuple(
        dict.fromkeys(
            series_of(name, index_terms(deal, name, day)) for name in indices(deal, on) for day in since
        )
    )


def first_needed(deals: Iterable[Deal], on: date) -> list[tuple[str, date]]:
    """Return every series that some deal reads, each with the earliest date that needs it.

    The earliest date is the one on which monitoring of such a deal begins: its Closing Date, or its takeover.
    The series are in the order of their names.
    """
    first: dict[str, date] = {}
    for deal in deals:
        for series in series_read(deal, on):
            first[series] = min(first.get(series, monitored_from(deal)), monitored_from(deal))
    return sorted(first.items())


def causes(
    workspace: Workspace,
    deal: Deal,
    events: list[Event],
    series: Mapping[str, Sequence[Published]],
    templates: Mapping[str, Template],
) -> Iterator[Cause]:
    """Yield each cause for which a date that was determined already is determined again."""
    yield from reaching_back(events, series, partial(resolve, deal))
    before = _version_before(workspace, events, templates)
    if before is not None:
        yield from by_terms(events, partial(resolve, before), partial(resolve, deal))


def _version_before(
    workspace: Workspace, events: list[Event], templates: Mapping[str, Template]
) -> Deal | None:
    """Return the deal file's version on which the newest determination rests.

    The result is None unless a newer version has been adopted since.
    """
    adoptions = [event for event in events if isinstance(event.payload, DealAdopted)]
    since = max((event.seq for event in events if event.kind in OF_A_DATE), default=-1)
    # A version that a date has been determined under already was compared when it came.
    if len(adoptions) < 2 or adoptions[-1].seq < since:
        return None
    path = adopted_path(
        workspace, [event for event in adoptions if event.seq < since][-1].payload.file_sha256
    )
    clauses = clauses_of(templates)
    return load_deal(text_of(bytes_in(path)), path.name, clauses)[0]

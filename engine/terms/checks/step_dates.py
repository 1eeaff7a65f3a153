"""The check of when terms change, and of when documents are dated, against the deal's own life.

A step may be out of order, before the deal's life begins or after it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.basics.errors import Problem
from engine.terms.amendment import is_schedule
from engine.terms.amendment_entries import AmendmentEntry, CorrectionEntry, entries
from engine.terms.as_written import NOT_TERMS, Deal
from engine.terms.in_force import TermsInForce
from engine.terms.periods import is_day, read_day
from engine.terms.source import Path


def by_maturity(terms: TermsInForce) -> str:
    """Return the fix, in words, for a date that lies after the deal's end."""
    return f"write a date on or before {terms.maturity_date}, or correct `maturity_date`"


def in_the_life(terms: TermsInForce) -> str:
    """Return the fix, in words, for a date that lies outside the deal's life."""
    return f"write a date after {terms.closing_date}, and on or before {terms.maturity_date}"


def steps(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each dated step, change or document out of order or outside the deal's life.

    Each problem is at its own date.
    """
    for name, value in deal.tree.data.items():
        # Amendments and examples have dates of their own kinds, which other checks look at.
        if name not in NOT_TERMS:
            for path, dates in schedules(value, (name,)):
                yield from _schedule(deal, path, dates)
    yield from _changes(deal)
    yield from _documents(deal)


def schedules(value: Any, path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield (path, dates as written) for every schedule of the file."""
    if is_schedule(value):
        yield path, list(value)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from schedules(item, (*path, key))


def _schedule(deal: Deal, path: Path, written: list[str]) -> Iterator[Problem]:
    terms, strange = deal.segments[0][1], [text for text in written if not is_day(text)]
    for text in strange:
        why, place = (
            "a term that steps has dates for keys, which exist in the calendar",
            deal.tree.key_place((*path, text)),
        )
        yield Problem("D108", f"`{text}` is not a date", why, "write it like `2026-01-06`", place)
    # Dates that cannot be read cannot be put in order.
    if strange:
        return
    dates = [read_day(text) for text in written]
    places = [deal.tree.key_place((*path, text)) for text in written]
    for before, after, place in zip(dates, dates[1:], places[1:], strict=False):
        if after <= before:
            why = f"{before} stands above it, and a schedule is read from its first step to its last"
            yield Problem(
                "D529", f"the step of {after} is out of order", why, "sort the steps by their dates", place
            )
    first = min(dates)
    if first > terms.closing_date:
        why = f"the deal closes on {terms.closing_date}, and nothing says what holds until then"
        fix = f"begin with `{terms.closing_date}:` and the value at closing"
        yield Problem("D530", f"the first step is of {first}", why, fix, places[dates.index(first)])
    for day, place in zip(dates, places, strict=True):
        if day > terms.maturity_date:
            yield Problem(
                "D523",
                f"a term steps on {day}",
                f"the deal matures on {terms.maturity_date}",
                by_maturity(terms),
                place,
            )


def _changes(deal: Deal) -> Iterator[Problem]:
    """Yield the problems of amendments and corrections.

    An amendment may come after the deal's end or cite an unknown document. A correction may have a date on
    which nobody can have found it.
    """
    terms, tree = deal.segments[0][1], deal.tree
    for entry, path in _amendments(deal):
        if entry.effective > terms.maturity_date:
            why = f"the deal matures on {terms.maturity_date}"
            what = f"an amendment is effective on {entry.effective}"
            yield Problem("D523", what, why, by_maturity(terms), tree.place((*path, "effective")))
        if entry.document not in deal.documents:
            why = f"the deal has {', '.join(deal.documents)}"
            fix = "define it under `documents:` of the amendment, or correct the name"
            yield Problem(
                "D502",
                f"the document `{entry.document}` does not exist",
                why,
                fix,
                tree.place((*path, "document")),
            )
    for correction, path in (
        (entry, at) for entry, at, _ in entries(tree, "corrections", CorrectionEntry) if entry is not None
    ):
        if correction.found_on < terms.closing_date:
            why = f"the deal closes on {terms.closing_date}"
            what, place = (
                f"a correction was found on {correction.found_on}, before closing",
                tree.place((*path, "found_on")),
            )
            yield Problem("D511", what, why, "correct the date", place)
        if correction.found_on > terms.maturity_date:
            what, why = (
                f"a correction was found on {correction.found_on}",
                f"the deal matures on {terms.maturity_date}",
            )
            yield Problem("D523", what, why, by_maturity(terms), tree.place((*path, "found_on")))
        if correction.by not in terms.parties:
            why = f"the deal has {', '.join(terms.parties)}"
            yield Problem(
                "D502",
                f"the party `{correction.by}` does not exist",
                why,
                "correct the name, or define it",
                tree.place((*path, "by")),
            )


def _amendments(deal: Deal) -> list[tuple[AmendmentEntry, Path]]:
    return [
        (entry, path)
        for entry, path, _ in entries(deal.tree, "amendments", AmendmentEntry)
        if entry is not None
    ]


def _documents(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each document dated after closing that is not the document of an amendment."""
    terms = deal.segments[0][1]
    amending = {entry.document for entry, _ in _amendments(deal)}
    for name, document in terms.documents.items():
        place = deal.tree.place(("documents", name, "dated"))
        # A maturity before closing has its own problem, and every date would lie after it.
        if document.dated > terms.maturity_date > terms.closing_date:
            why = f"the deal matures on {terms.maturity_date}"
            yield Problem("D523", f"`{name}` is dated {document.dated}", why, by_maturity(terms), place)
        elif document.dated > terms.closing_date and name not in amending:
            why = f"the deal closes on {terms.closing_date}, and no amendment is made by it"
            yield Problem(
                "W111",
                f"`{name}` is dated {document.dated}, after closing",
                why,
                "see that the date is right",
                place,
            )

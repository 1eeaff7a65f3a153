"""The `amendments:` and `corrections:` of a deal file, read into changes (`deal-format.md`; rulings 29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from engine.basics.errors import Problem
from engine.basics.values import Fact
from engine.terms.amendment import Change, is_schedule
from engine.terms.error_messages import BLANK, complaints
from engine.terms.field_types import CountOfThings, Words
from engine.terms.in_force import Document, ShortName
from engine.terms.periods import Day
from engine.terms.source import Path, Tree

FIXED = ("deal", "format", "closing_date")
"""The terms that identify a deal in the record. They cannot change."""
NOTHING = (*BLANK, None)


class ChangeEntry(Fact):
    """One change of an amendment."""

    term: str
    replaces: Any
    with_: Any = Field(alias="with")
    later_steps: Literal["keep", "drop"] | None = None
    consequences: Literal["end", "stand"] | None = None
    reserve: Literal["release", "keep"] | None = None
    """For a change that takes a trigger away: what becomes of its consequences and its reserve account.

    See `rulings.md` 71.
    """
    cite: str | None = None


class AmendmentEntry(Fact):
    """One amendment: its number, its document, its effective date and its changes."""

    number: CountOfThings
    document: str
    effective: Day
    changes: tuple[ChangeEntry, ...]
    documents: Mapping[ShortName, Document] = {}
    """The documents that the amendment brings in, its own included (`rulings.md` 55).

    The deal's own documents stand in the part of the file that may not change any more.
    """
    cite: str | None = None


class CorrectionEntry(Fact):
    """One correction of the file itself. It is effective from closing."""

    number: CountOfThings
    found_on: Day
    by: str
    term: str
    replaces: Any
    with_: Any = Field(alias="with")
    reason: Words


def read_changes(tree: Tree, closing: date, upto: int | None = None) -> tuple[list[Change], list[Problem]]:
    """Return all changes of a file, corrections first, and the problems found.

    A change that cannot be read is a problem at its place.
    """
    changes: list[Change] = []
    problems: list[Problem] = []
    for entry, path, entry_problems in entries(tree, "corrections", CorrectionEntry):
        problems += entry_problems
        if entry is not None:
            changes.append(
                Change(
                    entry.term,
                    entry.replaces,
                    entry.with_,
                    "keep",
                    entry.reason,
                    closing,
                    "correction",
                    entry.number,
                    None,
                    path,
                )
            )
    for amendment, path, entry_problems in entries(tree, "amendments", AmendmentEntry):
        problems += entry_problems
        if amendment is not None and (upto is None or amendment.number <= upto):
            changes += _amended(amendment, path)
        if amendment is not None and not amendment.changes:
            why, fix = "an amendment states the terms that it replaces", "write its changes, or remove it"
            place = tree.place((*path, "changes"))
            problems.append(Problem("D306", f"amendment {amendment.number} changes nothing", why, fix, place))
    # A change that is refused is left out, so that it cannot cause problems in terms that are right.
    problems += [problem for change in changes for problem in _refused(change, closing, tree)]
    return [change for change in changes if not any(_refused(change, closing, tree))], problems


def _refused(change: Change, closing: date, tree: Tree) -> Iterator[Problem]:
    """Yield a problem for a change that may not be made.

    It may not change what identifies the deal, take effect before closing, or change a term to itself or to
    nothing.
    """
    if change.term in FIXED or change.term.endswith(".template"):
        why = "the record is kept under it, and every date that was determined rests on it"
        fix = "write another deal file, or another clause beside this one"
        yield Problem(
            "D305", f"`{change.term}` cannot be changed", why, fix, tree.place((*change.path, "term"))
        )
    # On the Closing Date itself a change is allowed, because every correction works from that day.
    elif change.effective < closing:
        why = f"the deal closes on {closing}"
        place = tree.place((*change.path[:2], "effective"))
        yield Problem(
            "D511",
            f"an amendment is effective on {change.effective}, before closing",
            why,
            "correct the date",
            place,
        )
    elif change.new in NOTHING:
        why = "a term that stands for nothing decides nothing"
        yield Problem(
            "D306",
            f"`{change.term}` is changed to nothing",
            why,
            "write the new term",
            tree.key_place((*change.path, "with")),
        )
    elif change.new == change.replaces:
        why = "it was that already"
        fix = "write what it is changed to, or remove the change"
        yield Problem(
            "D306", f"`{change.term}` is changed to itself", why, fix, tree.place((*change.path, "with"))
        )


def _amended(entry: AmendmentEntry, path: Path) -> list[Change]:
    return [
        Change(
            change.term,
            change.replaces,
            change.with_,
            change.later_steps,
            change.cite or entry.cite,
            entry.effective,
            "amendment",
            entry.number,
            entry.document,
            (*path, "changes", number),
            change.consequences,
            change.reserve,
        )
        for number, change in enumerate(entry.changes)
    ]


def fixed_steps(tree: Tree) -> list[Problem]:
    """Return a problem for each term that identifies the deal and is written with steps.

    A deal has a single name and closes once.
    """
    why = "the record is kept under it, and every date that was determined rests on it"
    stepped = [name for name in FIXED if is_schedule(tree.data.get(name))]
    return [
        Problem("D305", f"`{name}` cannot step", why, "write one value", tree.place((name,)))
        for name in stepped
    ]


Entry = TypeVar("Entry", bound=Fact)


def entries(tree: Tree, key: str, model: type[Entry]) -> list[tuple[Entry | None, Path, list[Problem]]]:
    """Return each amendment or correction under `key`: the entry, its path in the file, and its problems.

    An entry that cannot be read is None, with the problems that say why.
    """
    raw = tree.data.get(key, [])
    if not isinstance(raw, list):
        fix = f"write `{key}: []` or a list"
        return [
            (
                None,
                (key,),
                [Problem("D205", f"`{key}` must be a list", "there may be several", fix, tree.place((key,)))],
            )
        ]
    read: list[tuple[Entry | None, Path, list[Problem]]] = []
    for number, item in enumerate(raw):
        path: Path = (key, number)
        try:
            read.append((model.model_validate(item), path, []))
        except ValidationError as error:
            read.append((None, path, complaints(error, tree, path)))
    return read

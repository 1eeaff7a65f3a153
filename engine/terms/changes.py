"""The `amendments:` and `corrections:` of a deal file, read into changes (`deal-format.md`; rulings 29)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationError

from engine.errors import Problem
from engine.terms.amendment import Change
from engine.terms.complaints import complaints
from engine.terms.phrases import Day, Whole
from engine.terms.source import Path, Tree
from engine.values import Fact


class ChangeEntry(Fact):
    """One change of an amendment."""

    term: str
    replaces: Any
    with_: Any = Field(alias="with")
    later_steps: Literal["keep", "drop"] | None = None
    cite: str | None = None


class AmendmentEntry(Fact):
    """One amendment: its number, its document, from when, and what it changes."""

    number: Whole
    document: str
    effective: Day
    changes: tuple[ChangeEntry, ...]
    cite: str | None = None


class CorrectionEntry(Fact):
    """One correction of the file itself: effective from closing."""

    number: Whole
    found_on: Day
    by: str
    term: str
    replaces: Any
    with_: Any = Field(alias="with")
    reason: str


def read_changes(tree: Tree, closing: date, upto: int | None = None) -> tuple[list[Change], list[Problem]]:
    """All changes of a file, corrections first; what cannot be read is a problem at its place."""
    changes: list[Change] = []
    problems: list[Problem] = []
    for entry, path, found in _entries(tree, "corrections", CorrectionEntry):
        problems += found
        if isinstance(entry, CorrectionEntry):
            changes.append(
                Change(entry.term, entry.replaces, entry.with_, "keep", entry.reason, closing, "correction", entry.number, None, path)
            )
    for entry, path, found in _entries(tree, "amendments", AmendmentEntry):
        problems += found
        if isinstance(entry, AmendmentEntry) and (upto is None or entry.number <= upto):
            changes += _amended(entry, path)
    return changes, problems


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
        )
        for number, change in enumerate(entry.changes)
    ]


def _entries(tree: Tree, key: str, model: type[Fact]) -> list[tuple[Fact | None, Path, list[Problem]]]:
    raw = tree.data.get(key, [])
    if not isinstance(raw, list):
        fix = f"write `{key}: []` or a list"
        return [(None, (key,), [Problem("D205", f"`{key}` must be a list", "there may be several", fix, tree.place((key,)))])]
    found: list[tuple[Fact | None, Path, list[Problem]]] = []
    for number, item in enumerate(raw):
        path: Path = (key, number)
        try:
            found.append((model.model_validate(item), path, []))
        except ValidationError as error:
            found.append((None, path, complaints(error, tree, path)))
    return found

"""Why a deal cannot be evaluated: what is wrong with its file, or with a change of the file on record.

A run records the reason and keeps the file. A replay reads it again and finds the same reason, or a
difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from engine.basics.errors import OF_ONE_DEAL, HeadroomError, InputProblems, Problem, render
from engine.basics.files import bytes_of, refuse_lost_disk, text_of, write_whole
from engine.basics.files import read_text as text_in
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template, clauses_of
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event
from engine.market.methodology import published_versions
from engine.record.canonical import sha256_hex
from engine.terms.as_written import (
    Deal as Deal,
)  # read here, and handed on to the rooms that may not open the terms
from engine.terms.as_written import load_deal
from engine.terms.checks.changes_after_signing import changed_terms, changes_refused
from engine.terms.checks.deal_file import every_problem
from engine.terms.in_force import NAME
from engine.terms.source import parse
from engine.workspace.class_balances import both_figures
from engine.workspace.takeover_checks import takeover_problems
from engine.workspace.workspace import Workspace

Templates = Mapping[str, Template]
"""The covenant templates by name, as `engine.assembly` provides them."""
_PLACE = re.compile(r"deals/(?P<file>[^/:]+\.ya?ml):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """A deal file as a run reads it: its name, its text, and the deal or why it cannot be evaluated."""

    name: str
    deal: Deal | None
    reason: str | None
    text: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _These:
    """Templates that are the same only if they are one object, so that none is imported to compare them."""

    templates: Templates

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _These) and other.templates is self.templates

    def __hash__(self) -> int:
        return id(self.templates)


class _Parsed:
    """A text that was parsed as a deal, and what is wrong with it once that was asked for."""

    def __init__(self, text: str, file: str, templates: Templates) -> None:
        """Parse the text; `file` is its name, for the errors."""
        self._text, self._file, self._templates = text, file, templates
        self.deal, self.problems = load_deal(text, file, clauses_of(templates))

    @cached_property
    def every_problem(self) -> tuple[Problem, ...]:
        """Every error and warning about the file, sorted by place."""
        deal, templates = self.deal, self._templates
        found = every_problem(self._text, self._file, deal, self.problems, published_versions())
        if deal is None or any(not problem.code.startswith("W") for problem in found):
            return tuple(found)
        found += [*both_figures(deal, templates), *takeover_problems(deal, templates)]
        return tuple(sorted(found, key=lambda problem: (problem.place, problem.code)))


@lru_cache(maxsize=32)
def _parsed_once(text: str, file: str, these: _These) -> _Parsed:
    """Return the text as a deal, kept for the newest few: a process that runs each hour reads a file once."""
    return _Parsed(text, file, these.templates)


def deal_in(text: str, file: str, templates: Templates) -> tuple[Deal | None, list[Problem]]:
    """Return the deal in a text, or everything that is wrong with it, as `load_deal` does.

    Nothing but the text, its name and the templates decides it, and the newest few are kept. A replay that is
    given what a run has read from the same text is as independent as before.
    """
    parsed = _parsed_once(text, file, _These(templates))
    return parsed.deal, list(parsed.problems)


def read_deal(text: str, file: str, templates: Templates) -> tuple[Deal | None, list[Problem]]:
    """Return the deal if it can be read, and every error and warning about its file, sorted by place."""
    parsed = _parsed_once(text, file, _These(templates))
    return parsed.deal, list(parsed.every_problem)


def read_file(path: Path, templates: Mapping[str, Template]) -> Read:
    """Return what a run reads of a deal file of the workspace.

    Raises Unavailable if the disk or the share fails, because the record would say for good that the deal
    could not be evaluated.
    """
    try:
        text = text_of(bytes_in(path))
    except OSError as error:
        refuse_lost_disk(error)
        reason = f"deals/{path.name} cannot be read: {error.strerror}; make it a file that the run may read"
        return Read(_stem(path.name), None, reason, None)
    return read_text(text, path.name, templates)


def read_text(text: str, file: str, templates: Mapping[str, Template]) -> Read:
    """Return a deal's name, and the deal, or the reason why it cannot be evaluated.

    The deal is there if `check` finds no error in it. Warnings stop nothing.
    """
    try:
        deal, problems = read_deal(text, f"deals/{file}", templates)
    except OF_ONE_DEAL as error:
        return Read(_named(file, text), None, said(error), text)
    errors = [problem for problem in problems if not problem.code.startswith("W")]
    name = deal.name if deal else _named(file, text)
    return Read(name, None if errors else deal, _first(errors, text) if errors else None, text)


def changed(workspace: Workspace, deal: Deal, events: Sequence[Event]) -> tuple[str | None, tuple[str, ...]]:
    """Return why a changed file is refused, or None, and its changed terms.

    A live deal may change only by amendments, corrections and worked examples (`rulings.md` 29).
    """
    live = [event.payload.file_sha256 for event in events if isinstance(event.payload, DealAdopted)]
    if not live or live[-1] == deal.sha256:
        return None, ()
    kept = adopted_path(workspace, live[-1])
    if not kept.is_file():
        return f"the file on record, {live[-1][:16]}, is missing from deals/adopted", ()
    before, _ = parse(text_of(bytes_in(kept)), kept.name)
    terms = tuple(changed_terms(before, deal.tree)) if before is not None else ()
    if terms:
        return (
            "terms above `amendments` were changed after the deal went live; write an amendment, or a "
            "correction of the file",
            terms,
        )
    return None, ()


def refused_changes(workspace: Workspace, deal: Deal, events: Sequence[Event]) -> Iterable[Problem]:
    """Return what a run would refuse because the deal is live (`rulings.md` 55).

    It is a problem for each term that differs from the file on record.
    """
    live = [event.payload.file_sha256 for event in events if isinstance(event.payload, DealAdopted)]
    kept = adopted_path(workspace, live[-1]) if live and live[-1] != deal.sha256 else None
    before = parse(text_of(bytes_in(kept)), kept.name)[0] if kept is not None and kept.is_file() else None
    return () if before is None else tuple(changes_refused(before, deal.tree))


def said(error: Exception) -> str:
    """Return an error as the reason of a deal. An unexpected error is also named by its kind."""
    if isinstance(error, HeadroomError):
        return str(error)
    return (
        f"{type(error).__name__}: {error}; the deal cannot be evaluated as it is written, so run "
        "`headroom check` on its file"
    )


def file_of(reasons: Iterable[str], deal: str) -> str:
    """Return the name of the file that reasons are about.

    If no reason begins with a place in a file, nothing depends on the name, and it is the deal's.
    """
    places = (_PLACE.match(reason) for reason in reasons)
    return next((place["file"] for place in places if place), f"{deal}.yaml")


def adopted_path(workspace: Workspace, sha256: str) -> Path:
    """Return the place where the bytes of an adopted deal file are kept."""
    return workspace.inside("deals", "adopted", f"{sha256}.yaml")


def refused_path(workspace: Workspace, sha256: str) -> Path:
    """Return the place where a deal file that could not be evaluated is kept."""
    return workspace.inside("deals", "refused", f"{sha256}.yaml")


def keep(workspace: Workspace, text: str) -> str:
    """Keep a file that could not be evaluated, as it was read; return its SHA-256."""
    data = bytes_of(text)
    path = refused_path(workspace, sha256_hex(data))
    if not path.exists():
        write_whole(path, data)
    return path.stem


def _named(file: str, text: str) -> str:
    """Return the deal's own name if the file can be read that far and states a valid one, else the file's."""
    tree, _ = parse(text, file)
    name = tree.get(("deal",)) if tree else None
    return name if isinstance(name, str) and re.fullmatch(NAME, name) else _stem(file)


def _stem(file: str) -> str:
    """Return the name of the deal in a file's name, which is the name without its ending.

    Dots at both ends are cut off, because a name of dots alone would lead out of the folder of notices. If
    nothing is left, the name is `deal`.
    """
    return Path(file).stem.strip(".") or "deal"


def _first(problems: list[Problem], text: str) -> str:
    more = f" (and {len(problems) - 1} more; see `headroom check`)" if len(problems) > 1 else ""
    return render(problems[0], text.splitlines()).splitlines()[0] + more


def loaded(path: Path, templates: Templates) -> Deal:
    """Return a deal in which `check` finds no error.

    Raises InputProblems with all errors otherwise; warnings stop nothing.
    """
    deal, problems = read_deal(text_in(path), str(path), templates)
    errors = [problem for problem in problems if not problem.code.startswith("W")]
    if deal is None or errors:
        raise InputProblems(errors)
    return deal


def schema_of(templates: Templates) -> dict[str, Any]:
    """Return the JSON Schema of the deal file, for editors."""
    from engine.terms.schema import deal_schema  # late: only editors ask for it, and `check` is quick without

    return deal_schema(clauses_of(templates))

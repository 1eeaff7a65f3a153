"""The deal files of a workspace as a run reads them: each with its deal, or with why it cannot be evaluated."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.determination.template import Template
from engine.errors import HeadroomError, Problem, render
from engine.terms.check import read_checked
from engine.terms.deal import NAME
from engine.terms.in_force import Deal
from engine.terms.source import parse

OF_ONE_DEAL = (HeadroomError, ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError)
"""What the terms of one deal can make go wrong. A disk or a database that fails is not among them: it ends the run, which goes on later."""


@dataclass(frozen=True, slots=True)
class DealFile:
    """One file of deals/.

    Attributes:
        path: where it is.
        name: the deal's own name where the file says one, the file's otherwise.
        says_so: whether the file says the name.
        deal: what it says, where `check` finds no error in it.
        reason: why the deal cannot be evaluated, where it cannot.
    """

    path: Path
    name: str
    says_so: bool = False
    deal: Deal | None = None
    reason: str | None = None


def read_files(paths: Iterable[Path], templates: Mapping[str, Template]) -> tuple[DealFile, ...]:
    """Every deal file, in the order of `paths`; of several that say the name of one deal, none is to be evaluated.

    Which of two files is the deal cannot be told from the files, and each would be adopted as an amendment of the other.
    """
    files = [_read(path, templates) for path in paths]
    same: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if file.says_so:
            same[file.name].append(f"deals/{file.path.name}")
    return tuple(_refused(file, same[file.name]) if file.says_so and len(same[file.name]) > 1 else file for file in files)


def _refused(file: DealFile, places: list[str]) -> DealFile:
    named = f"{', '.join(places[:-1])} and {places[-1]}"
    why = f"{named} all say" if len(places) > 2 else f"{named} both say"
    return replace(file, deal=None, reason=f"{why} `deal: {file.name}`; keep one of them in deals/, for a deal is one file")


def _read(path: Path, templates: Mapping[str, Template]) -> DealFile:
    """A file with its deal where `check` finds no error in it, and why it cannot be evaluated otherwise; warnings stop nothing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        reason = f"deals/{path.name} cannot be read: {error.strerror}; make it a file that the run may read"
        return DealFile(path, _stem(path), reason=reason)
    try:
        deal, problems = read_checked(text, f"deals/{path.name}", {name: t.terms for name, t in templates.items()})
    except OF_ONE_DEAL as error:
        return replace(_named(path, text), reason=said(error))
    errors = [problem for problem in problems if not problem.code.startswith("W")]
    file = DealFile(path, deal.name, says_so=True) if deal else _named(path, text)
    return replace(file, reason=_first(errors, text)) if errors else replace(file, deal=deal)


def _named(path: Path, text: str) -> DealFile:
    """A file with the deal's own name where it can be read that far and it is one, with the file's otherwise."""
    tree, _ = parse(text, path.name)
    name = tree.get(("deal",)) if tree else None
    if isinstance(name, str) and re.fullmatch(NAME, name):
        return DealFile(path, name, says_so=True)
    return DealFile(path, _stem(path))


def _stem(path: Path) -> str:
    """A file's name as a deal's; a name of dots alone would lead out of the folder of notices."""
    return path.stem.strip(".") or "deal"


def said(error: Exception) -> str:
    """An error as a deal's reason; one that is no refusal of ours by its kind as well."""
    if isinstance(error, HeadroomError):
        return str(error)
    return f"{type(error).__name__}: {error}; the deal cannot be evaluated as it is written, so run `headroom check` on its file"


def _first(problems: list[Problem], text: str) -> str:
    more = f" (and {len(problems) - 1} more; see `headroom check`)" if len(problems) > 1 else ""
    return render(problems[0], text.splitlines()).splitlines()[0] + more

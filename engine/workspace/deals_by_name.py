"""The deals of a workspace by their own names.

Each file is looked at once, and read when its deal is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template
from engine.terms.as_written import Deal
from engine.terms.checks.duplicate_names import claimed_by, claimed_twice
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.deal_files import deal_in
from engine.workspace.workspace import Workspace


@dataclass
class DealsByName:
    """The deals of one workspace, as its files are when the first deal is asked for."""

    workspace: Workspace
    templates: Mapping[str, Template]
    _deals: dict[str, Deal] = field(default_factory=dict)

    def find(self, name: str) -> Deal:
        """Return a deal by its own name.

        Raises WrongUsage if no file claims it. Raises InputProblems if its file is wrong, or not the only
        one.
        """
        if name not in self._deals:
            self._deals[name] = self._read(name)
        return self._deals[name]

    @cached_property
    def _texts(self) -> dict[Path, str]:
        return {path: text_of(bytes_in(path)) for path in self.workspace.deal_files()}

    @cached_property
    def _named(self) -> dict[str, list[Path]]:
        """The deal files by the names that they claim; a file that claims none stands under its own name.

        A name that is claimed twice has more than one file.
        """
        by_name: dict[str, list[Path]] = {}
        for path, text in self._texts.items():
            by_name.setdefault(claimed_by(text, str(path)) or path.stem, []).append(path)
        return by_name

    def _read(self, name: str) -> Deal:
        paths = self._named.get(name, [])
        if len(paths) > 1:
            raise InputProblems(claimed_twice({str(path): self._texts[path] for path in paths}))
        path = next(iter(paths), None)
        if path is None:
            raise WrongUsage(
                f"the deal `{name}` is not in deals/; there are {', '.join(self._named) or 'none'}"
            )
        deal, problems = deal_in(self._texts[path], str(path), self.templates)
        if deal is None:
            raise InputProblems(problems)
        return counted_on_record(self.workspace, deal)


def find_deal(workspace: Workspace, name: str, templates: Mapping[str, Template]) -> Deal:
    """Return a deal of the workspace by its own name.

    Raises WrongUsage if no file claims it. Raises InputProblems if its file is wrong, or not the only one.
    """
    return DealsByName(workspace, templates).find(name)


def names_claimed(workspace: Workspace) -> tuple[str, ...]:
    """Return the names that the deal files claim, each once. No file is read as a deal for it."""
    return tuple(DealsByName(workspace, {})._named)

"""The worked examples of deal files, run: which hold, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.basics.errors import Problem
from engine.basics.files import read_text
from engine.foresight.prove import Proof, prove
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.deal_checks import existing
from engine.workspace.deal_files import Templates, read_deal
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ProvedFile:
    """One file: the errors for which it cannot be run, or each worked example with what differs."""

    file: Path
    text: str
    errors: tuple[Problem, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Proved:
    """Every file with its worked examples."""

    files: tuple[ProvedFile, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The errors of the files and the differences of their examples, in order."""
        return tuple(problem for file in self.files for problem in (*file.errors, *_differences(file)))

    @property
    def texts(self) -> Mapping[str, str]:
        """The files' texts by name."""
        return {str(file.file): file.text for file in self.files}

    def examples(self) -> Iterator[tuple[Path, Proof]]:
        """Yield every worked example that was run."""
        yield from ((file.file, proof) for file in self.files for proof in file.proofs)

    def as_data(self) -> dict[str, Any]:
        """Return the proofs as JSON: `examples`, and `problems` that are of no example."""
        shown = [
            {
                "file": str(file),
                "example": proof.name,
                "passed": not proof.problems,
                "problems": [problem.as_json() for problem in proof.problems],
            }
            for file, proof in self.examples()
        ]
        return {
            "examples": shown,
            # Differences of examples stand with their examples, and would be there twice.
            "problems": [p.as_json() for p in self.problems if not p.code.startswith("P")],
        }


def prove_deal_files(
    files: Sequence[Path], templates: Templates, workspace: Workspace | None = None
) -> Proved:
    """Return the worked examples of deal files without errors, run.

    A deal that the workspace has on record counts by the tables of Business Days that its record names.

    Raises WrongUsage for files that are not there.
    """
    return Proved(tuple(_proved(path, templates, workspace) for path in existing(files)))


def _proved(path: Path, templates: Templates, workspace: Workspace | None) -> ProvedFile:
    text = read_text(path)
    deal, problems = read_deal(text, str(path), templates)
    # A warning leaves the file usable, so its examples are run.
    errors = tuple(problem for problem in problems if not problem.code.startswith("W"))
    if deal is None or errors:
        return ProvedFile(path, text, errors, ())
    # An example is proved by the same Business Days by which its deal is run.
    counted = deal if workspace is None else counted_on_record(workspace, deal)
    return ProvedFile(path, text, errors, prove(counted, templates))


def _differences(file: ProvedFile) -> Iterator[Problem]:
    for proof in file.proofs:
        yield from proof.problems

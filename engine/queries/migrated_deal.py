"""A deal file of format 1 written in format 2, and what was written into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.basics.files import read_text, write_whole
from engine.determination.template import clauses_of
from engine.terms.format_migration import Migration, migrated
from engine.workspace.deal_files import Templates


@dataclass(frozen=True, slots=True)
class MigratedDeal:
    """Where a file in format 2 was written, and each key that format 1 had read in silence."""

    into: Path
    migration: Migration

    def as_data(self) -> dict[str, Any]:
        """Return the answer as JSON: `file`, and of each key its `block`, `key` and `reading`."""
        rows = [
            {
                "block": ".".join(map(str, written_key.path)),
                "key": written_key.key.key,
                "reading": written_key.written,
            }
            for written_key in self.migration.written
        ]
        return {"file": str(self.into), "written": rows}


def migrate_deal(file: Path, into: Path, templates: Templates) -> MigratedDeal:
    """Write a file of format 1 in format 2. Raises InputProblems if it cannot be."""
    migration = migrated(read_text(file), str(file), clauses_of(templates))
    write_whole(into, migration.text.encode())
    return MigratedDeal(into, migration)

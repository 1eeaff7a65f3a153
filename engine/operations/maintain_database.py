"""Prepare, upgrade, copy and put back the record's database."""

from __future__ import annotations

from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.record.maintenance import copied as copied
from engine.record.maintenance import restored as restored
from engine.record.maintenance import upgraded as upgraded
from engine.record.store import prepare as prepare
from engine.workspace.workspace import Workspace


def database_file(workspace: Workspace) -> Path:
    """Return the workspace's SQLite file. Raises WrongUsage for a workspace on PostgreSQL."""
    if "://" in workspace.settings.database:
        raise WrongUsage("this workspace is on PostgreSQL: upgrade it with --url, and copy it with PostgreSQL's own tools")
    return workspace.root / workspace.settings.database

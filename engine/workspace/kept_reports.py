"""The places of a deal's reports, byte for byte as they came, and of the layouts by which they were read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine.basics.regular_files import bytes_in
from engine.workspace.workspace import Workspace


def report_path(workspace: Workspace, deal: str, period_end: date, sha256: str, document: str) -> Path:
    """Return the file of a report. Its ending is that of the document."""
    return workspace.inside("reports", deal, f"{period_end}-{sha256[:16]}{Path(document).suffix}")


def layout_path(workspace: Workspace, sha256: str) -> Path:
    """Return the file of the sender's layout by which a report was read.

    It does not exist if the report was read without one.
    """
    return workspace.inside("layouts", f"{sha256[:16]}.json")


def kept_layout(workspace: Workspace, sha256: str) -> bytes | None:
    """Return the sender's layout by which a report was read, or None if it was read without one."""
    path = layout_path(workspace, sha256)
    return bytes_in(path) if path.is_file() else None

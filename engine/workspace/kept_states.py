"""The cache of deal states: one file for each deal, which may be deleted at any time.

A run looks at these files to save time. Verification and replay do not, because the files prove nothing. A
file that cannot be read counts as missing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.basics.errors import HeadroomError
from engine.basics.files import write_for_now
from engine.basics.regular_files import bytes_in
from engine.events.kept_state import KeptState, kept_state
from engine.workspace.workspace import KEPT, Workspace, in_a_file_name

FORM = 1
"""The version of the files' form; a file of another version is not read."""


def kept_of(workspace: Workspace, log: str) -> KeptState | None:
    """Return the kept state of a log; None if there is not one that can be read."""
    try:
        data = json.loads(bytes_in(_place(workspace, log)))
        return kept_state(data) if data["form"] == FORM else None
    except (OSError, HeadroomError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def keep_state(workspace: Workspace, log: str, kept: KeptState) -> None:
    """Keep the state of a log in place of the one before.

    If the disk refuses, the older file is deleted too, and nothing is raised.
    """
    place = workspace.root / KEPT
    try:
        place = _place(workspace, log)
        write_for_now(place, json.dumps({"form": FORM, **kept.as_data()}, ensure_ascii=True).encode())
    except (OSError, HeadroomError):
        with suppress(OSError):
            place.unlink(missing_ok=True)


def _place(workspace: Workspace, log: str) -> Path:
    return workspace.inside(KEPT, "states", f"{in_a_file_name(log)}.json")

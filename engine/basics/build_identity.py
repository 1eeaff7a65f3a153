"""Which engine records: its version, the commit that it was checked out at, the lock file that its libraries came from (`record.md`)."""

from __future__ import annotations

import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

from engine import __version__

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown"
PATIENCE = 10
"""Seconds that git may take; an event is not held up for its sake."""


@cache
def built(root: Path = ROOT) -> str:
    """The engine as an event names it: `headroom 0.1.0, commit 5d1c..., lock 9af0...`; `unknown` for what no checkout says.

    It says who recorded: nothing that is computed depends on it, and a replay takes it from the recorded event (`rulings.md` 32).
    """
    return f"headroom {__version__}, commit {_commit(root)}, lock {_lock(root)}"


def _commit(root: Path) -> str:
    """The commit's hash, `with changes` where files differ from it; a repository around an installed package is not asked."""
    if not (root / ".git").exists():
        return UNKNOWN
    command = ["git", "-C", str(root), "describe", "--always", "--dirty= with changes", "--abbrev=40", "--exclude=*"]
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=quiet, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN


def _lock(root: Path) -> str:
    """The SHA-256 of requirements.lock."""
    try:
        return hashlib.sha256((root / "requirements.lock").read_bytes()).hexdigest()
    except OSError:
        return UNKNOWN

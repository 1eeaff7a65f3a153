"""Which engine records an event: its version, its commit, its lock file and its libraries (`record.md`)."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine import __version__

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown"
PATIENCE = 10
"""Seconds that git may take; an event is not held up for its sake."""


@cache
def built(root: Path = ROOT) -> str:
    """Return the engine as an event names it.

    It reads like `headroom 0.2.0, commit 5d1c..., lock 9af0..., Python 3.11.7, numpy 2.3.1, ...`. `unknown`
    stands for what no checkout says.

    It tells who recorded. Nothing that is computed depends on it, and a replay takes it from the recorded
    event (`rulings.md` 32).
    """
    return f"headroom {__version__}, commit {_commit(root)}, lock {_lock(root)}, {', '.join(_ran())}"


DECIDING = (
    "cryptography",
    "msgspec",
    "numpy",
    "pydantic",
    "pyHanko",
    "PyYAML",
    "rfc8785",
    "scipy",
    "SQLAlchemy",
    "weasyprint",
)
"""The libraries that could change a figure, a byte of the record or a page."""


def _ran() -> Iterator[str]:
    """Yield Python and each installed library of `DECIDING` with its version.

    The lock file says which versions were meant; this says which versions ran. A library that is not
    installed is `unknown`.
    """
    yield f"Python {platform.python_version()}"
    for name in DECIDING:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} {UNKNOWN}"


CODE = ("engine", "covenants", "reports", "deals")
"""The folders whose files run, or are read by what runs."""


def _commit(root: Path) -> str:
    """Return the hash of the checked-out commit, followed by `with changes` if files differ from it.

    The result is `unknown` if `root` itself is not a repository: one around an installed package is not
    asked. No variable of the environment leads git to another repository. Files that git is told to pass over
    count as changes: untracked ones among the code, ignored or not, and those marked `assume-unchanged` or
    `skip-worktree`.
    """
    if not (root / ".git").exists():
        return UNKNOWN
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none")
        marked = [
            line
            for line in _git(root, "ls-files", "-v").splitlines()
            if line[:1].islower() or line[:1] == "S"
        ]
        folders = [folder for folder in CODE if (root / folder).is_dir()]
        others = _git(root, "ls-files", "--others", "--", *folders).splitlines() if folders else []
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    # Compiled files follow from the sources, and appear as soon as the engine runs.
    added = [path for path in others if "__pycache__/" not in path]
    return f"{commit}{' with changes' if changed or marked or added else ''}" if commit else UNKNOWN


def _git(root: Path, *arguments: str) -> str:
    """Return what a git command prints about the repository in `root`, and about no other."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {**plain, "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", str(root), "-c", "core.fsmonitor=false", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=quiet, check=True
    ).stdout


def _lock(root: Path) -> str:
    """Return the SHA-256 of `requirements.lock`, or `unknown` if the file cannot be read."""
    try:
        return hashlib.sha256((root / "requirements.lock").read_bytes()).hexdigest()
    except OSError:
        return UNKNOWN

"""Ask whether a locked library has a known weakness.

An audit that could not look counts as failed, never as passed.

Run it as `make audit` before a tag (docs/releasing.md). It asks `pip-audit`, which must be on the path, of
both locks. Exit code 1 names each weakness; exit code 2 says that nothing is known: the tool is missing,
could not reach its source, or left a library out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PATIENCE = 900
"""Seconds after which an audit that has not answered is given up."""


class NotAudited(Exception):
    """Nothing is known of a lock, and why."""


def audited(lock: Path) -> list[str]:
    """Return each known weakness of a lock's libraries.

    Raises NotAudited unless every library was looked up.
    """
    tool = shutil.which("pip-audit")
    if tool is None:
        raise NotAudited(
            "pip-audit is not on the path; install it in an environment of its own: `pipx install pip-audit`"
        )
    command = [tool, "--strict", "--require-hashes", "--disable-pip", "--format", "json", "-r", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        answer = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        raise NotAudited(
            f"pip-audit gave no answer on {lock.name} ({type(error).__name__}); see that it reaches its "
            "source"
        ) from error
    weak = [
        f"{row['name']} {row['version']}: {found['id']}" for row in answer for found in row.get("vulns", ())
    ]
    left_out = sorted(_locked(lock) - {_plain(row["name"]) for row in answer if "skip_reason" not in row})
    if left_out:
        raise NotAudited(
            f"pip-audit did not look up {', '.join(left_out[:5])} of {lock.name} ({len(left_out)} in all)"
        )
    if done.returncode != 0 and not weak:
        raise NotAudited(f"pip-audit ended with {done.returncode} on {lock.name}: {_last_line(done)}")
    return weak


def _locked(lock: Path) -> set[str]:
    """Return the libraries that a lock names."""
    return {
        _plain(name)
        for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)
    }


def _plain(name: Any) -> str:
    return re.sub(r"[-_.]+", "-", str(name)).lower()


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["it says nothing"])[-1]


def main() -> int:
    """Print what is known of both locks: 0 without a weakness, 1 with one, 2 if nothing is known."""
    try:
        weak = [f"{name}: {weakness}" for name in LOCKS for weakness in audited(ROOT / name)]
    except NotAudited as error:
        print(f"not audited: {error}")
        return 2
    for weakness in weak:
        print(weakness)
    print(
        "every locked library was looked up: "
        + (f"{len(weak)} known weaknesses" if weak else "no known weakness")
    )
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())

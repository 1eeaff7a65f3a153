"""`make soak`: every family of heavy tests at its full count; writes docs/soak.md (commit, date, counts, duration, failures)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MEMORY = Path("/dev/shm")
SEEDS = os.environ.get("HEADROOM_SEEDS", "10000")
FAMILIES = (
    (
        "threshold cases against rationals, four covenants",
        "100,000 each",
        "tests/covenants/test_templates.py",
    ),
    ("threshold cases against rationals, ABS tests", "20,000 each", "tests/covenants/test_abs_templates.py"),
    (
        "threshold cases against rationals, reported figures",
        "100,000",
        "tests/covenants/test_reported_figure_thresholds.py",
    ),
    (
        "threshold cases against rationals, amounts, curves, cures",
        "100,000 each",
        "tests/covenants/test_further_thresholds.py",
    ),
    ("bad deal files, each at its place", "all", "tests/terms"),
    (
        "log attacks, append-only statements, Merkle to n = 130",
        "all",
        "tests/record --deselect tests/record/test_power_loss.py",
    ),
    ("power-loss images", "5,000", "tests/record/test_power_loss.py"),
    ("mutations of a signed notice", "1,000", "tests/notices/test_verify_notice.py"),
    ("every reader against files that nobody would write", "200,000 or 10 minutes each", "tests/fuzz"),
    ("SIGKILLs over two processes", "500", "tests/operations/test_exactly_once.py -k killed"),
    ("workers of a cluster killed while they draw", "100", "tests/reports/test_dask_pool.py -k killed"),
    ("crashes around the message of a delivery", "500", "tests/delivery/test_crashes.py"),
    ("SIGKILLs around the message of a delivery", "300", "tests/delivery/test_kills.py"),
    ("an I/O error at every write of a run", "all", "tests/operations/test_exactly_once.py -k every_write"),
    ("a built wheel in an empty environment runs the demonstration", "whole", "tests/tools/test_wheel.py"),
    (
        "random deals x paths in columns, equal to the exact engine",
        "100,000",
        "tests/foresight/test_columns.py -k come_out",
    ),
    (
        "intervals of the rate model hold 93% to 97% of what comes",
        "300 series",
        "tests/foresight/test_rate_model.py -k intervals",
    ),
    ("requests to the desk, after which it holds no more", "10,000", "tests/web/test_endurance.py -k grow"),
    ("histories keyed late equal those keyed in time", "500", "tests/evaluation/test_late_entry.py"),
    ("seeded histories", f"{int(SEEDS):,}", "tests/audit/test_seeded_histories.py -k seeded"),
)


def main() -> int:
    """Run every family, print and write what came of it; 1 if one failed."""
    environment = {**os.environ, "HEADROOM_SOAK": "1", "HEADROOM_SEEDS": SEEDS}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=REPOSITORY, check=True
    ).stdout.strip()
    lines, failed = [], 0
    for name, count, selection in FAMILIES:
        print(f"{name} ({count}) ...", flush=True)
        began = time.monotonic()
        done = _run(selection, environment)
        took = time.monotonic() - began
        failures = re.findall(r"^FAILED (.+)$", done.stdout, re.MULTILINE)
        failed += done.returncode != 0
        said = "none" if done.returncode == 0 else "; ".join(failures) or f"exit code {done.returncode}"
        lines.append(f"| {name} | {count} | {took:,.0f} s | {said} |")
        print(f"  {took:,.0f} s, failures: {said}", flush=True)
    head = (
        "# The last soak\n\n`make soak` runs each family of heavy tests at its full count; `HEADROOM_SEEDS` "
        "sets the seeded histories.\n"
    )
    when = f"\nCommit {commit}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n"
    table = "\n| family | count | duration | failures |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"
    (REPOSITORY / "docs" / "soak.md").write_text(head + when + table, encoding="utf-8")
    return 1 if failed else 0


def _run(selection: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One family on two processes; the seeded histories in memory where there is room: they test order, not the disk."""
    quick = MEMORY if MEMORY.is_dir() and "seeded" in selection else None
    with tempfile.TemporaryDirectory(dir=quick) as folder:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            f"--basetemp={folder}/tests",
            *selection.split(),
        ]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False
        )


if __name__ == "__main__":
    sys.exit(main())

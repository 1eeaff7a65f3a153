"""Two checkouts draw the same notices by turns: `python -m tests.bench.renderers OLD NEW` prints what one
notice costs in each.

Each checkout has a process of its own, makes the workspace of `make bench`, and draws its last 28 notices,
each once. The turns alternate, one notice at a time, so that both see the same machine. What is counted is
the processor's time within the process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import IO

ROUNDS = 28
DRAWER = """
import sys, tempfile, time
from pathlib import Path
from engine.basics.garbage_collection import spare_loaded_code
from reports.render.pdf import drawn, load_renderer, page_of
from tests.bench.__main__ import Desk

with tempfile.TemporaryDirectory() as folder:
    made = Desk(Path(folder) / "desk").inputs[-28:]
load_renderer()
spare_loaded_code()
print("ready", flush=True)
for line in sys.stdin:
    page = page_of(made[int(line)])  # composing is not drawing
    started = time.process_time()
    size = len(drawn(page))
    print(time.process_time() - started, size, flush=True)
"""


def main(checkouts: list[Path]) -> None:
    """Print the median seconds of both, and how many times faster the second is: the first notice, and those
    after it.
    """
    drawers = [started(checkout) for checkout in checkouts]
    times: list[list[float]] = [[], []]
    sizes = [0, 0]
    for turn in range(ROUNDS):
        for side, (asked, told) in enumerate(drawers):
            asked.write(f"{turn}\n")
            asked.flush()
            seconds, size = told.readline().split()
            times[side].append(float(seconds))
            sizes[side] = int(size)
    _line("the first of a process", [found[0] for found in times])
    _line(f"each of the next {ROUNDS - 1}, median", [statistics.median(found[1:]) for found in times])
    _line(f"all {ROUNDS}", [sum(found) for found in times])
    print(f"bytes of the last file: {sizes[0]:,} and {sizes[1]:,}")
    for asked, _ in drawers:
        asked.close()


def started(checkout: Path, code: str = DRAWER) -> tuple[IO[str], IO[str]]:
    """Return what a process of a checkout is asked by and answers by, once it is ready."""
    python = (
        str(checkout / ".venv/bin/python") if (checkout / ".venv/bin/python").exists() else sys.executable
    )
    known = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.Popen(
        [python, "-c", code],
        cwd=checkout,
        env=known,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process.stdin, process.stdout


def _line(what: str, seconds: list[float]) -> None:
    old, new = seconds
    print(f"{what:<34} {old * 1000:9.0f} ms {new * 1000:9.0f} ms {old / new:6.2f}x")


if __name__ == "__main__":
    main([Path(name).resolve() for name in sys.argv[1:3]])

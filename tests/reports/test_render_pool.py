"""The processes that render: they end with the command that started them, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds in which the processes must be gone."""
COMMAND = """
import multiprocessing, time
from reports.render import render_pool
from reports.render.render_pool import RenderPool

if __name__ == "__main__":
    render_pool.page_of = lambda one: ("", None, {})
    pool = RenderPool(2)
    try:
        list(pool([None] * 3))  # nothing that could be rendered: what counts is that the processes stand
    except Exception:
        pass
    print(*[process.pid for process in multiprocessing.active_children()], flush=True)
    time.sleep(600)
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_killed_command_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "command.py"
    script.write_text(COMMAND, encoding="utf-8")
    paths = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=paths
    ) as command:
        assert command.stdout is not None
        workers = [int(one) for one in command.stdout.readline().split()]
        assert len(workers) == 2
        assert all(alive(one) for one in workers)
        command.send_signal(signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while any(alive(one) for one in workers) and time.monotonic() < until:
        time.sleep(0.2)
    assert not any(alive(one) for one in workers)

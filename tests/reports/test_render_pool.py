"""The processes that render: they end with the command that started them, however it ended.

If one of them is killed, a program that runs for long goes on with new ones.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pool_processes
import pytest
from pool_processes import OUTLINE

from engine.operations.run import Tools, run
from engine.operations.scheduler import serve
from engine.operations.waiting_dates import begun
from reports.render import render_pool
from reports.render.render_pool import RenderPool
from tests.bench.growth import Desk, friday

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


class Ticking:
    """A scheduler that ticks at once so many times, with something done before each tick."""

    def __init__(self, *before: Callable[[], None]) -> None:
        self.before = before

    def add_job(self, tick: Callable[[], None], *_: object, **__: Any) -> None:
        self.tick = tick

    def start(self) -> None:
        for done in self.before:
            done()
            self.tick()


def test_a_server_draws_on_after_its_processes_were_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are killed at work, then one beside its work, and then one that waits for work.

    Loading the renderer costs more than all else here, so only what is drawn last is drawn indeed.
    """
    desk, pool, weeks = Desk(tmp_path / "desk", 1), RenderPool(2), 3
    notices, told = desk.workspace.root / "notices", list[str]()
    asked, killed = list[int](), list[int]()

    def at_work() -> None:
        monkeypatch.setattr(render_pool, "drawn_and_timed", pool_processes.killed_at_work)
        monkeypatch.setattr(render_pool, "_ready", pool_processes.at_once)

    def beside_its_work() -> None:
        assert "BrokenProcessPool" in told.pop()
        assert not [*notices.rglob("*.pdf")]
        monkeypatch.setattr(render_pool, "drawn_and_timed", pool_processes.outlined)
        asked.append(weeks)

    def progress(said: str) -> None:
        if said.startswith("notice 1 of") and asked and not killed:
            kill()

    def kill() -> None:
        one = multiprocessing.active_children()[0]
        one.kill()
        one.join()
        killed.append(weeks)

    def while_it_waits() -> None:
        nonlocal weeks
        assert (told, [path.read_bytes() for path in notices.rglob("*.pdf")]) == ([], [OUTLINE] * 3)
        monkeypatch.undo()
        weeks = 4
        desk.publish(4, 4)
        kill()

    def tick() -> None:
        now = friday(weeks)
        run(desk.workspace, begun(now), Tools(desk.templates, pool, now, "tester", progress))

    desk.publish(1, weeks)
    ticking = Ticking(at_work, beside_its_work, while_it_waits)
    assert serve(tick, 3600, told.append, lambda: friday(4), ticking) == 3
    pool.close()
    assert (told, killed) == ([], [3, 4])
    *outlines, last = sorted(map(Path.read_bytes, notices.rglob("*.pdf")), key=len)
    assert outlines == [OUTLINE] * 3
    assert (last[:5], len(last) > 10_000) == (b"%PDF-", True)

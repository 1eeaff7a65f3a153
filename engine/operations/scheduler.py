"""The clock that ticks: every hour it asks what is due; the log decides, so a tick too many does nothing (`record.md`).

The job store is in memory and the zone is UTC: nothing is missed by a restart, because nothing is remembered but the log.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

Tick = Callable[[], None]


def serve(tick: Tick, every_seconds: int, told: Callable[[str], None], clock: Callable[[], datetime], scheduler: Any = None) -> int:
    """Tick at once and then at each interval, until a signal to stop; a tick that is running is finished first.

    Args:
        tick: what is done; an error in it is told and ends nothing.
        every_seconds: the interval.
        told: where it is told.
        clock: what time it is, read where the program is put together.
        scheduler: another scheduler than APScheduler's blocking one, for tests.

    Returns:
        How many ticks there were.
    """
    from apscheduler.schedulers.blocking import BlockingScheduler

    ticks = 0

    def once() -> None:
        nonlocal ticks
        ticks += 1
        try:
            tick()
        except Exception as error:  # a server outlives one bad run; the next tick tries again
            told(f"{clock():%Y-%m-%d %H:%M} UTC: the run failed: {type(error).__name__}: {error}")

    ticking = scheduler or BlockingScheduler(timezone=UTC)
    options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None, "next_run_time": clock()}
    ticking.add_job(once, "interval", seconds=every_seconds, **options)

    def stop(_number: int, _frame: FrameType | None) -> None:
        ticking.shutdown(wait=False)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ticking.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return ticks

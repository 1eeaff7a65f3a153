"""The scheduler of `serve`: every hour it runs what is due (`record.md`).

The log decides what is due, so a tick too many does nothing. The job store is in memory and the time zone is
UTC. A restart misses nothing, because only the log remembers.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any

Tick = Callable[[], None]


@dataclass
class Stop:
    """Whether a signal has asked the program to stop, and which signal.

    Long work looks at it between two pieces of work.
    """

    number: int | None = None

    def __call__(self) -> bool:
        """Return whether a signal has asked the program to stop."""
        return self.number is not None

    @property
    def interrupted(self) -> bool:
        """Return whether the signal was Ctrl-C."""
        return self.number == signal.SIGINT


def serve(
    tick: Tick,
    every_seconds: int,
    told: Callable[[str], None],
    clock: Callable[[], datetime],
    scheduler: Any = None,
    stop: Stop | None = None,
) -> int:
    """Tick at once and then at each interval, until a signal to stop.

    A tick that is running is finished first.

    Args:
        tick: what is done; an error in it is told and ends nothing.
        every_seconds: the interval.
        told: where it is told.
        clock: what time it is, right or wrong, read where the program is put together; it raises nothing.
        scheduler: another scheduler than APScheduler's blocking one, for tests.
        stop: where the signal is noted, for the tick to look at.

    Returns:
        How many ticks there were.
    """
    from apscheduler.schedulers import SchedulerNotRunningError
    from apscheduler.schedulers.blocking import BlockingScheduler

    ticks, asked, in_hand = 0, stop or Stop(), threading.Lock()

    def once() -> None:
        nonlocal ticks
        if asked():
            return
        ticks += 1
        try:
            with in_hand:
                tick()
        except Exception as error:  # a server outlives one bad run; the next tick tries again
            told(f"{clock():%Y-%m-%d %H:%M} UTC: the round failed: {type(error).__name__}: {error}")

    ticking = scheduler or BlockingScheduler(timezone=UTC)
    # Ticks that were missed are one tick: the log tells what is due, however late it is asked.
    options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None, "next_run_time": clock()}
    ticking.add_job(once, "interval", seconds=every_seconds, **options)

    # A pipe wakes the thread that stops the scheduler, because a signal handler may take no lock.
    heard, tell = os.pipe()

    def note(number: int, _frame: FrameType | None) -> None:
        # Nothing that takes a lock: the main thread, which it interrupts, may hold that lock.
        asked.number = asked.number or number
        os.write(tell, b".")

    def end() -> None:
        over = os.read(heard, 1) != b"."
        while not over:
            try:
                ticking.shutdown(wait=False)
                over = True
            except SchedulerNotRunningError:  # asked before it has begun
                time.sleep(0.05)

    ending = threading.Thread(target=end, daemon=True)
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ending.start()
        ticking.start()
        with in_hand:  # the tick runs in a thread of its own, which the end of the program would cut off
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.write(tell, b"-")
        ending.join()
        os.close(heard)
        os.close(tell)
    return ticks

"""The same work on many items, on as many processes as are asked for: the results in the items' order, the same for any number.

Only a few items are under way at once, so memory does not grow with their number. Where a process is killed
its pool is made anew, and the items that have no result yet are done again; the work is pure, so nothing is
done twice that anybody could see.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from engine.basics.errors import HeadroomError
from engine.basics.values import counted

Item = TypeVar("Item")
Found = TypeVar("Found")
AHEAD = 2
"""Items under way for each process."""
MOST_BROKEN = 3
"""Pools that may break before the next result."""


class Elsewhere(Protocol):
    """Workers of a cluster, which do the same work in the same order."""

    def in_order(self, work: Callable[[Item], Found], items: Sequence[Item], /) -> Iterator[Found]:
        """Yield the result of each item, in their order."""
        ...


Workers = int | Elsewhere
"""How many processes of this machine, or the workers of a cluster."""


class WorkersDie(HeadroomError):
    """Processes are killed again and again, perhaps for want of memory."""


def in_order(work: Callable[[Item], Found], items: Sequence[Item], workers: Workers) -> Iterator[Found]:
    """Yield the result of each item, in their order.

    Args:
        work: pure, and importable by another process.
        items: what is worked on.
        workers: processes, of which one alone runs here; or a cluster.

    Raises:
        WorkersDie: three pools broke before one more result came.
    """
    if not isinstance(workers, int):
        yield from workers.in_order(work, items)
        return
    if workers <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    done = broken = 0
    while done < len(items):
        with ProcessPoolExecutor(min(workers, len(items) - done), initializer=_pass_over_interrupts) as pool:
            try:
                for answer in _through(pool, work, items[done:], workers * AHEAD):
                    yield answer
                    done, broken = done + 1, 0
            except BrokenProcessPool:
                broken += 1
                if broken == MOST_BROKEN:
                    what = (
                        f"{counted(broken, 'times')} a process was killed before part {done + 1} of "
                        f"{len(items)} was done"
                    )
                    raise WorkersDie(f"{what}; run it with --workers 1") from None


def _through(
    pool: ProcessPoolExecutor, work: Callable[[Item], Found], items: Sequence[Item], ahead: int
) -> Iterator[Found]:
    waiting: list[Future[Found]] = []
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= ahead:
            yield waiting.pop(0).result()
    for one in waiting:
        yield one.result()


def _pass_over_interrupts() -> None:
    """Leave Ctrl-C to the process that asked: each of the others would print a trace of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

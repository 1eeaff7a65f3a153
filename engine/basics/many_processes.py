"""The same work on many items, on as many processes as are asked for.

The results come in the order of the items, and are the same for any number of processes. Only a few items are
under way at once, so memory does not grow with their number. If a process is killed, its pool is made anew,
and the items without a result are done again. The work is pure, so doing it again has no other effect.
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
"""The number of items under way for each process."""
MOST_BROKEN = 3
"""The number of pools that may break, one after the other, before the next result."""


class Elsewhere(Protocol):
    """Workers of a cluster, which do the same work in the same order."""

    def in_order(self, work: Callable[[Item], Found], items: Sequence[Item], /) -> Iterator[Found]:
        """Yield the result of each item, in their order."""
        ...


Workers = int | Elsewhere
"""The number of processes on this machine, or the workers of a cluster."""


class WorkersDie(HeadroomError):
    """Raised if processes are killed again and again, perhaps because memory is short."""


def in_order(work: Callable[[Item], Found], items: Sequence[Item], workers: Workers) -> Iterator[Found]:
    """Yield the result of each item, in their order.

    Args:
        work: a pure function that another process can import.
        items: the items to work on.
        workers: the number of processes, of which a single one works in this process; or a cluster.

    Raises:
        WorkersDie: three pools broke before one more result came.
    """
    if not isinstance(workers, int):
        yield from workers.in_order(work, items)
        return
    # One item cannot be shared out, and a process takes time to start.
    if workers <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    done = broken = 0
    while done < len(items):
        with ProcessPoolExecutor(min(workers, len(items) - done), initializer=_pass_over_interrupts) as pool:
            try:
                for answer in _through(pool, work, items[done:], workers * AHEAD):
                    yield answer
                    # Only deaths in a row count: a long run may lose a process now and then and still finish.
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
    """Ignore Ctrl-C in this process; the process that started it handles it.

    Otherwise each worker would print a trace of its own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

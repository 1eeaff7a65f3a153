"""Notices drawn by the workers of a Dask cluster.

Each worker is a pure function of a composed page. The process that records composes, signs and writes. A
worker holds nothing that matters: it may die, be slow or come back. Its drawing is taken only if its engine
is that of the recording process. Dask comes with `pip install 'headroom[dask]'`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.basics.build_identity import built
from engine.basics.errors import WrongUsage
from engine.basics.processor_time import ProcessorTime
from engine.events.notice import NoticeInputs
from reports.render.pdf import Page, drawn_and_timed, page_of

Item = TypeVar("Item")
Found = TypeVar("Found")
AHEAD = 2
"""Parts of other work under way for each worker."""
PAGES_FOR_EACH = 3
"""How many notices each thread of the cluster is given at once.

A worker that comes later is kept busy all the same.
"""
LEAST_AT_A_TIME = 48
TRIES = 20
"""How often a page is given out before the run gives up.

A page is given out again if its worker ends before it is done, or has another engine.
"""


class OtherEngine(Exception):
    """A worker that is not the engine of the one who records; its address, and what it is."""


class DaskPool:
    """Renders notices in order on the workers of a cluster.

    If no scheduler is named, they are `processes` of this machine.
    """

    def __init__(
        self,
        scheduler: str | None,
        told: Callable[[str], None] = lambda _: None,
        cluster: Any = None,
        spent: ProcessorTime | None = None,
    ) -> None:
        """Use the scheduler at an address like `tls://10.0.0.1:8786`, or a given `cluster`.

        Workers that are refused are told of. What the workers spend is added to the ledger `spent`.

        Raises:
            WrongUsage: Dask is not installed.
        """
        try:
            import distributed
        except ImportError:
            raise WrongUsage(
                "`--executor dask` needs Dask; install it with `pip install 'headroom[dask]'`"
            ) from None
        self._told, self._spent = told, spent or ProcessorTime()
        dask: Any = distributed  # it is typed in parts alone
        self._client = dask.Client(cluster if cluster is not None else scheduler or _of_this_machine())
        self.engine = built()
        # A cluster whose workers are still starting counts few threads or zero, and must be given work all
        # the same.
        self.at_a_time = max(LEAST_AT_A_TIME, PAGES_FOR_EACH * sum(self._client.nthreads().values()))

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterator[bytes]:
        """Return the files' bytes, in the order of `notices`.

        All are drawn at the same time, and each is handed on as its turn comes.
        """
        with self._spent.of("composition"):
            return self._in_turn([self._begun(notice) for notice in notices])

    def _in_turn(self, waiting: Sequence[_Drawing | Exception]) -> Iterator[bytes]:
        for one in waiting:
            if isinstance(one, Exception):
                raise one
            yield self._done(one)

    def in_order(self, work: Callable[[Item], Found], items: Sequence[Item], /) -> Iterator[Found]:
        """Yield the result of each item, in their order.

        Only a few are under way at once, so that memory does not grow with their number.
        """
        ahead = AHEAD * max(1, len(self._client.scheduler_info()["workers"]))
        waiting: deque[tuple[Item, Any]] = deque()
        for item in items:
            waiting.append((item, self._sent(work, item)))
            if len(waiting) >= ahead:
                yield self._worked(work, *waiting.popleft())
        while waiting:
            yield self._worked(work, *waiting.popleft())

    def _sent(self, work: Callable[[Item], Found], item: Item) -> Any:
        # Not `pure`: Dask would answer the second try of the same work with the failure of the first.
        return self._client.submit(worked_here, self.engine, work, item, pure=False)

    def _worked(self, work: Callable[[Item], Found], item: Item, future: Any) -> Found:
        from distributed import KilledWorker

        for _ in range(TRIES):
            try:
                result: Found = future.result()
                return result
            except KilledWorker:
                pass  # the workers that had it were ended from outside; others do it
            except OtherEngine as refused:
                self._let_go(*refused.args)
            future = self._sent(work, item)
        raise OSError(f"the workers ended {TRIES} times over one part of the work; look at their logs")

    def _let_go(self, address: str, other: str) -> None:
        self._told(
            f"a worker at {address} is {other}, and this is {self.engine}; it is let go: start it with the "
            "same release"
        )
        # A worker of another release would give other bytes, so it is closed and not only avoided.
        self._client.retire_workers([address], close_workers=True)

    def close(self) -> None:
        """Let go of the cluster; one that was started here ends."""
        cluster = self._client.cluster
        self._client.close()
        if cluster is not None:
            cluster.close()

    def _begun(self, notice: NoticeInputs) -> _Drawing | Exception:
        """Return the page on its way to a worker, or the error that composing it raised.

        The error is raised when the page's turn comes.
        """
        try:
            page = page_of(notice)
            return _Drawing(f"notice No. {notice.number} of {notice.deal}", page, self._given(page))
        except Exception as error:
            return error

    def _given(self, page: Page) -> Any:
        # Not `pure`: Dask would answer the second try of the same page with the failure of the first.
        return self._client.submit(drawn_here, self.engine, page, pure=False)

    def _done(self, drawing: _Drawing) -> bytes:
        from distributed import KilledWorker

        future = drawing.future
        for _ in range(TRIES):
            try:
                data, seconds = future.result()
                self._spent.add("layout", seconds)
                return bytes(data)
            except KilledWorker:
                pass  # the workers that had it were ended from outside; others draw it
            except OtherEngine as refused:
                self._let_go(*refused.args)
            future = self._given(drawing.page)
        raise OSError(f"the workers ended {TRIES} times over {drawing.called}; look at their logs")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A page that workers draw: what it is called, itself, and the file that will be."""

    called: str
    page: Page
    future: Any


def worked_here(engine: str, work: Callable[[Item], Found], item: Item) -> Found:
    """Return `work(item)`, computed in a worker process.

    Raises OtherEngine if the worker's engine is not `engine`, the engine of the process that asks.
    """
    _same_engine(engine)
    return work(item)


def drawn_here(engine: str, page: Page) -> tuple[bytes, float]:
    """Return a composed page as a PDF, and the seconds of processor that it took, on a worker.

    Raises:
        OtherEngine: the worker is not the engine of the one who asks.
    """
    _same_engine(engine)
    return drawn_and_timed(page)


def _same_engine(engine: str) -> None:
    """Nothing, on a worker of the engine of the one who asks. Raises OtherEngine on any other."""
    from distributed import get_worker

    if built() != engine:
        raise OtherEngine(get_worker().address, built())


def _of_this_machine() -> Any:
    """Return a cluster of processes of this machine, for trying out; it listens to this machine alone."""
    import distributed

    dask: Any = distributed
    # One thread each: a document sets a variable of its whole process while it is written.
    return dask.LocalCluster(threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1")

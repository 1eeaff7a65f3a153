"""Many notices rendered at once.

Two processes render them in half the time (`make bench`), with the same bytes in the same order.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager

from engine.basics.garbage_collection import spare_loaded_code
from engine.basics.processor_time import ProcessorTime
from engine.events.notice import NoticeInputs
from reports.render.pdf import Page, drawn_and_timed, load_renderer, page_of, render_notice

WORTH_IT = 3
"""From this many notices on, starting processes costs less than it saves."""
PAGES_FOR_EACH = 8
"""How many notices each process is given at once.

There are enough that no process waits for long at the end of a lot, and few to hold.
"""
RENEWED_AFTER = 400
"""Notices after which the processes are started anew: what libraries never give back then stays small."""

_Page = Page | Exception
_Drawn = tuple[bytes, float]
_Drawing = tuple[_Page, Future[_Drawn]]
"""A page, and its file as it comes: a page that a killed process had is drawn again."""


class RenderPool:
    """Renders notices in order; its processes are started when first needed and kept until it is closed."""

    def __init__(self, processes: int | None = None, spent: ProcessorTime | None = None) -> None:
        """Use `processes`, or as many as the machine has processors.

        What they spend is added to the ledger `spent`.
        """
        self._spent = spent or ProcessorTime()
        self._processes = processes or os.cpu_count() or 1
        self.at_a_time = self._processes * PAGES_FOR_EACH
        self._pool: ProcessPoolExecutor | None = None
        self._made = 0

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterator[bytes]:
        """Return the files' bytes, in the order of `notices`; the processes begin to draw them at once."""
        # Processes that already run cost nothing to use, even for a single notice.
        if self._processes < 2 or (len(notices) < WORTH_IT and self._pool is None):
            return map(render_notice, notices)
        if self._made >= RENEWED_AFTER:
            self._let_go()  # what it was given before is drawn all the same
        self._made += len(notices)
        with self._spent.of("composition"):
            pool, made = self._handed_out(map(_page, notices))
        # The generator is a method of its own; in here, a `yield` would put off all drawing to the first file
        # asked for.
        return self._in_turn(pool, made)

    def _handed_out(self, pages: Iterable[_Page]) -> tuple[ProcessPoolExecutor, list[_Drawing]]:
        """Return the processes, and the pages that they have begun to draw."""
        # The executor starts its processes with the first page it is given, so handing out stands in here
        # too.
        with _uninterrupted():
            if self._pool is None:
                # A forked process would inherit locks that other threads hold, and wait for them for ever.
                self._pool = ProcessPoolExecutor(
                    self._processes, multiprocessing.get_context("spawn"), _ready
                )
            return self._pool, [(page, _file(self._pool, page)) for page in pages]

    def _in_turn(self, pool: ProcessPoolExecutor, made: list[_Drawing]) -> Iterator[bytes]:
        """Yield the files in turn; if a process is killed, new ones draw once what is left."""
        again = True
        while made:
            try:
                # In the order of the notices and not as they are finished: numbers in the log have no gaps.
                data, seconds = made[0][1].result()
            except BrokenExecutor:
                # Broken processes never draw again, so a program that runs for long must not keep them.
                if self._pool is pool:
                    self._let_go()
                if not again:
                    raise
                pool, made = self._handed_out(page for page, _ in made)
                again = False
                continue
            self._spent.add("layout", seconds)
            del made[0]  # it is not held any longer than somebody waits for it
            yield data

    def _let_go(self) -> None:
        """Have new processes draw what is handed out from now on."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
        self._pool, self._made = None, 0

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool, self._made = None, 0


def _page(notice: NoticeInputs) -> _Page:
    """Return what is drawn of a notice, or the error in composing it.

    The page is composed here: a page is small beside the whole past of its deal, which would go to another
    process with every notice.
    """
    try:
        return page_of(notice)
    except Exception as error:
        return error


def _file(pool: ProcessPoolExecutor, page: _Page) -> Future[_Drawn]:
    """Return the file that will be; an error is raised when its bytes are asked for."""
    failed: Future[_Drawn] = Future()
    if isinstance(page, Exception):
        failed.set_exception(page)
        return failed
    try:
        return pool.submit(drawn_and_timed, page)
    except BrokenExecutor as error:  # a process was killed while nothing was drawn
        failed.set_exception(error)
        return failed


def _ready() -> None:
    """Load the renderer once in a process of the pool, and then spare the collector its search.

    The process ends with the one that started it. A killed command would otherwise leave its pool behind,
    waiting for ever.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    load_renderer()
    spare_loaded_code()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # `sys.exit` would end this thread alone.
        os._exit(1)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that ignore Ctrl-C.

    The parent answers it, and each of them would print a trace of its own.
    """
    # Python lets only the main thread change how a signal is answered.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

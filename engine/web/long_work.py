"""Long work for pages: a queue, a worker, a limit for each person, and a cancel button.

Each piece of work has a page with an address. Results stay in memory, at most for an hour.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.basics.errors import HeadroomError, WrongUsage

KEPT_FOR = timedelta(hours=1)
EACH = 3
"""Pieces of work of one person that wait or run at once."""


@dataclass
class Work:
    """One piece of work.

    Attributes:
        key: its address.
        person: the number of whoever asked for it.
        deal: the deal that it is about.
        what: the work in words.
        begun: when it was asked for.
        of: as of which entry.
        template: the page that shows its answer.
    """

    key: str
    person: int
    deal: str
    what: str
    begun: datetime
    of: int
    template: str
    future: Future[Any] | None = field(default=None, repr=False)

    @property
    def state(self) -> str:
        """Return where the work is: `waits`, `runs`, `done` or `cancelled`."""
        if self.future is None or not (self.future.running() or self.future.done()):
            return "waits"
        # A cancelled future counts as done as well, so this question comes before the next one.
        if self.future.cancelled():
            return "cancelled"
        return "done" if self.future.done() else "runs"

    def answer(self) -> tuple[Any, str]:
        """Return what came out, and why nothing did."""
        # A cancelled future raises when it is asked for its exception.
        if self.future is None or not self.future.done() or self.future.cancelled():
            return None, ""
        error = self.future.exception()
        if error is None:
            return self.future.result(), ""
        # The words of other errors are for programmers, and may name files of the server.
        return None, str(error) if isinstance(
            error, HeadroomError
        ) else f"it ended with {type(error).__name__}"


class LongWork:
    """The queue of a desk."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="long work")
        self._work: dict[str, Work] = {}
        self._folder: Path | None = None
        self._lock = threading.Lock()

    def begin(
        self, person: int, deal: str, what: str, of: int, template: str, now: datetime, do: Callable[[], Any]
    ) -> Work:
        """Queue a piece of work. Raises WrongUsage for somebody who waits for as many as one may."""
        with self._lock:
            self._work = {key: one for key, one in self._work.items() if now - one.begun < KEPT_FOR}
            if (
                sum(one.person == person and one.state in ("waits", "runs") for one in self._work.values())
                >= EACH
            ):
                raise WrongUsage(
                    f"you wait for {EACH} pieces of work already; cancel one, or wait until one is done"
                )
            made = Work(secrets.token_urlsafe(12), person, deal, what, now, of, template)
            made.future = self._pool.submit(do)
            self._work[made.key] = made
            return made

    def place(self, ending: str) -> Path:
        """Return where a piece of work may write a file; files of work that is forgotten are removed."""
        folder = self._folder
        if folder is None:
            folder = self._folder = Path(tempfile.mkdtemp(prefix="desk-work-"))
            # A desk that ends without `close` must not leave answers about deals on the disk.
            weakref.finalize(self, shutil.rmtree, folder, True)
        for path in folder.iterdir():
            if time.time() - path.stat().st_mtime > KEPT_FOR.total_seconds():
                # Another request may have removed the file between the listing and this line.
                path.unlink(missing_ok=True)
        return folder / f"{secrets.token_hex(12)}{ending}"

    def find(self, key: str, person: int) -> Work | None:
        """Return a piece of work of a person; nobody else's."""
        work = self._work.get(key)
        # The key alone does not open the work: addresses are passed on, and an answer may hold more than a
        # reader may see.
        return work if work is not None and work.person == person else None

    def cancel(self, work: Work) -> bool:
        """Cancel a piece that waits still; one that runs is let end, and False."""
        return work.future is not None and work.future.cancel()

    def close(self) -> None:
        """Let what runs end, and begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

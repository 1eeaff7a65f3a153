"""The desk: what every page works with.

The desk holds the workspace, the second database, the clock, and answers that are kept until a log grows.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.assembly import all_templates, page_parts
from engine.operations.older_record import Doubt, record_doubt, refuse_older_record
from engine.queries.portfolio import deal_names
from engine.queries.portfolio_deals import log_size, log_sizes, market_size
from engine.web.accounts import Accounts
from engine.web.attempts import Attempts
from engine.web.desk_database import DeskDatabase
from engine.web.long_work import LongWork
from engine.web.reads import Reads
from engine.web.sessions import Sessions
from engine.workspace.deal_files import Deal
from engine.workspace.deals_by_name import DealsByName
from engine.workspace.web_settings import DATABASE, WebSettings
from engine.workspace.workspace import Workspace

PAGES_KEPT = 1024
"""How many pages' own facts are kept: some fifty kilobytes each."""
SIZES_HOLD = 1.0
"""Seconds for which the sizes of all logs hold."""
AGE_HOLDS = 30.0
"""Seconds for which an answer holds to whether the record is older than what was signed, or not compared."""
PATIENCE = 20.0
"""Seconds that a page which records waits for another writer."""
KEPT = 4096
"""How many answers are kept: about one portfolio row for each of a few thousand deals."""


@dataclass(frozen=True, eq=False)
class PageParts:
    """The parts of the notice that pages use too.

    These parts are the composition of page 1, its words, its marks, its fonts and its drawings. A page and a
    notice thus look alike.
    """

    compose: Callable[..., dict[str, Any]]
    due_act: Callable[..., str]
    role: Callable[[str], str]
    trigger_name: Callable[[str, str], str]
    with_dates: Callable[[str], str]
    marks: Mapping[str, str]
    fonts: Mapping[str, bytes]
    watermark: bytes
    drawings: str


class KeptAnswers:
    """Answers by their question; the one that was not asked for longest goes first.

    A log only grows, so its size says whether an answer still holds: the size is part of the question.
    """

    def __init__(self, most: int = KEPT) -> None:
        """Keep at most `most` answers."""
        self._most = most
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[tuple[Any, ...], threading.Lock] = {}

    def get(self, question: tuple[Any, ...], answer: Callable[[], Any]) -> Any:
        """Return the kept answer to a question, or make the answer with `answer` and keep it.

        A second thread that asks the same question meanwhile waits for the first.
        """
        with self._lock:
            if question in self._kept:
                self._kept.move_to_end(question)
                return self._kept[question]
            # Each question has a lock of its own, so that a slow answer holds up nobody who asks another
            # question.
            making = self._making.setdefault(question, threading.Lock())
        with making:
            with self._lock:
                # Whoever waited for the lock finds the answer that the first thread has made.
                if question in self._kept:
                    return self._kept[question]
            try:
                made = answer()
                with self._lock:
                    self._kept[question] = made
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    # The lock goes after an error as well; the locks of refused questions would pile up.
                    self._making.pop(question, None)
        return made


@dataclass
class Desk:
    """A workspace as its pages see it.

    Attributes:
        workspace: the workspace.
        database: the second database.
        clock: gives now.
        demonstration: whether everything in it is invented; each page then says so.
    """

    workspace: Workspace
    database: DeskDatabase
    clock: Callable[[], datetime]
    demonstration: bool = False
    rows: KeptAnswers = field(default_factory=KeptAnswers)
    pages: KeptAnswers = field(default_factory=lambda: KeptAnswers(PAGES_KEPT))
    attempts: Attempts = field(default_factory=Attempts)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Bring the parts of the second database together."""
        self.work = LongWork()
        self._one_writer = threading.Lock()
        self._sizes: tuple[float, Mapping[str, int]] = (0.0, {})
        self._market: tuple[float, int] = (0.0, 0)
        self._doubt: tuple[float, Doubt | None] = (0.0, None)
        self.accounts = Accounts(self.database)
        self.sessions = Sessions(self.database)
        self.reads = Reads(self.database)

    @property
    def settings(self) -> WebSettings:
        """What `[web]` says."""
        return self.workspace.settings.web

    @property
    def operator(self) -> str:
        """Who operates the desk."""
        return self.workspace.settings.operator

    @cached_property
    def templates(self) -> Mapping[str, Any]:
        """The covenant templates."""
        shipped: Mapping[str, Any] = all_templates()
        return shipped

    @cached_property
    def parts(self) -> PageParts:
        """The notice's own drawings, marks, fonts and page 1."""
        return PageParts(**vars(page_parts()))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Nobody else records in the workspace until the block ends.

        Raises:
            Busy: another does not get done.
            VerificationFailed: the record is older than what was signed; what is entered would be lost with
                it.
        """
        with self._one_writer, self.workspace.alone(PATIENCE):
            refuse_older_record(self.workspace)
            try:
                yield
            finally:
                self._sizes = (0.0, {})
                self._market = (0.0, 0)

    def deals(self) -> tuple[str, ...]:
        """Return the names of all deals, sorted."""
        folder = self.workspace.root / "deals"
        # The time of a folder changes when a file comes or goes, so most pages need not read the folder.
        changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
        names: tuple[str, ...] = self.pages.get(("deals", changed), lambda: deal_names(self.workspace))
        return names

    def deal_terms(self, name: str) -> Deal:
        """Return a deal by its name; the files are read once while none of them changes.

        Raises WrongUsage and InputProblems.
        """
        stands = tuple(
            (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in self.workspace.deal_files()
        )
        by_name: DealsByName = self.pages.get(
            ("deal files", stands), lambda: DealsByName(self.workspace, self.templates)
        )
        return by_name.find(name)

    def sizes(self) -> Mapping[str, int]:
        """Return how many entries each deal's log has.

        The counts are at most a second old, and at least as new as the last page that recorded something.
        """
        made_at, known = self._sizes
        # Ages are measured by a clock that nobody can set back.
        if not known or time.monotonic() - made_at > SIZES_HOLD:
            known = log_sizes(self.workspace, self.deals())
            self._sizes = (time.monotonic(), known)
        return known

    @property
    def market(self) -> int:
        """Return how many entries the logs of snapshots and indices have, as old as `sizes` may be."""
        made_at, known = self._market
        if not known or time.monotonic() - made_at > SIZES_HOLD:
            known = market_size(self.workspace)
            self._market = (time.monotonic(), known)
        return known

    @property
    def doubt(self) -> Doubt | None:
        """Why the record may lack what was recorded later; each page then says so. None if it does not."""
        looked_at, found = self._doubt
        now = time.monotonic()
        # The files of every deal are listed for it, which is too much for each page.
        if not looked_at or now - looked_at > AGE_HOLDS:
            doubtful = record_doubt(self.workspace)
            found = None if doubtful is None else doubtful.doubt
            self._doubt = (now, found)
        return found

    def size(self, deal: str) -> int:
        """Return how many entries a deal's log has now."""
        return log_size(self.workspace, deal)

    @cached_property
    def secret(self) -> bytes:
        """The key of signed links, made once and kept in the second database."""
        with self.database.together() as connection:
            # Two requests may ask at once. The first key stays, so that links that were already sent keep
            # working.
            connection.execute("INSERT OR IGNORE INTO secret VALUES ('links', ?)", (secrets.token_bytes(32),))
        row = self.database.row("SELECT value FROM secret WHERE name = 'links'")
        assert row is not None  # it was just made
        return bytes(row["value"])


def desk_of(workspace: Workspace, clock: Callable[[], datetime]) -> Desk:
    """Return the desk of a workspace."""
    generated = (workspace.root / "GENERATED").exists()
    workspace.hold_events()
    return Desk(workspace, DeskDatabase(workspace.root / DATABASE), clock, generated)

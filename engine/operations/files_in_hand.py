"""The deal files of a run: each is read and parsed once, and waits for its turn in little room."""

from __future__ import annotations

import pickle
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine.determination.template import Template
from engine.operations.dates_due import files_claimed_twice
from engine.operations.settled import next_moments
from engine.terms.as_written import Deal
from engine.terms.checks.duplicate_names import claimed_by
from engine.workspace.deal_files import Read, read_file
from engine.workspace.workspace import Workspace

AS_READ = 100
"""How many files wait as they were read. Further ones wait packed: less room, and time to pack and unpack."""


class FilesInHand:
    """The deal files of a workspace in their order.

    Attributes:
        last: the file that says a deal's name last, by name.
        foreign: the files that cannot be evaluated and say nothing about the deal whose name they bear.
        until: the next moment at which time alone can make something due.
    """

    def __init__(self, workspace: Workspace, templates: Mapping[str, Template], now: datetime) -> None:
        """Read nothing yet."""
        self._workspace, self._templates, self._now = workspace, templates, now
        self._waiting: dict[Path, Read | bytes] = {}
        self.last: dict[str, Path] = {}
        self.foreign: set[Path] = set()
        self.until = min(next_moments((), now))

    def read(self) -> Iterator[Deal]:
        """Read every file, and yield each deal that can be evaluated."""
        claimed = dict(files_claimed_twice(self._workspace))
        self.foreign = set(claimed)
        nameless: dict[str, list[Path]] = {}
        bearers = Counter[str]()
        for path in self._workspace.deal_files():
            one = read_file(path, self._templates)
            if path in claimed:
                one = replace(one, deal=None, reason=claimed[path])
            self._waiting[path] = one if len(self._waiting) < AS_READ else _packed(one)
            self.last[one.name] = path
            bearers[one.name] += 1
            # A file that cannot be read as far as its deal's name bears the name of the file.
            if one.deal is None and claimed_by(one.text or "", path.name) is None:
                nameless.setdefault(one.name, []).append(path)
            if one.deal is not None:
                self.until = min(self.until, *next_moments([one.deal], self._now))
                yield one.deal
        for name, paths in nameless.items():
            # Where no file says the name, the deal of that name has its reason from the first of them.
            self.foreign.update(paths if bearers[name] > len(paths) else paths[1:])

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Iterator[tuple[Path, Read]]:
        """Yield each file that was read, and let go of it."""
        while self._waiting:
            path = next(iter(self._waiting))
            waiting = self._waiting.pop(path)
            yield path, waiting if isinstance(waiting, Read) else _unpacked(waiting)


def _packed(one: Read) -> bytes:
    """Return a file in little room. It never leaves this process, so nobody can change it."""
    return zlib.compress(pickle.dumps(one, pickle.HIGHEST_PROTOCOL), level=1)


def _unpacked(packed: bytes) -> Read:
    found: Read = pickle.loads(zlib.decompress(packed))
    return found

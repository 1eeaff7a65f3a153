"""A replay on all processors.

Each log is replayed by itself. A large record is shared out log by log, and the result is the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.audit.replay import Replay
from engine.audit.replay_answer import Replayed
from engine.audit.replay_due import lacking
from engine.basics.many_processes import in_order
from engine.determination.template import Template
from engine.events.notice import Pages
from engine.workspace.workspace import Workspace, opened

WORTH_IT = 5_000
"""From how many entries on several processes save time.

A processor replays some two thousand entries in a second.
"""


@dataclass(frozen=True)
class _Asked:
    """What is asked of a process: which log of which workspace, and how."""

    root: Path
    log: str
    templates: Mapping[str, Template]
    until: date | None
    pages: Pages | None


def replayed(
    workspace: Workspace,
    templates: Mapping[str, Template],
    until: date | None = None,
    pages: Pages | None = None,
    workers: int | None = None,
) -> Iterator[Replayed]:
    """Yield what comes out of every log, in the logs' order.

    Args:
        workspace: the workspace whose record it is.
        templates: the covenant templates.
        until: only what was recorded by the end of this day; everything unless given.
        pages: who composes the words of notices again; without one they are taken as recorded.
        workers: processes; of a small record one, of a large one as many as there are processors, unless
            given.

    Raises:
        WorkersDie: processes are killed again and again.
    """
    with workspace.store.read() as reader:
        heads = reader.heads()
    large = sum(head.size for head in heads) >= WORTH_IT
    processes = workers or ((os.cpu_count() or 1) if large else 1)
    logs = [head.log for head in heads]
    if processes < 2:
        yield from Replay(workspace, templates, until, pages).run()
        return
    yield from in_order(
        _one, [_Asked(workspace.root, log, templates, until, pages) for log in logs], processes
    )
    yield from lacking(workspace, logs)


_HELD: dict[tuple[Path, date | None], Replay] = {}
"""In a process that was asked: the replay that goes on, with the rates and deal files that it has read."""


def _one(asked: _Asked) -> Replayed:
    key = (asked.root, asked.until)
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = Replay(opened(asked.root, to_inspect=True), asked.templates, asked.until, asked.pages)
    return _HELD[key].one(asked.log)

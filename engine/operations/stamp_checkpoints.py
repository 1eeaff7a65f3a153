"""The newest signed checkpoint of every log, time-stamped where an authority is configured (`rulings.md` 68).

It is asked after the checkpoints are signed, outside the workspace's lock. Nobody waits for an authority but
the run that asks, and that run waits no longer than its bound. The first answer that fails ends the asking;
the next run asks again. A checkpoint that a later one of the same log takes up is covered by the later one's
stamp.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.notices.checkpoint_stamp import stamp_over
from engine.notices.time_authority import NoTimeStamp, TimeAuthority, token_over
from engine.record.checkpoint import newest, stamped_bytes
from engine.workspace.checkpoints import stamp_place
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Stamping:
    """What came of asking: how many stamps were given, how many are lacking, and why the asking ended."""

    given: int = 0
    left: int = 0
    why: str | None = None

    @property
    def said(self) -> str | None:
        """Return what a person is told of the stamps; None if every checkpoint has its stamp."""
        if not self.left:
            return None
        without = f"{counted(self.left, 'checkpoints')} without a time stamp: {self.why}"
        return f"{without}; asked for again at the next run"

    def as_data(self) -> dict[str, Any]:
        """Return the counts as JSON: `given`, `left`, `why`."""
        return {"given": self.given, "left": self.left, "why": self.why}


def stamp_checkpoints(
    workspace: Workspace,
    clock: Callable[[], datetime],
    logs: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Stamping:
    """Return what came of asking for a stamp of each newest signed checkpoint without it; not while `alone`.

    Args:
        workspace: the workspace whose checkpoints they are.
        clock: what time it is, which an authority's answer is held against.
        logs: the names of the logs that are asked for; all unless given.
        progress: where it is told what is asked for.
    """
    named = workspace.settings.time_authority
    if named is None:
        return Stamping()
    lacking, end = _lacking(workspace, logs), time.monotonic() + named.checkpoint_seconds
    for given, (log, note) in enumerate(lacking):
        left, patience = len(lacking) - given, min(float(named.patience_seconds), end - time.monotonic())
        # The bound is of the whole asking: many logs and a slow authority must not hold up a run.
        if patience <= 0:
            return Stamping(
                given, left, f"{counted(named.checkpoint_seconds, 'seconds')} of asking were over"
            )
        progress(f"time stamp {given + 1} of {len(lacking)}: {log}")
        # The clock is read for each: the authority's time is held against the moment of asking.
        authority = TimeAuthority(named.url, named.certificate_sha256, clock(), patience)
        try:
            token = token_over(stamped_bytes(note), authority)
        except NoTimeStamp as failed:
            # The next log would ask the same authority, so the first failure ends the asking of this run.
            return Stamping(given, left, str(failed))
        write_whole(stamp_place(workspace, log, note), stamp_over(note, token.whole).text.encode())
    return Stamping(len(lacking))


def _lacking(workspace: Workspace, logs: Iterable[str] | None) -> list[tuple[str, str]]:
    """Return the logs whose newest signed checkpoint has no stamp, each with the note."""
    wanted = workspace.store.logs() if logs is None else logs
    notes = ((log, newest(workspace.store.checkpoints(log))) for log in wanted)
    return [
        (log, note[1])
        for log, note in notes
        if note is not None and not stamp_place(workspace, log, note[1]).is_file()
    ]

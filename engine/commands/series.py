"""`headroom import --series`: an administrator's published series in place of our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.commands.output import print_json, read_text, say
from engine.errors import InputProblems, WrongUsage
from engine.market.series import read_series
from engine.publications import draft
from engine.record.log import Scribe, append, index_log, read
from engine.workspace import Workspace


def import_series(workspace: Workspace, index: str, paths: Sequence[Path], scribe: Scribe, as_json: bool) -> int:
    """Record each row as the first print of its Publication Date, or as the next print where it differs."""
    log = index_log(f"{index}@administrator")
    recorded = 0
    for path in paths:
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
        known = {event.effective_on: event.payload.value for event in read(workspace.store, log)}
        values, problems = read_series(read_text(path), str(path), index, known)
        if problems:
            raise InputProblems(problems)
        with workspace.store.begin() as writer:
            recorded += len(append(writer, log, [draft(value) for value in values], scribe))
    if as_json:
        print_json({"index": index, "recorded": recorded})
    else:
        say(f"{index}: {recorded} published values recorded")
    return 0

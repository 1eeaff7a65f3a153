"""The sentence of every answer from a record that is older than what was signed, or was not compared with it.

Commands that record refuse such a record. Those that read show what it holds, and say what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.basics.errors import VerificationFailed

if TYPE_CHECKING:
    from engine.operations.older_record import DoubtfulRecord
    from engine.workspace.workspace import Workspace

_asked: dict[str, Workspace] = {}
_found: list[DoubtfulRecord | None] = []


def answers_from(workspace: Workspace) -> None:
    """Remember which record the command's answer comes from."""
    _asked["workspace"] = workspace


def copied_from(workspace: Workspace) -> None:
    """Remember that the command copies the record of a workspace without opening it as a log."""
    _asked["workspace"] = _asked["copied"] = workspace


def doubt() -> DoubtfulRecord | None:
    """Return why the record that was read may lack what was recorded later; None if it does not.

    The record is compared once, and not at all by a command that has not opened it.
    """
    workspace = _asked.get("workspace")
    # A deal file is checked without its workspace's record, and nothing is opened for this question.
    if workspace is None or ("store" not in vars(workspace) and "copied" not in _asked):
        return None
    if not _found:
        from engine.operations.older_record import record_doubt

        _found.append(record_doubt(workspace))
    return _found[0]


def with_doubt(answer: Any) -> Any:
    """Return an answer as JSON with the sentence in it; the answer itself if nothing is to be said.

    An answer that is not an object becomes one, so that nobody takes its rows for today's.
    """
    found = doubt()
    if found is None:
        return answer
    return {found.doubt: found.said, **(answer if isinstance(answer, dict) else {"answer": answer})}


def command_ends(tell: Callable[[str], None]) -> None:
    """Tell the sentence beside the answer, and forget the record that was read."""
    try:
        # A refusal of the older record has said it already.
        if not isinstance(sys.exc_info()[1], VerificationFailed) and (found := doubt()) is not None:
            tell(f"headroom: {found.said}")
    finally:
        _asked.clear()
        _found.clear()

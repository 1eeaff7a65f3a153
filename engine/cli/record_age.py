"""What every answer says of a record that is older than what was signed beside it.

Commands that record refuse such a record. Those that read show what it holds, and say what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.basics.errors import VerificationFailed

if TYPE_CHECKING:
    from engine.workspace.workspace import Workspace

OLDER = "older_record"
"""The key of the sentence in an answer as JSON."""
_asked: dict[str, Workspace] = {}
_found: dict[str, str | None] = {}


def answers_from(workspace: Workspace) -> None:
    """Remember which record the command's answer comes from."""
    _asked["workspace"] = workspace


def copied_from(workspace: Workspace) -> None:
    """Remember that the command copies the record of a workspace without opening it as a log."""
    _asked["workspace"] = _asked["copied"] = workspace


def sentence() -> str | None:
    """Return that the record which was read is older than what was signed beside it; None if it is not.

    The record is compared once, and not at all by a command that has not opened it.
    """
    workspace = _asked.get("workspace")
    # A deal file is checked without its workspace's record, and nothing is opened for this question.
    if workspace is None or ("store" not in vars(workspace) and "copied" not in _asked):
        return None
    if OLDER not in _found:
        from engine.operations.older_record import older_than_signed

        _found[OLDER] = older_than_signed(workspace)
    return _found[OLDER]


def with_age(answer: Any) -> Any:
    """Return an answer as JSON with the sentence in it; the answer itself if nothing is to be said.

    An answer that is not an object becomes one, so that nobody takes its rows for today's.
    """
    said = sentence()
    if said is None:
        return answer
    return {OLDER: said, **(answer if isinstance(answer, dict) else {"answer": answer})}


def command_ends(tell: Callable[[str], None]) -> None:
    """Tell the sentence beside the answer, and forget the record that was read."""
    try:
        # A refusal of the older record has said it already.
        if not isinstance(sys.exc_info()[1], VerificationFailed) and (said := sentence()) is not None:
            tell(f"headroom: {said}")
    finally:
        _asked.clear()
        _found.clear()

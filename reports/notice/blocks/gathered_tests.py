"""Of many tests, which have a row in full on page 1, and what is said of the others in one paragraph."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events.results import Verdict
from engine.events.states import TestStatus, TriggerStatus
from reports.formats import Runs, apart
from reports.notice import sentences
from reports.notice.view import Line

IN_FULL = 8
"""Up to how many tests and triggers each has a full row.

If there are more, those that pass and ask for nothing are gathered.
"""
QUIET = (TestStatus.COMPLIANT, TestStatus.SUSPENDED, TestStatus.CLOSED)
"""States of a test that ask for nothing."""
NOT_BEGUN = (TriggerStatus.NOT_IN_EFFECT, TriggerStatus.CLOSED)


def in_full(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines that have a row.

    If there are few lines, all have a row. If there are many, those that ask for something have a row, the
    failing and due lines first.
    """
    if len(lines) <= IN_FULL:
        return tuple(lines)
    return tuple(sorted((line for line in lines if not _passes(line)), key=_pressing))


def gathered(lines: Sequence[Line]) -> Runs:
    """Return the tests that pass and ask for nothing, as a paragraph.

    Each has its figure, its limit, and any state other than COMPLIANT.
    """
    runs: Runs = []
    for line in lines:
        figures = ""
        if line.result is not None and line.result.measured is not None and line.result.limit is not None:
            figures = (
                f" {apart(line.result.measured, line.result.limit, line.rounding)} "
                f"({sentences.limit(line.result)})"
            )
        runs += [
            ("; " if runs else "Passing, nothing to do: ", not runs),
            (line.title, True),
            (f"{figures}{_state(line)}", False),
        ]
    return [*runs, (".", False)] if runs else []


def _state(line: Line) -> str:
    status = (
        line.test.status
        if line.test is not None
        else line.trigger.status
        if line.trigger is not None
        else None
    )
    return "" if status in (None, TestStatus.COMPLIANT) else f", {status}"


def _passes(line: Line) -> bool:
    """Return whether a test or trigger passes and asks for nothing.

    Its result, its state and what is owed under it decide.
    """
    counting = line.trigger is not None and line.trigger.count is not None and line.trigger.count.count > 0
    stands = (line.test is None or line.test.status in QUIET) and (
        line.trigger is None or line.trigger.status in NOT_BEGUN
    )
    return (
        line.verdict in (Verdict.PASS, None)
        and stands
        and not counting
        and line.obligation is None
        and line.released is None
    )


def _pressing(line: Line) -> int:
    """Return the place of a line among the lines.

    What must be acted on comes first, then a failure, then what is due or not determined, then the rest.
    """
    if line.urgent:
        return 0
    if line.verdict is Verdict.FAIL:
        return 1
    return 2 if line.obligation is not None else 3 if line.verdict is Verdict.NOT_DETERMINED else 4

"""What page 1 says of a trigger that can still be cured, and of one that has ended: one sentence each."""

from __future__ import annotations

from engine.basics.values import Figure, Unit
from engine.events.states import TriggerStatus
from reports.formats import Runs, figure, long_date
from reports.notice.view import Line


def pending_cure(line: Line) -> bool:
    """Return whether a trigger is met and can still be cured."""
    return line.trigger is not None and line.trigger.status is TriggerStatus.PENDING_CURE


def pending(line: Line) -> Runs:
    """Return that a trigger's condition is met and can still be cured (`rulings.md` 52).

    The sentence says until when, and what follows otherwise.
    """
    assert line.trigger is not None
    met = f", its condition met on {long_date(line.trigger.since)}"
    if line.trigger.cure is None:
        return [(f"{line.trigger_title} is PENDING CURE", True), (f"{met}: {line.trigger.why}.", False)]
    said = ". It must be cured by "
    rest = "; otherwise it is in effect from the day after."
    return [
        (f"{line.trigger_title} is PENDING CURE", True),
        (met + said, False),
        (long_date(line.trigger.cure.by), True),
        (rest, False),
    ]


def released(line: Line) -> Runs:
    """`Cash sweep has ended`: what its reserve account held, and where that goes."""
    gone = line.released
    assert gone is not None  # the caller asks only for lines with one
    where = (
        f"is released to the {line.debtor}"
        if gone.to == "release to borrower"
        else "is applied in prepayment"
    )
    amount = figure(Figure(value=gone.amount, unit=Unit.USD))
    return [
        (f"{line.trigger_title} has ended", True),
        (f" on {long_date(gone.on)}: the reserve of {amount} {where} ({gone.cite}).", False),
    ]

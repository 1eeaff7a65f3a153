"""What the command `close-day` prints."""

from __future__ import annotations

from engine.cli.output import print_json, say
from engine.events.calendar_events import ClosingWithdrawn
from engine.operations.closings import Closing

IN_TIME = "the next run moves each running deadline that counts over it, and names both dates"
LATE = "it was entered after its day, so no deadline moves"
WITHDRAWN_LATE = (
    "it was withdrawn after its day, so no deadline moves: what was counted over the closed day stands"
)


def show_closing(closing: Closing, as_json: bool) -> None:
    """Print a closing as it stands on record, or its withdrawal, and what follows from it."""
    if as_json:
        print_json(closing.as_data())
        return
    said, state = closing.payload, "recorded" if closing.new else "already on record"
    withdrawn = isinstance(said, ClosingWithdrawn)
    what = "is open again" if withdrawn and closing.in_time else "stays closed" if withdrawn else "is closed"
    say(f"{said.calendar} {what} on {said.day:%A} {said.day}: {said.reason} ({said.source}): {state}")
    say(IN_TIME if closing.in_time else WITHDRAWN_LATE if withdrawn else LATE)

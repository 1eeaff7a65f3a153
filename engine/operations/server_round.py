"""One round of the server: what it does, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from engine.events.market_events import RateForecast
from engine.operations.older_record import refuse_older_record
from engine.operations.record_forecasts import record_forecasts
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.stamp_checkpoints import stamp_checkpoints
from engine.operations.waiting_dates import begun
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace

Delivered = TypeVar("Delivered")
"""What a round of delivery did."""


@dataclass(frozen=True, slots=True)
class RoundParts(Generic[Delivered]):
    """What the server hands to each round.

    Attributes:
        tools: gives what a run needs, anew for each run, with what says whether somebody asked to stop.
        clock: gives now.
        scribe: gives who records now.
        forecasts: gives the forecasts that are due at a time.
        deliver: sends what is released, and says what it did.
    """

    tools: Callable[[], Tools]
    clock: Callable[[], datetime]
    scribe: Callable[[], Scribe]
    forecasts: Callable[[datetime], Iterable[RateForecast]]
    deliver: Callable[[], Delivered]


@dataclass(frozen=True, slots=True)
class ServerRound(Generic[Delivered]):
    """What a round did.

    Attributes:
        outcome: what the run did; of a round in which nothing could be due, its time stamps alone.
        looked: whether a run looked for what is due.
        last: the last run of them all, which says until when nothing is due.
        delivered: what was sent; None in a workspace without `[mail]`.
    """

    outcome: RunOutcome
    looked: bool
    last: RunOutcome
    delivered: Delivered | None


def server_round(
    workspace: Workspace, last: RunOutcome, parts: RoundParts[Delivered]
) -> ServerRound[Delivered]:
    """Do one round after the run `last`, and return what it did.

    Raises VerificationFailed for a record that is older than what was signed.
    """
    # Before each round, because a program may put an older copy back meanwhile.
    refuse_older_record(workspace)
    # A forecast is recorded before the run that could publish the value that it foretells.
    record_forecasts(workspace, parts.forecasts(parts.clock()), parts.scribe())
    looks = last.settled is None or not last.settled.holds(workspace, parts.clock())
    if looks:
        outcome = run(workspace, begun(parts.clock()), parts.tools())
        last = RunOutcome(outcome.on, settled=outcome.settled)
    else:
        # What the authority of time did not give the last time is asked for again.
        outcome = RunOutcome(last.on, stamping=stamp_checkpoints(workspace, parts.clock))
    delivered = None if workspace.settings.mail is None else parts.deliver()
    return ServerRound(outcome, looks, last, delivered)

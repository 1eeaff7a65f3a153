"""One round of the server: what it does, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.events.market_events import RateForecast
from engine.operations.older_record import refuse_older_record
from engine.operations.record_forecasts import record_forecasts
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.stamp_checkpoints import stamp_checkpoints
from engine.operations.waiting_dates import begun
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RoundParts:
    """What the server hands to each round.

    Attributes:
        tools: gives what a run needs, anew for each run, with what says whether somebody asked to stop.
        clock: gives now.
        scribe: gives who records now.
        forecasts: gives the forecasts that are due at a time.
    """

    tools: Callable[[], Tools]
    clock: Callable[[], datetime]
    scribe: Callable[[], Scribe]
    forecasts: Callable[[datetime], Iterable[RateForecast]]


@dataclass(frozen=True, slots=True)
class ServerRound:
    """What a round did.

    Attributes:
        outcome: what the run did; of a round in which nothing could be due, its time stamps alone.
        looked: whether a run looked for what is due.
        last: the last run of them all, which says until when nothing is due.
    """

    outcome: RunOutcome
    looked: bool
    last: RunOutcome


def server_round(workspace: Workspace, last: RunOutcome, parts: RoundParts) -> ServerRound:
    """Do one round after the run `last`, and return what it did.

    What is released is sent after the round and not in it: a relay that is wrongly set up must not cost the
    outcome of a run.

    Raises VerificationFailed for a record that is older than what was signed, Unavailable for a clock that
    leapt ahead.
    """
    # A forecast by a wrong clock would stand for good as well.
    workspace.refuse_leap()
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
    return ServerRound(outcome, looks, last)

"""`headroom serve`: what each round of the server did, until somebody stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.assembly import clock, machine_clock, scribe
from engine.basics.values import counted
from engine.cli.output import print_line, progress_done, say
from engine.cli.show.deliver import lines_not_sent, tell_delivered
from engine.cli.show.run import not_downloaded_words, without_file_words
from engine.delivery.deliver import deliver
from engine.operations.older_record import refuse_older_record
from engine.operations.run import Tools
from engine.operations.run_answer import deals_without_file
from engine.operations.run_outcome import RunOutcome
from engine.operations.scheduler import Stop, serve
from engine.operations.server_round import RoundParts, server_round
from engine.operations.waiting_dates import begun
from engine.queries.forecast_record import forecasts_due
from engine.workspace.workspace import Workspace


@dataclass
class Standing:
    """What holds for many rounds: said once when it begins, and once when it ends.

    Attributes:
        key: its name in a line of JSON.
        as_json: whether lines are JSON.
        said: what the last round said, by subject.
    """

    key: str
    as_json: bool
    said: Mapping[str, str] = field(default_factory=dict)

    def tell(self, now: Mapping[str, str], as_data: Sequence[Any]) -> None:
        """Print what has changed since the last round.

        Args:
            now: what holds now, by subject: the sentence that says it.
            as_data: the same as data, which a line of JSON shows.
        """
        if self.as_json:
            if now.keys() != self.said.keys():
                print_line({self.key: as_data})
        else:
            # A line every hour would bury what is new, and silence after a change would mislead.
            for subject in sorted(now.keys() - self.said.keys()):
                say(now[subject])
            for subject in sorted(self.said.keys() - now.keys()):
                say(f"No longer true: {self.said[subject]}")
        self.said = now


def serve_until_stopped(
    workspace: Workspace, means: Callable[[], Tools], every_seconds: int, as_json: bool
) -> bool:
    """Run what is due at once and at each interval, and return whether Ctrl-C ended it.

    Args:
        workspace: the workspace.
        means: gives what a run needs, anew for each run.
        every_seconds: the seconds between two looks at what is due.
        as_json: whether each round is one line of JSON.
    """
    stop, last = Stop(), RunOutcome(begun(clock()))
    gone, held = Standing("without_file", as_json), Standing("not_sent", as_json)
    elsewhere = Standing("not_downloaded", as_json)
    parts = RoundParts(
        lambda: replace(means(), stopping=stop),
        clock,
        scribe,
        lambda now: forecasts_due(workspace, now),
    )

    def tick() -> None:
        nonlocal last
        done = server_round(workspace, last, parts)
        last, outcome = done.last, done.outcome
        progress_done()
        if done.looked:  # while nothing is due, the folder of deals is the one that the last run saw
            without = deals_without_file(workspace.store, outcome)
            gone.tell({name: without_file_words(name) for name in without}, sorted(without))
        away = workspace.deal_files_not_downloaded()
        elsewhere.tell({name: not_downloaded_words(name) for name in away}, away)
        made = sum(len(deal.notices) for deal in outcome.deals)
        stopped = {
            deal.deal: deal.reason or deal.not_issued
            for deal in outcome.deals
            if deal.reason or deal.not_issued
        }
        if as_json:
            did = {
                "publications": len(outcome.publications),
                "notices": made,
                "stopped": stopped,
                "left": outcome.left,
                "time_stamps": outcome.stamping.as_data(),
            }
            print_line({"at": clock().isoformat(timespec="seconds"), **did})
        else:
            say(
                f"{clock():%Y-%m-%d %H:%M} UTC: {counted(len(outcome.publications), 'publications')}, "
                f"{counted(made, 'notices')}"
            )
            for deal, why in stopped.items():
                say(f"{deal}: {why}")
            if outcome.stamping.said is not None:
                say(outcome.stamping.said)
            if outcome.left:
                say(
                    f"asked to stop: left to the next run {'is' if len(outcome.left) == 1 else 'are'} "
                    f"{', '.join(outcome.left)}"
                )
        # Last, because a delivery that fails must not take the round's outcome with it.
        if workspace.settings.mail is not None:
            delivery()

    def delivery() -> None:
        sent = deliver(workspace, scribe, refuse_older=refuse_older_record)
        tell_delivered(sent, (lambda text: print_line({"delivery": text})) if as_json else say)
        held.tell({line: line for line in lines_not_sent(sent)}, [asdict(step) for step in sent.not_sent])

    def told(what: str) -> None:
        if as_json:
            print_line({"error": {"what": what}})
        else:
            say(what)

    # A clock that lost its day fails the tick. The checked clock would fail what is told of that, too.
    runs = serve(tick, every_seconds, told, machine_clock, stop=stop)
    if as_json:
        print_line({"runs": runs})
    else:
        say(counted(runs, "runs"))
    return stop.interrupted

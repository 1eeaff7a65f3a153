"""`headroom confirm`: what was confirmed, printed."""

from __future__ import annotations

from engine.cli.output import print_json, say
from engine.operations.confirm import Confirmed


def show_confirmed(deal: str, done: Confirmed, as_json: bool) -> None:
    """Print what a confirmation did."""
    if as_json:
        print_json({"deal": deal, **done.as_data()})
    else:
        say_confirmed(deal, done)


def say_confirmed(deal: str, done: Confirmed) -> None:
    """Say what a confirmation did, in one line."""
    say(f"{deal}: {done.report}: {', '.join(done.figures)}: {_followed_by(done)}")


def _followed_by(done: Confirmed) -> str:
    if not done.recorded:
        return "on record already"
    if done.from_keying:
        return "confirmed; the report counts from its keying, and the figure with it"
    return "confirmed; the next run determines the dates since the report's receipt again"

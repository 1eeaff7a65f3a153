"""`headroom deliver` and `headroom release`: what was sent, what waits, what a person has to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from engine.cli.output import print_json, say
from engine.delivery.deliver import Delivered, Step
from engine.events.delivery import NoticeAcknowledged, NoticeReleased


def show_delivered(done: Delivered, as_json: bool) -> int:
    """Return what one round did; 1 if something failed or cannot be told, so that whoever runs it looks."""
    troubled = [step for step in done.steps if step.state in ("failed", "unknown", "given no more")]
    if as_json:
        steps, waiting = [asdict(step) for step in done.steps], [asdict(step) for step in done.waiting]
        print_json({"steps": steps, "waiting": waiting, "not_understood": done.not_understood})
        return 1 if troubled or done.not_understood else 0
    for step in done.steps:
        say(_line(step))
    for step in done.waiting:
        say(f"{step.deal} No. {step.number} waits: {step.said}")
    for text in done.not_understood:
        say(f"a person has to read {text}")
    if not done.steps and not done.waiting:
        say("nothing is owed")
    return 1 if troubled or done.not_understood else 0


def _line(step: Step) -> str:
    """Return one step in a line; that of a reminder carries no notice number."""
    notice = f" No. {step.number}" if step.number else ""
    return f"{step.deal}{notice}{f' to {step.to}' if step.to else ''}: {step.state}; {step.said}"


def tell_delivered(done: Delivered, report_to: Callable[[str], None]) -> None:
    """Print a line for each step of a round of deliveries.

    Each message that a person has to read has a line too. What waits is printed only if asked for.
    """
    for step in done.steps:
        report_to(_line(step))
    for text in done.not_understood:
        report_to(f"a person has to read {text}")


def show_released(deal: str, released: NoticeReleased, as_json: bool) -> int:
    """Return who released which notice."""
    if as_json:
        print_json({"deal": deal, **released.model_dump(mode="json")})
    else:
        what = "sent as a draft" if released.draft else f"released for the {released.acts_for}"
        say(f"{deal} No. {released.number}: {what}, by {released.released_by}; `headroom deliver` sends it")
    return 0


def show_acknowledged(deal: str, done: NoticeAcknowledged, as_json: bool) -> int:
    """Return whose receipt of which notice was acknowledged by whom."""
    if as_json:
        print_json({"deal": deal, **done.model_dump(mode="json")})
    else:
        say(f"{deal} No. {done.number}: receipt by the {done.to} acknowledged by {done.name}")
    return 0

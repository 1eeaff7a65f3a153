"""`headroom deliver` and `headroom release`: what was sent, what waits, what a person has to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from engine.cli.output import print_json, say
from engine.delivery.deliver import Delivered, Step
from engine.delivery.release import Released
from engine.events.delivery import NoticeAcknowledged


def show_delivered(done: Delivered, as_json: bool) -> int:
    """Print what one round did, and return the exit code: 1 if a person has to look, so that one does."""
    troubled = [step for step in done.steps if step.state in ("failed", "unknown", "given no more")]
    # A released notice that does not go is owed, and only a person can help it.
    code = 1 if troubled or done.not_sent or done.not_understood else 0
    if as_json:
        steps, waiting = [asdict(step) for step in done.steps], [asdict(step) for step in done.waiting]
        held = [asdict(step) for step in done.not_sent]
        print_json(
            {"steps": steps, "waiting": waiting, "not_sent": held, "not_understood": done.not_understood}
        )
        return code
    for step in done.steps:
        say(_line(step))
    for step in done.waiting:
        say(f"{step.deal} No. {step.number} waits: {step.said}")
    for line in lines_not_sent(done):
        say(line)
    for text in done.not_understood:
        say(f"a person has to read {text}")
    if not done.steps and not done.waiting and not done.not_sent:
        say("nothing is owed")
    return code


def lines_not_sent(done: Delivered) -> tuple[str, ...]:
    """Return a line for each released notice, or copy of it, that does not go, with the reason."""
    return tuple(
        f"{step.deal} No. {step.number} was released and is not sent: {step.said}"
        if not step.to
        else f"{step.deal} No. {step.number} to {step.to}: {step.state}; {step.said}"
        for step in done.not_sent
    )


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


def show_released(deal: str, released: Released, as_json: bool) -> int:
    """Return who released which notice, and what still keeps the notice from being sent."""
    notice, warnings = released.notice, released.warnings
    if as_json:
        print_json({"deal": deal, **notice.model_dump(mode="json"), "warnings": list(warnings)})
        return 0
    what = "sent as a draft" if notice.draft else f"released for the {notice.acts_for}"
    then = "it is not sent yet" if warnings else "`headroom deliver` sends it"
    say(f"{deal} No. {notice.number}: {what}, by {notice.released_by}; {then}")
    for warning in warnings:
        say(f"warning: {warning}")
    return 0


def show_acknowledged(deal: str, done: NoticeAcknowledged, as_json: bool) -> int:
    """Return whose receipt of which notice was acknowledged by whom."""
    if as_json:
        print_json({"deal": deal, **done.model_dump(mode="json")})
    else:
        say(f"{deal} No. {done.number}: receipt by the {done.to} acknowledged by {done.name}")
    return 0

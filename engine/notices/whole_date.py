"""Whether what a notice carries of its date is all that the log holds of it, and of nothing else.

The event that a notice states says how many entries tell of its date; they stand one after the other and it
is the last of them. Their numbers are proven by their paths, so none can be left out, put twice or taken from
another date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.basics.errors import VerificationFailed
from engine.basics.strict_json import read_json
from engine.basics.values import counted
from engine.events.kinds import KINDS, Determined, NotEvaluated, Tested
from engine.events.rates import ReferenceRate
from engine.events.standing import OF_A_DATE
from engine.notices.attachments import Attached
from engine.record.canonical import canonical

STATED = ("determined", "not evaluated")
"""Kinds of events that a notice states."""


class OfDate:
    """The events of one date as a notice carries them, read and found whole."""

    def __init__(self, attached: Sequence[Attached], stated: int) -> None:
        """Read them. Raises VerificationFailed if one is missing, surplus, twice or of another date."""
        self.attached = tuple(attached)
        bodies = [_body(one) for one in attached]
        payloads = [KINDS[body["kind"]].model_validate(body["payload"]) for body in bodies]
        self.event: dict[str, Any] = bodies[-1]
        if self.event["kind"] not in STATED:
            raise VerificationFailed(f"no notice states an event of kind `{self.event['kind']}`")
        entries = _counted(payloads[-1])
        # The stated event is the last of its date, so its count fixes the first number too.
        if [one.seq for one in attached] != list(range(stated + 1 - entries, stated + 1)):
            numbers = (
                f"{attached[0].seq} to {attached[-1].seq}" if len(attached) > 1 else f"{attached[0].seq}"
            )
            there = f"the date has {counted(entries, 'entries')}, up to number {stated}"
            raise VerificationFailed(
                f"date.jsonl is not the whole date: {there}; it holds {len(attached)}, {numbers}"
            )
        self.on = date.fromisoformat(self.event["effective_on"])
        for body in bodies:
            if body["kind"] in OF_A_DATE and body["effective_on"] != self.event["effective_on"]:
                raise VerificationFailed(
                    f"date.jsonl holds a {body['kind']} of {body['effective_on']}; the notice is of {self.on}"
                )
            if body["deal_file"] != self.event["deal_file"]:
                raise VerificationFailed("the entries of the date name different deal files")
        self.tested: list[Tested] = [payload for payload in payloads if isinstance(payload, Tested)]
        self.rates: list[ReferenceRate] = [
            payload for payload in payloads if isinstance(payload, ReferenceRate)
        ]


def _counted(payload: object) -> int:
    if isinstance(payload, NotEvaluated):
        return 1
    counted = payload.entries if isinstance(payload, Determined) else None
    # A date has at least its own event, so a count below one is not from a record.
    if counted is None or counted < 1:
        raise VerificationFailed(
            "the event does not say how many entries tell of its date, so none can be shown to be missing"
        )
    return counted


def _body(one: Attached) -> dict[str, Any]:
    body: dict[str, Any] = read_json(one.body)
    if canonical(body) != one.body:
        raise VerificationFailed(f"entry {one.seq} of the date is not in canonical form")
    return body

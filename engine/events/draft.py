"""An event before it is recorded: what the pure functions return."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from engine.basics.values import Fact


class Draft(Fact):
    """An event before it is recorded: what `one_date.evaluate` and other pure functions return."""

    kind: str
    subject: str
    effective_on: date
    payload: Any
    print: int = 1
    inputs: tuple[str, ...] = ()
    supersedes: str | None = None
    reason: str | None = None

    @property
    def key(self) -> str:
        """The idempotency key inside one log."""
        return f"{self.kind}|{self.subject}|{self.effective_on}|{self.print}"


class KeyParts(NamedTuple):
    """What the key of an event says of it, without its body."""

    kind: str
    subject: str
    effective_on: date
    print: int


def key_parts(key: str) -> KeyParts:
    """Return the parts of an event's key; a subject may itself hold the separator.

    Raises ValueError for a text that is not a key.
    """
    kind, _, rest = key.partition("|")
    subject, on, number = rest.rsplit("|", 2)
    return KeyParts(kind, subject, date.fromisoformat(on), int(number))

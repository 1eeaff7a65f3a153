"""An event before it is recorded: what the pure functions return."""

from __future__ import annotations

from datetime import date
from typing import Any

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

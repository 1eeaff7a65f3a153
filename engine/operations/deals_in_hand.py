"""The deals of a run that are evaluated and whose notices are made next.

They are few, because the past of each may be kept in memory until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.operations.deal_history import AT_MOST
from engine.operations.issue_notices import Outbox
from engine.operations.sign_checkpoints import sign_all
from engine.record.log import deal_log
from engine.workspace.workspace import Workspace

DEALS_AT_A_TIME = 32
"""Deals whose checkpoints are signed in one transaction, before their notices are made."""
EVENTS_AT_A_TIME = AT_MOST * 3 // 4
"""The most events of the logs of these deals that are kept in memory, and not read again for the notices.

A deal that began from a kept state has none of them there.
"""


@dataclass
class DealsInHand:
    """The names of the deals, and how many events of their logs are kept in memory."""

    deals: list[str] = field(default_factory=list)
    events: int = 0

    def add(self, deal: str, events: int) -> None:
        """Take one more deal, with so many events in memory."""
        self.deals.append(deal)
        self.events += events

    def full(self) -> bool:
        """Return whether the notices of these deals are to be made before another is evaluated."""
        return len(self.deals) >= DEALS_AT_A_TIME or self.events >= EVENTS_AT_A_TIME

    def issue(self, workspace: Workspace, outbox: Outbox) -> None:
        """Hand the notices of the deals to the outbox; then other deals are taken."""
        # So that the notices carry a signed checkpoint.
        sign_all(workspace, beside=False, logs=[deal_log(deal) for deal in self.deals])
        for deal in self.deals:
            outbox.issue(deal)
        self.deals, self.events = [], 0

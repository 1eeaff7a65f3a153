"""Crashes at every moment of a delivery: nothing is lost, at most one copy more goes, with the same id, and
the record says so.

Thirty crashes in a run of the tests, five hundred in a soak, as many as HEADROOM_KILLS says where it is set.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

import engine.delivery.deliver as delivering
from engine.basics.errors import WrongUsage
from engine.delivery.acknowledge import acknowledge
from engine.delivery.deliver import deliver
from engine.delivery.mail import Outcome, Relay
from engine.delivery.message import Envelope
from engine.delivery.outbox import deliveries
from engine.delivery.release import release
from engine.events.delivery import DeliveryBegun, DeliveryUnknown, NoticeSent
from engine.events.kinds import Event
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import Clock, Settled
from tests.operations.test_run import DEAL

MOMENTS = (
    "before it is begun",
    "after it is begun",
    "in the message",
    "after the reply",
    "after it is recorded",
)


class Crash(BaseException):
    """The program ends here."""


@dataclass
class Crashing:
    """A relay, and a record, that end the program at a moment of the test's choice."""

    moment: str = "never"
    got: list[bytes] = field(default_factory=list)

    def relay(self, _relay: Relay, envelope: Envelope, before_data: Callable[[], None]) -> Outcome:
        if self.moment == "before it is begun":
            raise Crash
        before_data()
        if self.moment == "after it is begun":
            raise Crash
        self.got.append(envelope.data)
        if self.moment in ("in the message", "after the reply"):
            raise Crash
        return Outcome("sent", "250 taken")

    def record(self, *given: Any) -> Any:
        done = RECORD(*given)
        if self.moment == "after it is recorded" and isinstance(given[2].payload, NoticeSent):
            raise Crash
        return done


RECORD: Any = delivering.record


def test_a_crash_anywhere_loses_nothing_and_sends_one_copy_more_at_most(
    settled: Settled, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, chance, crashes = settled(), random.Random(11), 0
    for number in (1, 2):
        release(base, DEAL, number, "A. Person", None, False, clock.scribe())
    base.store.close()
    wanted = int(os.environ.get("HEADROOM_KILLS", "500" if os.environ.get("HEADROOM_SOAK") else "30"))
    while crashes < wanted:
        root = tmp_path / f"after-{crashes}"
        shutil.copytree(base.root, root)
        workspace, crashing = Workspace(root, base.settings), Crashing()
        monkeypatch.setattr(delivering, "hand_over", crashing.relay)
        monkeypatch.setattr(delivering, "record", crashing.record)
        crashes += _crashed(workspace, crashing, clock, chance)
        events = read(workspace.store, deal_log(DEAL))
        ids: Counter[str] = Counter(
            message_from_bytes(data, policy=default)["Message-ID"] for data in crashing.got
        )
        _nothing_is_lost(crashing.got, ids, events)
        workspace.store.close()
        shutil.rmtree(root)


def _crashed(workspace: Workspace, crashing: Crashing, clock: Clock, chance: random.Random) -> int:
    """How often a delivery of two notices ended before it was done; at last it goes on to its end."""
    crashes = 0
    for _ in range(20):
        crashing.moment = chance.choice(MOMENTS)
        try:
            deliver(workspace, clock.scribe)
            break
        except Crash:
            crashes += 1
    crashing.moment = "never"
    for _ in range(3):
        deliver(workspace, clock.scribe)
    return crashes


def _nothing_is_lost(got: list[bytes], ids: Counter[str], events: Sequence[Event]) -> None:
    begun = Counter(one.payload.message_id for one in events if isinstance(one.payload, DeliveryBegun))
    assert max(ids.values()) <= 2
    assert len(set(got)) == len(ids)  # a second copy is the first again
    assert all(begun[id_] >= count for id_, count in ids.items())  # and the record has a line for each
    unknown = {one.payload.message_id for one in events if isinstance(one.payload, DeliveryUnknown)}
    assert {id_ for id_, count in ids.items() if count > 1} <= unknown
    states = [(to.state, to.copies <= 2) for notice in deliveries(events) for to in notice.addressees]
    assert set(states) <= {("sent", True), ("unknown", True)}
    assert len(states) == 6


def test_receipt_is_acknowledged_by_name_for_what_was_sent(settled: Settled, clock: Clock) -> None:
    workspace = settled(host=None, maildir="outgoing-mail")
    with pytest.raises(WrongUsage, match="was not sent"):
        acknowledge(workspace, DEAL, 1, "servicer", "A. Reader", "page", None, clock.scribe())
    release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    deliver(workspace, clock.scribe)
    with pytest.raises(WrongUsage, match=r"no notice No\. 1 to the landlord"):
        acknowledge(workspace, DEAL, 1, "landlord", "A. Reader", "page", None, clock.scribe())
    with pytest.raises(WrongUsage, match="has the name"):
        acknowledge(workspace, DEAL, 1, "servicer", " ", "page", None, clock.scribe())
    for _ in range(2):
        acknowledge(workspace, DEAL, 1, "servicer", "A. Reader", "page", None, clock.scribe())
    one = deliveries(read(workspace.store, deal_log(DEAL)))[0]
    assert [to.state for to in one.addressees] == ["acknowledged", "sent", "sent"]
    assert one.state == "sent"

"""Crashes at every moment of a delivery: nothing is lost, at most one copy more goes, with the same id, and the record says so.

Sixty crashes in a run of the tests, as many as HEADROOM_KILLS says where it is set.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import default
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
from tests.delivery.conftest import Clock, Settled
from tests.operations.test_run import DEAL

MOMENTS = ("before it is begun", "after it is begun", "in the message", "after the reply", "after it is recorded", "never")


class Crash(BaseException):
    """The program ends here."""


def test_a_crash_anywhere_loses_nothing_and_sends_one_copy_more_at_most(
    settled: Settled, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, chance = settled(), random.Random(11)
    got: list[bytes] = []
    moment = "never"

    def relay(_relay: Relay, envelope: Envelope, before_data: Callable[[], None]) -> Outcome:
        if moment == "before it is begun":
            raise Crash
        before_data()
        if moment == "after it is begun":
            raise Crash
        got.append(envelope.data)
        if moment in ("in the message", "after the reply"):
            raise Crash
        return Outcome("sent", "250 taken")

    recorded: Any = delivering.record

    def recording(*given: Any) -> Any:
        done = recorded(*given)
        if moment == "after it is recorded" and isinstance(given[2].payload, NoticeSent):
            raise Crash
        return done

    monkeypatch.setattr(delivering, "hand_over", relay)
    monkeypatch.setattr(delivering, "record", recording)
    for number in (1, 2):
        release(workspace, DEAL, number, "A. Person", None, False, clock.scribe())
    crashes = 0
    for _ in range(int(os.environ.get("HEADROOM_KILLS", "60"))):
        moment = chance.choice(MOMENTS[:-1])
        try:
            deliver(workspace, clock.scribe)
        except Crash:
            crashes += 1
    moment = "never"
    for _ in range(3):
        deliver(workspace, clock.scribe)
    events = read(workspace.store, deal_log(DEAL))
    ids: Counter[str] = Counter(message_from_bytes(data, policy=default)["Message-ID"] for data in got)
    assert crashes > 0
    _nothing_is_lost(got, ids, events)


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
    with pytest.raises(WrongUsage, match=r"no notice No\. 1 to a landlord"):
        acknowledge(workspace, DEAL, 1, "landlord", "A. Reader", "page", None, clock.scribe())
    with pytest.raises(WrongUsage, match="has the name"):
        acknowledge(workspace, DEAL, 1, "servicer", " ", "page", None, clock.scribe())
    for _ in range(2):
        acknowledge(workspace, DEAL, 1, "servicer", "A. Reader", "page", None, clock.scribe())
    one = deliveries(read(workspace.store, deal_log(DEAL)))[0]
    assert [to.state for to in one.addressees] == ["acknowledged", "sent", "sent"]
    assert one.state == "sent"

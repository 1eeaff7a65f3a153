"""The Acts `address changed` and `party replaced`: addressees follow from their date on (`rulings.md` 55)."""

from __future__ import annotations

from datetime import date

import pytest

from engine.basics.errors import WrongUsage
from engine.delivery.deliver import deliver
from engine.delivery.outbox import deliveries
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import ActRecorded
from engine.events.party_changes import with_parties
from engine.notices.due import owed_notices
from engine.notices.earlier_entries import earlier_entries
from engine.operations.record_act import record_act
from engine.terms.act_requirements import PARTY_ACTS
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import Clock, Relays, Settled
from tests.delivery.test_deliver import events, released
from tests.operations.test_run import DEAL

AGENT = "administrative_agent"


def act(workspace: Workspace, clock: Clock, kind: str, on: date, **details: str) -> None:
    from engine.assembly import all_templates

    said = ActRecorded(
        act=kind,
        document="Letter.pdf",
        sha256="0" * 64,
        effective_on=on,
        prepared_by="A",
        approved_by="B",
        details={"party": AGENT, **details},
    )
    record_act(workspace, find_deal(workspace, DEAL, all_templates()), said, clock.scribe())


def address(workspace: Workspace, day: date) -> tuple[str, str]:
    deal = next(event.payload for event in events(workspace) if isinstance(event.payload, DealAdopted))
    party = next(one for one in with_parties(deal, events(workspace), day).parties if one.role == AGENT)
    return party.name, party.notices


def test_addressees_follow_from_the_date_on(settled: Settled, relays: Relays, clock: Clock) -> None:
    workspace = settled()
    today = clock.scribe().at.date()
    name, before = address(workspace, today)
    act(workspace, clock, "address changed", today, address="new-desk@example.com")
    released(workspace, clock)
    deliver(workspace, clock.scribe)
    assert "new-desk@example.com" in [to for _, to, _ in relays.got]
    assert before not in [to for _, to, _ in relays.got]
    assert address(workspace, date(2020, 1, 1)) == (name, before)


def test_a_day_to_come_is_waited_for(settled: Settled, clock: Clock) -> None:
    workspace = settled()
    today, later = clock.scribe().at.date(), date(2030, 1, 2)
    name, before = address(workspace, today)
    act(workspace, clock, "party replaced", later, name="Second Agency LLC", address="second@example.com")
    assert address(workspace, today) == (name, before)
    assert address(workspace, later) == ("Second Agency LLC", "second@example.com")
    (first, *_) = deliveries(events(workspace), later)
    assert ("Second Agency LLC", "second@example.com") in [(to.name, to.address) for to in first.addressees]


def test_a_withdrawn_act_changes_nothing_and_notices_carry_both(settled: Settled, clock: Clock) -> None:
    workspace = settled()
    today = clock.scribe().at.date()
    before = address(workspace, today)
    act(workspace, clock, "address changed", today, address="wrong@example.com")
    changed = [event.payload for event in events(workspace) if isinstance(event.payload, ActRecorded)][-1]
    act(workspace, clock, "act withdrawn", today, names=changed.identity)
    assert address(workspace, today) == before
    log = list(events(workspace))
    owed = next(iter(owed_notices(log)))
    acts = [event.seq for event in log if isinstance(event.payload, ActRecorded)]
    assert set(acts) <= set(earlier_entries(log, owed))


@pytest.mark.parametrize(
    ("kind", "details", "said"),
    [
        ("address changed", {}, "--address"),
        ("party replaced", {"address": "a@example.com"}, "--name"),
        ("address changed", {"party": "mayor", "address": "a@example.com"}, "has no party `mayor`"),
    ],
)
def test_what_such_an_act_must_say(
    kind: str, details: dict[str, str], said: str, settled: Settled, clock: Clock
) -> None:
    workspace = settled()
    with pytest.raises(WrongUsage, match=said):
        act(workspace, clock, kind, clock.scribe().at.date(), **details)
    assert kind in PARTY_ACTS

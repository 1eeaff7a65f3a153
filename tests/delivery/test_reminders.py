"""Reminders, once each, to who owes; the digest of a Determination Date; who owes whom what, as one query."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default

from engine.delivery.deliver import deliver
from engine.delivery.release import release
from engine.events.delivery import ReminderSent
from engine.queries.due_dates import deadlines
from engine.queries.who_owes_whom import owed_of, who_owes_whom
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import Clock, Relays, Settled
from tests.operations.test_run import DEAL


def reminders(workspace: Workspace) -> list[ReminderSent]:
    return [
        one.payload for one in read(workspace.store, deal_log(DEAL)) if isinstance(one.payload, ReminderSent)
    ]


def test_who_owes_whom_what_names_reports_notices_and_their_days(settled: Settled) -> None:
    workspace = settled()
    found = who_owes_whom(workspace, date(2026, 1, 16))
    report = next(one for one in found if one.act == "report")
    assert (report.deal, report.who, str(report.by), report.days) == (DEAL, "servicer", "2026-01-21", 5)
    assert report.name == "Meridian Compute Services LLC"
    assert report.principal is not None
    assert list(found) == sorted(found, key=lambda one: one.by)
    late = [
        one
        for one in who_owes_whom(workspace, date(2026, 1, 30))
        if one.act == "report" and one.by == report.by
    ]
    assert [one.days for one in late] == [-9]


def test_a_reminder_goes_once_for_each_of_its_days(settled: Settled, relays: Relays, clock: Clock) -> None:
    workspace = settled(remind_days=(5, 1))
    for _ in range(3):
        deliver(workspace, clock.scribe)
    (first,) = [one for one in reminders(workspace) if one.act == "report"]
    assert (first.to, str(first.by), first.days_before) == ("servicer", "2026-01-21", 5)
    clock.at = datetime(2026, 1, 20, 15, tzinfo=UTC)
    for _ in range(3):
        deliver(workspace, clock.scribe)
    assert [one.days_before for one in reminders(workspace) if one.act == "report"] == [5, 1]
    messages = [
        message_from_bytes(data, policy=default)
        for _, address, data in relays.got
        if address == "servicing@example.com"
    ]
    assert len({message["Message-ID"] for message in messages}) == len(messages)
    text = messages[0].get_content()
    assert "It is not a notice under the agreement." in text


def test_a_reminder_that_no_relay_took_is_tried_again(settled: Settled, relays: Relays, clock: Clock) -> None:
    deliver(settled(remind_days=(5,), port=1), clock.scribe)
    assert reminders(settled()) == []
    deliver(settled(remind_days=(5,)), clock.scribe)
    assert reminders(settled()) != []


def test_the_digest_of_a_determination_date_goes_once_and_says_what_waits(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled(digest_to=("desk@agent.example",))
    deliver(workspace, clock.scribe)
    deliver(workspace, clock.scribe)
    (digest,) = [
        message_from_bytes(data, policy=default)
        for _, address, data in relays.got
        if address == "desk@agent.example"
    ]
    text = digest.get_content()
    assert "tests:" in text
    assert "No. 2, compliance, 2026-01-15: drafted" in text


def test_a_notice_that_the_deals_rule_gave_is_no_longer_owed(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    owed = [
        one
        for one in owed_of(DEAL, read(workspace.store, deal_log(DEAL)), date(2026, 1, 30))
        if one.act == "notify"
    ]
    for number in (1, 2):
        release(workspace, DEAL, number, "A. Person", None, False, clock.scribe())
    deliver(workspace, clock.scribe)
    clock.at += timedelta(days=10)
    deliver(workspace, clock.scribe)
    events = read(workspace.store, deal_log(DEAL))
    given = [
        one for one in deadlines(events) if one.due.act == "notify" and one.outcome.startswith("given on")
    ]
    still = [one for one in owed_of(DEAL, events, date(2026, 1, 30)) if one.act == "notify"]
    assert len(still) == len(owed) - len(given)

"""Reminders, once each, to who owes; the digest of a Determination Date; who owes whom what, as one query."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from engine.delivery.deliver import deliver
from engine.delivery.outbox import deliveries
from engine.delivery.release import release
from engine.demo import plan
from engine.events.delivery import ReminderSent
from engine.operations.run import Tools, run
from engine.queries.due_dates import deadlines
from engine.queries.who_owes_whom import owed_of, who_owes_whom
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.delivery.conftest import RULE, Clock, Relays, Settled
from tests.operations.taking import take
from tests.operations.test_run import DEAL, keep, paper


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


def failing(root: Path, tools: Tools, rule: str) -> Workspace:
    """A deal whose LTV failed on 8 January: No. 2 tells of it, by 15 January, and is given by a rule."""
    create(root, "Example Agent")
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    within = "within: 2 business days, cite: CA §6.04(a)"
    assert within in text
    text = text.replace(within, f"within: 5 business days, cite: CA §6.04(a), {rule}").replace("65%", "5%")
    (root / "deals" / f"{DEAL}.yaml").write_text(text, encoding="utf-8")
    found, at = opened(root), datetime(2026, 1, 8, 22, tzinfo=UTC)
    keep(found, plan.THURSDAYS[0], at)
    for report in plan.reports(plan.THURSDAYS[0]):
        if report.name.startswith(DEAL):
            take(found, report.text, report.name, report.received, tools.templates, Scribe("t", "t", at))
    run(found, plan.THURSDAYS[0], Tools(tools.templates, paper, at, "tester", lambda _: None))
    (number,) = [
        each.number
        for each in deliveries(read(found.store, deal_log(DEAL)))
        if each.notice.kind == "test_failed"
    ]
    assert number == 2
    return found


@pytest.mark.parametrize(
    ("rule", "day", "released", "words"),
    [
        (RULE, 9, True, None),  # given on the 13th, in time
        (
            RULE,
            14,
            True,
            "Notice No. 2 was sent. The rule of the deal makes it given on Friday 16 January 2026",
        ),
        (RULE, 9, False, "(CA §6.04(a))\n\nThis is a reminder."),  # it was not sent: it is owed as before
        (RULE.replace("2 business days after sending", "by Act"), 9, True, "Notice No. 2 was sent. By the "),
    ],
)
def test_a_notice_that_was_sent_is_not_reminded_of_as_if_it_were_not(
    settled: Settled,
    relays: Relays,
    clock: Clock,
    tools: Tools,
    tmp_path: Path,
    rule: str,
    day: int,
    released: bool,
    words: str | None,
) -> None:
    """A notice whose giving by the deal's rule comes in time needs nothing more of its giver."""
    mailed = settled(remind_days=(7,))
    found = failing(tmp_path / "failing", tools, rule)
    (found.root / "password").write_text("secret\n", encoding="utf-8")
    workspace = Workspace(found.root, mailed.settings)
    clock.at = datetime(2026, 1, day, 18, tzinfo=UTC)
    if released:
        release(workspace, DEAL, 2, "A. Person", None, False, clock.scribe())
    deliver(workspace, clock.scribe)
    sent = [one for one in reminders(workspace) if one.act == "notify"]
    texts = [
        message_from_bytes(data, policy=default).get_content()
        for _, address, data in relays.got
        if address == "servicing@example.com" and b"due on 2026-01-15: notify" in data
    ]
    if words is None:
        assert (sent, texts) == ([], [])
        clock.at += timedelta(days=5)
        deliver(workspace, clock.scribe)
        assert [one for one in reminders(workspace) if one.act == "notify"] == []
    else:
        assert len(sent) == 1
        assert words in texts[0].replace("\r\n", "\n")
    found.store.close()

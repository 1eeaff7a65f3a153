"""Notices on their way: released, sent through a relay with every failure that one has, returned, given by
the deal's rule alone.
"""

from __future__ import annotations

import mailbox
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.delivery.deliver import Delivered, deliver
from engine.delivery.mail import Relay
from engine.delivery.outbox import Delivery, deliveries
from engine.delivery.release import release
from engine.events.delivery import DeliveryBegun, DeliveryUnknown, NoticeGiven, NoticeSent
from engine.events.kinds import Event
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import Clock, Relays, Settled
from tests.operations.test_run import DEAL

TO = ("servicer", "administrative_agent", "indenture_trustee")


def events(workspace: Workspace) -> Sequence[Event]:
    return read(workspace.store, deal_log(DEAL))


def first(workspace: Workspace) -> Delivery:
    return deliveries(events(workspace))[0]


def states(workspace: Workspace) -> list[str]:
    return [one.state for one in first(workspace).addressees]


def released(workspace: Workspace, clock: Clock, number: int = 1) -> None:
    release(workspace, DEAL, number, "A. Person", None, False, clock.scribe())


def payloads(workspace: Workspace, kind: type) -> list[object]:
    return [event.payload for event in events(workspace) if isinstance(event.payload, kind)]


def test_nothing_is_sent_before_it_is_released(settled: Settled, relays: Relays, clock: Clock) -> None:
    workspace = settled()
    done = deliver(workspace, clock.scribe)
    assert (done.steps, relays.got) == ([], [])
    assert {one.number for one in done.waiting} == {1, 2}
    assert "draft until" in done.waiting[0].said
    assert first(workspace).state == "drafted"


def test_an_older_record_is_refused_within_the_lock_and_nothing_is_sent(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    """A program that puts an older copy back between the question and the message finds no gap."""
    workspace = settled()
    released(workspace, clock)

    def refuse(asked: Workspace) -> None:
        with pytest.raises(WrongUsage, match="another command is delivering"):
            deliver(asked, clock.scribe)
        raise VerificationFailed("this is an older copy of the record")

    with pytest.raises(VerificationFailed, match="older copy"):
        deliver(workspace, clock.scribe, refuse_older=refuse)
    assert relays.got == []
    deliver(workspace, clock.scribe, refuse_older=lambda _: None)
    assert len(relays.got) == 3


def test_only_who_acts_for_the_giver_releases_and_others_send_a_draft(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    with pytest.raises(WrongUsage, match=r"does not act for the servicer .* A\. Person does"):
        release(workspace, DEAL, 1, "B. Other", None, False, clock.scribe())
    release(workspace, DEAL, 1, "B. Other", None, True, clock.scribe())
    deliver(workspace, clock.scribe)
    assert len(relays.got) == 3
    message = message_from_bytes(relays.got[0][2], policy=default)
    assert message["Subject"].strip().startswith("DRAFT, not given: ")
    assert first(workspace).given_on is None
    released(workspace, clock)
    with pytest.raises(WrongUsage, match="was released"):
        released(workspace, clock)


def test_a_released_notice_is_sent_to_each_addressee_with_the_relays_reply(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    released(workspace, clock)
    done = deliver(workspace, clock.scribe)
    assert [(one.to, one.state, one.said) for one in done.steps] == [
        (role, "sent", "250 2.0.0 Ok: queued as 4F2") for role in TO
    ]
    sent = [one for one in payloads(workspace, NoticeSent) if isinstance(one, NoticeSent)]
    assert [(one.to, one.reply, one.by.partition(":")[0]) for one in sent] == [
        (r, "250 2.0.0 Ok: queued as 4F2", "localhost") for r in TO
    ]
    assert [address for _, address, _ in relays.got] == [
        "servicing@example.com",
        "agency@example.com",
        "abs@example.com",
    ]
    sender, _, data = relays.got[1]
    message = message_from_bytes(data, policy=default)
    assert message["Message-ID"].startswith("<1.administrative_agent.")
    assert sender.startswith("bounce+1.administrative_agent.")
    names = [part.get_filename() for part in message.iter_attachments()]
    assert [name.rpartition(".")[2] for name in names if name] == ["pdf", "ics"]
    body, page = message.get_body(("plain",)), message.get_body(("html",))
    assert body is not None
    assert page is not None
    assert "tests:" in body.get_content()
    assert "tests:" in page.get_content()
    assert not any(sign in message["Subject"] for sign in ("USD", "%"))
    again = deliver(workspace, clock.scribe)
    assert (again.steps, len(relays.got)) == ([], 3)


FAILURES = [
    ("greylisting", "deferred", "451 4.7.1"),
    ("full", "deferred", "452 4.2.2"),
    ("unknown user", "failed", "550 5.1.1"),
    ("refused", "failed", "554 5.6.0"),
    ("cut before it is taken", "unknown", "lost after the message began"),
    ("cut after it is taken", "unknown", "lost after the message began"),
]


@pytest.mark.parametrize(("mode", "state", "words"), FAILURES, ids=[one[0] for one in FAILURES])
def test_what_a_failure_means(
    settled: Settled, relays: Relays, clock: Clock, mode: str, state: str, words: str
) -> None:
    workspace = settled()
    released(workspace, clock)
    relays.mode = mode
    done = deliver(workspace, clock.scribe)
    assert {one.state for one in done.steps} == {state}
    assert words in done.steps[0].said
    assert set(states(workspace)) == {state}
    assert first(workspace).given_on is None
    relays.mode = "ok"
    deliver(workspace, clock.scribe)
    assert set(states(workspace)) == {"failed" if state == "failed" else "sent"}
    copies = Counter((address, data) for _, address, data in relays.got)
    assert set(copies.values()) <= {2 if mode == "cut after it is taken" else 1}


def test_a_relay_that_takes_a_message_and_answers_too_late_leaves_it_unknown(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    """The relay has the message, its `250` comes after our patience: unknown, then one more copy of the same
    bytes, said on record.
    """
    workspace = settled(timeout_seconds=1)
    released(workspace, clock)
    relays.mode = "slow to answer"
    assert {one.state for one in deliver(workspace, clock.scribe).steps} == {"unknown"}
    relays.mode = "ok"
    assert {one.state for one in deliver(workspace, clock.scribe).steps} == {"sent"}
    assert set(Counter((address, data) for _, address, data in relays.got).values()) == {2}
    assert len(payloads(workspace, DeliveryUnknown)) == 3
    assert deliver(workspace, clock.scribe).steps == []


def test_a_message_that_may_have_gone_twice_goes_no_third_time(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    released(workspace, clock)
    relays.mode = "cut after it is taken"
    for _ in range(4):
        deliver(workspace, clock.scribe)
    assert set(Counter(address for _, address, _ in relays.got).values()) == {2}
    assert len({data for _, _, data in relays.got}) == 3
    assert len(payloads(workspace, DeliveryUnknown)) == 6


def test_a_relay_that_is_down_for_a_weekend_loses_nothing_and_is_said_once(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled(port=1)
    released(workspace, clock)
    size = len(events(workspace))
    for _ in range(5):
        clock.at += timedelta(hours=12)
        deliver(workspace, clock.scribe)
    assert set(states(workspace)) == {"deferred"}
    assert len(events(workspace)) == size + 3
    assert first(workspace).given_on is None
    deliver(settled(), clock.scribe)
    assert set(states(workspace)) == {"sent"}


@pytest.mark.parametrize(
    "changed", [{"password_file": None, "user": None}, {"cafile": None}, {"security": "none"}]
)
def test_a_relay_that_does_not_know_us_or_that_we_do_not_know_gets_nothing(
    settled: Settled, relays: Relays, clock: Clock, changed: dict[str, object]
) -> None:
    workspace = settled(**changed)
    released(workspace, clock)
    done = deliver(workspace, clock.scribe)
    assert {one.state for one in done.steps} <= {"deferred", "failed"}
    assert relays.got == []
    assert payloads(workspace, DeliveryBegun) == []


WHEN = [
    (datetime(2026, 3, 27, 20, 59, tzinfo=UTC), "2026-03-31"),  # 16:59 in New York
    (datetime(2026, 3, 27, 21, 30, tzinfo=UTC), "2026-04-01"),  # 17:30
]


@pytest.mark.parametrize(("at", "on"), WHEN)
def test_a_notice_is_given_by_the_deals_rule(settled: Settled, clock: Clock, at: datetime, on: str) -> None:
    workspace = settled()
    clock.at = at
    released(workspace, clock)
    deliver(workspace, clock.scribe)
    assert first(workspace).given_on is None
    clock.at = datetime.fromisoformat(f"{on}T03:00:00+00:00")  # the evening before, where the deal is
    deliver(workspace, clock.scribe)
    assert first(workspace).given_on is None
    clock.at = datetime.fromisoformat(f"{on}T14:00:00+00:00")
    deliver(workspace, clock.scribe)
    assert (str(first(workspace).given_on), first(workspace).state) == (on, "given")
    assert len(payloads(workspace, NoticeGiven)) == 1


PLAIN = """Return-Path: <>
From: MAILER-DAEMON@q.example
To: {to}
Subject: failure notice

This is a permanent error; I've given up.
<agency@example.com>: Sorry, no mailbox here by that name. (#5.1.1)
"""
REPORT = """From: MAILER-DAEMON@relay.example
To: notices@agent.example
Subject: Delivery Status Notification
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

About your message
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; agency@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 No such user

--B
Content-Type: message/rfc822-headers

Message-ID: {id}

--B--
"""
AWAY = """From: anna@example.com
To: {to}
Subject: Automatic reply: on holiday
Auto-Submitted: auto-replied

I am away.
"""


def test_what_came_back_is_read_and_withdraws_what_was_given(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    released(workspace, clock)
    deliver(workspace, clock.scribe)
    clock.at += timedelta(days=7)
    deliver(workspace, clock.scribe)
    assert first(workspace).state == "given"
    sender = next(sender for sender, address, _ in relays.got if address == "agency@example.com")
    box = mailbox.Maildir(workspace.root / "returned", create=True)
    box.add(PLAIN.format(to=sender).encode())
    box.add(AWAY.format(to=sender).encode())
    done = deliver(workspace, clock.scribe)
    assert len(done.not_understood) == 1
    assert "holiday" in done.not_understood[0]
    assert states(workspace) == ["sent", "failed", "sent"]
    assert (first(workspace).given_on, first(workspace).state) == (None, "failed")
    assert (
        len(deliver(workspace, clock.scribe).not_understood) == 1
    )  # until a person has seen it; the other is read once


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [("failed", "5.1.1", "failed"), ("delivered", "2.0.0", "delivered"), ("delayed", "4.4.1", "sent")],
)
def test_a_report_of_delivery_is_read(
    settled: Settled, relays: Relays, clock: Clock, action: str, status: str, state: str
) -> None:
    workspace = settled()
    released(workspace, clock)
    deliver(workspace, clock.scribe)
    data = next(data for _, address, data in relays.got if address == "agency@example.com")
    id_ = message_from_bytes(data, policy=default)["Message-ID"]
    mailbox.Maildir(workspace.root / "returned", create=True).add(
        REPORT.format(action=action, status=status, id=id_).encode()
    )
    done = deliver(workspace, clock.scribe)
    assert (done.not_understood, states(workspace)) == ([], ["sent", state, "sent"])


def test_a_dry_run_says_and_records_nothing(settled: Settled, relays: Relays, clock: Clock) -> None:
    workspace = settled()
    released(workspace, clock)
    before = len(events(workspace))
    done = deliver(workspace, clock.scribe, dry_run=True)
    assert [(one.to, one.state) for one in done.steps] == [(role, "would be sent") for role in TO]
    assert (len(events(workspace)), relays.got) == (before, [])


def test_a_maildir_and_a_folder_take_messages_in_the_place_of_a_relay(settled: Settled, clock: Clock) -> None:
    from engine.workspace.delivery_settings import FolderSettings

    base = settled(host=None, maildir="outgoing-mail")
    folder = FolderSettings(path="pick-up", parties=("indenture_trustee",))
    workspace = Workspace(base.root, base.settings.model_copy(update={"folder": folder}))
    released(workspace, clock)
    deliver(workspace, clock.scribe)
    assert set(states(workspace)) == {"sent"}
    assert len(mailbox.Maildir(workspace.root / "outgoing-mail")) == 2
    assert sorted(path.suffix for path in (workspace.root / "pick-up" / "indenture_trustee").iterdir()) == [
        ".ics",
        ".json",
        ".pdf",
    ]


def test_a_file_that_was_changed_after_its_issue_is_not_sent(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    released(workspace, clock)
    path = workspace.root / first(workspace).notice.file
    path.write_bytes(path.read_bytes() + b"x")
    done = deliver(workspace, clock.scribe)
    assert (relays.got, [one.said for one in done.not_sent]) == (
        [],
        [f"{first(workspace).notice.file} is not the file that was issued; put that file back"],
    )


def test_what_is_done_is_said() -> None:
    assert (Delivered().steps, Relay("h", 25, "none").security) == ([], "none")

"""Send every notice that is owed and released, and read what came back.

A notice that is given by the deal's rule is recorded as given. A message is recorded before its data begins
and after the relay has taken it. A crash therefore loses nothing. It sends at most a second copy with the
same id and bytes, and the record says so. What could not be sent stays owed and is tried again.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePath

from engine.basics.errors import WrongUsage
from engine.basics.regular_files import bytes_in
from engine.basics.values import Fact
from engine.delivery.evidence import day_in, given, record, step, withdrawn
from engine.delivery.local_folder import into_maildir, into_pick_up
from engine.delivery.mail import Outcome, Relay, hand_over
from engine.delivery.message import Envelope, Sender, log_tag, message_id_of, notice_message
from engine.delivery.outbox import (
    COPIES,
    Addressee,
    Delivery,
    deemed_given,
    deliveries,
    not_sent,
    to_send,
    why_not_sent,
)
from engine.delivery.reminders import send_reminders
from engine.delivery.returned_mail import returned, seen
from engine.delivery.signed_links import link_key
from engine.events.deal_adopted import DealAdopted
from engine.events.delivery import (
    DeliveryBegun,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryUnknown,
    NoticeDelivered,
    NoticeSent,
)
from engine.events.kinds import Event
from engine.events.log_names import deals_among
from engine.queries.exports import as_calendar
from engine.record.log import Scribe, deal_log, read
from engine.workspace.calendar_tables import table_on_record
from engine.workspace.checkpoints import origin
from engine.workspace.delivery_settings import MailSettings, password_of
from engine.workspace.workspace import Workspace

LOCK = "delivery.lock"
"""The file that whoever delivers holds, so that no message is sent by two at once."""
ENDED = "the program ended between the message and its reply"
ScribeNow = Callable[[], Scribe]


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, or waits, for one notice and addressee."""

    deal: str
    number: int
    to: str
    state: str
    said: str


@dataclass
class Delivered:
    """What one round of deliveries did."""

    steps: list[Step] = field(default_factory=list)
    waiting: list[Step] = field(default_factory=list)
    """Notices that nobody has released."""
    not_sent: list[Step] = field(default_factory=list)
    """Released notices that do not go, each with the reason."""
    not_understood: list[str] = field(default_factory=list)
    """Messages that came in and that a person has to read."""


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    with (workspace.root / LOCK).open("a") as file:
        try:
            # A second round does not wait: the round that runs now sends what is owed.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUsage("another command is delivering from this workspace") from None
        yield


def deal_names(workspace: Workspace) -> list[str]:
    """Return the deals of the record, by name."""
    return list(deals_among(workspace.store.logs()))


def deliver(
    workspace: Workspace,
    scribe: ScribeNow,
    dry_run: bool = False,
    refuse_older: Callable[[Workspace], None] | None = None,
) -> Delivered:
    """Do one round: what came back is read, what is released is sent, what is given by rule is recorded.

    Args:
        workspace: the workspace; its `[mail]` says how.
        scribe: who records, with the clock of each step.
        dry_run: say what would be sent, and send and record nothing.
        refuse_older: raises VerificationFailed for a record that is older than what was made from it. Every
            command gives it: such a record does not know what was sent since.

    Raises:
        WrongUsage: `[mail]` is missing, or somebody else delivers.
        VerificationFailed: `refuse_older` has refused the record, and nothing is sent.
        Unavailable: the clock leapt ahead since the last use of the workspace.
    """
    mail = workspace.settings.mail
    if mail is None:
        raise WrongUsage(
            "headroom.toml has no [mail]: say how messages go out (docs/guides/sending-notices.md)"
        )
    done = Delivered()
    with _alone(workspace):
        # What is given by rule is given on a day, which a wrong clock would name for good.
        workspace.refuse_leap()
        # Asked within the lock: an older copy may have been put back while another command delivered.
        if refuse_older is not None:
            refuse_older(workspace)
        post = _Post(workspace, mail, scribe, done)
        # What came back is read first: it can keep a notice from being given in this very round.
        if not dry_run and mail.returned is not None:
            post.read_returned(mail.returned)
        for deal in deal_names(workspace):
            if dry_run:
                post.show(deal)
            else:
                # Sent before given: a notice that is given on its day of sending is recorded at once.
                post.send(deal)
                post.record_given(deal)
                post.remind(deal)
    return done


@dataclass
class _Post:
    workspace: Workspace
    mail: MailSettings
    scribe: ScribeNow
    done: Delivered
    _relay: Relay | None = None
    _read: dict[str, Sequence[Event]] = field(default_factory=dict)

    def events(self, deal: str) -> Sequence[Event]:
        """Return a deal's log, read again only if it has grown."""
        log, known = deal_log(deal), self._read.get(deal, ())
        with self.workspace.store.read() as reader:
            size = reader.size(log)
        # A log only grows, so its size tells whether what was read is still all of it.
        if not known or known[-1].seq + 1 != size:
            self._read[deal] = read(self.workspace.store, log)
        return self._read[deal]

    def deliveries(self, deal: str) -> tuple[Delivery, ...]:
        """Return a deal's notices with what became of them, under the parties and addresses of today."""
        events = self.events(deal)
        adopted = next(
            (event.payload for event in reversed(events) if isinstance(event.payload, DealAdopted)), None
        )
        return deliveries(events, None if adopted is None else day_in(adopted.time_zone, self.scribe().at))

    def show(self, deal: str) -> None:
        """Collect what would be sent, and what waits."""
        for delivery in self.deliveries(deal):
            self._held(deal, delivery)
            if to_send(delivery) and self._as_issued(deal, delivery) is None:
                continue
            self.done.steps += [
                Step(deal, delivery.number, to.role, "would be sent", to.address) for to in to_send(delivery)
            ]

    def send(self, deal: str) -> None:
        """Send what is owed of a deal, one message per addressee."""
        events = self.events(deal)
        for delivery in self.deliveries(deal):
            self._held(deal, delivery)
            if why_not_sent(delivery) is not None:
                continue
            file = self._as_issued(deal, delivery) if to_send(delivery) else None
            if file is not None:
                for to in to_send(delivery):
                    self._send(deal, events, delivery, to, file)
            # The last copy is not sent again; the record says only that nobody can tell whether it has gone.
            for to in (to for to in delivery.addressees if to.state == "sending" and to.copies >= COPIES):
                self._lost(deal, delivery, to)

    def _held(self, deal: str, delivery: Delivery) -> None:
        """Collect what waits for its release, and what was released and does not go."""
        why = why_not_sent(delivery)
        if delivery.release is None and why is not None:
            if delivery.given_on is None and not delivery.superseded:
                self.done.waiting.append(Step(deal, delivery.number, "", "drafted", why))
            return
        self.done.not_sent += [
            Step(deal, delivery.number, each.to, each.state, each.why) for each in not_sent(delivery)
        ]

    def _as_issued(self, deal: str, delivery: Delivery) -> bytes | None:
        """Return the bytes of a notice's file; None, and collected as not sent, if it was not issued so."""
        path = self.workspace.root / delivery.notice.file
        # A missing file has the hash of nothing, so it is refused like one that was changed.
        data = bytes_in(path) if path.is_file() else b""
        if sha256(data).hexdigest() == delivery.notice.sha256:
            return data
        why = f"{delivery.notice.file} is not the file that was issued; put that file back"
        self.done.not_sent.append(Step(deal, delivery.number, "", "released", why))
        return None

    def _send(
        self, deal: str, events: Sequence[Event], delivery: Delivery, to: Addressee, file: bytes
    ) -> None:
        log = origin(self.workspace, deal_log(deal))
        # The log as far as the notice: what was recorded since would give a second copy other bytes.
        upto = events[: next(n for n, event in enumerate(events) if event.payload is delivery.notice) + 1]
        # The bytes that were compared are the bytes that go: the file is not read a second time.
        name = PurePath(delivery.notice.file)
        files = [(name.name, file), (f"{name.stem}.ics", as_calendar(deal, upto).encode())]
        envelope = notice_message(log, deal, delivery, to, self.sender, upto, files)
        if to.state == "sending":  # a program that ended has left it so; it may have gone
            self._lost(deal, delivery, to)
        # A copy that may have gone keeps its number for itself; one that was put off never left.
        copy = to.copies + 1 if to.state in ("sending", "unknown") else max(1, to.copies)
        begun = self._begin(deal, delivery, to, envelope, copy)
        outcome, by = self._hand_over(to, envelope, files, begun)
        self._became(deal, delivery, to, envelope, copy, outcome, by)

    def _lost(self, deal: str, delivery: Delivery, to: Addressee) -> None:
        """Record that nobody can tell whether a copy has gone, because the program ended."""
        id_ = message_id_of(origin(self.workspace, deal_log(deal)), delivery, to.role, self.sender)
        lost = DeliveryUnknown(
            number=delivery.number, to=to.role, message_id=id_, copy_number=to.copies, why=ENDED
        )
        self._record(deal, delivery, to.role, lost, f"copy {to.copies}")

    def _begin(
        self, deal: str, delivery: Delivery, to: Addressee, envelope: Envelope, copy: int
    ) -> Callable[[], None]:
        def begun() -> None:
            payload = DeliveryBegun(
                number=delivery.number,
                to=to.role,
                address=to.address,
                message_id=envelope.message_id,
                sha256=envelope.sha256,
                copy_number=copy,
            )
            at = self.scribe().at
            self._record(deal, delivery, to.role, payload, f"copy {copy} at {at:%H:%M:%S.%f}")

        return begun

    def _hand_over(
        self, to: Addressee, envelope: Envelope, files: list[tuple[str, bytes]], begun: Callable[[], None]
    ) -> tuple[Outcome, str]:
        """Hand a message over the way that its addressee has chosen; what became of it, and by what."""
        folder = self.workspace.settings.folder
        if folder is not None and to.role in folder.parties:
            # Recorded first, as with a relay: a crash in between then shows that the files may lie there.
            begun()
            said = into_pick_up(self.workspace.root / folder.path, to.role, envelope.message_id, files)
            return Outcome("sent", said), f"folder {folder.path}"
        if self.mail.maildir is not None:
            begun()
            return Outcome(
                "sent", into_maildir(self.workspace.root / self.mail.maildir, envelope)
            ), f"maildir {self.mail.maildir}"
        return hand_over(self.relay, envelope, begun), f"{self.relay.host}:{self.relay.port}"

    def _became(
        self,
        deal: str,
        delivery: Delivery,
        to: Addressee,
        envelope: Envelope,
        copy: int,
        outcome: Outcome,
        by: str,
    ) -> None:
        at, of = self.scribe().at, {"number": delivery.number, "to": to.role}
        if outcome.became == "sent":
            of |= {"address": to.address, "message_id": envelope.message_id, "sha256": envelope.sha256}
            self._record(
                deal,
                delivery,
                to.role,
                NoticeSent(**of, copy_number=copy, by=by, reply=outcome.reply),
                f"copy {copy}",
            )
        elif outcome.became == "unknown":
            lost = DeliveryUnknown(**of, message_id=envelope.message_id, copy_number=copy, why=outcome.reply)
            self._record(deal, delivery, to.role, lost, f"copy {copy}")
        elif outcome.became == "failed":
            failed = DeliveryFailed(**of, address=to.address, reply=outcome.reply, found_by="relay")
            self._record(deal, delivery, to.role, failed, f"at {at:%H:%M:%S}")
        elif (
            to.state != "deferred" or to.said != outcome.reply
        ):  # a relay that is down for a weekend is said once, not every hour
            put_off = DeliveryDeferred(**of, address=to.address, reply=outcome.reply)
            self._record(deal, delivery, to.role, put_off, f"at {at:%H:%M:%S}")
        self.done.steps.append(Step(deal, delivery.number, to.role, outcome.became, outcome.reply))

    def _record(self, deal: str, delivery: Delivery, to: str, payload: Fact, more: str) -> None:
        scribe = self.scribe()
        record(self.workspace, deal, step(delivery, to, payload, scribe.at, more), scribe)

    def record_given(self, deal: str) -> None:
        """Record what is given by the deal's rule by now, and what a message that came back withdraws."""
        for delivery in self.deliveries(deal):
            table = table_on_record(self.workspace, delivery.calendar, self.events(deal))
            giving, scribe = deemed_given(delivery, table), self.scribe()
            if (
                delivery.given_on is None
                and giving is not None
                # A rule of Business Days may name a day that is still to come, by the deal's own clock.
                and giving.on <= day_in(delivery.zone, scribe.at)
            ):
                record(self.workspace, deal, given(delivery, giving), scribe)
                self.done.steps.append(
                    Step(deal, delivery.number, "", "given", f"{giving.rule}, on {giving.on}")
                )
            # A returned message undoes only what the rule gave; what an Act says was given stands.
            elif delivery.given_by_rule and giving is None and any(to.returned for to in delivery.addressees):
                record(self.workspace, deal, withdrawn(delivery, scribe.at), scribe)
                self.done.steps.append(
                    Step(deal, delivery.number, "", "given no more", "a message came back")
                )

    def remind(self, deal: str) -> None:
        """Send the reminders of a deal and its digest."""
        log, events = origin(self.workspace, deal_log(deal)), self.events(deal)
        for reminder, outcome in send_reminders(
            self.workspace, deal, log, events, self.sender, self._plain, self.scribe
        ):
            self.done.steps.append(
                Step(
                    deal, 0, reminder.role, f"reminder {outcome.became}", f"{reminder.what}; {outcome.reply}"
                )
            )

    def _plain(self, envelope: Envelope) -> Outcome:
        if self.mail.maildir is not None:
            return Outcome("sent", into_maildir(self.workspace.root / self.mail.maildir, envelope))
        return hand_over(self.relay, envelope, lambda: None)

    def read_returned(self, folder: str) -> None:
        """Record what came back; what is not understood stays for a person."""
        place = self.workspace.root / folder
        names = deal_names(self.workspace)
        logs = {
            log_tag(origin(self.workspace, deal_log(deal)), draft): deal
            for deal in names
            for draft in (False, True)
        }
        for letter in returned(place):
            deal = logs.get(letter.log)
            known = {each.number: each for each in self.deliveries(deal)} if deal else {}
            notice = known.get(letter.number or 0)
            if (
                deal is None
                or notice is None
                or letter.says == "not understood"
                or letter.role not in {to.role for to in notice.addressees}
            ):
                self.done.not_understood.append(f"{folder}/new/{letter.key}: {letter.reply}")
                continue
            to = next(each for each in notice.addressees if each.role == letter.role)
            if letter.says == "failed":
                failed = DeliveryFailed(
                    number=notice.number,
                    to=to.role,
                    address=to.address,
                    reply=letter.reply,
                    found_by="returned message",
                )
                self._record(deal, notice, to.role, failed, f"returned {letter.key[:40]}")
            elif letter.says == "delivered":
                there = NoticeDelivered(number=notice.number, to=to.role, reply=letter.reply)
                self._record(deal, notice, to.role, there, f"reported {letter.key[:40]}")
            seen(place, letter.key)
            self.done.steps.append(Step(deal, notice.number, to.role, letter.says, letter.reply))

    @property
    def sender(self) -> Sender:
        key = link_key(self.workspace) if self.mail.link else None
        return Sender(
            self.mail.name or self.workspace.settings.operator,
            self.mail.sender,
            self.mail.bounces,
            self.mail.link,
            key,
        )

    @property
    def relay(self) -> Relay:
        if self._relay is None:
            if self.mail.host is None:
                raise WrongUsage("[mail] names neither a relay (`host`) nor a `maildir`")
            password, mail = password_of(self.mail, self.workspace.root), self.mail
            self._relay = Relay(
                mail.host or "",
                mail.port,
                mail.security,
                mail.user,
                password,
                mail.timeout_seconds,
                mail.cafile,
            )
        return self._relay

"""The message that carries a notice to an addressee.

Each build gives the same bytes, so that a second copy equals the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from engine.basics.values import counted, long_date
from engine.delivery.message_body import MessageBody
from engine.delivery.outbox import Addressee, Delivery
from engine.delivery.page_answer import PageAnswer, page_answer
from engine.delivery.signed_links import LIVES, ReceiptLink, token_of
from engine.events.kinds import Counted, Determined, Event, Tested
from engine.events.standing import standing

KIND_WORDS = {
    "compliance": "compliance notice",
    "test_failed": "notice of a failed test",
    "event_of_default": "notice of an Event of Default indicated",
    "trigger_event": "notice of a trigger event",
    "cure": "notice of a cure",
    "correction": "Correction Notice",
    "not_evaluated": "report of a date not evaluated",
}
"""Each kind of notice in words."""


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom messages go, and where those go that come back: `bounce+12.agent@..` names the message."""

    name: str
    address: str
    bounces: str
    link: str | None = None
    """The address of the workspace's pages, if there are any."""
    link_key: bytes | None = None
    """The secret that signs the links by which receipt is acknowledged."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message: its envelope sender, its addressee, its id and its bytes."""

    sender: str
    recipient: str
    message_id: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the message's bytes, in hexadecimal."""
        return sha256(self.data).hexdigest()


def log_tag(origin: str, draft: bool = False) -> str:
    """Return ten hexadecimal digits that stand for a log in a message's id.

    Drafts have other digits, so that no mail server takes a notice for its draft.
    """
    return sha256(f"{origin}{' draft' if draft else ''}".encode()).hexdigest()[:10]


def tag_of(origin: str, number: int, role: str, draft: bool = False) -> str:
    """Return the tag that names a message in its id and in its envelope sender.

    The notice's number, the addressee's role and the log's origin make the tag.
    """
    return f"{number}.{role}.{log_tag(origin, draft)}"


def message_id_of(origin: str, delivery: Delivery, role: str, sender: Sender) -> str:
    """Return the Message-ID of a notice to an addressee."""
    draft = delivery.release is not None and delivery.release.draft
    return f"<{tag_of(origin, delivery.number, role, draft)}@{sender.address.rpartition('@')[2]}>"


def reminder_id_of(origin: str, subject: str, sender: Sender) -> str:
    """Return the Message-ID of a reminder.

    Each try has the same id, so that a mailbox shows the reminder once.
    """
    return f"<{log_tag(f'{origin}|{subject}')}.reminder@{sender.address.rpartition('@')[2]}>"


def notice_message(
    origin: str,
    deal: str,
    delivery: Delivery,
    to: Addressee,
    sender: Sender,
    events: Sequence[Event],
    files: Sequence[tuple[str, bytes]],
) -> Envelope:
    """Return the message of a notice to one addressee.

    Args:
        origin: the origin of the deal's log, from which the ids are made.
        deal: the deal's name.
        delivery: the notice.
        to: the addressee.
        sender: the address from which the message goes, and the one for returned mail.
        events: the deal's log, for the answer of a notice whose file carries no words.
        files: the notice and the calendar of its deadlines, by name.
    """
    draft = delivery.release is not None and delivery.release.draft
    kind = KIND_WORDS.get(delivery.notice.kind, "notice")
    subject = (
        f"{'DRAFT, not given: ' if draft else ''}{deal}: {kind} No. {delivery.number}, {delivery.states}"
    )
    tag = tag_of(origin, delivery.number, to.role, draft)
    message = _headed(
        sender,
        to.name,
        to.address,
        subject,
        message_id_of(origin, delivery, to.role, sender),
        delivery.issued_at,
    )
    notice = next((data for name, data in files if name.endswith(".pdf")), b"")
    body = _body(deal, delivery, to, kind, sender, events, page_answer(notice))
    message.set_content(body.as_text(), cte="quoted-printable")
    message.add_alternative(body.as_html(), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_headroom_words_{tag}")
    with_files = delivery.duty is None or delivery.duty.body != "link only"
    for name, data in files if with_files else ():
        main, sub = ("text", "calendar") if name.endswith(".ics") else ("application", "pdf")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    if message.get_content_subtype() == "mixed":
        message.set_boundary(f"=_headroom_{tag}")
    local, _, domain = sender.bounces.partition("@")
    return Envelope(
        f"{local}+{tag}@{domain}", to.address, str(message["Message-ID"]), message.as_bytes(policy=SMTP)
    )


def plain_message(
    sender: Sender, name: str, address: str, subject: str, text: str, message_id: str, at: datetime
) -> Envelope:
    """Return a message of text alone: a reminder, a digest."""
    message = _headed(sender, name, address, subject, message_id, at)
    message.set_content(text, cte="quoted-printable")
    return Envelope(sender.bounces, address, message_id, message.as_bytes(policy=SMTP))


def _headed(
    sender: Sender, name: str, address: str, subject: str, message_id: str, at: datetime
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(name, addr_spec=address)
    message["Subject"] = "".join(sign for sign in subject if sign.isprintable())
    message["Message-ID"] = message_id
    message["Date"] = at.replace(microsecond=0)
    message["Auto-Submitted"] = "auto-generated"
    return message


def _body(
    deal: str,
    delivery: Delivery,
    to: Addressee,
    kind: str,
    sender: Sender,
    events: Sequence[Event],
    page: PageAnswer | None,
) -> MessageBody:
    """Return the words of a message.

    They give the answer of page 1, or no figure at all, as the deal says. The attached document governs.
    """
    draft = delivery.release is not None and delivery.release.draft
    given_by = delivery.duty.given_by.replace("_", " ") if delivery.duty else "its giver"
    if delivery.duty is not None and delivery.duty.body == "link only":
        place = (
            f"{sender.link.rstrip('/')}/deals/{deal}/notices/{delivery.number}"
            if sender.link
            else "the agreed place"
        )
        answer: tuple[str, ...] = ()
        closing: tuple[str, ...] = (
            f"The document is at {place}.",
            "The agreement asks that no figure stands in this mail.",
        )
    else:
        answer = page.sentences if page is not None else tuple(answer_of(delivery.states, events))
        closing = (
            "The attached document governs where this mail differs. The calendar file has its deadlines.",
        )
    return MessageBody(
        to=to.name,
        mark=page.mark if page is not None else "",
        party=page.party if page is not None else "",
        title=f"{kind[0].upper()}{kind[1:]} No. {delivery.number}",
        about=f"{deal}, for {long_date(delivery.states)}",
        notes=(f"This is a draft. It becomes a notice when the {given_by} gives it.",) if draft else (),
        answer=answer,
        closing=closing,
        receipt=None if draft else _receipt(deal, delivery, to, sender),
    )


def _receipt(deal: str, delivery: Delivery, to: Addressee, sender: Sender) -> str | None:
    """Return the address at which an addressee acknowledges receipt; None without pages."""
    if not sender.link or not sender.link_key:
        return None
    link = ReceiptLink(deal, delivery.number, to.role, delivery.issued_at.date() + LIVES)
    return f"{sender.link.rstrip('/')}/a/{token_of(sender.link_key, link)}"


def answer_of(on: date, events: Sequence[Event]) -> list[str]:
    """Return the answer of a date in at most five lines.

    The lines say how many tests fail, the state of each, what is in effect, and what is due next.
    """
    of_date = [event.payload for event in standing(events) if event.effective_on == on]
    tested = [payload for payload in of_date if isinstance(payload, Tested)]
    failing = [test for test in tested if test.result.verdict.value == "FAIL"]
    undetermined = [test for test in tested if test.result.verdict.value == "NOT DETERMINED"]
    passing = len(tested) - len(failing) - len(undetermined)
    verdicts = (("pass", "passes", passing), ("fail", "fails", len(failing)))
    said = ", ".join(f"{count} {one if count == 1 else several}" for several, one, count in verdicts)
    lines = [f"{counted(len(tested), 'tests')}: {said}, {len(undetermined)} not determined."]
    if failing:
        lines.append(
            "Failing: "
            + "; ".join(f"{test.result.title}, {test.state.status.value}" for test in failing)
            + "."
        )
    if undetermined:
        lines.append("Not determined: " + "; ".join(test.result.title for test in undetermined) + ".")
    in_effect = [
        payload.state.trigger
        for payload in of_date
        if isinstance(payload, Counted) and payload.state.status.value == "IN EFFECT"
    ]
    if in_effect:
        lines.append(f"In effect: {', '.join(in_effect)}.")
    determined = [payload for payload in of_date if isinstance(payload, Determined)]
    due = min(determined[-1].due, key=lambda deadline: deadline.by, default=None) if determined else None
    if due is not None:
        lines.append(f"Next: by {due.by} the {due.who.replace('_', ' ')}: {due.what}.")
    return lines

"""What became of a notice after it was issued: one event per step, from its sending on per addressee.

The rulings are `rulings.md` 54 and 65. Issued is not given. Whoever acts for its giver releases a notice;
then it is sent, perhaps delivered or returned, and acknowledged. It is given only by the agreement's own rule
or the Act `notice given`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from engine.basics.values import Fact


class NoticeReleased(Fact):
    """The release of a notice for sending: who released it, and for which party."""

    number: int
    sha256: str
    """The hash of the notice's file, so that nothing else is sent under this release."""
    released_by: str
    acts_for: str | None
    """The party in `given_by` that the person acts for; None for a draft that somebody else sends."""
    approved_by: str | None = None
    draft: bool = Field(default=False, exclude_if=lambda said: not said)


class DeliveryBegun(Fact):
    """A message that is about to be handed over.

    It is recorded before, so that a crash cannot hide that the message may have gone.
    """

    number: int
    to: str
    """The addressee's role in the deal."""
    address: str
    message_id: str
    sha256: str
    """The hash of the message, byte for byte; a second copy is the same."""
    copy_number: int


class NoticeSent(Fact):
    """A message that a relay or a folder has accepted.

    The relay's last words are kept as the evidence.
    """

    number: int
    to: str
    address: str
    message_id: str
    sha256: str
    copy_number: int
    by: str
    reply: str


class DeliveryUnknown(Fact):
    """A message whose connection was lost after its data began, so it may have arrived.

    At most one more copy is sent, byte for byte the same.
    """

    number: int
    to: str
    message_id: str
    copy_number: int
    why: str


class DeliveryDeferred(Fact):
    """A message that was not accepted yet. It stays owed and is tried again."""

    number: int
    to: str
    address: str
    reply: str


class DeliveryFailed(Fact):
    """A message that was refused for good, or that came back."""

    number: int
    to: str
    address: str
    reply: str
    found_by: Literal["relay", "returned message"]


class NoticeDelivered(Fact):
    """A message that the addressee's own server says it has."""

    number: int
    to: str
    reply: str


class NoticeAcknowledged(Fact):
    """A receipt that a person acknowledged, with a typed name and a button, never by opening a link."""

    number: int
    to: str
    name: str
    how: Literal["page", "document"]
    document_sha256: str | None = None


class NoticeGiven(Fact):
    """A notice that was given to all of its addressees by the agreement's rule."""

    number: int
    kind: str
    clause: str | None
    states: date
    """The date that the notice states."""
    rule: str
    cite: str | None
    withdrawn: bool = Field(default=False, exclude_if=lambda said: not said)
    """Whether a message that came back withdraws the giving, by the agreement's rule."""


class ReminderSent(Fact):
    """A reminder of what somebody owes, sent once."""

    to: str
    address: str
    act: str
    what: str
    by: date
    days_before: int
    message_id: str
    reply: str


DELIVERY_KINDS: dict[str, type[Fact]] = {
    "notice released": NoticeReleased,
    "delivery begun": DeliveryBegun,
    "notice sent": NoticeSent,
    "delivery unknown": DeliveryUnknown,
    "delivery deferred": DeliveryDeferred,
    "delivery failed": DeliveryFailed,
    "notice delivered": NoticeDelivered,
    "notice acknowledged": NoticeAcknowledged,
    "notice given": NoticeGiven,
    "reminder sent": ReminderSent,
}
"""Each kind of event about a delivery and the type of its payload.

All of them rest on what people and relays said.
"""

STEP_WORDS: dict[type, str] = {
    # If nothing follows it, the process may have stopped before the message went or after.
    DeliveryBegun: "not known whether it arrived",
    DeliveryUnknown: "not known whether it arrived",
    DeliveryFailed: "failed",
    NoticeSent: "sent",
    NoticeDelivered: "delivered",
    NoticeAcknowledged: "acknowledged",
}
"""Each step for one addressee, in the words of every page and report (`rulings.md` 65)."""

"""Read returned messages from a maildir.

A returned message says that a notice's message failed, was put off, or was delivered. A message that is not
understood is left for a person. A plain bounce is found by the address that it was sent to, which names the
message. A report of delivery is found by its own fields.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_binary_file
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path
from typing import IO, Any, Literal

TAG = re.compile(r"(?P<number>\d+)\.(?P<role>[\w-]+)\.(?P<log>[0-9a-f]{10})@")
"""What names a message, in its id and in its envelope sender."""
PLAIN = re.compile(
    r"permanent error|could not be delivered|undeliver|delivery (has )?failed|no mailbox|user "
    r"unknown|5\.\d\.\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """One message that came in.

    Attributes:
        key: its key in the maildir.
        number: the number of the notice that the message is about; None if it names none.
        role: the addressee.
        log: the first digits of the hash of the log's origin.
        says: what it says of the notice; not understood is for a person.
        reply: its own words.
    """

    key: str
    number: int | None
    role: str
    log: str
    says: Literal["failed", "delayed", "delivered", "not understood"]
    reply: str


def _read(file: IO[Any]) -> EmailMessage:
    return message_from_binary_file(file, policy=default)


def returned(folder: Path) -> Iterator[Returned]:
    """Yield each message of a maildir that nobody has seen yet."""
    if not folder.is_dir():
        return
    box: Any = mailbox.Maildir(folder, factory=_read, create=False)  # type: ignore[arg-type]  # messages of the newer class
    for key in sorted(box.iterkeys()):
        # What a person or an earlier round has moved to `cur` was seen.
        if (folder / "new" / key).exists():
            yield understood(key, box[key])


def seen(folder: Path, key: str) -> None:
    """Move a message to those that were seen."""
    (folder / "cur").mkdir(exist_ok=True)
    (folder / "new" / key).rename(folder / "cur" / f"{key}:2,S")


def understood(key: str, message: Message) -> Returned:
    """Return what a returned message says, and of which notice.

    A message that the mail library cannot read is not understood.
    """
    try:
        return _understood(key, message)
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        RecursionError,
    ):  # of headers that break its parser
        return Returned(key, None, "", "", "not understood", "")


def _understood(key: str, message: Message) -> Returned:
    named = next((match for text in _places(message) if (match := TAG.search(text))), None)
    number = int(named["number"]) if named else None
    role, log = (named["role"], named["log"]) if named else ("", "")
    reports = list(_reports(message))
    for action, words in reports:
        # Other actions, such as `relayed` and `expanded`, do not say whether the addressee has it.
        if action in ("failed", "delivered", "delayed"):
            return Returned(key, number, role, log, action, words)  # type: ignore[arg-type]  # one of the three
    text = _text(message)
    empty_sender = (
        str(message.get("Return-Path", "")).strip() == "<>"
        or "mailer-daemon" in str(message.get("From", "")).lower()
    )
    # An answer by a person may quote such words; a bounce comes from an empty sender or a mail daemon.
    if not reports and empty_sender and PLAIN.search(text):
        return Returned(key, number, role, log, "failed", _first(text))
    return Returned(key, number, role, log, "not understood", str(message.get("Subject", ""))[:200])


def _places(message: Message) -> Iterator[str]:
    """Yield the texts in which a message may name the message that it is about.

    The address that it was sent to comes first, and then the id of the returned message.
    """
    for header in ("Delivered-To", "X-Original-To", "To"):
        yield str(message.get(header, ""))
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers"):
            inner = part.get_payload()
            if isinstance(inner, list):
                yield from (str(part["Message-ID"]) for part in inner[:1] if isinstance(part, Message))
            else:
                yield str(inner)
    yield _text(message)


def _reports(message: Message) -> Iterator[tuple[str, str]]:
    """Yield each report of delivery in a message: its action and its words."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if not isinstance(block, Message):
                continue
            action = str(block.get("Action", "")).strip().lower()
            if action:
                yield (
                    action,
                    " ".join(f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}".split())[:300],
                )


def _text(message: Message) -> str:
    texts = [
        part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "text/plain"
    ]
    return "\n".join(data.decode("utf-8", "replace") for data in texts if isinstance(data, bytes))


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if PLAIN.search(line)), "")[:300]

"""Hand a message to a mail relay, command by command.

`mail`, `rcpt` and `data` are sent separately, so that the relay's last reply is kept. A connection that is
lost before the data began has carried nothing. A connection that is lost later may have carried the message.
A single call that sends everything cannot tell the two apart.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.delivery.message import Envelope

Became = Literal["sent", "deferred", "failed", "unknown"]
"""What became of a message: taken over, not yet, refused for good, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail relay and how it is spoken to."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = None
    timeout: float = 60.0
    cafile: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, and the last words about it."""

    became: Became
    reply: str


def hand_over(relay: Relay, envelope: Envelope, before_data: Callable[[], None]) -> Outcome:
    """Hand one message to a relay.

    Args:
        relay: the relay.
        envelope: the message with its envelope.
        before_data: called once the relay has accepted sender and addressee, before any of the message is
            said.
    """
    try:
        server = _connected(relay)
    except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
        return _not_begun(error)
    try:
        refused = _addressed(server, envelope)
        if refused is not None:
            return refused
        before_data()
        return _said(server, envelope.data)
    except (OSError, smtplib.SMTPException) as error:
        return _not_begun(error)
    finally:
        server.close()


def _connected(relay: Relay) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=relay.cafile)
    if relay.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=relay.timeout, context=context
        )
    else:
        server = smtplib.SMTP(relay.host, relay.port, timeout=relay.timeout)
    try:
        if relay.security == "starttls":
            server.starttls(context=context)
        if relay.user is not None and relay.password is not None:
            server.login(relay.user, relay.password)
        server.ehlo_or_helo_if_needed()
    # An interrupt too must not leave the connection open.
    except BaseException:
        server.close()
        raise
    return server


def _addressed(server: smtplib.SMTP, envelope: Envelope) -> Outcome | None:
    """Say sender and addressee; what was refused, None if both were accepted."""
    for code, reply in (server.mail(envelope.sender), server.rcpt(envelope.recipient)):
        # 251 is an acceptance too: the relay forwards to where the addressee has moved.
        if code not in (250, 251):
            return Outcome(_by_code(code), f"{code} {_text(reply)}")
    return None


def _said(server: smtplib.SMTP, data: bytes) -> Outcome:
    """Say the message. From here on a lost connection means that nobody can tell whether it arrived."""
    try:
        code, reply = server.data(data)
    except smtplib.SMTPDataError as error:  # the relay answered before any of the message was said
        return Outcome(_by_code(error.smtp_code), f"{error.smtp_code} {_text(error.smtp_error)}")
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(
            "unknown", f"the connection was lost after the message began: {type(error).__name__}: {error}"
        )
    if code != 250:
        return Outcome(_by_code(code), f"{code} {_text(reply)}")
    return Outcome("sent", f"{code} {_text(reply)}")


def _not_begun(error: Exception) -> Outcome:
    """Return what an error before the data of a message means: nothing was carried.

    A refusal with a temporary code is deferred, and a permanent refusal has failed.
    """
    if isinstance(error, smtplib.SMTPResponseException):
        # A wrong password is the operator's to mend, and not the addressee's: the notice is tried again.
        temporary = error.smtp_code < 500 or isinstance(error, smtplib.SMTPAuthenticationError)
        return Outcome("deferred" if temporary else "failed", f"{error.smtp_code} {_text(error.smtp_error)}")
    return Outcome("deferred", f"{type(error).__name__}: {error}")


def _by_code(code: int) -> Became:
    # Only a clear refusal ends the attempts; after any other code the notice is tried again.
    return "failed" if 500 <= code < 600 else "deferred"


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", errors="replace") if isinstance(reply, bytes) else reply
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:500]

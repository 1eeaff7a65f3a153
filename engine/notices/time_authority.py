"""An RFC 3161 authority, asked for a time stamp within a bound of seconds and of bytes.

What it answers is checked before it is kept: its imprint, signature, chain, nonce, and a time of about now.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from engine.basics.errors import HeadroomError, VerificationFailed
from engine.notices import der
from engine.notices.time_token import SHA256, SLACK, UNREADABLE, Stamped, stamped

LARGEST_ANSWER = 32 * 1024
"""Bytes of the longest answer that is read; a token with its chain has a few thousand."""
BOOLEAN, TRUE, VERSION = 0x01, b"\xff", b"\x01"
GRANTED = (b"\x00", b"\x01")
"""The two states of an answer with a token: granted, and granted with changes (RFC 3161 section 2.4.2)."""
PIECE = 8192


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """An authority that stamps time.

    It has an address, the certificate that is believed, and the clock's reading.
    """

    url: str
    certificate_sha256: str
    now: datetime
    patience: float = 10.0
    """Seconds that it may take; a run does not wait for it longer."""


class NoTimeStamp(HeadroomError):
    """An authority gave no time stamp that holds."""


def token_over(data: bytes, authority: TimeAuthority) -> der.Element:
    """Return an authority's token over some bytes, checked as a verifier checks it.

    Raises NoTimeStamp: it refuses, stalls, cannot be reached; what it gives does not hold, or is of another
    time.
    """
    # The leading 1 keeps the integer positive and in its shortest form, whatever byte comes next.
    nonce = der.encoded(der.INTEGER, b"\x01" + secrets.token_bytes(8))
    answer = ask(authority.url, _request(data, nonce), authority.patience)
    try:
        token = _token(answer, authority.url)
        stamp = stamped(token, data, frozenset([authority.certificate_sha256]))
        # The place of the nonce varies, as optional parts may come before it. The first five are fixed.
        if nonce not in [part.whole for part in _statement(token)[5:]]:
            raise VerificationFailed("the time stamp answers another question than ours")
    except VerificationFailed as failed:
        raise NoTimeStamp(f"{authority.url}: {failed}") from failed
    except UNREADABLE as error:
        raise NoTimeStamp(
            f"{authority.url} gives no time stamp: its answer cannot be read ({type(error).__name__})"
        ) from error
    refuse_other(stamp, authority)
    return token


def refuse_other(stamp: Stamped, authority: TimeAuthority) -> None:
    """Refuse a stamp that the authority's certificate does not certify.

    A stamp of a time that is not now is refused too.

    Raises NoTimeStamp.
    """
    if not stamp.trusted:
        raise NoTimeStamp(
            f"{authority.url} stamps with a key that is not certified by {authority.certificate_sha256[:16]}"
        )
    # In both directions: a replayed old answer and an authority with a wrong clock are refused alike.
    if abs(stamp.at - authority.now) > SLACK:
        raise NoTimeStamp(
            f"{authority.url} says {stamp.at:%Y-%m-%d %H:%M} UTC, and the clock here "
            f"{authority.now:%Y-%m-%d %H:%M}"
        )


def ask(url: str, request: bytes, patience: float) -> bytes:
    """Return what an authority answers to a request in DER, at the latest after `patience` seconds.

    The bound holds for all of it: the look-up of the name, the connection, and an answer that comes in drops.

    Raises NoTimeStamp: it refuses, stalls, or cannot be reached.
    """
    answers: list[bytes | Exception] = []

    def asking() -> None:
        try:
            answers.append(_posted(url, request, patience))
        except (OSError, HTTPException, ValueError) as error:
            answers.append(error)

    # A socket's timeout does not bound the look-up of a name. A daemon does not hold up the end of a run.
    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(patience)
    answer = answers[0] if answers else TimeoutError()
    if isinstance(answer, TimeoutError):
        raise NoTimeStamp(f"{url} gives no time stamp: no answer within {patience:g} seconds")
    if isinstance(answer, Exception):
        raise NoTimeStamp(f"{url} gives no time stamp: {answer or type(answer).__name__}") from answer
    return answer


def _posted(url: str, request: bytes, patience: float) -> bytes:
    """Return the body of the answer to a request that is posted, read within bounds."""
    parts, end = urlsplit(url), time.monotonic() + patience
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=patience)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, request, {"Content-Type": "application/timestamp-query"})
        with connection.getresponse() as response:
            return _read(response, end)
    finally:
        connection.close()


def _read(response: HTTPResponse, end: float) -> bytes:
    kind = response.headers.get_content_type()
    if response.status != 200 or kind != "application/timestamp-reply":
        raise ValueError(f"it answers with status {response.status} and {kind}")
    pieces, length = [], 0
    while piece := response.read1(PIECE):
        length += len(piece)
        if length > LARGEST_ANSWER:
            raise ValueError(f"its answer has more than {LARGEST_ANSWER:,} bytes")
        # The socket's timeout starts anew with each piece, so an answer in drops would never end.
        if time.monotonic() > end:
            raise TimeoutError
        pieces.append(piece)
    return b"".join(pieces)


def _request(data: bytes, nonce: bytes) -> bytes:
    """Return a request for a stamp with the authority's certificates (RFC 3161 section 2.4.1)."""
    algorithm = der.encoded(der.SEQUENCE, SHA256, der.encoded(der.NULL))
    imprint = der.encoded(
        der.SEQUENCE, algorithm, der.encoded(der.OCTET_STRING, hashlib.sha256(data).digest())
    )
    version, certificates = der.encoded(der.INTEGER, VERSION), der.encoded(BOOLEAN, TRUE)
    return der.encoded(der.SEQUENCE, version, imprint, nonce, certificates)


def _token(answer: bytes, url: str) -> der.Element:
    """Return the token in an answer.

    Raises NoTimeStamp if the authority refuses, ValueError if the answer is in another form.
    """
    whole = der.first(answer)
    if whole.whole != answer or whole.tag != der.SEQUENCE:
        raise ValueError("another form")
    status, *rest = whole.parts
    if status.parts[0].content not in GRANTED or len(rest) != 1:
        raise NoTimeStamp(f"{url} gives no time stamp: it refuses (status {status.parts[0].content.hex()})")
    return rest[0]


def _statement(token: der.Element) -> tuple[der.Element, ...]:
    """Return the parts of the statement that a token signs, which `stamped` has found in its form."""
    inner = token.parts[1].only(der.SEQUENCE).parts[2]
    return der.first(inner.parts[1].only(der.OCTET_STRING).content).parts

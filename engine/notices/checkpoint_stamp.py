"""A time stamp of a checkpoint (RFC 3161): a text beside the note, which says over which bytes it is.

It is over the note's first five lines: the three that are signed, the empty one, and the signature of the
log's key. The note itself stays as it is, and cosignatures come after the fifth line. So whoever knows
nothing of stamps reads the note as ever, and a stamp holds before and after a trustee has cosigned.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from engine.basics.canonical_json import sha256_hex
from engine.basics.errors import VerificationFailed
from engine.basics.values import counted
from engine.notices import der
from engine.notices.time_token import UNREADABLE, Stamped, stamped
from engine.record.checkpoint import from_base64, stamped_bytes, verify
from engine.record.consistency import MINUTE, not_after
from engine.record.keys import Kind, VerifierKey

TITLE = "RFC 3161 time stamp of a checkpoint, over its first five lines"
WIDTH = 76
"""Characters of a line of the token."""
HEAD = 4
"""Lines before the token."""
WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
"""A size: bounded, because Python reads no number of thousands of digits."""
OTHER_FORM = "the time stamp is not in its form, or holds more than one token"


@dataclass(frozen=True, slots=True)
class CheckpointStamp:
    """What a stamp's text says: its log, the size, the SHA-256 of what it is over, and the token in DER."""

    origin: str
    size: int
    sha256: str
    token: bytes

    @property
    def text(self) -> str:
        """The text as it is written, in the one way in which it can be."""
        lines = wrap(base64.b64encode(self.token).decode(), WIDTH)
        return "\n".join((TITLE, self.origin, str(self.size), self.sha256, *lines)) + "\n"


def stamp_over(note: str, token: bytes) -> CheckpointStamp:
    """Return the stamp of a note: what stands beside it."""
    origin, size, *_ = note.split("\n")
    return CheckpointStamp(origin, int(size), sha256_hex(stamped_bytes(note)), token)


def read_stamp(text: str) -> CheckpointStamp:
    """Return what a stamp's text says; nothing of it is proven.

    Raises VerificationFailed: it is not in its form, or it holds more than the one token.
    """
    title, *rest = text.split("\n")
    if title != TITLE or len(rest) <= HEAD or not WHOLE.fullmatch(rest[1]):
        raise VerificationFailed(OTHER_FORM)
    origin, size, sha256, *lines = rest
    token = from_base64("".join(lines))
    stamp = CheckpointStamp(origin, int(size), sha256, token or b"")
    # Written again and compared, so that one stamp has one text and nothing can hide in spaces.
    if token is None or stamp.text != text:
        raise VerificationFailed(OTHER_FORM)
    return stamp


def time_of(text: str, note: str, keys: Iterable[VerifierKey], authorities: frozenset[str]) -> Stamped:
    """Return when a checkpoint was stamped, and by whom.

    Args:
        text: the stamp, as it stands beside the note.
        note: the checkpoint.
        keys: the log's keys as the verifier knows them.
        authorities: fingerprints of the certificates that are believed, of authorities or of who certifies
            them.

    Raises:
        VerificationFailed: the stamp is not in its form, is of another checkpoint or over other bytes, or
            does not hold; or the fifth line of the note is not the signature of the log's key.
    """
    said, over = read_stamp(text), stamped_bytes(note)
    logs = [key for key in keys if key.kind is Kind.LOG]
    # Over the five lines alone: if the fifth is a trustee's, the log's signature was not stamped.
    checkpoint = verify(over.decode(), logs).checkpoint
    if (said.origin, said.size) != (checkpoint.origin, checkpoint.size):
        raise VerificationFailed(
            f"the time stamp is of another checkpoint than {checkpoint.origin} at "
            f"{counted(checkpoint.size, 'entries')}"
        )
    if said.sha256 != sha256_hex(over):
        raise VerificationFailed(
            "the time stamp is over other bytes than the first five lines of this checkpoint"
        )
    try:
        token = der.first(said.token)
        if token.whole != said.token:
            raise VerificationFailed(OTHER_FORM)
        return stamped(token, over, authorities)
    except UNREADABLE as error:
        raise VerificationFailed(f"the time stamp cannot be read: {type(error).__name__}") from error


def time_of_log(
    text: str, note: str, bodies: Sequence[bytes], keys: Iterable[VerifierKey], authorities: frozenset[str]
) -> Stamped:
    """Return when a checkpoint was stamped, checked against the log's entries.

    An entry that the checkpoint covers must not have been recorded later.

    Raises as `time_of`; VerificationFailed too where an entry says a later time.
    """
    found = time_of(text, note, keys, authorities)
    covered = bodies[: int(note.split("\n")[1])]
    not_after(found.at, ((f"entry {n}", body) for n, body in enumerate(covered)), "time-stamped")
    return found


def stamp_words(stamp: Stamped, by: str = "the policy") -> str:
    """Return what a stamp says; one by an authority that `by` does not name proves no time."""
    whom = "" if stamp.trusted else f", whom {by} does not name: it proves no time"
    return f"time-stamped at {stamp.at:{MINUTE}} UTC by {stamp.fingerprint[:16]}{whom}"

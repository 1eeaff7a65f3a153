"""Signed checkpoints: the size and the root of a log (C2SP tlog-checkpoint and signed-note).

The operator signs a checkpoint after every run (signature type 0x01). A trustee who has checked that the log
only grew adds a cosignature with its own time (type 0x04, tlog-cosignature). Without a cosignature, the time
is the operator's word.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature

from engine.basics.errors import VerificationFailed
from engine.basics.values import counted
from engine.record.keys import Kind, SigningKey, VerifierKey
from engine.record.merkle import verify_consistency

LONGEST_NOTE = 64 * 1024
"""Bytes of the longest note that is read; a note has at least 16 signatures' room (signed-note)."""

_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
_ID, _TIME = 4, 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of the log that `origin` names."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the three lines that are signed: origin, size and root."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Growth:
    """A checkpoint that is held, and the consistency proof from it to a later one."""

    held: Checkpoint
    proof: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was verified: whose, of which kind, and for a cosignature when."""

    key: VerifierKey
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A checkpoint and those who signed it, of the keys that were given."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    @property
    def cosigned_at(self) -> datetime | None:
        """The earliest time that a trustee vouches for.

        None means that only the operator asserts the time.
        """
        return min((signature.at for signature in self.signatures if signature.at is not None), default=None)


def origin_of(operator: str, log: str) -> str:
    """Return the name of a log in its checkpoints: the operator's name, and the log's within it."""
    return f"{operator}/{log}"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the checkpoint as a note signed by the operator of the log.

    Raises:
        ValueError: the origin has line breaks or is empty, or `key` is a cosigner's.
    """
    # A line break in the origin would move the size and the root, and the signature would be over other
    # lines.
    if not checkpoint.origin or not checkpoint.origin.isprintable():
        raise ValueError(f"{checkpoint.origin!r} cannot name a log in a checkpoint")
    if key.kind is not Kind.LOG:
        raise ValueError(f"{key.name} is a cosigner's key; a log signs with a key of its own")
    return f"{checkpoint.text}\n{_line(key, key.sign(checkpoint.text.encode()))}"


def cosign(
    note: str, log_keys: Iterable[VerifierKey], key: SigningKey, at: datetime, since: Growth | None = None
) -> str:
    """Return the note with a trustee's cosignature added: as of `at`, this log has only grown.

    Args:
        note: a checkpoint signed by the log.
        log_keys: the log's keys as the trustee knows them.
        key: the trustee's cosigner key.
        at: the trustee's time.
        since: the last checkpoint of this log that the trustee cosigned, with the proof of growth; None for
            the first.

    Raises:
        VerificationFailed: the log's signature is missing or wrong, or the log did not only grow.
        ValueError: `key` is not a cosigner's.
    """
    if key.kind is not Kind.COSIGNER:
        raise ValueError(f"{key.name} is a log's key; a trustee cosigns with a key of its own")
    # Another trustee's cosignature does not replace the log's own signature, so only log keys count here.
    checkpoint = verify(note, [known for known in log_keys if known.kind is Kind.LOG]).checkpoint
    if since is not None:
        check_growth(since, checkpoint)
    # Whole seconds: the format signs the number as text, and the line holds the same number in 8 bytes.
    seconds = int(at.timestamp())
    signed = key.sign(_cosigned(checkpoint.text, seconds))
    return note + _line(key, seconds.to_bytes(_TIME, "big") + signed)


def check_growth(since: Growth, later: Checkpoint) -> None:
    """Check that `later` is what was held with entries added.

    Raises VerificationFailed if it is not shown to be.
    """
    held = since.held
    if later.origin != held.origin:
        raise VerificationFailed(f"the checkpoint is of {later.origin}, the one held is of {held.origin}")
    if later.size < held.size:
        raise VerificationFailed(
            f"{held.origin} had {counted(held.size, 'entries')} and now has {later.size}"
        )
    # Every log begins with the empty one, and RFC 9162 has not a proof for that.
    if held.size and not verify_consistency(held.size, later.size, since.proof, held.root, later.root):
        raise VerificationFailed(
            f"the first {counted(held.size, 'entries')} of {held.origin} are not what they were"
        )


def verify(note: str, keys: Iterable[VerifierKey]) -> Verified:
    """Read a signed checkpoint, trusting `keys` and nothing in the note.

    Signatures of other keys are passed over; one of a known key that fails condemns the note (signed-note).

    Raises:
        VerificationFailed: the note is not well formed, no known key signed it, or a known key's signature
            fails.
    """
    text, lines = _split(note)
    checkpoint = _checkpoint(text)
    known = {(key.name, key.id): key for key in keys}
    signed: dict[VerifierKey, Signature] = {}
    for line in lines:
        name, raw = _signature(line)
        key = known.get((name, raw[:_ID]))
        if key is not None:
            # A second line of the same key is checked too: a wrong one condemns the note. The first counts.
            signed.setdefault(key, _verified(key, text, raw[_ID:]))
    if not signed:
        raise VerificationFailed(f"no known key signed the checkpoint of {checkpoint.origin}")
    return Verified(checkpoint, tuple(signed.values()))


def with_cosignatures(note: str, other: str, trustees: Iterable[VerifierKey]) -> str:
    """Return the note with the cosignatures of `other` that it lacks.

    Both notes are of the same checkpoint. Each trustee's first cosignature stands.

    Raises VerificationFailed: one of the notes is not well formed, they are of different checkpoints, or a
    trustee's signature fails.
    """
    known = {(key.name, key.id): key for key in trustees}
    (text, lines), (same, more) = _split(note), _split(other)
    # The text is compared whole, since a signature over another size or root vouches for another log.
    if text != same:
        raise VerificationFailed("the cosigned note is of another checkpoint")
    there = {(name, raw[:_ID]) for name, raw in map(_signature, lines)}
    for line in more:
        name, raw = _signature(line)
        key = known.get((name, raw[:_ID]))
        if key is not None and (name, raw[:_ID]) not in there:
            # Verified before it is added: a wrong line of a known key would make the whole note unreadable.
            _verified(key, text, raw[_ID:])
            there.add((name, raw[:_ID]))
            note += f"{line}\n"
    return note


def signed_by_others(note: str, keys: Iterable[VerifierKey]) -> tuple[str, ...]:
    """Return names in signature lines that none of `keys` made: whose they are is not known.

    Raises VerificationFailed if malformed.
    """
    known = {(key.name, key.id) for key in keys}
    lines = (_signature(line) for line in _split(note)[1])
    return tuple(dict.fromkeys(name for name, raw in lines if (name, raw[:_ID]) not in known))


def stated(note: str) -> Checkpoint:
    """Return what a note says, whoever signed it; nothing of it is proven.

    Raises VerificationFailed if it is not well formed.
    """
    return _checkpoint(_split(note)[0])


def has_line_of(note: str, key: VerifierKey) -> bool:
    """Return whether a note has a signature line of a key; the signature is not checked.

    Raises VerificationFailed if malformed.
    """
    return any((name, raw[:_ID]) == (key.name, key.id) for name, raw in map(_signature, _split(note)[1]))


STAMPED_LINES = 5
"""How many lines of a note a time stamp covers.

They are the three that are signed, the empty line, and the log's signature.
"""
BESIDE = ".stamp"
"""What follows the name of a note's file in the name of its time stamp's."""


def stamped_bytes(note: str) -> bytes:
    """Return what of a note is time-stamped: its first five lines, each with its line feed."""
    # Not `splitlines`: it parts a line at other characters too, which a log's name may hold.
    return "".join(f"{line}\n" for line in note.split("\n")[:STAMPED_LINES]).encode()


def stamp_name(note: str) -> str:
    """Return the name of a note's stamp: the stamped bytes decide it, so no stamp takes another's place."""
    return f"{int(note.split(chr(10))[1]):08d}-{sha256(stamped_bytes(note)).hexdigest()[:16]}{BESIDE}"


def malformed(note: str) -> str | None:
    """Return what keeps a note from being read as a signed checkpoint.

    The result is None if the note has the form of a checkpoint, whoever signed it.
    """
    try:
        text, lines = _split(note)
        _checkpoint(text)
        for line in lines:
            _signature(line)
    except VerificationFailed as error:
        return str(error)
    return None


def holds_all_of(note: str, other: str) -> bool:
    """Return whether a note is of the same checkpoint as `other` and has every signature that `other` has.

    Raises as `verify`.
    """
    (text, lines), (same, some) = _split(note), _split(other)
    # The order of the lines does not matter: trustees cosign in any order.
    return text == same and set(some) <= set(lines)


def newest(notes: Iterable[tuple[int, str]]) -> tuple[int, str] | None:
    """Return the size and the note of the greatest size.

    Of several notes of that size, the one that was saved last counts, since it has every cosignature.
    Without notes the result is None.
    """
    # `max` returns the first of several equals, so the newest must come first.
    return max(reversed(list(notes)), key=lambda note: note[0], default=None)


def _verified(key: VerifierKey, text: str, raw: bytes) -> Signature:
    try:
        if key.kind is Kind.LOG:
            key.verify(raw, text.encode())
            return Signature(key, None)
        seconds = int.from_bytes(raw[:_TIME], "big")
        key.verify(raw[_TIME:], _cosigned(text, seconds))
        return Signature(key, datetime.fromtimestamp(seconds, UTC))
    except (InvalidSignature, OverflowError, ValueError, OSError) as error:
        raise VerificationFailed(f"the signature of {key.name} is not over this checkpoint") from error


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _line(key: SigningKey, signature: bytes) -> str:
    return f"— {key.name} {base64.b64encode(key.verifier.id + signature).decode()}\n"


def _split(note: str) -> tuple[str, list[str]]:
    """Return the text that was signed, with its last newline, and the signature lines."""
    # Checked first, so that nothing unbounded is decoded and no terminal is sent control characters.
    if len(note) > LONGEST_NOTE or any(ch < " " and ch != "\n" for ch in note):
        raise VerificationFailed("the checkpoint is too long or holds control characters")
    # The last empty line parts text and signatures (signed-note): the text itself might hold one.
    text, gap, rest = note.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise VerificationFailed("the checkpoint has no signature lines after an empty line")
    return f"{text}\n", rest[:-1].split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE.fullmatch(line)
    raw = None if match is None else from_base64(match[2])
    # `<=` and not `<`: a line that has only the four bytes of the key's id holds no signature.
    if match is None or raw is None or len(raw) <= _ID:
        raise VerificationFailed("the checkpoint has a malformed signature line")
    return match[1], raw


def _checkpoint(text: str) -> Checkpoint:
    origin, *rest = text[:-1].split("\n")
    # Extension lines are allowed by the format; ours has none, and nobody could audit them.
    if not origin or len(rest) != 2 or not _WHOLE.fullmatch(rest[0]):
        raise VerificationFailed("a checkpoint is three lines: origin, size and root")
    root = from_base64(rest[1])
    if root is None or len(root) != 32:
        raise VerificationFailed(f"the checkpoint of {origin} has no SHA-256 root")
    return Checkpoint(origin, int(rest[0]), root)


def from_base64(text: str) -> bytes | None:
    """Return the bytes of a base64 text, or None if it is not written the one way in which it can be."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Unused bits at the end can differ: one signature would then have several texts, and so several lines.
    return raw if base64.b64encode(raw).decode() == text else None

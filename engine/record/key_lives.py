"""The lives of keys: which key signs a log from which entry on (`rulings.md` 66).

The log's own entries say it, each signed. A checkpoint by a key that has ended counts only as a shown first
part of a checkpoint by a key that lives.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature

from engine.basics.errors import VerificationFailed
from engine.basics.strict_json import read_json
from engine.events.key_replaced import KeyReplaced, KeySignature
from engine.record.checkpoint import Checkpoint, Verified, from_base64, verify
from engine.record.keys import BadKey, Kind, SigningKey, VerifierKey, parse_verifier
from engine.record.merkle import leaf_hash, root

KIND = "key replaced"
"""The kind of the event that says it."""
HEADER = "headroom/key-replaced/v1"
"""The first line of what is signed, which no checkpoint and no cosignature begins with."""
_MARK = f'"kind":"{KIND}"'.encode()


@dataclass(frozen=True, slots=True)
class Handover:
    """What is signed when a key of a log is replaced.

    It names the log, both keys, the reason, the day, and the last checkpoint of the old key.
    """

    last: Checkpoint
    old: VerifierKey
    new: VerifierKey
    why: str
    on: date

    @property
    def message(self) -> bytes:
        """Return the bytes that are signed.

        They hold the header, the log's name, both keys, the reason, the day, the size and the root.
        """
        said = (
            HEADER,
            self.last.origin,
            self.old.text,
            self.new.text,
            self.why,
            str(self.on),
            str(self.last.size),
            self._root,
        )
        return "".join(f"{line}\n" for line in said).encode()

    def signed(self, keys: Iterable[SigningKey]) -> tuple[KeySignature, ...]:
        """Return the signatures of some keys over the message."""
        return tuple(
            KeySignature(key=key.verifier.text, signature=base64.b64encode(key.sign(self.message)).decode())
            for key in keys
        )

    def event(self, signatures: Iterable[KeySignature]) -> KeyReplaced:
        """Return the event by which the log records the replacement."""
        why: Any = self.why
        signed = tuple(signatures)
        return KeyReplaced(
            old=self.old.text,
            new=self.new.text,
            why=why,
            size=self.last.size,
            root=self._root,
            signatures=signed,
        )

    @property
    def _root(self) -> str:
        return base64.b64encode(self.last.root).decode()


@dataclass(frozen=True, slots=True)
class End:
    """When a key ended: the day, and the number of the entry that says so.

    The number is None if only the verifier's policy says that the key ended.
    """

    on: date
    seq: int | None
    by: VerifierKey | None = None
    why: str = "replaced"


@dataclass(frozen=True, slots=True)
class KeyLives:
    """The log keys that a verifier trusts for a log.

    It holds the trusted keys, the keys that followed them, and when each key ended.
    """

    trusted: tuple[VerifierKey, ...]
    followed: tuple[VerifierKey, ...] = ()
    """Keys that are trusted because one that was trusted handed the log on to them."""
    ends: Mapping[VerifierKey, End] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Return every log key by which a signature on this log is read."""
        return tuple(dict.fromkeys((*self.trusted, *self.followed)))

    def after_its_end(self, found: Verified) -> End | None:
        """Return the end of the key that signed a checkpoint after the key had ended.

        The result is None if a living key signed the checkpoint too.
        """
        signers = _log_keys_of(found)
        known = [end for key in signers if (end := self.ends.get(key)) is not None]
        # `<` and not `<=`: a checkpoint of `seq` entries ends just before the entry that replaces the key.
        ends = [end for end in known if end.seq is not None and end.seq < found.checkpoint.size]
        # A living key that signed too vouches for the checkpoint, so one ended signer takes nothing away.
        return ends[0] if signers and len(ends) == len(signers) else None

    def ended(self, found: Verified) -> End | None:
        """Return the end of the key that signed a checkpoint, if no living key signed it.

        Such a checkpoint counts only as a shown first part of another.
        """
        ends = [self.ends.get(key) for key in _log_keys_of(found)]
        return next((end for end in ends if end is not None), None) if ends and None not in ends else None


def _log_keys_of(found: Verified) -> list[VerifierKey]:
    return [signature.key for signature in found.signatures if signature.key.kind is Kind.LOG]


def key_lives(
    bodies: Sequence[bytes],
    origin: str,
    keys: Iterable[VerifierKey],
    ended: Mapping[VerifierKey, date] | None = None,
) -> KeyLives:
    """Return the keys of a log by its own entries, beginning with those that a verifier trusts.

    Args:
        bodies: the entries of the log, from its first.
        origin: its name in checkpoints.
        keys: the log keys and cosigners that the verifier trusts.
        ended: keys that the verifier's policy says have ended, with the day.

    Raises:
        VerificationFailed: an entry says that a key was replaced, and is not signed as it must be, or
            contradicts another.
    """
    known, said = tuple(keys), dict(ended or {})
    cosigners = [key for key in known if key.kind is Kind.COSIGNER]
    # Keys that the policy has ended are still read: what they signed may be shown as a first part.
    trusted = tuple(dict.fromkeys((*(key for key in known if key.kind is Kind.LOG), *said)))
    ends = {key: End(on, None) for key, on in said.items()}
    followed: list[VerifierKey] = []
    seen: set[VerifierKey] = set()
    for seq, on, event in _replacements(bodies):
        step = _step(bodies, seq, on, event, origin)
        # A key ends once and never comes back. Otherwise a stolen old key could take the log over again.
        if (step.old in ends and ends[step.old].seq is not None) or step.new in seen or step.new == step.old:
            raise VerificationFailed(
                f"entry {seq} replaces a key that had ended, or by one that had signed before: "
                f"{step.old.name}"
            )
        _signed_as_it_must_be(seq, step, event, cosigners)
        # A key that the policy has ended may be stolen, so it cannot name its follower by itself.
        hands_on = step.old in (*trusted, *followed) and (step.old not in said or step.why != "replaced")
        if hands_on and step.new not in trusted:
            followed.append(step.new)
        ends[step.old] = End(on, seq, step.new, step.why)
        seen |= {step.old, step.new}
    return KeyLives(trusted, tuple(followed), ends)


def _replacements(bodies: Sequence[bytes]) -> Iterator[tuple[int, date, KeyReplaced]]:
    """Yield the entries that replace a key, each with its number and its day.

    Raises VerificationFailed for one that cannot be read.
    """
    for seq, body in enumerate(bodies):
        # A quick look spares parsing every entry. Canonical JSON writes the mark in this one way.
        if _MARK not in body:
            continue
        try:
            event = read_json(body)
            # The mark may also stand inside a payload, so the kind itself decides.
            if event["kind"] == KIND:
                yield (
                    seq,
                    date.fromisoformat(event["effective_on"]),
                    KeyReplaced.model_validate(event["payload"]),
                )
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise VerificationFailed(f"entry {seq} replaces a key and cannot be read") from error


def _step(bodies: Sequence[bytes], seq: int, on: date, event: KeyReplaced, origin: str) -> Handover:
    """Return what the signatures of an entry must be over.

    Raises VerificationFailed if its keys or its first part are not what they say.
    """
    try:
        old, new = parse_verifier(event.old), parse_verifier(event.new)
    except BadKey as bad:
        raise VerificationFailed(f"entry {seq} replaces a key and cannot be read: {bad}") from bad
    # A trustee's key that could sign a log would cosign itself.
    if {old.kind, new.kind} != {Kind.LOG}:
        raise VerificationFailed(f"entry {seq} replaces a log's key by a trustee's, or the other way round")
    stated = from_base64(event.root)
    if (
        stated is None
        # `<=`: the old key may have signed everything before this entry, but not the entry itself.
        or not 0 <= event.size <= seq
        or root([leaf_hash(body) for body in bodies[: event.size]]) != stated
    ):
        raise VerificationFailed(
            f"entry {seq} replaces a key; the entries before it are not the ones that it states"
        )
    return Handover(Checkpoint(origin, event.size, stated), old, new, event.why, on)


def _signed_as_it_must_be(
    seq: int, step: Handover, event: KeyReplaced, cosigners: Sequence[VerifierKey]
) -> None:
    """Check that both keys sign a replacement, or the new key and a cosigner if the old one is gone.

    The old key is gone if it is lost or stolen. Raises VerificationFailed.
    """
    signed = {one.key: one.signature for one in event.signatures}

    def by(key: VerifierKey) -> bool:
        raw = from_base64(signed.get(key.text, ""))
        try:
            # A missing signature is verified as an empty one, which fails like a wrong one.
            key.verify(raw or b"", step.message)
        except (InvalidSignature, ValueError):
            return False
        return True

    if not by(step.new):
        raise VerificationFailed(
            f"entry {seq} replaces the key of {step.last.origin}, and the new key did not sign that"
        )
    if step.why == "replaced" and not by(step.old):
        raise VerificationFailed(
            f"entry {seq} replaces the key of {step.last.origin}, and the old key did not sign that"
        )
    if step.why != "replaced" and not any(by(key) for key in cosigners):
        raise VerificationFailed(
            f"entry {seq} replaces the key of {step.last.origin}, which was {step.why}, and no cosigner "
            "that you trust signed that"
        )


def living(note: str, lives: KeyLives, keys: Iterable[VerifierKey] = ()) -> Verified:
    """Return a checkpoint read by a log's keys and by cosigners, if its key had not ended by its last entry.

    Raises VerificationFailed: no known key signed it, a signature fails, or the key that signed it had ended
    before.
    """
    found = verify(note, (*lives.keys, *(key for key in keys if key.kind is Kind.COSIGNER)))
    end = lives.after_its_end(found)
    if end is not None:
        raise VerificationFailed(
            f"the checkpoint of {found.checkpoint.origin} at {found.checkpoint.size} entries is signed by a "
            f"key that ended on {end.on}, at entry {end.seq}"
        )
    return found


def called(key: VerifierKey) -> str:
    """Return a key as a person tells it from others: its name, and the eight digits of its id."""
    return f"{key.name} ({key.id.hex()})"

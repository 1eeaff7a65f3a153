"""Ed25519 keys of logs and trustees, as C2SP's signed-note writes them.

A verifier key is one line of text, `name+id+key`, to be handed to whoever verifies; a private key is the same
with `PRIVATE+KEY+` before it, in a file that only its owner can read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.basics.errors import HeadroomError
from engine.basics.files import write_private, write_whole
from engine.basics.regular_files import text_in

_PRIVATE = "PRIVATE+KEY+"
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class BadKey(HeadroomError):
    """A key that cannot be read, or whose file others can read."""


class Kind(IntEnum):
    """What a key signs: the signature types of signed-note that are used here."""

    LOG = 0x01
    """Checkpoints of its own log."""
    COSIGNER = 0x04
    """Checkpoints of a log that it has watched, with the time."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, with the name under which it signs."""

    name: str
    kind: Kind
    public: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that tell this key among those of one name."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """Return the key as one line of text (a vkey)."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a bare Ed25519 signature. Raises InvalidSignature."""
        Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs. Its seed is kept out of what is printed."""

    name: str
    kind: Kind
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half of the key."""
        return VerifierKey(self.name, self.kind, self._private.public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """Return the private key as one line of text; it opens everything that the key vouches for."""
        secret = base64.b64encode(bytes([self.kind]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{secret}"

    def sign(self, message: bytes) -> bytes:
        """Return the bare Ed25519 signature over `message`."""
        return self._private.sign(message)

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def generate_key(name: str, kind: Kind = Kind.LOG) -> SigningKey:
    """Return a new key. `name` is best a URL without its scheme, such as `agent.example/headroom`.

    Raises:
        BadKey: the name is empty or has spaces, control characters or a plus sign.
    """
    if not re.fullmatch(r"[^\s+]+", name) or not name.isprintable():
        raise BadKey(f"{name!r} cannot name a key: no spaces and no plus sign")
    return SigningKey(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())


def parse_verifier(text: str) -> VerifierKey:
    """Return the verifier key of one line of text. Raises BadKey."""
    name, identity, kind, raw = _parts(text)
    key = VerifierKey(name, kind, raw)
    # The id is derived from the key, so a line that was mistyped or cut is found before it is trusted.
    if key.id != identity:
        raise BadKey(f"the key of {name} does not have the id that it is written with")
    return key


def parse_private(text: str) -> SigningKey:
    """Return the private key of one line of text. Raises BadKey."""
    if not text.startswith(_PRIVATE):
        raise BadKey("this is not a private key: it does not begin with PRIVATE+KEY+")
    name, identity, kind, raw = _parts(text.removeprefix(_PRIVATE))
    key = SigningKey(name, kind, raw)
    if key.verifier.id != identity:
        raise BadKey(f"the private key of {name} does not have the id that it is written with")
    return key


def write_key(path: Path, key: SigningKey) -> Path:
    """Write a private key for its owner alone (mode 0600), and return its public half's path.

    The public half lies beside it, with the ending `.pub`.

    Raises:
        BadKey: a file is there already; a key is never written over.
    """
    public = path.with_name(f"{path.name}.pub")
    # Both places are looked at first: a private key beside an older public half would verify nowhere.
    for known in (path, public):
        if known.exists():
            raise BadKey(f"{known} is there already; a key is never written over")
    write_private(path, f"{key.text}\n".encode())
    try:
        write_whole(public, f"{key.verifier.text}\n".encode())
    except BaseException:
        path.unlink(missing_ok=True)  # a key without its public half would bar the place of a whole one
        raise
    return public


def read_key(path: Path) -> SigningKey:
    """Return the private key in a file.

    Raises BadKey if others than its owner may read it, or it is not one.
    """
    try:
        open_to = path.stat().st_mode & 0o077
        text = text_in(path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"{path} cannot be read as a private key: {error}") from error
    # Checked before the key is used: a key that others could copy proves nothing about its owner.
    if open_to:
        raise BadKey(f"others can read {path}; make it yours alone with `chmod 600`")
    return parse_private(text.strip())


def _parts(text: str) -> tuple[str, bytes, Kind, bytes]:
    match = _KEY.fullmatch(text)
    if match is None:
        raise BadKey("a key is written `name+id+key`")
    try:
        raw = base64.b64decode(match[3], validate=True)
        kind = Kind(raw[0])
    except (binascii.Error, ValueError, IndexError) as error:
        raise BadKey(f"the key of {match[1]} is of no kind that is used here") from error
    if len(raw) != 33:  # one byte of kind, 32 of Ed25519
        raise BadKey(f"the key of {match[1]} has not the length of an Ed25519 key")
    return match[1], bytes.fromhex(match[2]), kind, raw[1:]

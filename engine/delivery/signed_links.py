"""Links by which an addressee acknowledges receipt.

Each link names a notice and its addressee, is signed, and ends on a day. Opening it records nothing, for mail
scanners open every link. The page behind it has a single button (`rulings.md` 54).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from engine.basics.regular_files import text_in
from engine.workspace.workspace import Workspace

KEY = "keys/links.key"
"""The secret that signs links, inside the workspace; whoever has it can acknowledge in another's name."""
LIVES = timedelta(days=90)
"""How long a link holds after its notice was issued."""
LONGEST = 1000
"""Characters of a link's token that are looked at."""


@dataclass(frozen=True, slots=True)
class ReceiptLink:
    """The content of a link: the notice, its addressee and its last day."""

    deal: str
    number: int
    to: str
    ends: date


def link_key(workspace: Workspace) -> bytes:
    """Return the secret of a workspace's links, made if it is missing."""
    path = workspace.inside(KEY)
    path.parent.mkdir(exist_ok=True)
    if not path.is_file():
        _made(path)
    return bytes.fromhex(text_in(path, encoding="ascii").strip())


def _made(path: Path) -> None:
    """Write a new secret, unless another process has written one meanwhile."""
    partial = path.with_name(f".partial-{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        # A link fails if the file is there, so the secret that is there first stays, and is always whole.
        path.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def token_of(key: bytes, link: ReceiptLink) -> str:
    """Return the token of a link; the same each time, so that a message made again is the same message."""
    said = json.dumps([link.deal, link.number, link.to, str(link.ends)], separators=(",", ":")).encode()
    return f"{_text(said)}.{_text(_signature(key, said))}"


def read_token(key: bytes, token: str, today: date) -> ReceiptLink | None:
    """Return what a token says; None if it was not signed with the key, is changed, or has ended."""
    said, _, signature = token.partition(".")
    # Before anything is decoded: a token comes from anybody.
    if len(token) > LONGEST or not signature or not token.isascii():
        return None
    try:
        body, given = _bytes(said), _bytes(signature)
    except ValueError:
        return None
    # Compared in constant time; and one spelling alone is valid, for base64 has several of the same bytes.
    if not hmac.compare_digest(given, _signature(key, body)) or _text(body) != said:
        return None
    deal, number, to, ends = json.loads(body)
    link = ReceiptLink(deal, number, to, date.fromisoformat(ends))
    # On its last day a link still holds.
    return link if today <= link.ends else None


def _signature(key: bytes, said: bytes) -> bytes:
    # The fixed first line keeps a signature made for another purpose from passing for a link's.
    return hmac.new(key, b"headroom receipt link\n" + said, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

"""Make a key: the operator's, a trustee's, or the one that signs notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.notices.signature import make_certificate
from engine.record.keys import Kind, generate_key, write_key
from engine.workspace.workspace import SETTINGS, opened, refuse_unnamed


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key of a log or of a trustee: its private file, its public file, the public half as text."""

    private: Path
    public: Path
    verifier_key: str

    def as_data(self) -> dict[str, str]:
        """Return the key's files and its public half as JSON: `private`, `public`, `verifier_key`."""
        return {"private": str(self.private), "public": str(self.public), "verifier_key": self.verifier_key}


@dataclass(frozen=True, slots=True)
class NoticeKeyMade:
    """A key that signs notices: its private file, its certificate, the SHA-256 that a policy names."""

    key: Path
    certificate: Path
    sha256: str

    def as_data(self) -> dict[str, str]:
        """Return the key's files and its hash as JSON: `key`, `certificate`, `sha256`."""
        return {"key": str(self.key), "certificate": str(self.certificate), "sha256": self.sha256}


def make_log_key(name: str, path: Path, cosigner: bool) -> KeyMade:
    """Make a key for a log, or for a trustee, private to its owner."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = generate_key(name, Kind.COSIGNER if cosigner else Kind.LOG)
    return KeyMade(path, write_key(path, key), key.verifier.text)


def make_key_of_notices(name: str, into: Path, now: datetime) -> NoticeKeyMade:
    """Make the key and the certificate that sign notices."""
    return NoticeKeyMade(into, Path(f"{into}.crt"), make_certificate(name, into, now))


def refuse_unnamed_around(key: Path) -> None:
    """Refuse a key for a workspace whose operator is not named: it would sign under the placeholder.

    A folder without settings, such as a trustee's own, is not a workspace.

    Raises WrongUsage.
    """
    root = key.parent.parent
    if (root / SETTINGS).is_file():
        refuse_unnamed(opened(root))

"""Put messages and notices into a folder from which the addressee fetches them.

The folder is a maildir, or a folder for pick-up by SFTP: first the file, then its manifest.
"""

from __future__ import annotations

import json
import mailbox
from pathlib import Path

from engine.basics.files import write_whole
from engine.delivery.message import Envelope


def into_maildir(folder: Path, envelope: Envelope) -> str:
    """Add a message to a maildir, which is made where it is missing; what is said of it.

    A copy of one that is there is not added.
    """
    box = mailbox.Maildir(folder, factory=None, create=True)
    known = [key for key in box.iterkeys() if box.get_bytes(key) == envelope.data]
    key = known[0] if known else box.add(envelope.data)
    return f"kept in {folder.name} as {key}"


def into_pick_up(folder: Path, addressee: str, message_id: str, files: list[tuple[str, bytes]]) -> str:
    """Put files where the addressee fetches them, and return the words for the record.

    Each file is written whole. The manifest that names them comes last.
    """
    from hashlib import sha256

    place = folder / addressee
    for name, data in files:
        write_whole(place / name, data)
    listed = [{"file": name, "sha256": sha256(data).hexdigest()} for name, data in files]
    manifest = place / f"{files[0][0]}.manifest.json"
    write_whole(manifest, json.dumps({"id": message_id, "files": listed}, indent=1).encode())
    return f"kept in {folder.name}/{addressee} as {manifest.name}"

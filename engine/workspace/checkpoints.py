"""Signed checkpoints of every log of a workspace, made after each run if the operator has a key.

See `record.md`.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

from engine.basics.files import write_whole
from engine.basics.regular_files import text_in
from engine.record.checkpoint import origin_of, stamp_name
from engine.record.keys import BadKey, SigningKey, VerifierKey, read_key
from engine.record.note_files import read_note as read_note
from engine.record.note_files import stamp_beside as stamp_beside
from engine.record.note_files import trusted as trusted
from engine.record.store import Reader
from engine.workspace.workspace import Workspace, in_a_file_name

LONGEST_SAID = 120
"""The most characters of a name from somebody's file that are printed, because it may be any file."""
KEY = "keys/log.key"
"""The place of the operator's key inside the workspace."""
NEXT = "keys/log.key.next"
"""The place of a key that is about to replace the operator's.

It is there until the replacement is finished.
"""
ASKED = "keys/log.key.asked"
"""The place of a new key until a cosigner has approved that it replaces a lost or stolen one."""
STAMPS = "stamps"
"""The folder of time stamps of checkpoints; `checkpoints/` holds only the newest note of each log."""
TRUSTEES = "keys/trustees.pub"
"""The place of the verifier keys of the trustees who cosign, inside the workspace, one in a line."""


def origin(workspace: Workspace, log: str, reader: Reader | None = None) -> str:
    """Return the name of a log in its checkpoints: the one under which it was first signed.

    A later change of the operator's name does not change it. With a `reader` it is read in the caller's own
    transaction.
    """
    signed = _signed_as(workspace, log, reader)
    if signed is not None:
        return signed
    operator = re.sub(r"[^a-z0-9.]+", "-", workspace.settings.operator.lower()).strip("-") or "operator"
    return origin_of(operator, log)


def _signed_as(workspace: Workspace, log: str, reader: Reader | None) -> str | None:
    """Return the first line of the log's first checkpoint, if it names this log.

    The result is None if nothing was signed.
    """
    with nullcontext(reader) if reader is not None else workspace.store.read() as reading:
        first = reading.first_note(log) or ""
    name = first.partition("\n")[0]
    # A changed row must not give the log another's name, or unprintable signs to a terminal.
    return name if name.endswith(f"/{log}") and name.isprintable() else None


def witness(workspace: Workspace, log: str) -> Path:
    """Return the file outside the database that keeps the newest signed checkpoint of a log.

    It shows when the database is an older copy.
    """
    return workspace.root / "checkpoints" / f"{in_a_file_name(log)}.checkpoint"


def stamps_folder(workspace: Workspace, log: str) -> Path:
    """Return where the time stamps of a log's checkpoints are kept, a file for each."""
    return workspace.root / STAMPS / in_a_file_name(log)


def stamp_place(workspace: Workspace, log: str, note: str) -> Path:
    """Return where the time stamp of a checkpoint is kept, or would be."""
    return stamps_folder(workspace, log) / stamp_name(note)


def kept_stamp(workspace: Workspace, log: str, note: str) -> str | None:
    """Return the time stamp of a checkpoint as it is kept, unread; None without one."""
    path = stamp_place(workspace, log, note)
    return read_note(path) if path.is_file() else None


def write_witness(workspace: Workspace, log: str, note: str) -> None:
    """Keep a log's newest signed checkpoint outside the database."""
    write_whole(witness(workspace, log), note.encode())


def own_key(workspace: Workspace) -> SigningKey | None:
    """Return the operator's key, or None if none was made.

    Raises BadKey if others can read it, or put another in its place, or if its replacement was interrupted.
    """
    path = workspace.root / KEY
    if (workspace.root / NEXT).exists():
        raise BadKey(
            f"the key is being replaced, and that was interrupted ({NEXT} is there); finish it with "
            "`headroom keys replace`"
        )
    if not path.exists():
        return None
    refuse_open_folder(path.parent)
    return read_key(path)


def refuse_open_folder(folder: Path) -> None:
    """Refuse a folder of keys into which others can write, because they could replace a key.

    Raises BadKey.
    """
    # Write access alone is refused here; whether others can read the key is seen at the key itself.
    if folder.stat().st_mode & 0o022:
        raise BadKey(f"others can write into {folder}; make it yours alone with `chmod 700`")


def known_keys(workspace: Workspace, key: SigningKey) -> list[VerifierKey]:
    """Return the operator's key and those that signed before it.

    The earlier keys stay in `keys/log.key.pub`, one in a line.
    """
    public = workspace.root / f"{KEY}.pub"
    return [key.verifier, *(trusted([public]) if public.exists() else ())]


def public_keys(workspace: Workspace) -> tuple[str, ...]:
    """Return the verifier keys that the workspace keeps, one line each: its own and its trustees'."""
    folder = workspace.root / "keys"
    lines = (
        [line for path in sorted(folder.glob("*.pub")) for line in text_in(path).splitlines()]
        if folder.is_dir()
        else []
    )
    return tuple(line.strip() for line in lines if line.strip())

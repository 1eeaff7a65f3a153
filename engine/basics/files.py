"""Files written whole, and text read as it stands."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from engine.basics.errors import WrongUsage


def write_whole(place: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all: temporary file, fsync, rename, fsync of the folder.

    A file that is there is replaced. Who may read it follows from the process's umask; a private key is not written here.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.parent / f".partial-{secrets.token_hex(8)}"
    # opened with the mode of any new file: `tempfile` makes files that only their owner can read
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_text(path: Path) -> str:
    """A file's text; bytes that are no UTF-8 stand as replacement characters, which the readers refuse at their place."""
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    return path.read_text(encoding="utf-8", errors="replace")

"""Files that somebody hands over: checkpoints, the time stamps beside them, and verifier keys."""

from __future__ import annotations

from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import refuse_lost_disk
from engine.basics.regular_files import open_file
from engine.record.checkpoint import BESIDE, LONGEST_NOTE
from engine.record.keys import VerifierKey, parse_verifier

LONGEST_FILE = 16 * 2**20
"""Bytes of the longest file of checkpoints that is read: those of tens of thousands of logs."""


def trusted(paths: list[Path]) -> list[VerifierKey]:
    """Return the verifier keys in files, one in a line: the keys that the verifier trusts.

    They must come to the verifier by another way than the record.

    Raises:
        WrongUsage: a file cannot be read.
        BadKey: a line is not a verifier key.
    """
    lines = [line.strip() for path in paths for line in read_note(path).splitlines()]
    return [parse_verifier(line) for line in lines if line and not line.startswith("#")]


def read_note(path: Path) -> str:
    """Return the text of a checkpoint or key file, freed of what a mail program or Windows changed.

    Signed text has line feeds and no byte order mark, so removing those changes loses nothing.

    Raises:
        WrongUsage: the file does not hold text.
    """
    # Bounded, since the file may be anything. One byte more, and the note is found to be too long.
    return _freed(path, _first(path, LONGEST_NOTE + 1))


def read_notes(path: Path) -> str:
    """Return the text of a file in which many checkpoints may stand, as `read_note` does.

    Raises WrongUsage as `read_note`, and for a file that is longer than such a file is read.
    """
    data = _first(path, LONGEST_FILE + 1)
    if len(data) > LONGEST_FILE:
        raise WrongUsage(
            f"{path} has more than {LONGEST_FILE:,} bytes; hold its checkpoints in several files"
        )
    return _freed(path, data)


def _first(path: Path, most: int) -> bytes:
    try:
        with open_file(path) as file:
            return file.read(most)
    except OSError as error:
        refuse_lost_disk(error)
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error


def _freed(path: Path, data: bytes) -> str:
    # Windows PowerShell writes UTF-16 when the output of a command goes into a file.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{path} is not text: a checkpoint or a verifier key is expected") from error


def stamp_beside(path: Path) -> str | None:
    """Return the time stamp that lies beside a note's file, unread; None without one."""
    beside = path.with_name(f"{path.name}{BESIDE}")
    return read_note(beside) if beside.is_file() else None

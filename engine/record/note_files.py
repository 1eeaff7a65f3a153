"""Files that somebody hands over: checkpoints, the time stamps beside them, and verifier keys."""

from __future__ import annotations

from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.record.checkpoint import BESIDE, LONGEST_NOTE
from engine.record.keys import VerifierKey, parse_verifier


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
    try:
        with path.open("rb") as file:
            # Bounded, since the file may be anything. One byte more, and the note is found to be too long.
            data = file.read(LONGEST_NOTE + 1)
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{path} is not text: a checkpoint or a verifier key is expected") from error


def stamp_beside(path: Path) -> str | None:
    """Return the time stamp that lies beside a note's file, unread; None without one."""
    beside = path.with_name(f"{path.name}{BESIDE}")
    return read_note(beside) if beside.is_file() else None

"""Signed checkpoints of every log of a workspace, made after each run where the operator has a key (`record.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import VerificationFailed, WrongUsage
from engine.market.archive import write_whole
from engine.record.checkpoint import LONGEST_NOTE, Checkpoint, origin_of, sign, verify
from engine.record.keys import SigningKey, VerifierKey, parse_verifier, read_key
from engine.record.store import Writer
from engine.workspace import Workspace

KEY = "keys/log.key"
"""Where the operator's key is, inside the workspace."""


def origin(workspace: Workspace, log: str) -> str:
    """The name of a log in its checkpoints."""
    operator = re.sub(r"[^a-z0-9.]+", "-", workspace.settings.operator.lower()).strip("-") or "operator"
    return origin_of(operator, log)


def witness(workspace: Workspace, log: str) -> Path:
    """Where the newest signed checkpoint of a log is kept outside the database, so that an older copy of it is known."""
    return workspace.root / "checkpoints" / f"{log.replace('/', '_')}.checkpoint"


def own_key(workspace: Workspace) -> SigningKey | None:
    """The operator's key, None where none was made. Raises BadKey where others can read it."""
    path = workspace.root / KEY
    return read_key(path) if path.exists() else None


def trusted(paths: list[Path]) -> list[VerifierKey]:
    """The verifier keys in files, one in a line: those that the verifier trusts, handed over by another way than the record.

    Raises:
        WrongUsage: a file cannot be read.
        BadKey: a line is no verifier key.
    """
    lines = [line.strip() for path in paths for line in read_note(path).splitlines()]
    return [parse_verifier(line) for line in lines if line and not line.startswith("#")]


def read_note(path: Path) -> str:
    """The text of a checkpoint or key that somebody handed over. Raises WrongUsage where the file holds no such text."""
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_NOTE + 1).decode()
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{path} is no text: a checkpoint or a verifier key is expected") from error


def sign_all(workspace: Workspace) -> tuple[str, ...]:
    """Sign and keep a checkpoint of every log that has grown since its last one; returns the logs."""
    key = own_key(workspace)
    return tuple(_signed(workspace, key)) if key is not None else ()


def _signed(workspace: Workspace, key: SigningKey) -> Iterator[str]:
    for log in workspace.store.logs():
        kept = witness(workspace, log)
        with workspace.store.begin() as writer:
            size, root = writer.head(log)
            _not_older(writer, log, kept, key)
            known = writer.checkpoints(log)
            if known and known[-1][0] >= size:
                continue
            note = sign(Checkpoint(origin(workspace, log), size, root), key)
            writer.save_checkpoint(log, size, note)
        write_whole(kept, note.encode())
        yield log


def _not_older(writer: Writer, log: str, witness: Path, key: SigningKey) -> None:
    """Refuse to sign what an older copy of the record holds: less than was signed, or something else at that size.

    Raises VerificationFailed.
    """
    if not witness.is_file():
        return
    held = verify(witness.read_text(encoding="utf-8"), [key.verifier]).checkpoint
    size, _ = writer.head(log)
    entries = writer.entries(log)[: held.size]
    if size < held.size:
        raise VerificationFailed(f"{log} has {size} entries and {held.size} were signed; this is an older copy of the record")
    if held.size and entries[-1].root != held.root:
        raise VerificationFailed(f"the first {held.size} entries of {log} are not the ones that were signed")

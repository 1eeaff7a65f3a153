"""Time stamps of a log's checkpoints as a verification of the workspace reads them (`rulings.md` 68)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.values import counted
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.time_token import Stamped
from engine.record.checkpoint import malformed, stamp_name, stated
from engine.record.consistency import MINUTE
from engine.record.keys import VerifierKey
from engine.workspace.checkpoints import STAMPS, read_note, stamps_folder
from engine.workspace.workspace import Workspace

OWN = "the settings of the folder under test"
"""Who names the authority where the verifier names none: it proves nothing about the operator."""


@dataclass(frozen=True, slots=True)
class Authorities:
    """Whose time stamps are believed: fingerprints of certificates, and who names them."""

    fingerprints: frozenset[str]
    by: str


@dataclass(frozen=True, slots=True)
class StampsFound:
    """What was found of the time stamps of a log: the step, its difference, and the time that they prove."""

    step: str
    difference: str | None
    time: str | None = None


def believed(workspace: Workspace, given: frozenset[str] | None) -> Authorities:
    """Return the authorities whose stamps are believed.

    The policy names them. Without a policy, the workspace's settings do.
    """
    if given is not None:
        return Authorities(given, "the policy")
    own = workspace.settings.time_authority
    return Authorities(frozenset() if own is None else frozenset([own.certificate_sha256]), OWN)


def stamps_of_log(
    workspace: Workspace, log: str, keys: Sequence[VerifierKey], authorities: Authorities
) -> StampsFound | None:
    """Return what the time stamps of a log's checkpoints say; None if it has none."""
    folder = stamps_folder(workspace, log)
    # A killed run can leave a partial file, which is not evidence. Names begin with the size, so they sort.
    files = sorted(path for path in folder.glob("*") if not path.name.startswith(".partial-"))
    if not files:
        return None
    step = f"{log}: {counted(len(files), 'time stamps')} of its checkpoints"
    # Cosigned notes share their first five lines, and so their stamp's name; the first saved is used.
    notes = {
        stamp_name(note): note
        for _, note in reversed(workspace.store.checkpoints(log))
        if malformed(note) is None
    }
    bodies = [entry.body for entry in workspace.store.entries(log)]
    found: list[tuple[int, Stamped]] = []
    for path in files:
        where = f"{STAMPS}/{folder.name}/{path.name}"
        if path.name not in notes:
            return StampsFound(step, f"{where} is of a checkpoint that the record does not hold")
        try:
            stamp = time_of_log(read_note(path), notes[path.name], bodies, keys, authorities.fingerprints)
        except (VerificationFailed, WrongUsage) as failed:
            return StampsFound(step, f"{where}: {failed}")
        found.append((stated(notes[path.name]).size, stamp))
    size, last = found[-1]
    said = f"{step}; its first {counted(size, 'entries')} {stamp_words(last, authorities.by)}"
    # A stamp by an authority that nobody named holds, but proves no time, so none is claimed.
    named = [(size, stamp) for size, stamp in found if stamp.trusted]
    if not named:
        return StampsFound(said, None)
    said += f", whom {authorities.by} names" if last.trusted else ""
    size, stamp = named[-1]
    return StampsFound(
        said, None, f"{log}: its first {counted(size, 'entries')} time-stamped at {stamp.at:{MINUTE}} UTC"
    )

"""Time stamps that lie beside held checkpoints (`rulings.md` 68).

A stamp has the name of the checkpoint's file with `.stamp` after it. Whoever holds a checkpoint keeps its
stamp there, and every verification of what is held looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.audit.held_notes import held_files, notes_in
from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed
from engine.basics.values import counted
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.closing import NOT_COMPARED, Step
from engine.record.checkpoint import Checkpoint, malformed, stated
from engine.record.keys import VerifierKey
from engine.record.note_files import stamp_beside

HELD_STAMP = "held time stamp of"
"""How the name of each step begins; what follows is the log and the size, or the file."""


@dataclass(frozen=True, slots=True)
class HeldStamp:
    """A stamp beside what is held, unread: the name of the held file, its checkpoint, the stamp's text.

    The checkpoint is None if the file does not hold exactly one.
    """

    file: str
    note: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Believing:
    """By what a held stamp is judged: the logs' keys, the authorities that are believed, who names them."""

    keys: Sequence[VerifierKey]
    authorities: frozenset[str]
    by: str


def held_stamps(held: Sequence[Path]) -> list[HeldStamp]:
    """Return the stamps beside held checkpoints, notices and exported logs.

    Raises WrongUsage for a stamp that is not text.
    """
    found = [(path, stamp_beside(path)) for path in held_files(held)]
    return [HeldStamp(path.name, _one_note(path), text) for path, text in found if text is not None]


def _one_note(path: Path) -> str | None:
    """Return the only checkpoint of a file, None if it holds none or several."""
    try:
        notes = notes_in(path)
    except Unavailable:
        raise
    except HeadroomError:  # the held checkpoints themselves are read elsewhere, which names what is wrong
        return None
    return notes[0] if len(notes) == 1 and malformed(notes[0]) is None else None


def held_stamp_steps(
    stamps: Sequence[HeldStamp],
    believing: Believing,
    covered: Callable[[Checkpoint], Sequence[bytes] | None],
) -> Iterator[Step]:
    """Yield what each stamp beside a held checkpoint says, as a step.

    Args:
        stamps: as `held_stamps` found them.
        believing: the keys and the authorities.
        covered: the entries of a held checkpoint. The result is empty if the log at hand begins otherwise.
            The result is None if the log is not at hand.
    """
    for stamp in stamps:
        if stamp.note is None:
            difference = "the file beside it does not hold exactly one checkpoint"
            yield Step(f"{HELD_STAMP} {stamp.file}", difference=difference)
            continue
        checkpoint = stated(stamp.note)
        name = f"{HELD_STAMP} {checkpoint.origin} at {counted(checkpoint.size, 'entries')}"
        bodies = covered(checkpoint)
        if bodies is None:
            yield Step(name, f"{NOT_COMPARED}: its log is not at hand")
            continue
        try:
            found = time_of_log(stamp.text, stamp.note, bodies, believing.keys, believing.authorities)
        except VerificationFailed as failed:
            yield Step(name, difference=str(failed))
        else:
            yield Step(name, stamp_words(found, believing.by))

"""Checkpoints that somebody other than the operator holds (`rulings.md` 67).

They come as notes, as exported logs, and in notices, each of which carries a checkpoint.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.values import counted
from engine.events.kinds import Event
from engine.notices.pdf import read_file, read_notice
from engine.record.checkpoint import Checkpoint, verify
from engine.record.inclusion_proof import parse_proof
from engine.record.keys import VerifierKey
from engine.record.note_files import read_notes

NOTE = re.compile(r"^((?:[^\n—][^\n]*\n){3}\n(?:— [^\n]+\n)+)", re.MULTILINE)
"""A note as it stands in a file of several: three lines, an empty one, and the lines of its signatures."""
NOTE_AND_ROUND = 3
"""Parts into which one note splits a text: what is before it, the note, and what is after it."""
PROOF = "event.tlog-proof"
MOST_FILES = 5_000


def held_notes(paths: Sequence[Path]) -> list[str]:
    """Return the checkpoint notes in files and folders.

    A folder gives the checkpoint of the exported log, or those of every notice and note in it.

    Raises:
        WrongUsage: a file holds neither a note nor a notice.
        VerificationFailed: a notice cannot be read within bounds, or carries no checkpoint.
    """
    return [note for path in held_files(paths) for note in notes_in(path)]


def notes_in(path: Path) -> list[str]:
    """Return the checkpoint notes of one file: that of a notice, or those that stand in a text.

    Raises as `held_notes`.
    """
    return list(_of_notice(path) if path.suffix.lower() == ".pdf" else _in_file(path))


def held_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files in which held checkpoints are.

    Of an exported log this is its checkpoint, of another folder every note and notice in it.

    Raises WrongUsage for a folder without one.
    """
    for path in paths:
        if not path.is_dir():
            yield path
        elif (path / "checkpoint").is_file():
            yield path / "checkpoint"
        else:
            files = [
                one
                for one in sorted(path.iterdir())
                if one.suffix.lower() in (".pdf", ".checkpoint", ".note", ".txt")
            ]
            # Never a part of them: what was left out would seem to have been checked.
            if len(files) > MOST_FILES:
                raise WrongUsage(
                    f"{path} holds more than {MOST_FILES:,} held files; give it in several folders"
                )
            if not files:
                raise WrongUsage(
                    f"{path} holds no exported log, no notice (.pdf) and no checkpoint "
                    "(.checkpoint, .note, .txt)"
                )
            for file in files:
                yield from held_files([file])


def _in_file(path: Path) -> Iterator[str]:
    """Yield the notes of a file: one, or several one after the other (`headroom checkpoint --all`).

    What is not one is taken as it stands, so that damage to a note is found and not cut away.
    """
    text = read_notes(path)
    parts = NOTE.split(text)
    # A single note is taken with all that surrounds it.
    yield from (part for part in parts if part.strip()) if len(parts) > NOTE_AND_ROUND else [text]


def _of_notice(path: Path) -> Iterator[str]:
    """Yield the checkpoint that a notice carries: whoever has the notice holds it."""
    proof = read_notice(read_file(path)).attachments.get(PROOF)
    if proof is None:
        raise VerificationFailed(f"{path.name} carries no checkpoint: it was made without a key")
    yield parse_proof(proof.decode()).note


def known(notes: Sequence[str], keys: Sequence[VerifierKey]) -> list[Checkpoint]:
    """Return the checkpoints that a known key signed, each once, in the order of their sizes.

    The others are named elsewhere.
    """
    checkpoints: dict[Checkpoint, None] = {}
    for note in notes:
        try:
            checkpoints[verify(note, keys).checkpoint] = None
        # Not lost: each log is checked against every note, and that check names the one that fails.
        except VerificationFailed:
            continue
    return sorted(checkpoints, key=lambda checkpoint: (checkpoint.origin, checkpoint.size))


def contradictions(held: Sequence[Checkpoint], roots: Mapping[str, Sequence[bytes]]) -> Iterator[str]:
    """Yield held checkpoints of the same log that contradict each other.

    Each sentence says where the two part, as far as that is known.

    Args:
        held: the checkpoints, each signed by a known key.
        roots: by the log's name in checkpoints, its root at each size, from 0 on.
    """
    for origin in dict.fromkeys(checkpoint.origin for checkpoint in held):
        own = [checkpoint for checkpoint in held if checkpoint.origin == origin]
        for size in dict.fromkeys(checkpoint.size for checkpoint in own):
            same = [checkpoint for checkpoint in own if checkpoint.size == size]
            if len({checkpoint.root for checkpoint in same}) > 1:
                agreed = _agreed(own, roots.get(origin, ()), size)
                first = (
                    f"the first entry at which they part is entry {agreed} or one after it, before entry "
                    f"{size}"
                )
                yield (
                    f"two held checkpoints of {origin} at {counted(size, 'entries')} contradict each other: "
                    f"{first}"
                )
        here = roots.get(origin, ())
        fits = [
            checkpoint
            for checkpoint in own
            if checkpoint.size < len(here) and here[checkpoint.size] == checkpoint.root
        ]
        apart = [
            checkpoint
            for checkpoint in own
            if checkpoint.size < len(here) and here[checkpoint.size] != checkpoint.root
        ]
        for checkpoint in apart:
            # A later note that fits this log proves its beginning, so the two notes cannot be of one log.
            if any(other.size > checkpoint.size for other in fits):
                agreed = max((other.size for other in fits if other.size < checkpoint.size), default=0)
                later = min(other.size for other in fits if other.size > checkpoint.size)
                yield (
                    f"two held checkpoints of {origin}, at {checkpoint.size} and {later} entries, "
                    f"contradict each other: the first entry at which they part is one of {agreed} to "
                    f"{checkpoint.size - 1}"
                )


def _agreed(own: Sequence[Checkpoint], roots: Sequence[bytes], size: int) -> int:
    """Return the size up to which held checkpoints and the log agree, below another size."""
    return max(
        (
            checkpoint.size
            for checkpoint in own
            if checkpoint.size < size
            and checkpoint.size < len(roots)
            and roots[checkpoint.size] == checkpoint.root
        ),
        default=0,
    )


def came_after(held: Sequence[Checkpoint], origin: str, events: Sequence[Event]) -> Iterator[str]:
    """Yield what a log holds beyond each held checkpoint of it: how many entries, of which kinds."""
    for checkpoint in held:
        if checkpoint.origin == origin and checkpoint.size <= len(events):
            later = Counter(event.kind for event in events[checkpoint.size :])
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(later.items()))
            yield (
                f"{origin}, held at {counted(checkpoint.size, 'entries')}: {len(events) - checkpoint.size} "
                "came after" + (f": {kinds}" if kinds else "")
            )

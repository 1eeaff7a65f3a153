"""The pages of a notice as they are drawn, to be compared with the notice drawn again (`rulings.md` 64)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.basics.errors import Unavailable, VerificationFailed
from engine.notices import drawing_child

SECONDS = 60
"""CPU seconds in which a file is drawn; a notice of six pages takes a fifth of one."""
PATIENCE = 5
"""How many times as long the process may take on a machine that does other work."""


OF_THE_FILE = (signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP, signal.SIGILL)
"""Signals by which a file ends the process that draws it: at its bound of time, or without memory.

Any other end is of the machine, and says nothing of the file.
"""


@dataclass(frozen=True)
class DrawnPage:
    """A page as it is drawn.

    It holds each piece of text with the place of its box in points, and its pictures in colour.

    Attributes:
        texts: the text of a box, and its left and lower edge, rounded.
        pictures: the SHA-256 of the page as it is shown and as it is printed; fields and remarks are drawn
            too.
    """

    texts: tuple[tuple[str, float, float], ...]
    pictures: tuple[str, ...]


def drawn_here(data: bytes) -> Iterator[DrawnPage]:
    """Yield each page of a file that this process has drawn itself."""
    for texts, pictures in drawing_child.drawn(data):
        yield DrawnPage(tuple(texts), tuple(pictures))


def drawn_apart(data: bytes) -> tuple[DrawnPage, ...]:
    """Return each page of a file that was read within bounds, drawn in a process with bounds of its own.

    Raises VerificationFailed if it cannot be drawn, or not within them; Unavailable if the machine fails.
    """
    command = [sys.executable, "-P", str(Path(drawing_child.__file__)), str(SECONDS)]
    patience = SECONDS * PATIENCE
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(
            f"the file was not drawn in {patience} seconds, for this machine does much else; nothing is said "
            "of the file"
        ) from None
    if -done.returncode in OF_THE_FILE:
        raise VerificationFailed(f"the file cannot be drawn {_bounds()}")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        why = said or f"its process was ended ({done.returncode})"
        raise Unavailable(f"the file could not be drawn on this machine: {why}; nothing is said of the file")
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise VerificationFailed(f"the file cannot be drawn: {answer['refused']}")
    return tuple(
        DrawnPage(tuple((text, left, low) for text, left, low in texts), tuple(pictures))
        for texts, pictures in answer["pages"]
    )


def _bounds() -> str:
    return f"within {SECONDS} seconds and {drawing_child.MEMORY:,} bytes of memory"

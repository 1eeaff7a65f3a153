"""The standard streams of a program, of which a service or a shell may leave some closed."""

from __future__ import annotations

import os
import sys

STREAMS = ("stdin", "stdout", "stderr")
"""The standard streams, each at the number of its file."""


def open_closed_streams() -> None:
    """Open each standard stream that is closed, so that what is said there is lost and ends nothing.

    Otherwise the next file that a program opens would get the number of the stream, and be written over.
    """
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given, and those below are open by now.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))

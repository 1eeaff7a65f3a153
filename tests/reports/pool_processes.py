"""What the processes of a pool do in its tests, apart from all that is slow to load."""

from __future__ import annotations

import os
import signal
import time

OUTLINE = b"%PDF-outline"


def at_once() -> None:
    """What a process begins with that loads nothing."""


def killed_at_work(_page: object) -> tuple[bytes, float]:
    """What a process does that somebody kills as soon as it draws."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def outlined(_page: object) -> tuple[bytes, float]:
    """What a process does in place of drawing, which takes its time as drawing does."""
    time.sleep(1)
    return OUTLINE, 0.0

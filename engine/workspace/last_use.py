"""When a command last had a workspace to itself to record in it, by which a clock that leapt ahead is told.

What such a clock records cannot be taken back: dates that nobody lived would be determined, and each log
would refuse the right time until it comes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from engine.basics.errors import Unavailable

LONGEST_PAUSE = timedelta(weeks=5)
"""How long a workspace may rest before a person is asked: a month between two commands is usual."""
LONGEST_MARK = 64
"""More bytes than a moment has."""


@dataclass(slots=True, eq=False)
class UseClock:
    """The clock by which the uses of a workspace are noted.

    Attributes:
        now: reads the clock. It raises Unavailable if the clock lost its day.
        is_right: whether a person said that the clock is right. No leap before the next use is refused then.
    """

    now: Callable[[], datetime]
    is_right: bool = False

    def refuse_leap(self, mark: Path) -> None:
        """Refuse a clock that stands far ahead of the moment in the file `mark`. Raises Unavailable."""
        try:
            with mark.open("rb") as file:
                self._refuse(file)
        # Some shares let nobody read a file that another command has locked, and that command was asked.
        except (FileNotFoundError, PermissionError):
            return

    def use(self, file: BinaryIO) -> None:
        """Refuse a clock that leapt ahead, or write its moment into the locked file. Raises Unavailable.

        Nothing is synced: after a power failure, an older moment asks a person earlier.
        """
        self._refuse(file)
        moment = f"{self.now().astimezone(UTC).isoformat(timespec='seconds')}\n".encode("ascii")
        # Each moment has the same length, so that no kill leaves a file without one, which would ask nobody.
        file.seek(0)
        file.write(moment)
        file.truncate(len(moment))
        # A server may run for months, and its clock may leap again.
        self.is_right = False

    def _refuse(self, file: BinaryIO) -> None:
        last, now = _moment_in(file), self.now()
        if self.is_right or last is None or now - last <= LONGEST_PAUSE:
            return
        raise Unavailable(
            f"the clock of this machine stands at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
            f"{(now - last) // timedelta(weeks=1)} weeks after the last command that was to record here, at "
            f"{last:%Y-%m-%d %H:%M} UTC; nothing was done, for what a wrong clock records stands for good. "
            "Set the clock right; if it is right, say so once: `headroom --clock-is-right COMMAND`"
        )


def lock_file(path: Path) -> BinaryIO:
    """Open the file that is locked, and made where it is missing.

    It is read and written by this descriptor alone, because some shares refuse every other one meanwhile.
    """
    return open(path, "r+b", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o666))


def _moment_in(file: BinaryIO) -> datetime | None:
    """Return the moment that a file holds; None for an empty file, and for one of an earlier release."""
    try:
        moment = datetime.fromisoformat(file.read(LONGEST_MARK).decode("ascii").strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None

"""When a command last recorded in a workspace, by which a clock that leapt ahead is told.

What such a clock records cannot be taken back: dates that nobody lived would be determined, and each log
would refuse the right time until it comes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.basics.errors import Unavailable

LONGEST_PAUSE = timedelta(weeks=5)
"""How long a workspace may rest before a person is asked: a month between two commands is usual."""
LONGEST_MARK = 64
"""More bytes than a moment has."""


def note_use(mark: Path, now: datetime) -> None:
    """Write into the file `mark` that a command records now.

    Nothing is synced: after a power failure, an older moment asks a person earlier, and none asks nobody.
    """
    mark.write_text(f"{now.astimezone(UTC).isoformat(timespec='seconds')}\n", encoding="ascii")


def refuse_leap(mark: Path, now: datetime) -> None:
    """Refuse a clock that stands far ahead of the moment in the file `mark`.

    Nothing is refused where the file holds no moment. Raises Unavailable.
    """
    last = _moment_in(mark)
    if last is None or now - last <= LONGEST_PAUSE:
        return
    raise Unavailable(
        f"the clock of this machine stands at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
        f"{(now - last) // timedelta(weeks=1)} weeks after the last command that recorded here, at "
        f"{last:%Y-%m-%d %H:%M} UTC; nothing was done, for what a wrong clock records stands for good. Set "
        "the clock right; if it is right, say so once: `headroom --clock-is-right COMMAND`"
    )


def _moment_in(mark: Path) -> datetime | None:
    try:
        with mark.open("rb") as file:
            moment = datetime.fromisoformat(file.read(LONGEST_MARK).decode("ascii").strip())
    # A missing file, and one of an earlier release, holds none.
    except (FileNotFoundError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None

"""What is open about a day of an index when a notice is made.

The notice and the deal's page say it, and it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ACCEPTED = "collection accepted"
"""What is said of a collection that looked changed and that a person accepted by name."""
DOUBTED = "collection may be cut"
"""What is said of a collection that is behind a print and is not shown to be whole."""


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """What is open about one day of an index.

    Attributes:
        on: the day.
        what: `changed after it was final`, `awaits confirmation`, `collection accepted`, or
            `collection may be cut`.
        was: the value on record, or the value before it.
        now: the value in the administrator's file.
        accepted: the changes of form with which a collection was taken.
        snapshot: the SHA-256 of that collection.
        doubt: why it may not be whole.
    """

    on: date
    what: str
    was: str | None = None
    now: str | None = None
    accepted: tuple[str, ...] = ()
    snapshot: str | None = None
    doubt: str | None = None

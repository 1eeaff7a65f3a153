"""The log of reads: who looked at which notice, history or document, when. It is not a part of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.web.desk_database import DeskDatabase

SHOWN = 200
"""How many reads a page shows."""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """One read."""

    at: datetime
    person: str
    deal: str | None
    what: str
    address: str


class Reads:
    """The reads of a desk."""

    def __init__(self, database: DeskDatabase) -> None:
        """Keep the reads in `database`."""
        self._database = database

    def note(self, at: datetime, person: str, deal: str | None, what: str, address: str) -> None:
        """Write one read down."""
        values = (at.isoformat(), person, deal, what, address[:500])
        self._database.write(
            "INSERT INTO read_ (at, person, deal, what, address) VALUES (?, ?, ?, ?, ?)", values
        )

    def of(self, deal: str | None = None, most: int = SHOWN) -> tuple[ReadEntry, ...]:
        """Return the newest reads of a deal, or of all."""
        where, values = ("", ()) if deal is None else ("WHERE deal = ?", (deal,))
        rows = self._database.rows(
            f"SELECT * FROM read_ {where} ORDER BY number DESC LIMIT ?", (*values, most)
        )
        return tuple(
            ReadEntry(
                datetime.fromisoformat(row["at"]), row["person"], row["deal"], row["what"], row["address"]
            )
            for row in rows
        )

"""Sessions of signed-in people, kept on the server.

A cookie holds a random name, and the server keeps only the hash of the name. A session gets a new name at
sign-in, and it ends after a time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.web.accounts import hashed
from engine.web.desk_database import DeskDatabase

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=8)
"""A session ends after so long without use, and after so long in all."""
NOTED = timedelta(minutes=1)
"""How often the use of a session is written down."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and the word that every form of the session carries."""

    person: int
    csrf: str
    begun: datetime
    seen: datetime
    address: str
    key: str
    """The hash of its name."""


class Sessions:
    """The sessions of a desk."""

    def __init__(self, database: DeskDatabase) -> None:
        """Keep the sessions in `database`."""
        self._database = database

    def begin(self, person: int, address: str, now: datetime) -> str:
        """Return a new session; returns its name, for the cookie."""
        name = secrets.token_urlsafe(32)
        at = now.isoformat()
        values = (
            hashed(name),
            person,
            secrets.token_urlsafe(32),
            at,
            at,
            (now + LONGEST).isoformat(),
            address,
        )
        with self._database.together() as connection:
            # Ended sessions go whenever a new one begins, so that cleaning up does not need a job of its own.
            connection.execute(
                "DELETE FROM session WHERE ends <= ? OR seen <= ?", (at, (now - IDLE).isoformat())
            )
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return name

    def find(self, name: str, now: datetime) -> Session | None:
        """Return the session of a name, if it has not ended."""
        row = self._database.row("SELECT * FROM session WHERE token = ?", (hashed(name),))
        if row is None:
            return None
        seen = datetime.fromisoformat(row["seen"])
        if now >= datetime.fromisoformat(row["ends"]) or now - seen >= IDLE:
            self.end(row["token"])
            return None
        # Written down once a minute at most: otherwise every page that is read would write to the database.
        if now - seen >= NOTED:
            self._database.write(
                "UPDATE session SET seen = ? WHERE token = ?", (now.isoformat(), row["token"])
            )
        begun = datetime.fromisoformat(row["begun"])
        return Session(row["person"], row["csrf"], begun, seen, row["address"], row["token"])

    def of(self, person: int | None = None) -> tuple[Session, ...]:
        """Return the sessions of a person, or of everybody, the newest first."""
        where, values = ("", ()) if person is None else ("WHERE person = ?", (person,))
        rows = self._database.rows(f"SELECT * FROM session {where} ORDER BY begun DESC", values)
        return tuple(
            Session(
                row["person"],
                row["csrf"],
                datetime.fromisoformat(row["begun"]),
                datetime.fromisoformat(row["seen"]),
                row["address"],
                row["token"],
            )
            for row in rows
        )

    def end(self, key: str) -> None:
        """End one session by the hash of its name."""
        self._database.write("DELETE FROM session WHERE token = ?", (key,))

    def end_all(self, person: int, but: str = "") -> None:
        """End the sessions of a person, but for one."""
        self._database.write("DELETE FROM session WHERE person = ? AND token <> ?", (person, but))

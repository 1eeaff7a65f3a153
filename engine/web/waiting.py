"""Work that waits for a second person: an Act, a report, or a release.

Each item holds what was prepared, on which entry, and what became of it. It stands in the second database
until a person approves it. Before that, the record holds nothing of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from engine.web.desk_database import DeskDatabase
from engine.web.guarded_route import NotThere, Visit, number_of

Kind = Literal["act", "report", "release", "confirm"]
State = Literal["read", "sent", "approved", "sent back", "set aside"]
OPEN: tuple[State, ...] = ("sent",)
"""What waits for somebody else; what is only read is its preparer's own."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that was prepared.

    Attributes:
        number: its own.
        deal: the deal.
        kind: what it is.
        prepared_by: the number of the account that prepared it.
        prepared_name: that person's name.
        at: when it arrived.
        on_entry: how many entries the log had when its difference was last shown to its preparer.
        body: what it says.
        file: the bytes that came with it.
        state: what became of it.
        words: what was said to it.
        decided_name: who decided it.
        decided_at: when.
    """

    number: int
    deal: str
    kind: Kind
    prepared_by: int
    prepared_name: str
    prepared_login: str
    at: datetime
    on_entry: int
    body: Mapping[str, Any]
    file: bytes | None
    state: State
    words: str
    decided_name: str
    decided_at: datetime | None

    @property
    def what(self) -> str:
        """In a few words."""
        said = self.body
        if self.kind == "act":
            clause = f" of {said['clause']}" if said.get("clause") else ""
            return f"{said['act']}{clause}, effective {said['effective_on']}"
        if self.kind == "confirm":
            return f"Confirm {', '.join(said['figures'])} of {said['report']}"
        return f"Release Notice No. {said['number']}" if self.kind == "release" else f"Report {said['file']}"


COLUMNS = (
    "w.number, w.deal, w.kind, w.prepared_by, w.at, w.on_entry, w.body, w.state, w.decided_by, "
    "w.decided_at, w.words"
)
ALL = (
    "SELECT {columns}, p.name AS prepared_name, p.login AS prepared_login, coalesce(d.name, '') AS "
    "decided_name FROM waiting w JOIN person p ON p.number = w.prepared_by LEFT JOIN person d ON d.number = "
    "w.decided_by"
)


def _of(row: sqlite3.Row) -> Waiting:
    return Waiting(
        row["number"],
        row["deal"],
        row["kind"],
        row["prepared_by"],
        row["prepared_name"],
        row["prepared_login"],
        datetime.fromisoformat(row["at"]),
        row["on_entry"],
        json.loads(row["body"]),
        row["file"],
        row["state"],
        row["words"] or "",
        row["decided_name"],
        None if row["decided_at"] is None else datetime.fromisoformat(row["decided_at"]),
    )


def prepare(
    database: DeskDatabase,
    deal: str,
    kind: Kind,
    person: int,
    at: datetime,
    on_entry: int,
    body: Mapping[str, Any],
    file: bytes | None,
) -> int:
    """Keep what was prepared, as read and not yet sent; returns its number."""
    values = (deal, kind, person, at.isoformat(), on_entry, json.dumps(body), file)
    with database.together() as connection:
        made = connection.execute(
            "INSERT INTO waiting (deal, kind, prepared_by, at, on_entry, body, file, state) VALUES (?, ?, "
            "?, ?, ?, ?, ?, 'read')",
            values,
        )
    return int(made.lastrowid or 0)


def asked_for(visit: Visit, deal: str, number: str, *, report: bool) -> Waiting:
    """Return what waits under a deal by its number in an address.

    Raises NotThere for any other deal, number or kind.
    """
    known = waiting_one(visit.desk.database, number_of(number))
    # The right was decided for the deal in the address, so a number of another deal must not pass.
    if known is None or known.deal != deal or (known.kind == "report") is not report:
        raise NotThere
    return known


def waiting_one(database: DeskDatabase, number: int) -> Waiting | None:
    """Return one thing that was prepared, by its number."""
    row = database.row(ALL.format(columns=f"{COLUMNS}, w.file") + " WHERE w.number = ?", (number,))
    return None if row is None else _of(row)


def waiting_of(
    database: DeskDatabase, deals: Sequence[str], kind: Kind | None = None, states: Sequence[State] = OPEN
) -> tuple[Waiting, ...]:
    """Return what waits under some deals, the oldest first, without the files that came with it."""
    marks = ", ".join("?" for _ in states)
    rows = database.rows(
        # A list of what waits is read on many pages, and each file in it may have megabytes.
        ALL.format(columns=f"{COLUMNS}, NULL AS file") + f" WHERE w.state IN ({marks}) ORDER BY w.number",
        tuple(states),
    )
    return tuple(row for row in map(_of, rows) if row.deal in deals and (kind is None or row.kind == kind))


def move(
    database: DeskDatabase,
    waiting: Waiting,
    state: State,
    person: int | None,
    words: str,
    now: datetime,
    on_entry: int | None = None,
) -> bool:
    """Change the state of what stands as it was read; False if somebody else has decided it meanwhile."""
    decided = person is not None
    return (
        database.write(
            # The old state is part of the condition: of two persons who decide at once, only the first one
            # does.
            "UPDATE waiting SET state = ?, decided_by = ?, decided_at = ?, words = ?, on_entry = ? WHERE "
            "number = ? AND state = ?",
            (
                state,
                person,
                now.isoformat() if decided else None,
                words,
                on_entry or waiting.on_entry,
                waiting.number,
                waiting.state,
            ),
        )
        == 1
    )

"""The head of every log: its size and its root; and how many notices it has issued.

A single query answers, whatever the number of logs and of their entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.record import guards


@dataclass(frozen=True, slots=True)
class Head:
    """A log as it stands.

    Attributes:
        log: its name.
        size: how many entries it has.
        root: the root over them, in hexadecimal.
        signed: how many entries the checkpoint covers that was saved last; zero without a checkpoint.
    """

    log: str
    size: int
    root: str
    signed: int


# `SELECT DISTINCT log` reads every row. This looks up one name after the other in the index.
_NAMES = """
WITH RECURSIVE names(log) AS (
  SELECT min(log) FROM {schema}{table}
  UNION ALL SELECT (SELECT min(e.log) FROM {schema}{table} e WHERE e.log > names.log)
  FROM names WHERE names.log IS NOT NULL
)
"""
_HEADS = (
    _NAMES
    + """
SELECT n.log,
  (SELECT e.seq FROM {schema}log_entry e WHERE e.log = n.log ORDER BY e.seq DESC LIMIT 1),
  (SELECT e.root FROM {schema}log_entry e WHERE e.log = n.log ORDER BY e.seq DESC LIMIT 1),
  (SELECT c.size FROM {schema}checkpoint c WHERE c.log = n.log ORDER BY c.seq DESC LIMIT 1)
FROM names n WHERE n.log IS NOT NULL ORDER BY 1"""
)

_ISSUED = (
    _NAMES
    + """
SELECT n.log,
  (SELECT count(*) FROM {schema}log_entry e
   WHERE e.log = n.log AND {key} >= 'notice issued|' AND {key} < 'notice issued}}')
FROM names n WHERE n.log IS NOT NULL"""
)


def heads(connection: Any) -> list[Head]:
    """Return the heads of all logs, by name; no entry is read but the last of each."""
    rows: Any = connection.exec_driver_sql(_HEADS.format(schema=_schema(connection), table="log_entry"))
    return sorted(
        (Head(log, seq + 1, root, signed or 0) for log, seq, root, signed in rows), key=lambda head: head.log
    )


def names(connection: Any, table: str) -> list[str]:
    """Return the names of the logs in a table, sorted.

    Each name is found from the one before it, whatever the number of rows.
    """
    rows: Any = connection.exec_driver_sql(
        (_NAMES + "SELECT log FROM names WHERE log IS NOT NULL").format(
            schema=_schema(connection), table=table
        )
    )
    # Sorted here and not by the database, whose order of texts depends on its locale.
    return sorted(rows.scalars())


def issued(connection: Any) -> dict[str, int]:
    """Return how many notices each log has issued; no other key is read."""
    postgresql = connection.dialect.name == "postgresql"
    # A locale sorts `|` and spaces by rules of its own, so the span is compared byte by byte.
    query = _ISSUED.format(
        schema=_schema(connection), table="log_entry", key='e.key COLLATE "C"' if postgresql else "e.key"
    )
    return {log: count for log, count in connection.exec_driver_sql(query) if count}


def _schema(connection: Any) -> str:
    return f"{guards.SCHEMA}." if connection.dialect.name == "postgresql" else ""

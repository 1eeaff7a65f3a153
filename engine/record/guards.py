"""What the database itself enforces: entries are only ever added, each as the next one of its log.

Refusing UPDATE and DELETE is not enough. `INSERT OR REPLACE` deletes without a DELETE: through an equal
`seq`, through an equal idempotency key, and through an equal rowid. Triggers close the first two; a table
without rowids has no third.
"""

from __future__ import annotations

import re

SQLITE = {
    "log_entry_no_update": """BEFORE UPDATE ON log_entry
        BEGIN SELECT RAISE(FAIL, 'the log is append-only'); END""",
    "log_entry_no_delete": """BEFORE DELETE ON log_entry
        BEGIN SELECT RAISE(FAIL, 'the log is append-only'); END""",
    # `IS NOT` and not `<>`: with a NULL number the comparison would be NULL, and this guard would pass it.
    "log_entry_next": """BEFORE INSERT ON log_entry BEGIN
        SELECT RAISE(FAIL, 'an entry takes the next number of its log')
        WHERE NEW.seq IS NOT (SELECT IFNULL(MAX(seq) + 1, 0) FROM log_entry WHERE log = NEW.log);
        SELECT RAISE(FAIL, 'an idempotency key is used once')
        WHERE EXISTS (SELECT 1 FROM log_entry WHERE log = NEW.log AND key = NEW.key); END""",
    "checkpoint_no_update": """BEFORE UPDATE ON checkpoint
        BEGIN SELECT RAISE(FAIL, 'a checkpoint is never changed'); END""",
    "checkpoint_no_delete": """BEFORE DELETE ON checkpoint
        BEGIN SELECT RAISE(FAIL, 'a checkpoint is never deleted'); END""",
    "checkpoint_next": """BEFORE INSERT ON checkpoint
        WHEN NEW.seq IS NOT (SELECT IFNULL(MAX(seq) + 1, 0) FROM checkpoint WHERE log = NEW.log)
        BEGIN SELECT RAISE(FAIL, 'a checkpoint takes the next number of its log'); END""",
}
"""SQLite's triggers by name; a file in which one is missing or reads otherwise is not opened.

They FAIL rather than ABORT. Both refuse the row and leave the transaction to be rolled back. But what can
ABORT makes SQLite journal each statement for itself, which doubled the cost of an entry.
"""


def sqlite_trigger(name: str) -> str:
    """Return the statement that makes one trigger, as SQLite keeps it."""
    return f"CREATE TRIGGER {name} {SQLITE[name]}"


SCHEMA = "headroom"
"""The PostgreSQL schema of the tables; its owner and the writer are separate roles."""

_TABLES = ("log_entry", "checkpoint")

_APPEND_ONLY = """
BEGIN RAISE EXCEPTION 'the log is append-only'; END """

_NEXT = """
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq) + 1, 0) FROM {schema}.{table} WHERE log = NEW.log) THEN
    RAISE EXCEPTION 'an entry takes the next number of its log';
  END IF;
  RETURN NEW;
END """  # noqa: E501 (the database has these bytes)


def _next(table: str) -> str:
    return _NEXT.format(schema=SCHEMA, table=table)


_BEFORE_A_CHANGE, _BEFORE_EACH_INSERT = 2 | 8 | 16 | 32, 1 | 2 | 4
"""When a trigger of the database fires, as PostgreSQL's catalogue states it.

The first fires before DELETE, UPDATE or TRUNCATE. The second fires for each row before INSERT.
"""

POSTGRESQL = {
    key: guard
    for table in _TABLES
    for key, guard in {
        (table, "append_only"): ("A", _BEFORE_A_CHANGE, _APPEND_ONLY),
        (table, "next"): ("A", _BEFORE_EACH_INSERT, _next(table)),
    }.items()
}
"""PostgreSQL's triggers by table and name: whether they always fire, when, and what their function does."""

STANDING = f"""
SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype::int, p.prosrc
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
WHERE n.nspname = '{SCHEMA}' AND NOT t.tgisinternal AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
"""
"""Reads the triggers that stand, in the form of `POSTGRESQL`; one with a condition is not one."""

AROUND = f"""
SELECT c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relkind = 'r'
AND (c.relrowsecurity OR EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid))
"""
"""Reads the tables in which a rule or row security changes what is written or seen: none of ours has any."""


_TEXTS = ("body", "leaf", "log", "peak", "root")
_COLUMNS = {
    *(("log_entry", name, "text", True, None, "", "default") for name in _TEXTS),
    ("log_entry", "key", "text", True, None, "", "C"),
    ("log_entry", "seq", "integer", True, None, "", None),
    *(("checkpoint", name, "text", True, None, "", "default") for name in ("log", "note")),
    *(("checkpoint", name, "integer", True, None, "", None) for name in ("seq", "size")),
}
EARLIER = f"""
SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = to_regclass('{SCHEMA}.log_entry') AND a.attname = 'key' AND l.collname = 'default'"""
"""Finds a database whose keys have the order of its language, as an earlier release made them."""
_OURS = f"""
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relname <> 'alembic_version'"""
WHOLE: tuple[tuple[str, set[tuple[object, ...]]], ...] = (
    (
        (
            f"SELECT c.relname, c.relkind::text, c.relpersistence::text, c.relispartition {_OURS} AND "
            "c.relkind "
            "NOT IN ('i', 'I', 't', 'S')"
        ),
        {(table, "r", "p", False) for table in _TABLES},
    ),
    (
        f"""SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, l.collname
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
        WHERE n.nspname = '{SCHEMA}' AND c.relname <> 'alembic_version' AND c.relkind = 'r'
        AND a.attnum > 0 AND NOT a.attisdropped""",
        set(_COLUMNS),
    ),
    (
        f"""SELECT c.relname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{SCHEMA}' AND c.relname <> 'alembic_version'
        AND k.contype <> 'n' AND k.contype <> 't'""",
        {
            ("log_entry", "PRIMARY KEY (log, seq)", True, False),
            ("log_entry", "UNIQUE (log, key)", True, False),
            ("checkpoint", "PRIMARY KEY (log, seq)", True, False),
        },
    ),
    (
        f"""SELECT c.relname, i.indisunique, i.indisvalid, i.indpred IS NULL, i.indexprs IS NULL, count(*)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{SCHEMA}' AND c.relname <> 'alembic_version' AND c.relkind = 'r'
        GROUP BY 1, 2, 3, 4, 5""",
        {("log_entry", True, True, True, True, 2), ("checkpoint", True, True, True, True, 1)},
    ),
    (
        f"""SELECT DISTINCT c.relname, g.privilege_type
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
        LATERAL pg_catalog.aclexplode(c.relacl) g
        WHERE n.nspname = '{SCHEMA}' AND c.relname <> 'alembic_version' AND c.relkind = 'r'
        AND g.grantee <> c.relowner""",
        {(table, right) for table in _TABLES for right in ("SELECT", "INSERT")},
    ),
)
"""Queries of the catalogue with the answers that they must give (`rulings.md` 70).

They cover the tables, their columns and types, keys, indices and grants.
"""


def postgresql(writer: str) -> list[str]:
    """Return the statements that the owner runs after making the tables.

    `writer` gets SELECT and INSERT, and nothing else.

    Raises:
        ValueError: `writer` is not a plain role name.
    """
    # The name goes into GRANT unquoted, where no parameter is possible. 63 characters is PostgreSQL's limit.
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", writer):
        raise ValueError(f"`{writer}` is not a role name of lower-case letters, digits and underscores")
    statements = [
        f"CREATE FUNCTION {SCHEMA}.append_only() RETURNS trigger LANGUAGE plpgsql AS $${_APPEND_ONLY}$$"
    ]
    for table in _TABLES:
        name = f"{SCHEMA}.{table}"
        statements += [
            f"CREATE FUNCTION {SCHEMA}.next_{table}() RETURNS trigger LANGUAGE plpgsql "
            # Without a fixed search path, a session could put a function of its own before PostgreSQL's.
            f"SET search_path = {SCHEMA}, pg_temp AS $${_next(table)}$$",
            f"""CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}
                FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.append_only()""",
            (
                f"CREATE TRIGGER next BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION "
                f"{SCHEMA}.next_{table}()"
            ),
            # ALWAYS, so that a session in the role of a replica does not skip them.
            f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER append_only",
            f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER next",
            f"GRANT SELECT, INSERT ON {name} TO {writer}",
        ]
    return [*statements, f"GRANT USAGE ON SCHEMA {SCHEMA} TO {writer}"]

"""Tokens for programs: of a person, for one deal or all, for reading; never more than the person may."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from engine.basics.errors import WrongUsage
from engine.web.accounts import Accounts, hashed
from engine.web.desk_database import DeskDatabase
from engine.web.rights import EVERY_DEAL, Grant, Person

Scope = Literal["read"]
LONGEST = timedelta(days=366)
PREFIX = "hr_"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as the list shows it: never the token itself."""

    key: str
    person: int
    label: str
    deal: str
    made_at: datetime
    ends: datetime
    ended: bool


def make_token(
    database: DeskDatabase, person: Person, label: str, deal: str, days: int, now: datetime
) -> str:
    """Return a new token, which is shown once.

    Raises WrongUsage for a life that is too long, or a label that is not a line.
    """
    if not label.strip() or not label.isprintable() or len(label) > 80:
        raise WrongUsage("a token has a label in one line that says what uses it")
    if not 0 < days <= LONGEST.days:
        raise WrongUsage(f"a token lives 1 to {LONGEST.days} days")
    token = PREFIX + secrets.token_urlsafe(32)
    values = (
        hashed(token),
        person.number,
        label.strip(),
        "read",
        deal,
        now.isoformat(),
        (now + timedelta(days=days)).isoformat(),
    )
    database.write(
        "INSERT INTO access_token (token, person, label, scope, deal, made_at, ends) VALUES (?, ?, ?, ?, ?, "
        "?, ?)",
        values,
    )
    return token


def tokens(database: DeskDatabase, person: int | None = None) -> tuple[AccessToken, ...]:
    """Return the tokens of a person, or of everybody, the newest first."""
    where, values = ("", ()) if person is None else ("WHERE person = ?", (person,))
    rows = database.rows(f"SELECT * FROM access_token {where} ORDER BY made_at DESC", values)
    return tuple(
        AccessToken(
            row["token"],
            row["person"],
            row["label"],
            row["deal"],
            datetime.fromisoformat(row["made_at"]),
            datetime.fromisoformat(row["ends"]),
            row["ended_at"] is not None,
        )
        for row in rows
    )


def end_token(database: DeskDatabase, key: str, now: datetime, person: int | None = None) -> None:
    """End a token by its hash; if `person` is given, only a token of that person."""
    mine, values = ("", ()) if person is None else (" AND person = ?", (person,))
    database.write(
        f"UPDATE access_token SET ended_at = ? WHERE token = ? AND ended_at IS NULL{mine}",
        (now.isoformat(), key, *values),
    )


def token_person(database: DeskDatabase, accounts: Accounts, header: str, now: datetime) -> Person | None:
    """Return the person for whom a request's access token speaks.

    The person has only those grants that the token leaves of the person's own. The result is None if the
    token does not hold.
    """
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > 100:
        return None
    row = database.row("SELECT * FROM access_token WHERE token = ? AND ended_at IS NULL", (hashed(token),))
    if row is None or datetime.fromisoformat(row["ends"]) <= now:
        return None
    person = accounts.person(row["person"])
    if person is None or row["deal"] == EVERY_DEAL:
        return person
    left = tuple(Grant(row["deal"], grant.party) for grant in person.grants if grant.covers(row["deal"]))
    return Person(person.number, person.login, person.name, left)

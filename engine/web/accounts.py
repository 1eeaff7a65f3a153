"""Accounts: people, their grants, their passwords, and the one-time links by which they are invited."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError

from engine.basics.errors import WrongUsage
from engine.web.desk_database import DeskDatabase
from engine.web.rights import ADMINISTRATOR, Grant, Person

LOGIN = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,128}")
INVITED_FOR = timedelta(days=3)
"""How long the link of an invitation holds."""
SHORTEST, LONGEST = 12, 256
"""Characters of a password. Nothing else is asked of it; the most bounds the work of a guess."""
AT_ONCE = 2
"""How many passwords are hashed at once: each takes 64 MiB."""
PEOPLE = "SELECT number, login, name FROM person WHERE ended_at IS NULL"


def hashed(token: str) -> str:
    """Return what is kept of a token: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link: its token, which is shown once, and when it ends."""

    token: str
    ends: datetime


class Accounts:
    """The people of a desk."""

    def __init__(self, database: DeskDatabase) -> None:
        """Keep the accounts in `database`."""
        self._database = database
        self._hashing = threading.Semaphore(AT_ONCE)
        self._hash = PasswordHash.recommended()

    # ---- people
    # -----------------------------------------------------------------------------------------------

    def person(self, number: int) -> Person | None:
        """Return the person with this number, with the grants that hold now.

        The result is None if the number is unknown, or if the account has ended.
        """
        row = self._database.row(f"{PEOPLE} AND number = ?", (number,))
        return None if row is None else self._with_grants(row)

    def named(self, login: str) -> Person | None:
        """Return a person by login, in whatever letters it is typed."""
        row = self._database.row(f"{PEOPLE} AND login = ?", (login.strip().lower(),))
        return None if row is None else self._with_grants(row)

    def people(self) -> tuple[Person, ...]:
        """Return everybody who has an account, by name."""
        return tuple(self._with_grants(row) for row in self._database.rows(f"{PEOPLE} ORDER BY name, login"))

    def _with_grants(self, row: sqlite3.Row) -> Person:
        rows = self._database.rows(
            "SELECT deal, party FROM grant_ WHERE person = ? ORDER BY deal, party", (row["number"],)
        )
        return Person(
            row["number"], row["login"], row["name"], tuple(Grant(row["deal"], row["party"]) for row in rows)
        )

    def add(self, login: str, name: str, now: datetime) -> Person:
        """Return a new account without a password and without grants.

        Raises WrongUsage for a login that is taken or is not a mail address.
        """
        login, name = login.strip().lower(), name.strip()
        if LOGIN.fullmatch(login) is None or not login.isprintable():
            raise WrongUsage(
                f"`{login}` is not a mail address; an account goes by one, like a.person@example.com"
            )
        if not name or not name.isprintable() or len(name) > SHORTEST * 10:
            raise WrongUsage("an account has the name of its person in one line")
        # Ended accounts count too: in the log of reads one login must always mean one person.
        if self._database.row("SELECT 1 FROM person WHERE login = ?", (login,)):
            raise WrongUsage(f"{login} has an account, or had one")
        self._database.write(
            "INSERT INTO person (login, name, made_at) VALUES (?, ?, ?)", (login, name, now.isoformat())
        )
        person = self.named(login)
        assert person is not None  # it was just made
        return person

    def end(self, number: int, now: datetime) -> None:
        """End an account: its sessions and tokens with it.

        Raises WrongUsage if nobody would administer the desk any more.
        """
        with self._database.together() as connection:
            # The check and the change are one transaction; otherwise two administrators could end each other
            # at once.
            self._keep_an_administrator(connection, number)
            connection.execute(
                "UPDATE person SET ended_at = ?, password = NULL WHERE number = ?", (now.isoformat(), number)
            )
            connection.execute("DELETE FROM session WHERE person = ?", (number,))
            connection.execute("DELETE FROM invitation WHERE person = ?", (number,))
            connection.execute(
                "UPDATE access_token SET ended_at = ? WHERE person = ? AND ended_at IS NULL",
                (now.isoformat(), number),
            )

    # ---- grants
    # -----------------------------------------------------------------------------------------------

    def grant(self, number: int, grant: Grant, by: str, now: datetime) -> None:
        """Grant a party of a deal; a second time changes nothing."""
        values = (number, grant.deal, grant.party, by, now.isoformat())
        self._database.write(
            "INSERT OR IGNORE INTO grant_ (person, deal, party, by, at) VALUES (?, ?, ?, ?, ?)", values
        )

    def withdraw(self, number: int, grant: Grant) -> None:
        """Take a grant back; it counts from the next request on.

        Raises WrongUsage for the last administrator's.
        """
        with self._database.together() as connection:
            if grant.party == ADMINISTRATOR:
                self._keep_an_administrator(connection, number)
            connection.execute(
                "DELETE FROM grant_ WHERE person = ? AND deal = ? AND party = ?",
                (number, grant.deal, grant.party),
            )

    def _keep_an_administrator(self, connection: sqlite3.Connection, number: int) -> None:
        left = "SELECT person FROM grant_ JOIN person ON person = number WHERE party = ? AND ended_at IS NULL"
        there = {row["person"] for row in connection.execute(left, (ADMINISTRATOR,))}
        if there == {number}:
            raise WrongUsage("this is the only administrator; grant it to somebody else first")

    # ---- passwords
    # --------------------------------------------------------------------------------------------

    def set_password(self, number: int, password: str) -> None:
        """Set a password, and end the person's sessions.

        Raises WrongUsage for one that is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise WrongUsage(f"a password has {SHORTEST} to {LONGEST} characters; a sentence is a good one")
        # The hash is made before the transaction begins, so that slow work does not hold up other writers.
        with self._hashing:
            kept = self._hash.hash(password)
        with self._database.together() as connection:
            connection.execute(
                "UPDATE person SET password = ? WHERE number = ? AND ended_at IS NULL", (kept, number)
            )
            # Whoever signed in with the old password, perhaps a thief, is signed out.
            connection.execute("DELETE FROM session WHERE person = ?", (number,))

    def verified(self, login: str, password: str) -> Person | None:
        """Return the person whose login and password these are.

        It takes as long if the account does not exist.
        """
        login = login.strip().lower()
        row = self._database.row(
            "SELECT number, password FROM person WHERE login = ? AND ended_at IS NULL", (login,)
        )
        # An unknown login is compared with a stand-in, so that the time of an answer does not tell who has an
        # account.
        kept = row["password"] if row is not None and row["password"] else self._nobodys
        right = len(password) <= LONGEST and self._matches(password, kept)
        # `right` alone does not decide: for an account without a password it speaks of the stand-in.
        return self.person(row["number"]) if right and row is not None and row["password"] else None

    def _matches(self, password: str, kept: str) -> bool:
        with self._hashing:
            try:
                return self._hash.verify(password, kept)
            # A kept hash that cannot be read is answered as a wrong password, and not with an error page.
            except PwdlibError:
                return False

    @cached_property
    def _nobodys(self) -> str:
        """The hash of a password that nobody has."""
        with self._hashing:
            return self._hash.hash(secrets.token_urlsafe())

    # ---- invitations
    # ------------------------------------------------------------------------------------------

    def invite(self, number: int, now: datetime) -> Invitation:
        """Return a one-time link with which a person sets a password; an earlier one ends."""
        invitation = Invitation(secrets.token_urlsafe(32), now + INVITED_FOR)
        with self._database.together() as connection:
            connection.execute("DELETE FROM invitation WHERE person = ?", (number,))
            values = (hashed(invitation.token), number, invitation.ends.isoformat())
            connection.execute("INSERT INTO invitation (token, person, ends) VALUES (?, ?, ?)", values)
        return invitation

    def invited(self, token: str, now: datetime) -> Person | None:
        """Return whom a link invites; None if it was used, has ended, or never was."""
        row = self._database.row(
            "SELECT person, ends, used_at FROM invitation WHERE token = ?", (hashed(token),)
        )
        if row is None or row["used_at"] is not None or datetime.fromisoformat(row["ends"]) <= now:
            return None
        return self.person(row["person"])

    def accept(self, token: str, password: str, now: datetime) -> Person | None:
        """Set the password of whom a link invites; the link is used up.

        Raises WrongUsage for a password that cannot be.
        """
        person = self.invited(token, now)
        if person is None:
            return None
        # The password is looked at first: one that is too short must not use up the link.
        if not SHORTEST <= len(password) <= LONGEST:
            raise WrongUsage(f"a password has {SHORTEST} to {LONGEST} characters; a sentence is a good one")
        used = "UPDATE invitation SET used_at = ? WHERE token = ? AND used_at IS NULL"
        # Of two clicks at the same moment only one changes the row, so one link sets one password.
        if self._database.write(used, (now.isoformat(), hashed(token))) != 1:
            return None
        self.set_password(person.number, password)
        return person

"""The accounts of the demonstration: four people with a shared password.

The password is made anew each time. The clock of the demonstration stands where its record ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.basics.errors import WrongUsage
from engine.queries.history import newest_moment
from engine.web.desk import Desk
from engine.web.rights import ADMINISTRATOR, APPROVER, EVERY_DEAL, SERVICER, STRUCTURER, Grant
from engine.workspace.workspace import Workspace

MORNING_AFTER = timedelta(hours=15)
"""How long after its last entry the demonstration's clock begins: on the morning after a Thursday's run."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to be in the demonstration."""

    login: str
    name: str
    grants: tuple[Grant, ...]
    sees: str


PEOPLE = (
    DemoPerson(
        "servicer@example.com",
        "Dana Whitfield",
        (Grant(EVERY_DEAL, SERVICER), Grant(EVERY_DEAL, STRUCTURER), Grant(EVERY_DEAL, ADMINISTRATOR)),
        "the servicer's week, the portfolio, reports, Acts; drafts and administration too",
    ),
    DemoPerson(
        "approver@example.com",
        "Priya Raman",
        (Grant(EVERY_DEAL, APPROVER),),
        "what waits for a second person",
    ),
    DemoPerson(
        "borrower@example.com",
        "Tom Alder",
        (Grant("meridian-2026-1", "borrower"),),
        "what is due from the borrower of one deal",
    ),
    DemoPerson(
        "trustee@example.com",
        "Maria Lindqvist",
        (Grant("meridian-2026-1", "indenture_trustee"), Grant("northfield-abs-2026-1", "indenture_trustee")),
        "two deals: history, working, proof",
    ),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """How the demonstration is opened."""

    address: str
    password: str
    people: tuple[DemoPerson, ...]

    def as_data(self) -> dict[str, Any]:
        """Return how it is opened, as JSON."""
        people = [{"login": person.login, "name": person.name, "sees": person.sees} for person in self.people]
        return {"address": self.address, "password": self.password, "people": people}


def demo_clock(workspace: Workspace, clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that begins on the morning after the newest entry of the record and runs on from there.

    Raises WrongUsage if the workspace is not a demonstration: nobody's record gets a clock that is not right.
    """
    if not (workspace.root / "GENERATED").exists():
        raise WrongUsage(
            f"{workspace.root} is not a demonstration; make one with `headroom demo --into "
            f"{workspace.root}`, or leave out --demo"
        )
    ahead = newest_moment(workspace) + MORNING_AFTER - clock()
    return lambda: clock() + ahead


def open_demonstration(desk: Desk) -> Opened:
    """Return the four people, with a new password."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    now = desk.clock()
    for one in PEOPLE:
        person = desk.accounts.named(one.login) or desk.accounts.add(one.login, one.name, now)
        for grant in one.grants:
            desk.accounts.grant(person.number, grant, "the demonstration", now)
        desk.accounts.set_password(person.number, password)
    return Opened(f"http://{desk.settings.host}:{desk.settings.port}/", password, PEOPLE)

"""A desk for tests: two deals over seven Thursdays, and a person for each part that there is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from engine.demo import plan
from engine.determination.template import Template
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.operations.sign_checkpoints import sign_all
from engine.record.keys import generate_key, write_key
from engine.record.log import Scribe
from engine.web.application import application
from engine.web.desk import Desk, desk_of
from engine.web.rights import EVERY_DEAL, Grant
from engine.workspace.checkpoints import KEY
from engine.workspace.workspace import create, opened
from tests.conftest import DEALS
from tests.operations.test_run import keep, paper

DEAL, OTHER = "meridian-2026-1", "harbour-bilateral-2026"
AT = datetime(2026, 2, 20, 15, tzinfo=UTC)
"""The morning after the LTV test of the one deal has failed for the first time."""
BASE = "http://127.0.0.1:8321"
PEOPLE: dict[str, tuple[Grant, ...]] = {
    "borrower": (Grant(DEAL, "borrower"),),
    "servicer": (Grant(DEAL, "servicer"),),
    "approver": (Grant(DEAL, "approver"),),
    "trustee": (Grant(DEAL, "indenture_trustee"),),
    "agent": (Grant(DEAL, "administrative_agent"),),
    "structurer": (Grant(EVERY_DEAL, "structurer"),),
    "administrator": (Grant(EVERY_DEAL, "administrator"),),
    "nobody": (),
    "outsider": (
        Grant(OTHER, "servicer"),
        Grant(OTHER, "lender"),
        Grant(OTHER, "approver"),
        Grant(OTHER, "borrower"),
    ),
}
"""Each part in the one deal; the outsider has every part in the other one."""


@pytest.fixture(scope="session")
def desk_folder(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """A workspace that was run; tests that write take a copy."""
    root = tmp_path_factory.mktemp("desk") / "workspace"
    create(root, "Example Servicing Desk")
    for name in (DEAL, OTHER):
        shutil.copy(DEALS / f"{name}.yaml", root / "deals")
    with (root / "headroom.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[people."Servicer"]\nacts_for = ["servicer"]\n')
    (root / KEY).parent.mkdir()
    write_key(root / KEY, generate_key("example-desk/tests"))
    workspace = opened(root)
    by = Scribe("t", "t", AT)
    for thursday in plan.THURSDAYS[:7]:
        keep(workspace, thursday, AT)
        for report in plan.reports(thursday):
            if report.name.startswith((DEAL, OTHER)):
                Intake(workspace, all_templates, by).take(report.text.encode(), report.name, report.received)
    run(workspace, plan.THURSDAYS[6], Tools(all_templates, paper, AT, "tester", lambda _: None))
    sign_all(workspace)
    workspace.store.close()
    return root


@dataclass
class TestClock:
    """A clock that a test sets."""

    __test__ = False
    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def on(self, **later: float) -> None:
        """Let time pass."""
        self.at += timedelta(**later)


@dataclass
class Visitors:
    """The application, and a client for each person, signed in without a password: passwords have tests of
    their own.
    """

    app: FastAPI
    desk: Desk
    clock: TestClock
    sessions: dict[str, str] = field(default_factory=dict)

    def client(self, who: str | None = None) -> TestClient:
        """A browser of a person; of nobody who is signed in unless one is named."""
        found = TestClient(self.app, base_url=BASE, follow_redirects=False)
        if who is not None:
            person = self.desk.accounts.named(f"{who}@example.com")
            assert person is not None
            if who not in self.sessions or self.desk.sessions.find(self.sessions[who], self.clock()) is None:
                self.sessions[who] = self.desk.sessions.begin(person.number, "test", self.clock())
            found.cookies.set("session", self.sessions[who])
        return found

    def csrf(self, who: str) -> str:
        """The word that the person's forms carry."""
        self.client(who)
        session = self.desk.sessions.find(self.sessions[who], self.clock())
        assert session is not None
        return session.csrf


def visitors_of(root: Path) -> Visitors:
    """The application over a workspace, with its people."""
    clock = TestClock()
    desk = desk_of(opened(root), clock)
    for who, grants in PEOPLE.items():
        person = desk.accounts.named(f"{who}@example.com") or desk.accounts.add(
            f"{who}@example.com", who.title(), AT
        )
        for grant in grants:
            desk.accounts.grant(person.number, grant, "test", AT)
    return Visitors(application(desk), desk, clock)


@pytest.fixture(scope="session")
def visitors(desk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """For tests that only read."""
    root = tmp_path_factory.mktemp("read") / "workspace"
    shutil.copytree(desk_folder, root)
    found = visitors_of(root)
    yield found
    found.desk.workspace.store.close()


@pytest.fixture
def own_visitors(desk_folder: Path, tmp_path: Path) -> Iterator[Visitors]:
    """For tests that write."""
    shutil.copytree(desk_folder, tmp_path / "workspace")
    found = visitors_of(tmp_path / "workspace")
    yield found
    found.desk.workspace.store.close()


@pytest.fixture
def post(own_visitors: Visitors) -> Callable[..., object]:
    """Send a form as a person, with the session's word."""

    def send(who: str, path: str, fields: dict[str, str] | None = None, **more: object) -> object:
        data = {"csrf": own_visitors.csrf(who), **(fields or {})}
        return own_visitors.client(who).post(path, data=data, **more)  # type: ignore[arg-type]

    return send

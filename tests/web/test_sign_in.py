"""Who is who: passwords, invitations, sessions, forms that were forged, guesses."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from engine.basics.errors import WrongUsage
from engine.cli import registered
from engine.web.accounts import hashed
from engine.web.desk_database import DeskDatabase
from engine.web.rights import EVERY_DEAL, Grant
from engine.web.sessions import IDLE, LONGEST
from tests.web.conftest import AT, BASE, DEAL, PEOPLE, Visitors

SENTENCE = "a sentence is a good password"


def set_up(visitors: Visitors, who: str = "trustee") -> str:
    """A password for somebody; the login."""
    person = visitors.desk.accounts.named(f"{who}@example.com")
    assert person is not None
    visitors.desk.accounts.set_password(person.number, SENTENCE)
    return person.login


def sign_in(client: TestClient, login: str, password: str, **more: str) -> tuple[int, str]:
    found = client.post("/sign-in", data={"login": login, "password": password, **more})
    return found.status_code, found.headers.get("location", "")


def test_signing_in_begins_a_session_of_its_own_and_signing_out_ends_it(own_visitors: Visitors) -> None:
    login, client = set_up(own_visitors), own_visitors.client()
    client.cookies.set("session", "chosen by somebody else")
    assert sign_in(client, login.upper(), SENTENCE) == (303, "/")
    name = client.cookies.get("session", domain="127.0.0.1")
    assert name not in (None, "chosen by somebody else")
    page = client.get(f"/deals/{DEAL}/history")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
    left = client.post("/sign-out", data={"csrf": csrf})
    assert (left.status_code, left.headers["clear-site-data"]) == (303, '"cache", "storage"')
    client.cookies.set("session", name or "")  # the browser's back button, or whoever copied the cookie
    assert client.get(f"/deals/{DEAL}/history").headers["location"].startswith("/sign-in")


def test_a_wrong_password_and_no_account_answer_alike(own_visitors: Visitors) -> None:
    login, client = set_up(own_visitors), own_visitors.client()
    pages = []
    for who in (login, "ghost@example.com"):
        found = client.post("/sign-in", data={"login": who, "password": "wrong wrong wrong"})
        pages.append((found.status_code, found.text.replace(who, "")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 403


def test_guesses_at_one_account_end_even_with_the_right_password(own_visitors: Visitors) -> None:
    login, client = set_up(own_visitors), own_visitors.client()
    own_visitors.desk.accounts.verified = lambda *_: None  # type: ignore[method-assign]  # a guess costs 64 MiB and is counted before
    found = [sign_in(client, login, f"guess number {n}")[0] for n in range(11)]
    assert found == [403] * 10 + [429]


def test_after_signing_in_one_goes_on_inside_the_desk_only(own_visitors: Visitors) -> None:
    login = set_up(own_visitors)
    for asked, goes in (
        (f"/deals/{DEAL}", f"/deals/{DEAL}"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
        ("/a\nb", "/"),
    ):
        assert sign_in(own_visitors.client(), login, SENTENCE, next=asked) == (303, goes)


def test_a_session_ends_without_use_and_in_any_case(own_visitors: Visitors) -> None:
    sessions, clock = own_visitors.desk.sessions, own_visitors.clock
    name = sessions.begin(1, "test", clock())
    clock.on(minutes=29)
    assert sessions.find(name, clock()) is not None
    clock.at += IDLE
    assert sessions.find(name, clock()) is None
    clock.at = AT
    name = sessions.begin(1, "test", clock())
    for _ in range(16):
        clock.on(minutes=29)
        sessions.find(name, clock())
    clock.at = AT + LONGEST
    assert sessions.find(name, clock()) is None


def test_what_is_kept_of_a_session_is_of_no_use(own_visitors: Visitors) -> None:
    name = own_visitors.desk.sessions.begin(1, "test", AT)
    kept = own_visitors.desk.database.rows("SELECT token FROM session")
    assert [row["token"] for row in kept] == [hashed(name)]
    assert own_visitors.desk.sessions.find(hashed(name), AT) is None


def test_an_invitation_works_once_and_for_three_days(own_visitors: Visitors) -> None:
    accounts = own_visitors.desk.accounts
    person = accounts.add("new@example.com", "New Person", AT)
    link = f"/invitation/{accounts.invite(person.number, AT).token}"
    client = own_visitors.client()
    assert client.get(link).status_code == client.get(link).status_code == 200  # opening it changes nothing
    short = client.post(link, data={"password": "too short", "again": "too short"})
    assert (short.status_code, "12 to 256 characters" in short.text) == (422, True)
    other = client.post(link, data={"password": SENTENCE, "again": SENTENCE + "s"})
    assert (other.status_code, "not the same" in other.text) == (422, True)
    assert client.post(link, data={"password": SENTENCE, "again": SENTENCE}).status_code == 303
    assert (
        own_visitors.client()
        .post(link, data={"password": "another sentence", "again": "another sentence"})
        .status_code
        == 404
    )
    assert accounts.verified("new@example.com", SENTENCE) is not None
    late = accounts.invite(person.number, AT).token
    assert accounts.invited(late, AT + timedelta(days=3)) is None


def test_an_account_that_ended_is_out_at_once(own_visitors: Visitors) -> None:
    login, client = set_up(own_visitors), own_visitors.client("trustee")
    assert client.get(f"/deals/{DEAL}").status_code == 200
    person = own_visitors.desk.accounts.named(login)
    assert person is not None
    own_visitors.desk.accounts.end(person.number, AT)
    assert client.get(f"/deals/{DEAL}").status_code == 303
    assert own_visitors.desk.accounts.verified(login, SENTENCE) is None


def test_a_grant_that_is_withdrawn_counts_from_the_next_request(own_visitors: Visitors) -> None:
    client, accounts = own_visitors.client("trustee"), own_visitors.desk.accounts
    person = accounts.named("trustee@example.com")
    assert person is not None
    assert client.get(f"/deals/{DEAL}").status_code == 200
    accounts.withdraw(person.number, Grant(DEAL, "indenture_trustee"))
    assert client.get(f"/deals/{DEAL}").status_code == 404


def test_the_last_administrator_stays(own_visitors: Visitors) -> None:
    accounts = own_visitors.desk.accounts
    person = accounts.named("administrator@example.com")
    assert person is not None
    with pytest.raises(WrongUsage, match="only administrator"):
        accounts.withdraw(person.number, Grant(EVERY_DEAL, "administrator"))
    with pytest.raises(WrongUsage, match="only administrator"):
        accounts.end(person.number, AT)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_form_from_elsewhere_is_not_taken(own_visitors: Visitors, headers: dict[str, str]) -> None:
    data = {"csrf": own_visitors.csrf("trustee")}
    assert own_visitors.client("trustee").post("/sign-out", data=data, headers=headers).status_code == 403


def test_a_form_without_the_word_of_its_session_is_not_taken(own_visitors: Visitors) -> None:
    client = own_visitors.client("trustee")
    for data in ({}, {"csrf": ""}, {"csrf": own_visitors.csrf("servicer")}):
        assert client.post("/sign-out", data=data).status_code == 403
    assert client.get("/").status_code == 200


def test_a_cookie_is_bound_where_there_is_tls(own_visitors: Visitors) -> None:
    login = set_up(own_visitors)
    web = own_visitors.desk.settings.model_copy(update={"behind_proxy": True, "address": BASE})
    object.__setattr__(own_visitors.desk.workspace.settings, "web", web)
    found = own_visitors.client().post("/sign-in", data={"login": login, "password": SENTENCE})
    cookie = found.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert found.headers["strict-transport-security"].startswith("max-age=31536000")


def test_the_desk_is_copied_with_the_record_and_comes_back_without_its_sessions(
    own_visitors: Visitors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts, grants and reads are in the copy; a session that was open is not.

    `--accounts` puts it back.
    """
    root, desk = own_visitors.desk.workspace.root, own_visitors.desk
    own_visitors.client("servicer").get(f"/deals/{DEAL}/history")
    monkeypatch.chdir(root)
    copy = tmp_path / "copy" / "record.sqlite"
    assert CliRunner().invoke(registered(["db"]), ["db", "backup", str(copy)]).exit_code == 0
    beside = copy.with_name("record.web.sqlite")
    assert beside.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(beside)) as found:
        counts = [
            found.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("person", "grant_", "read_", "session")
        ]
    assert counts[:2] == [len(desk.accounts.people()), sum(len(grants) for grants in PEOPLE.values())]
    assert (counts[2] > 0, counts[3]) == (True, 0)
    desk.accounts.add("late@example.com", "Late", own_visitors.clock())
    desk.workspace.store.close()
    assert CliRunner().invoke(registered(["db"]), ["db", "restore", str(copy), "--accounts"]).exit_code == 0
    again = DeskDatabase(root / "web.sqlite")
    assert again.row("SELECT 1 FROM person WHERE login = 'late@example.com'") is None
    assert again.row("SELECT 1 FROM person WHERE login = 'servicer@example.com'") is not None
    assert (root / "web.sqlite.before-restore").is_file()

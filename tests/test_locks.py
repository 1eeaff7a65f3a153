"""The two lock files: the same versions in both, a hash for each, no registry's address, no test tool for a
user.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
USERS, TESTS = "requirements.lock", "requirements-dev.lock"


def _requirements(name: str) -> dict[str, set[str]]:
    """Each pinned version of a lock file with its hashes, whatever machine it is for."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split("--hash=") for line in text.splitlines() if line.strip()]
    return {pin.split(";")[0].strip(): {one.strip() for one in hashes} for pin, *hashes in lines}


def _projects(pins: dict[str, set[str]]) -> set[str]:
    return {re.split("[=\\[ ]", pin, maxsplit=1)[0] for pin in pins}


def _named(requirements: list[object]) -> set[str]:
    """The project names of a list in pyproject.toml."""
    return {
        re.split(r"[\[<>=~! ]", text, maxsplit=1)[0].lower() for text in requirements if isinstance(text, str)
    }


def test_each_version_of_the_users_lock_is_in_the_tests_lock() -> None:
    users, tests = _requirements(USERS), _requirements(TESTS)
    assert set(users) <= set(tests)
    assert all(hashes == tests[pin] for pin, hashes in users.items())


def test_every_requirement_is_one_version_with_hashes() -> None:
    for name in (USERS, TESTS):
        for pin, hashes in _requirements(name).items():
            assert "==" in pin, pin
            assert hashes, pin
            assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), pin


def test_no_lock_names_a_registry() -> None:
    for name in (USERS, TESTS):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    users, tests = _projects(_requirements(USERS)), _projects(_requirements(TESTS))
    assert _named(project["project"]["dependencies"]) <= users
    assert _named(project["dependency-groups"]["build"]) <= users
    assert _named(project["dependency-groups"]["dev"]) <= tests


def test_a_user_installs_no_test_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert _projects(_requirements(USERS)).isdisjoint(_named(project["dependency-groups"]["dev"]))


def test_pyarrow_is_in_no_lock() -> None:
    """Once it is installed, pandas stores text in it."""
    assert "pyarrow" not in _projects(_requirements(USERS)) | _projects(_requirements(TESTS))

"""What the set-up does on a machine that lacks system packages: it installs them where it may, and stops
where it may not.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tools import preflight

REPOSITORY = Path(__file__).resolve().parents[2]
BOTH = "apt-get update -q && apt-get install -y -q --no-install-recommends libpango-1.0-0 python3.11-venv"
SUDO = "sudo env DEBIAN_FRONTEND=noninteractive "


class Machine:
    """A machine that lacks packages until the command that installs them has run."""

    def __init__(
        self, *lacks: str, commands: Sequence[str] = ("apt-get", "sudo"), code: int = 0, heals: bool = True
    ) -> None:
        self.lacks, self.commands, self.code, self.heals = list(lacks), commands, code, heals
        self.ran: list[str] = []

    def run(self, command: Sequence[str]) -> int:
        self.ran.append(" ".join(command))
        if self.code == 0 and self.heals and "install" in command:
            self.lacks = []
        return self.code

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.commands else None

    def provide(self, root: bool, environment: Mapping[str, str] | None = None) -> str | None:
        return preflight.provide(lambda: list(self.lacks), self.run, root, environment or {}, self.which)


def test_nothing_runs_where_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine()
    assert machine.provide(root=True) is None
    assert machine.ran == []
    assert capsys.readouterr().out == ""


def test_root_installs_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("libpango-1.0-0", "python3.11-venv")
    assert machine.provide(root=True) is None
    assert " && ".join(machine.ran) == BOTH
    assert (
        capsys.readouterr().out
        == f"This machine lacks libpango-1.0-0 python3.11-venv. Installing it with:\n  {BOTH}\n"
    )


def test_a_user_who_permits_it_installs_by_sudo(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("libpango-1.0-0")
    assert machine.provide(root=False, environment={"HEADROOM_INSTALL": "1"}) is None
    assert all(command.startswith(SUDO) for command in machine.ran)
    assert "Installing it with:\n  sudo env" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "commands"),
    [
        ({}, ("apt-get", "sudo")),
        ({"HEADROOM_INSTALL": "0"}, ("apt-get", "sudo")),
        ({"HEADROOM_INSTALL": "1"}, ("apt-get",)),
    ],
)
def test_everybody_else_gets_the_one_command(environment: Mapping[str, str], commands: Sequence[str]) -> None:
    machine = Machine("libpango-1.0-0", "python3.11-venv", commands=commands)
    said = machine.provide(root=False, environment=environment)
    assert said is not None
    assert said.splitlines() == [
        "This machine lacks libpango-1.0-0 python3.11-venv. Install it with this command, then try again:",
        f"  sudo sh -c '{BOTH}'",
    ]
    assert machine.ran == []


def test_another_system_is_told_the_debian_names() -> None:
    machine = Machine("libpango-1.0-0", commands=())
    said = machine.provide(root=True)
    assert said is not None
    assert "libpango-1.0-0 (the names are Debian's)" in said
    assert machine.ran == []


def test_a_failed_installation_stops_the_set_up() -> None:
    machine = Machine("libpango-1.0-0", code=100)
    said = machine.provide(root=True)
    assert said is not None
    assert said.startswith("The installation failed.")
    assert len(machine.ran) == 1


def test_an_installation_that_does_not_help_stops_the_set_up() -> None:
    said = Machine("libpango-1.0-0", heals=False).provide(root=True)
    assert said == "The installation ended, but this machine still lacks libpango-1.0-0."


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> None:
        return None

    def refused(_library: str) -> None:
        raise OSError

    monkeypatch.setattr(preflight.importlib.util, "find_spec", nothing)
    monkeypatch.setattr(preflight.ctypes, "CDLL", refused)
    monkeypatch.setattr(preflight.shutil, "which", nothing)
    venv = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    basic = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]
    assert preflight.missing() == [*basic, venv]
    assert preflight.missing(browser=True) == [*basic, "libatomic1", venv, "chromium"]


@pytest.mark.parametrize("name", preflight.BROWSERS)
def test_any_name_of_chromium_will_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[[str], str | None] = lambda wanted: wanted if wanted == name else None  # noqa: E731
    monkeypatch.setattr(preflight.shutil, "which", found)
    assert "chromium" not in preflight.missing(browser=True)


def test_an_old_python_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.sys, "version_info", (3, 10, 12))
    assert (
        preflight.main([])
        == "Headroom needs Python 3.11 or newer; this is 3.10. Name another: make PYTHON=python3.11 demo"
    )


def test_this_machine_has_what_it_needs() -> None:
    """These tests ran after the set-up, so the script itself must find nothing to do."""
    done = subprocess.run(
        [sys.executable, "-I", "tools/preflight.py"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_target_of_make_checks_the_machine_first() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not on this machine")
    for target in ("demo", "test", "test-web", "bench", "docs", "soak"):
        done = subprocess.run(
            [make, "--no-print-directory", "-n", target],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[0] == "python3 tools/preflight.py", target

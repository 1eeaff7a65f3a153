"""Something else than a regular file is refused in words and at once, under whatever name a reader looks for."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.basics.regular_files import NotAFile, bytes_in, text_in
from tests.cli import calling
from tests.conftest import DEALS, REPOSITORY
from tests.test_architecture import modules

SHIPPED = {
    "basics/regular_files.py",
    "basics/calendar.py",  # what ships with the engine
    "basics/build_identity.py",
    "assembly.py",
    "demo/build.py",
    "market/methodology.py",
    "market/series_map.py",
    "web/static_files.py",
    "workspace/last_use.py",  # the lock, which the engine itself made
}


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("made", "what"), [(os.mkfifo, "a pipe"), (a_socket, "a socket"), (a_device, "a device")]
)
@pytest.mark.parametrize("read", [bytes_in, text_in])
def test_it_says_what_it_is_and_waits_for_nobody(
    made: Callable[[Path], None],
    what: str,
    read: Callable[[Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("x.yaml")
    made(path)
    with pytest.raises(NotAFile, match=f"it is {what} and not a file"):
        read(path)


def test_a_folder_and_a_file_are_read_as_ever(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        bytes_in(tmp_path)
    with pytest.raises(FileNotFoundError):
        bytes_in(tmp_path / "missing")
    (tmp_path / "a").write_bytes(b"a\r\nb\rc\n")
    assert (bytes_in(tmp_path / "a"), text_in(tmp_path / "a")) == (b"a\r\nb\rc\n", "a\nb\nc\n")


HOLDER = """
import fcntl, os, signal, sys
file = os.open(sys.argv[1], os.O_RDWR)
signal.signal(signal.SIGIO, lambda *_: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK))
try:
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
except OSError:
    print("refused", flush=True)
else:
    print("held", flush=True)
    signal.pause()
"""


def test_a_system_that_cannot_open_without_waiting_reads_files_all_the_same(tmp_path: Path) -> None:
    """Windows has no such flag, and a trustee's verifier runs there."""
    (tmp_path / "x.yaml").write_bytes(b"a: b")
    code = (
        "import os, pathlib; del os.O_NONBLOCK; from engine.basics.regular_files import bytes_in; "
        "print(bytes_in(pathlib.Path('x.yaml')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
    )
    assert done.stdout.strip() == "b'a: b'"


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="the system has no leases of files")
def test_a_file_that_a_file_server_holds_for_a_client_is_read_once_it_gives_it_up(tmp_path: Path) -> None:
    """Samba holds files so, with a lease of the kernel; an open that does not wait fails at once."""
    path = tmp_path / "report.yaml"
    path.write_bytes(b"deal: x\n")
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != b"held\n":
                pytest.skip("no lease is given on this disk")
            assert bytes_in(path) == b"deal: x\n"
        finally:
            holder.kill()


def test_what_a_shell_has_opened_is_read(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"from a pipe")
    os.close(theirs)
    try:
        assert bytes_in(Path(f"/dev/fd/{ours}")) == b"from a pipe"
    finally:
        os.close(ours)


PIPES: list[tuple[str, tuple[str, ...]]] = [
    ("deals/x.yaml", ("run", "--on", "2026-01-08")),
    ("deals/x.yaml", ("portfolio",)),
    ("deals/x.yaml", ("check", "deals/x.yaml")),
    ("deals/x.yaml", ("prove", "deals/x.yaml")),
    ("reports/x.yaml", ("intake", "reports/x.yaml")),
    ("x.json", ("import", "x.json")),
    ("x.csv", ("import", "--series", "CRI-H100", "x.csv")),
    ("x.pdf", ("verify", "x.pdf", "--policy", "headroom.toml")),
    ("x.toml", ("verify", "headroom.toml", "--policy", "x.toml")),
    ("x.pub", ("verify", "--trust", "x.pub")),
    ("headroom.toml", ("portfolio",)),
]


@pytest.mark.parametrize(("name", "command"), PIPES)
def test_no_command_waits_for_a_pipe(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    root = tmp_path / "desk"
    assert calling.headroom("init", str(root), "--operator", "Example Agent").returncode == 0
    (root / "deals" / "meridian-2026-1.yaml").write_bytes((DEALS / "meridian-2026-1.yaml").read_bytes())
    (root / name).unlink(missing_ok=True)
    os.mkfifo(root / name)
    words = [str(root / word) if "." in word else word for word in command]
    done = calling.headroom(*words, folder=root)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert re.search(r"pipe and not a file|a device or a pipe|no such file|is not a workspace", said), said
    assert "Traceback" not in said


def test_no_other_module_opens_a_file_by_itself() -> None:
    found = {
        str(path.relative_to(REPOSITORY / "engine"))
        for path in modules()
        if path.is_relative_to(REPOSITORY / "engine")
        and re.search(
            r"\.read_bytes\(\)|\.read_text\(encoding|\.open\(\"rb\"\)", path.read_text(encoding="utf-8")
        )
    }
    assert found == SHIPPED

"""A disk that fails or a share that goes away while a file is read: nothing is concluded from it."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.audit.held_stamps import held_stamps
from engine.basics.errors import Unavailable
from engine.basics.files import LOST_DISK, refuse_lost_disk
from engine.cli.show.keys import make_key
from engine.verifier.verifier_command import run as verify_alone
from engine.workspace.workspace import PLACEHOLDER, opened
from tests.cli import calling
from tests.operations.test_exactly_once import FIRST, WEEK, desk, events, publish, rows
from tests.operations.test_run import DEAL

Lost = Callable[[str, int], None]
Verify = Callable[..., tuple[int, str]]
AFTER = ("run", "--on", str(FIRST + WEEK))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed workspace with one date and its notice."""
    root = tmp_path_factory.mktemp("lost") / "desk"
    workspace = desk(root)
    settings = root / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent"), encoding="utf-8")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    assert calling.headroom("run", "--on", str(FIRST), folder=root).returncode == 0
    return root


@pytest.fixture
def root(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "desk"))


@pytest.fixture
def lost(root: Path, monkeypatch: pytest.MonkeyPatch) -> Lost:
    """Lose a file or a folder of the workspace with all that is in it: it can be neither opened nor listed."""

    def lose(name: str, number: int) -> None:
        def losing(whole: Any) -> Any:
            def reads(path: Any = ".", *others: Any, **more: Any) -> Any:
                if not isinstance(path, int) and Path(path).is_relative_to(root / name):
                    raise OSError(number, os.strerror(number), str(path))
                return whole(path, *others, **more)

            return reads

        monkeypatch.setattr(io, "open", losing(io.open))
        for listing in ("scandir", "listdir"):
            monkeypatch.setattr(os, listing, losing(getattr(os, listing)))

    return lose


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("name", [f"deals/{DEAL}.yaml", "deals", "notices", "checkpoints", "headroom.toml"])
def test_a_run_records_nothing_of_what_it_could_not_read(
    root: Path, lost: Lost, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    before = kinds(root)
    lost(name, number)
    done = calling.headroom(*AFTER, folder=root)
    monkeypatch.undo()
    assert (done.returncode, os.strerror(number).lower() in done.stderr.lower()) == (1, True)
    assert kinds(root) == before
    assert not (root / "deals" / "refused").exists()
    assert calling.headroom(*AFTER, folder=root).returncode == 0
    assert "not evaluated" not in kinds(root)


def kinds(root: Path) -> list[str]:
    workspace = opened(root)
    found = [event.kind for event in events(workspace)]
    workspace.store.close()
    return found


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("command", ["verify", "replay"])
@pytest.mark.parametrize(
    "name", ["deals/adopted", "notices", "checkpoints", "keys/log.key.pub", "documents", "snapshots"]
)
def test_an_audit_calls_nothing_changed_that_it_could_not_read(
    root: Path, lost: Lost, name: str, number: int, command: str
) -> None:
    whole = calling.headroom(command, folder=root)
    lost(name, number)
    done = calling.headroom(command, folder=root)
    # A replay does not read each of these files; what it says is then what it says of a whole disk.
    assert (done.returncode, os.strerror(number) in done.stderr) == (1, True) or done.stdout == whole.stdout
    assert done.returncode != 3
    assert command == "replay" or done.returncode == 1


@pytest.fixture
def handed_over(root: Path) -> Path:
    """The workspace with a deal as it is handed over: an exported log, a bundle, and a policy to verify by."""
    key = (root / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
    (root / "trustee.toml").write_text(f'log_keys = ["{key}"]\nsignature_needed = false\n', encoding="utf-8")
    for made in (
        ("export", DEAL, "--as", "tiles", "--into", str(root / "export")),
        ("bundle", DEAL, "--into", str(root / "deal.bundle")),
    ):
        assert calling.headroom(*made, folder=root).returncode == 0
    return root


def by_headroom(*arguments: str) -> tuple[int, str]:
    done = calling.headroom("verify", *arguments)
    return done.returncode, done.stderr


def by_the_verifier(*arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(said):
        return verify_alone(arguments), said.getvalue()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("verify", [by_headroom, by_the_verifier])
@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("export", "export/checkpoint"),
        ("export", "export/tile"),
        ("deal.bundle", "deal.bundle"),
        ("notice", "notices"),
    ],
)
def test_nothing_handed_over_differs_that_could_not_be_read(
    handed_over: Path, lost: Lost, verify: Verify, what: str, name: str, number: int
) -> None:
    file = next((handed_over / "notices").rglob("*.pdf")) if what == "notice" else handed_over / what
    arguments = (str(file), "--policy", str(handed_over / "trustee.toml"))
    assert verify(*arguments) == (0, "")
    lost(name, number)
    code, said = verify(*arguments)
    assert (code, os.strerror(number) in said) == (1, True)


def test_a_held_checkpoint_is_not_called_missing_that_could_not_be_read(root: Path, lost: Lost) -> None:
    """The stamp beside it was read; the disk fails between the two."""
    (root / "a.note.stamp").write_text("a stamp", encoding="utf-8")
    held = root / "a.note"
    (stamp,) = held_stamps([held])
    assert stamp.note is None  # it does not exist
    lost("a.note", errno.EIO)
    with pytest.raises(Unavailable, match=r"a\.note: "):
        held_stamps([held])


def test_an_error_of_the_file_itself_passes() -> None:
    refuse_lost_disk(FileNotFoundError(errno.ENOENT, "No such file or directory", "a"))
    refuse_lost_disk(PermissionError(errno.EACCES, "Permission denied", "a"))
    for number in LOST_DISK:
        with pytest.raises(
            Unavailable, match=r"a: .*; remove the cause\. What was recorded stays on record\."
        ):
            refuse_lost_disk(OSError(number, os.strerror(number), "a"))

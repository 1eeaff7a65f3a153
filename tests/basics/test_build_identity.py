"""Which engine an event names: version, commit and lock file where they are known, and what a notice prints
of them.
"""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from engine import __version__
from engine.assembly import actor
from engine.audit.replay import Replay
from engine.basics.build_identity import built
from engine.demo import plan
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from reports.formats import short_engine
from tests.cli.calling import in_a_process as headroom
from tests.conftest import REPOSITORY
from tests.operations.test_run import DEAL, fill
from tests.operations.test_run import tools as tools  # the fixture
from tests.operations.test_run import workspace as workspace  # the fixture


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "requirements.lock").write_text("numpy==2.0\n", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_a_checkout_is_named_by_commit_and_lock_file_and_changed_files_are_said(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    first = hashlib.sha256(b"numpy==2.0\n").hexdigest()
    assert built(checkout).startswith(
        f"headroom {__version__}, commit {commit}, lock {first}, Python {platform.python_version()}, "
    )
    assert f"numpy {version('numpy')}" in built(checkout)
    built.cache_clear()
    git(checkout, "tag", "-am", "v", "v1.0")
    (checkout / "requirements.lock").write_text("numpy==2.1\n", encoding="utf-8")
    second = hashlib.sha256(b"numpy==2.1\n").hexdigest()
    assert built(checkout).startswith(
        f"headroom {__version__}, commit {commit} with changes, lock {second}, "
    )


HIDDEN = {
    "another repository in the environment": lambda root, patched: patched.setenv(
        "GIT_DIR", str(root / "elsewhere")
    ),
    "another folder of files in the environment": lambda root, patched: patched.setenv(
        "GIT_WORK_TREE", str(root / "engine")
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_no_variable_of_the_environment_falsifies_the_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    (checkout / "elsewhere").mkdir()
    git(checkout / "elsewhere", "init", "-q", "--bare")
    HIDDEN[name](checkout, monkeypatch)
    built.cache_clear()
    assert f"commit {commit}, " in built(checkout)


def test_files_that_git_is_told_to_pass_over_are_changes(checkout: Path) -> None:
    """An untracked module, an ignored one, and tracked files whose changes git does not look for."""
    (checkout / "engine").mkdir()
    (checkout / "engine" / "a.py").write_text("A = 1\n", encoding="utf-8")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "two")

    def said() -> bool:
        built.cache_clear()
        return "with changes" in built(checkout)

    assert not said()
    (checkout / "engine" / "b.py").write_text("B = 1\n", encoding="utf-8")
    assert said()
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "exclude").write_text("b.py\n", encoding="utf-8")
    assert said()
    (checkout / "engine" / "b.py").unlink()
    assert not said()
    for mark in ("--assume-unchanged", "--skip-worktree"):
        git(checkout, "update-index", mark, "engine/a.py")
        (checkout / "engine" / "a.py").write_text("A = 2\n", encoding="utf-8")
        assert said()
        git(checkout, "update-index", mark.replace("--", "--no-"), "engine/a.py")
        git(checkout, "checkout", "-q", "engine/a.py")
        assert not said()


def test_who_records_is_the_account_and_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    before = actor()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")
    assert actor() == before != "somebody else"
    monkeypatch.setitem(sys.modules, "pwd", None)
    assert actor() == "somebody else (as stated)"


def test_what_no_checkout_says_is_unknown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that lies inside some other repository does not take its commit."""
    inside = checkout / "site-packages"
    inside.mkdir()
    assert built(inside).startswith(f"headroom {__version__}, commit unknown, lock unknown, ")
    built.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert "commit unknown, lock " in built(checkout)


def test_an_import_on_the_command_line_records_it(tmp_path: Path) -> None:
    from engine.workspace.workspace import opened

    desk = tmp_path / "desk"
    assert headroom("init", str(desk)).returncode == 0
    rows = "publication_date,value,low_confidence,observations,methodology_version\n2026-03-05,1.6021,true,28,1.1.0\n"
    (tmp_path / "s.csv").write_text(rows, encoding="utf-8")
    assert headroom("import", "--series", "CRI-H100", str(tmp_path / "s.csv"), folder=desk).returncode == 0
    workspace = opened(desk)
    (event,) = read(workspace.store, "index/CRI-H100@administrator")
    lock = hashlib.sha256((REPOSITORY / "requirements.lock").read_bytes()).hexdigest()
    assert re.fullmatch(
        rf"headroom {__version__}, commit ([0-9a-f]{{40}}( with changes)?|unknown), lock {lock}, Python .*",
        event.engine,
    )
    workspace.store.close()


def test_the_engine_decides_nothing_and_a_replay_takes_it_from_the_record(
    workspace: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """One week by an engine that names its version alone, the next by one that names its commit: all of it
    comes out again.
    """
    fill(workspace, 2, all_templates)
    run(workspace, plan.THURSDAYS[0], tools)
    run(
        workspace,
        plan.THURSDAYS[1],
        replace(tools, engine=f"headroom 9.9, commit {'ab' * 20}, lock {'cd' * 32}"),
    )
    named = {
        event.engine
        for event in read(workspace.store, deal_log(DEAL))
        if event.effective_on > date(2026, 1, 9)
    }
    assert f"headroom 9.9, commit {'ab' * 20}, lock {'cd' * 32}" in named
    (replayed,) = (one for one in Replay(workspace, all_templates).run() if one.log == deal_log(DEAL))
    assert (replayed.difference, replayed.events > 10) == (None, True)


def test_a_notice_prints_the_hashes_short() -> None:
    assert short_engine(f"headroom 0.1.0, commit {'ab' * 20} with changes, lock {'cd' * 32}") == (
        "headroom 0.1.0, commit abababababab with changes, lock cdcdcdcdcdcd"
    )
    assert short_engine("Headroom 0.3.0, commit 5d1c9e7") == "Headroom 0.3.0, commit 5d1c9e7"

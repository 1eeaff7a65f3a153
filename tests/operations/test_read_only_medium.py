"""A workspace on a medium that cannot be written is read whole, and what would record is refused in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.show.keys import make_key
from engine.workspace.workspace import PLACEHOLDER
from tests.cli import calling
from tests.operations.test_exactly_once import FIRST, desk, publish, rows
from tests.operations.test_missing_record import ACT, files
from tests.operations.test_run import DEAL

READS = {
    "verify": (),
    "checkpoint": (DEAL,),
    "checkpoint of all": ("--all",),
    "export": (DEAL, "--as", "jsonl", "--into", "{out}/log.jsonl"),
    "export as tiles": (DEAL, "--as", "tiles", "--into", "{out}/tiles"),
    "history": (DEAL, "--into", "{out}/history.xlsx"),
    "portfolio": ("--on", str(FIRST), "--into", "{out}/portfolio.pdf"),
    "replay": (),
    "audit-report": ("--for", DEAL, "--from", "2026-01-01", "--to", "2026-01-31", "--into", "{out}/audit.pdf"),
    "bundle": (DEAL, "--into", "{out}/deal.bundle"),
    "explain": (DEAL, "ltv", "--on", str(FIRST)),
    "db backup": ("{out}/copy.sqlite",),
}  # fmt: skip
RECORDS = {"run": ("--on", "2026-01-15"), "act": ACT[1:], "keys replace": ()}


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A signed workspace on a file system that is mounted to be read alone."""
    made, at = tmp_path_factory.mktemp("written") / "desk", tmp_path_factory.mktemp("medium")
    workspace = desk(made)
    settings = made / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent"), encoding="utf-8")
    make_key("agent.example/log", made / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    assert calling.headroom("run", "--on", str(FIRST), folder=made).returncode == 0
    if os.geteuid() or shutil.which("mount") is None or not mounted("-t", "tmpfs", "tmpfs", str(at)):
        pytest.skip("nothing can be mounted here, so no medium is read only")
    try:
        shutil.copytree(made, at / "desk")
        assert mounted("-o", "remount,ro", str(at))
        yield at / "desk"
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=False)


def mounted(*words: str) -> bool:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0


def test_every_command_that_reads_works_and_leaves_the_medium_as_it_was(medium: Path, tmp_path: Path) -> None:
    before = files(medium)
    for name, words in READS.items():
        command = [name, *()] if name == "db backup" else [name.split(" of ")[0].split(" as ")[0]]
        given = [word.format(out=tmp_path) for word in words]
        done = calling.headroom(*" ".join(command).split(), *given, folder=medium)
        assert (name, done.returncode, done.stderr) == (name, 0, "")
    for name in (
        "log.jsonl",
        "tiles",
        "history.xlsx",
        "portfolio.pdf",
        "audit.pdf",
        "deal.bundle",
        "copy.sqlite",
    ):
        assert (tmp_path / name).exists(), name
    assert files(medium) == before


@pytest.mark.parametrize("name", RECORDS)
def test_what_would_record_is_refused_in_a_sentence(medium: Path, name: str) -> None:
    done = calling.headroom(*name.split(), *RECORDS[name], folder=medium)
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr

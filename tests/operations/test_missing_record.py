"""Nothing is recorded on a record that is missing or older than what was signed beside it; and no record is
made in its place.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.show.keys import make_key
from engine.operations.run import Tools, run
from engine.record.store import Store
from engine.workspace.workspace import PLACEHOLDER, opened
from tests.cli import calling
from tests.operations.test_exactly_once import FIRST, WEEK, desk, publish, rows
from tests.operations.test_run import DEAL

ACT = (
    "act",
    DEAL,
    "waiver",
    "--clause",
    "ltv",
    "--effective-on",
    "2026-01-09",
    "--until",
    "2026-02-09",
    "--clock",
    "resumes",
)
COMMANDS = {
    "act": ACT,
    "intake": ("intake", "report.yaml"),
    "import": ("import", "snapshot.json"),
    "import a series": ("import", "--series", "CRI-H100", "rows.csv"),
    "portfolio": ("portfolio",),
    "portfolio into a file": ("portfolio", "--into", "portfolio.pdf"),
    "run": ("run",),
    "history": ("history", DEAL),
    "checkpoint": ("checkpoint", DEAL),
    "export": ("export", DEAL, "--as", "jsonl", "--into", "log.jsonl"),
    "explain": ("explain", DEAL, "ltv", "--on", "2026-01-08"),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A signed workspace with one date and its notice."""
    root = tmp_path_factory.mktemp("missing") / "desk"
    desk(root).store.close()
    settings = root / "headroom.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Example Agent"), encoding="utf-8"
    )
    workspace = opened(root)
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, FIRST, request.getfixturevalue("module_tools"))
    workspace.store.close()
    for name in ("report.yaml", "snapshot.json", "rows.csv"):
        (root / name).write_text("publication_date,value\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def module_tools(all_templates: object) -> Tools:
    from tests.operations.test_run import paper

    return Tools(
        all_templates, paper, datetime(2026, 7, 3, 12, tzinfo=UTC), "tester", lambda _: None, "headroom 0.1.0"
    )  # type: ignore[arg-type]


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(original, tmp_path / "desk"))


def headroom(root: Path, *words: str) -> calling.Done:
    return calling.headroom(*words, folder=root, cwd=root)


def files(root: Path) -> dict[str, bytes]:
    """Every file but the lock, which holds the moment of the last use."""
    found = {path for path in root.rglob("*") if path.is_file() and path.name != "headroom.lock"}
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    "left", ["checkpoints", "checkpoints but no key", "notices alone", "an empty file in its place"]
)
def test_every_command_refuses_a_record_that_is_gone_and_makes_none(root: Path, left: str) -> None:
    (root / "headroom.sqlite").unlink()
    if left == "checkpoints but no key":
        shutil.rmtree(root / "keys")
    elif left == "notices alone":
        shutil.rmtree(root / "checkpoints")
    elif left == "an empty file in its place":
        (root / "headroom.sqlite").touch()
    before = files(root)
    chosen = COMMANDS if left == "checkpoints" else {"act": ACT}
    for name, words in chosen.items():
        done = headroom(root, *words)
        assert (name, done.returncode) == (name, 3)
        assert "the record is missing" in done.stderr
        assert files(root) == before


@pytest.mark.parametrize("name", ["act", "run", "history"])
def test_a_record_without_a_log_that_was_signed_is_refused(root: Path, name: str) -> None:
    """An empty record in the missing one's place, as `db upgrade` or another program makes it."""
    (root / "headroom.sqlite").unlink()
    Store.open(root / "headroom.sqlite").close()
    before = files(root)
    done = headroom(root, *COMMANDS[name])
    assert done.returncode == 3
    assert "the record has no such log" in done.stderr
    assert files(root) == before


@pytest.mark.parametrize("keys", ["its key there", "no key"])
def test_a_run_adds_nothing_to_yesterday_s_record(
    root: Path, module_tools: Tools, keys: str, tmp_path: Path
) -> None:
    """What a sync tool brings back: an older file, with every log that was signed in it, but shorter."""
    shutil.copy(root / "headroom.sqlite", tmp_path / "yesterday.sqlite")
    workspace = opened(root)
    run(workspace, FIRST + WEEK, module_tools)
    workspace.store.close()
    shutil.copy(tmp_path / "yesterday.sqlite", root / "headroom.sqlite")
    if keys == "no key":
        shutil.rmtree(root / "keys")
    before = files(root)
    for name in ("act", "run"):
        assert headroom(root, *COMMANDS[name]).returncode == 3
        assert files(root) == before


def test_whoever_asks_as_a_program_gets_the_refusal_as_json(root: Path) -> None:
    (root / "headroom.sqlite").unlink()
    done = headroom(root, "portfolio", "--json")
    assert json.loads(done.stdout)["error"]["exit_code"] == 3


def test_the_names_of_a_record_s_logs_are_found_without_reading_its_entries(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "record.sqlite")
    names = ["deal/a", "deal/a-b", "deal/ä", "index/X@1", "snapshots"]
    assert store.logs() == []
    with store.begin() as writer:
        for name in reversed(names):
            writer.extend(name, [(f"k{n}", b"{}") for n in range(3)])
    assert store.logs() == sorted(names)
    store.close()

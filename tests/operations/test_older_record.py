"""Nothing is added to a record that is older than what was made from it, by any command."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.main import get_command

from engine.cli import registered
from engine.cli.show import serve
from engine.cli.show.keys import make_key
from engine.delivery.deliver import LOCK
from engine.operations import older_record
from engine.workspace.workspace import PLACEHOLDER
from tests.cli import calling
from tests.cli.test_commands import leaves
from tests.conftest import REPOSITORY
from tests.operations.test_exactly_once import FIRST, WEEK, desk, publish, rows
from tests.operations.test_missing_record import ACT, files
from tests.operations.test_run import DEAL

TWO = ("--prepared-by", "A", "--approved-by", "B")
ADDS = {
    "intake": ("report.yaml",),
    "confirm": (DEAL, "2026-01-07", "--words", "repaid"),
    "act": ACT[1:],
    "run": ("--on", str(FIRST + 2 * WEEK)),
    "serve": (),
    "release": (DEAL, "1", "--by", "A"),
    "deliver": (),
    "acknowledge": (DEAL, "1", "--to", "indenture_trustee", "--name", "A", "--document", "report.yaml"),
    "checkpoint": (DEAL,),
    "export": (DEAL, "--as", "tiles", "--into", "tiles"),
    "bundle": (DEAL, "--into", "deal.bundle"),
    "import": ("snapshot.json",),
    "announce": ("CRI-H100", "--what", "break", "--effective", "2026-01-15", "--words", "x", "--document", "rows.csv", *TWO),
    "close-day": ("us-federal-reserve", "2030-04-09", "--reason", "x", "--source", "y"),
    "collect": (),
    "restate": ("CRI-H100@1.1-wp", "--publication-date", "2026-01-08", "--reason", "x", "--record"),
    "exclude": ("CRI-H100", "--date", "2026-01-07", "--listing", "1", "--reason", "x", "--document", "rows.csv", *TWO),
    "cri-d": ("CRI-H100@1.1-wp", "CRI-H200@1.1-wp", "--record"),
    "keys replace": (),
    "keys replace if it is lost": ("--lost", "--ask", "asked.json"),
    "checkpoint of all": ("--all",),
    "import of a series": ("--series", "CRI-H100", "rows.csv"),
}  # fmt: skip
"""Every command that adds to the record, or signs it; what follows ` of ` or ` if ` is another way to call."""
NEVER = frozenset(
    [
        "check",
        "new",
        "prove",
        "terms",
        "clause",
        "schema",
        "backtest",
        "diff",
        "migrate",
        "takeover",
        "ladder",
        "stress",
        "compare",
        "calibrate",
        "grid",
        "simulate",
        "foresight",
        "report-form",
        "explain",
        "portfolio",
        "demo",
        "owed",
        "verify",
        "replay",
        "cosign",
        "history",
        "compare-dates",
        "verifier",
        "audit-report",
        "init",
        "index",
        "validate-index",
        "manipulation",
        "reproduce",
        "publication",
        "series",
        "depreciation",
        "precision",
        "coverage",
        "review",
        "disclosure",
        "fleet",
        "web",
    ]
) | {"keys make", "keys approve", "db prepare", "db upgrade", "db backup", "db restore"}
"""Commands that add nothing to a record; `web` asks at each form, and `db restore` mends an older one."""
LEFT = {
    "an older database": ("checkpoints", "notices"),
    "an older database with its checkpoints": ("notices",),
    "an older database, and no notice": ("checkpoints",),
}
"""What is of today, though the database is of yesterday."""
MAIL = '[mail]\nmaildir = "post"\nsender = "agent@example.com"\nbounces = "agent@example.com"\n'


def test_every_command_is_known_to_add_or_not() -> None:
    found = {" ".join(path) for path, _ in leaves(get_command(registered()))}
    assert found == NEVER | {re.split(r" (?:of|if) ", name)[0] for name in ADDS}


def test_a_single_module_says_that_a_record_is_an_older_copy() -> None:
    deciding = [
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "engine").rglob("*.py")
        if re.search(r"this is an older[\s\"]+copy", path.read_text(encoding="utf-8"))
    ]
    assert deciding == ["engine/operations/older_record.py"]


def test_every_delivery_of_the_product_refuses_an_older_record() -> None:
    calls = [
        (str(path.relative_to(REPOSITORY)), ast.unparse(call))
        for path in (REPOSITORY / "engine").rglob("*.py")
        if "deliver" in (text := path.read_text(encoding="utf-8"))
        for tree in [ast.parse(text)]
        if any(
            isinstance(one, ast.ImportFrom)
            and one.module == "engine.delivery.deliver"
            and "deliver" in [name.name for name in one.names]
            for one in ast.walk(tree)
        )
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "deliver"
    ]
    assert {path for path, _ in calls} == {
        "engine/cli/sending.py",
        "engine/cli/show/serve.py",
        "engine/demo/build.py",
    }
    assert [call for _, call in calls if "refuse_older_record" not in call] == []


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed workspace as it was yesterday, and as it is today: one date, and two."""
    root = tmp_path_factory.mktemp("older") / "today"
    workspace = desk(root)
    settings = root / "headroom.toml"
    named = settings.read_text(encoding="utf-8").replace(PLACEHOLDER, "Agent")
    settings.write_text(f"{named}\n{MAIL}", encoding="utf-8")
    (root / LOCK).touch()  # as in every workspace that has delivered
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    workspace.store.close()
    for name in ("report.yaml", "snapshot.json", "rows.csv"):
        (root / name).write_text("publication_date,value\n", encoding="utf-8")
    assert calling.headroom("run", "--on", str(FIRST), folder=root).returncode == 0
    before = Path(shutil.copytree(root, root.parent / "yesterday"))
    assert calling.headroom("run", "--on", str(FIRST + WEEK), folder=root).returncode == 0
    return before, root


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_no_command_adds_to_an_older_record(
    days: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: tuple[str, ...]
) -> None:
    yesterday, today = days
    root = Path(shutil.copytree(yesterday, tmp_path / "desk"))
    for name in left:
        shutil.rmtree(root / name)
        shutil.copytree(today / name, root / name)
    before = files(root)

    def once(tick: Callable[[], None], *_: object, **__: object) -> int:
        tick()
        return 1

    monkeypatch.setattr(serve, "serve", once)
    for name, words in ADDS.items():
        done = calling.headroom(*re.split(r" (?:of|if) ", name)[0].split(), *words, folder=root, cwd=root)
        assert (name, done.returncode) == (name, 3), done.stderr
        assert "this is an older copy of the record" in done.stderr, name
        assert files(root) == before, name


def test_a_notice_signed_by_a_newer_key_than_the_public_file_holds_shows_an_older_record(
    days: tuple[Path, Path], tmp_path: Path
) -> None:
    """The database, its checkpoints and the public half of the key come back; the private key is today's."""
    yesterday, _ = days
    root = Path(shutil.copytree(yesterday, tmp_path / "desk"))
    assert calling.headroom("keys", "replace", folder=root).returncode == 0
    assert calling.headroom("run", "--on", str(FIRST + WEEK), folder=root).returncode == 0
    for name in ("headroom.sqlite", "keys/log.key.pub"):
        shutil.copy(yesterday / name, root / name)
    shutil.rmtree(root / "checkpoints")
    shutil.copytree(yesterday / "checkpoints", root / "checkpoints")
    before = files(root)
    for command in (("run", "--on", str(FIRST + 2 * WEEK)), ("checkpoint", DEAL), ("deliver",)):
        done = calling.headroom(*command, folder=root)
        assert (command, done.returncode) == (command, 3), done.stderr
        assert f"{DEAL}-0002-" in done.stderr
        assert "this is an older copy of the record" in done.stderr
    assert files(root) == before


@pytest.mark.parametrize("left", ["", "# a comment\n"])
def test_a_public_file_without_a_key_is_refused_and_not_passed_over(
    days: tuple[Path, Path], tmp_path: Path, left: str
) -> None:
    root = Path(shutil.copytree(days[1], tmp_path / "desk"))
    (root / "keys" / "log.key.pub").write_text(left, encoding="utf-8")
    before = files(root)
    for command in (("run", "--on", str(FIRST + 2 * WEEK)), ("checkpoint", DEAL), ("deliver",)):
        done = calling.headroom(*command, folder=root)
        assert (command, done.returncode) == (command, 3), done.stderr
        assert "keys/log.key.pub holds no key" in done.stderr
    assert files(root) == before


@pytest.mark.parametrize("left", [b"", b"PRIVATE+KEY+agent", b"\x00\xff"], ids=["empty", "cut", "no text"])
def test_a_key_whose_file_was_damaged_can_be_replaced_as_lost(
    days: tuple[Path, Path], tmp_path: Path, left: bytes
) -> None:
    root = Path(shutil.copytree(days[1], tmp_path / "desk"))
    (root / "keys" / "log.key").write_bytes(left)
    done = calling.headroom("keys", "replace", "--lost", "--ask", str(tmp_path / "asked.json"), folder=root)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked.json").is_file()


READS = {
    "history": (DEAL,),
    "portfolio": (),
    "portfolio of a file": ("--into", "rows-of-deals.csv"),
    "owed": ("--on", "2026-02-01"),
    "explain": (DEAL, "ltv", "--on", str(FIRST)),
    "compare-dates": (DEAL, str(FIRST), str(FIRST)),
    "replay": (),
    "replay of a day": ("--until", str(FIRST)),
    "export": (DEAL, "--as", "jsonl", "--into", "log.jsonl"),
    "export of csv": (DEAL, "--as", "csv", "--into", "log.csv"),
    "export of ics": (DEAL, "--as", "ics", "--into", "log.ics"),
    "ladder": (DEAL,),
    "act": (*ACT[1:], "--preview"),
    "run": ("--preview", "--on", str(FIRST + WEEK)),
    "series": ("CRI-H100@administrator", "--into", "series.csv"),
    "db backup": ("copy.sqlite",),
    "verify": (DEAL,),
    "verify of all": (),
}
"""Commands that only read, and other ways to call them."""
SAID = "what is shown may lack what was recorded later: "


@pytest.fixture
def older(days: tuple[Path, Path], tmp_path: Path) -> Path:
    """Yesterday's database beside today's checkpoints and notices."""
    yesterday, today = days
    root = Path(shutil.copytree(today, tmp_path / "desk"))
    shutil.copy(yesterday / "headroom.sqlite", root / "headroom.sqlite")
    return root


def test_every_answer_from_an_older_record_says_so_and_is_given_all_the_same(
    older: Path, tmp_path: Path
) -> None:
    for name, words in READS.items():
        command = (*name.split(" of ")[0].split(), *words)
        done = calling.headroom(*command, "--json", folder=older, cwd=tmp_path)
        said = json.loads(done.stdout).get("older_record", f"nothing: {name} {done.stdout}")
        assert said.startswith(SAID), name
        assert "this is an older copy of the record" in said, name
        assert done.stderr.count(said) == 1, name


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_whatever_is_of_today_beside_the_database_shows_that_the_database_is_older(
    days: tuple[Path, Path], tmp_path: Path, left: tuple[str, ...]
) -> None:
    yesterday, today = days
    root = Path(shutil.copytree(yesterday, tmp_path / "desk"))
    before = calling.headroom("history", DEAL, folder=root)
    for name in left:
        shutil.rmtree(root / name)
        shutil.copytree(today / name, root / name)
    after = calling.headroom("history", DEAL, folder=root)
    assert (after.returncode, after.stdout) == (0, before.stdout)
    assert before.stderr == ""
    assert after.stderr.startswith(f"headroom: {SAID}")
    assert after.stderr.count("\n") == 1


def test_a_list_from_an_older_record_comes_with_the_sentence_and_stays_a_list_otherwise(
    days: tuple[Path, Path], tmp_path: Path
) -> None:
    root = Path(shutil.copytree(days[0], tmp_path / "desk"))
    whole = json.loads(
        calling.headroom("check", f"deals/{DEAL}.yaml", "--json", folder=root, cwd=root).stdout
    )
    assert isinstance(whole, list)
    shutil.rmtree(root / "notices")
    shutil.copytree(days[1] / "notices", root / "notices")
    older = json.loads(
        calling.headroom("check", f"deals/{DEAL}.yaml", "--json", folder=root, cwd=root).stdout
    )
    assert older["older_record"].startswith(SAID)
    assert older["answer"] == whole


def test_a_question_that_opens_no_record_compares_none(days: tuple[Path, Path], tmp_path: Path) -> None:
    with patch.object(older_record, "record_doubt", side_effect=AssertionError):
        (tmp_path / "draft.yaml").write_text("deal: a\n", encoding="utf-8")
        done = calling.headroom("terms", str(tmp_path / "draft.yaml"), "--on", "2026-01-08", folder=days[1])
    assert done.returncode == 1


def test_an_approved_replacement_of_a_key_is_not_recorded_in_an_older_record(
    days: tuple[Path, Path], tmp_path: Path
) -> None:
    root = Path(shutil.copytree(days[1], tmp_path / "desk"))
    asked, trustee = tmp_path / "asked.json", tmp_path / "trustee.key"
    make_key("trustee.example", trustee, cosigner=True, as_json=True)
    shutil.copy(f"{trustee}.pub", root / "keys" / "trustees.pub")
    old = ("--trust", str(root / "keys" / "log.key.pub"))
    for words in (
        ("replace", "--lost", "--ask", str(asked)),
        ("approve", str(asked), "--key", str(trustee), *old),
    ):
        assert calling.headroom("keys", *words, folder=root).returncode == 0, words
    shutil.copy(root / "headroom.sqlite", tmp_path / "today.sqlite")
    shutil.copy(days[0] / "headroom.sqlite", root / "headroom.sqlite")
    before = files(root)
    done = calling.headroom("keys", "replace", "--approved", str(asked), folder=root)
    assert (done.returncode, "this is an older copy of the record" in done.stderr) == (3, True)
    assert files(root) == before
    shutil.copy(tmp_path / "today.sqlite", root / "headroom.sqlite")
    assert calling.headroom("keys", "replace", "--approved", str(asked), folder=root).returncode == 0

"""`headroom verify` of a workspace that somebody has changed: what was taken away is found as well as what
was edited.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import VerificationFailed, WrongUsage
from engine.cli.show.keys import make_key
from engine.cli.show.verify import verify_workspace
from engine.demo import plan
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.record.guards import SQLITE, sqlite_trigger
from engine.record.log import deal_log
from engine.workspace.checkpoints import KEY
from engine.workspace.workspace import create, opened
from tests.conftest import DEALS
from tests.operations.test_run import DEAL, fill, paper

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
LOG = deal_log(DEAL)
Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """A workspace with a key and three weeks, every log signed."""
    root = tmp_path_factory.mktemp("verify") / "desk"
    create(root)
    shutil.copy(DEALS / f"{DEAL}.yaml", root / "deals")
    workspace = opened(root)
    make_key("agent.example/log", root / KEY, cosigner=False, as_json=True)
    fill(workspace, 3, all_templates)
    run(workspace, plan.THURSDAYS[2], Tools(all_templates, paper, NOW, "t", lambda _: None))
    workspace.store.close()
    return root


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(original, tmp_path / "desk"))


@pytest.fixture
def held(original: Path, tmp_path: Path) -> Path:
    """The newest checkpoint of the deal's log, kept by somebody else."""
    path = tmp_path / "held"
    path.write_bytes((original / "checkpoints" / f"deal_{DEAL}.checkpoint").read_bytes())
    return path


def tampered(root: Path, change: Tamper) -> None:
    """Change the database as somebody who has its file: triggers dropped, and put back after."""
    connection = sqlite3.connect(root / "headroom.sqlite", isolation_level=None)
    for name in SQLITE:
        connection.execute(f"DROP TRIGGER {name}")
    change(connection)
    for name in SQLITE:
        connection.execute(sqlite_trigger(name))
    connection.close()


def verdict(
    root: Path, capsys: pytest.CaptureFixture[str], held: tuple[Path, ...] = (), deal: str | None = None
) -> tuple[int, list[str]]:
    """The exit code, and every difference that was named."""
    capsys.readouterr()
    workspace = opened(root, to_inspect=True)
    try:
        code = verify_workspace(workspace, [], list(held), as_json=True, deal=deal)
    finally:
        workspace.store.close()
    said = json.loads(capsys.readouterr().out)
    return code, [step["difference"] for step in said["steps"] if step["difference"]]


def executed(sql: str, *values: object) -> Tamper:
    return lambda connection: connection.execute(sql, values)


GONE = {
    "a deal's log": executed("DELETE FROM log_entry WHERE log = ?", LOG),
    "every log": executed("DELETE FROM log_entry"),
    "an index's log": executed("DELETE FROM log_entry WHERE log LIKE 'index/%'"),
    "a renamed log": executed("UPDATE log_entry SET log = 'deal/other' WHERE log = ?", LOG),
    "a deal's log with its checkpoints": lambda c: [
        c.execute(f"DELETE FROM {t} WHERE log = ?", (LOG,)) for t in ("log_entry", "checkpoint")
    ],
}


def test_an_untouched_workspace_holds(root: Path, held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(root, capsys, (held,)) == (0, [])


@pytest.mark.parametrize("what", GONE)
def test_a_log_that_is_gone_is_missed(root: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    tampered(root, GONE[what])
    code, said = verdict(root, capsys)
    assert code == 3
    assert any("not there" in one for one in said), said


def test_a_log_that_is_gone_is_missed_by_its_files_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a key and without checkpoints, the adopted file, the reports and the notices still name it."""
    tampered(root, lambda c: [c.execute("DELETE FROM log_entry"), c.execute("DELETE FROM checkpoint")])
    shutil.rmtree(root / "checkpoints")
    (root / f"{KEY}.pub").unlink()
    for room in ("deals/adopted", "notices", "reports"):
        assert verdict(root, capsys)[0] == 3
        shutil.rmtree(root / room)


def test_a_deal_whose_log_is_gone_is_no_wrong_usage(
    root: Path, held: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tampered(root, GONE["every log"])
    assert verdict(root, capsys, deal=DEAL)[0] == 3
    shutil.rmtree(root / "checkpoints")
    for room in ("deals/adopted", "notices", "reports"):
        shutil.rmtree(root / room)
    tampered(root, executed("DELETE FROM checkpoint"))
    assert verdict(root, capsys, (held,), DEAL)[0] == 3
    with pytest.raises(WrongUsage, match=r"a log of `.*` does not exist"):
        verdict(root, capsys, deal="another")


@pytest.mark.parametrize("what", ["missing", "emptied", "another file"])
def test_a_record_that_is_missing_is_not_made_anew(
    root: Path, capsys: pytest.CaptureFixture[str], all_templates: dict[str, Template], what: str
) -> None:
    path = root / "headroom.sqlite"
    path.unlink()
    if what != "missing":
        path.write_bytes(b"" if what == "emptied" else b"not a database" * 500)
    with pytest.raises(VerificationFailed, match="record"):
        verdict(root, capsys)
    with pytest.raises(VerificationFailed, match="record"):
        list(Replay(opened(root, to_inspect=True), all_templates).run())
    assert not path.exists() or path.stat().st_size in (0, 7000)


def test_guards_that_were_dropped_are_a_finding(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The record is read all the same: who verifies it must see what else differs."""
    with sqlite3.connect(root / "headroom.sqlite") as connection:
        connection.execute("DROP TRIGGER checkpoint_next")
    code, said = verdict(root, capsys)
    assert code == 3
    assert len(said) == 1
    assert "triggers are missing or changed" in said[0]


DAMAGE = {
    "no JSON": executed("UPDATE log_entry SET body = 'not json' WHERE log = ? AND seq = 5", LOG),
    "a list": executed("UPDATE log_entry SET body = '[]' WHERE log = ? AND seq = 5", LOG),
    "nothing": executed("UPDATE log_entry SET body = '' WHERE log = ? AND seq = 5", LOG),
    "an unknown kind": executed(
        """UPDATE log_entry SET body = replace(body, '"kind":"', '"kind":"x') WHERE log = ? AND seq = 5""",
        LOG,
    ),
    "another payload": executed(
        """UPDATE log_entry SET body = replace(body, '"payload":{', '"payload":{"x":1,') WHERE log = ?""", LOG
    ),
    "depth": executed(
        "UPDATE log_entry SET body = ? WHERE log = ? AND seq = 5", "[" * 100_000 + "]" * 100_000, LOG
    ),
    "no UTF-8": executed(
        "UPDATE log_entry SET body = CAST(x'ff7b7d' AS TEXT) WHERE log = ? AND seq = 5", LOG
    ),
    "a leaf that is not a hash": executed("UPDATE log_entry SET leaf = 'zz' WHERE log = ? AND seq = 5", LOG),
    "a root that is not a hash": executed("UPDATE log_entry SET root = 'zz' WHERE log = ? AND seq = 5", LOG),
    "a leaf in capitals": executed("UPDATE log_entry SET leaf = upper(leaf) WHERE log = ? AND seq = 5", LOG),
    "a note without UTF-8": executed(
        "UPDATE checkpoint SET note = CAST(x'ff' AS TEXT) WHERE log = ? AND seq = 0", LOG
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_record_that_cannot_be_read_is_a_finding_and_no_stack_trace(
    root: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    tampered(root, DAMAGE[what])
    code, said = verdict(root, capsys)
    assert code == 3
    assert said


def test_a_damaged_page_is_a_sentence(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "headroom.sqlite"
    data = bytearray(path.read_bytes())
    for place in range(4096, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))
    with pytest.raises(VerificationFailed, match="damaged"):
        verdict(root, capsys)


@pytest.mark.parametrize("room", ["deals/adopted/*", f"reports/{DEAL}/*", f"notices/{DEAL}/*"])
@pytest.mark.parametrize("how", ["missing", "has been changed"])
def test_a_file_that_the_record_names_is_there_as_it_was(
    root: Path, capsys: pytest.CaptureFixture[str], room: str, how: str
) -> None:
    path = sorted(root.glob(room))[0]
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"\n")
    code, said = verdict(root, capsys)
    assert code == 3
    assert any(how in one for one in said), said


def test_a_notice_that_no_event_issued_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(
        sorted(root.glob(f"notices/{DEAL}/*"))[0],
        root / "notices" / DEAL / f"{DEAL}-0099-2026-03-05-compliance.pdf",
    )
    code, said = verdict(root, capsys)
    assert code == 3
    assert any("issued by no event" in one for one in said), said


SURPLUS = {
    "a report": (
        f"reports/{DEAL}/*",
        f"reports/{DEAL}/2026-01-31-0123456789abcdef.yaml",
        "received by no event",
    ),
    "a deal file": ("deals/*.yaml", f"deals/adopted/{'0' * 64}.yaml", "adopted by no event"),
}


@pytest.mark.parametrize("what", SURPLUS)
def test_a_file_that_no_event_names_is_found(
    root: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    source, place, said = SURPLUS[what]
    shutil.copy(sorted(root.glob(source))[0], root / place)
    code, found = verdict(root, capsys)
    assert code == 3
    assert any(said in one for one in found), found


SMALLER = {
    "the size that a checkpoint is filed at": executed(
        "UPDATE checkpoint SET size = size + 5 WHERE log = ?", LOG
    ),
    "the roots of subtrees": executed("UPDATE log_entry SET peak = '00'"),
    "a log of no kind": executed(
        "INSERT INTO log_entry SELECT 'zzz', seq, key, body, leaf, root, peak FROM log_entry WHERE log = ?",
        LOG,
    ),
    "a log with a line break": executed(
        "INSERT INTO log_entry SELECT 'deal/' || char(10), seq, key, body, leaf, root, peak FROM log_entry "
        "WHERE log = ?",
        LOG,
    ),
    "the log and its checkpoints cut back": lambda c: [
        c.execute("DELETE FROM log_entry WHERE log = ? AND seq > 20", (LOG,)),
        c.execute("DELETE FROM checkpoint WHERE log = ? AND size > 20", (LOG,)),
    ],
}


@pytest.mark.parametrize("what", SMALLER)
def test_what_no_row_of_the_log_shows_is_found(
    root: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    tampered(root, SMALLER[what])
    assert verdict(root, capsys)[0] == 3


def test_a_run_on_a_record_whose_subtrees_are_destroyed_says_how_it_is_put_right(
    root: Path, all_templates: dict[str, Template]
) -> None:
    """The entries are whole and can be read; nothing is built on them, and the refusal names the command that
    mends it.
    """
    tampered(root, SMALLER["the roots of subtrees"])
    workspace = opened(root)
    before = {log: workspace.store.size(log) for log in workspace.store.logs()}
    for one in plan.snapshots(plan.THURSDAYS[3]):
        workspace.archive.add(one.data, one.name)
    with pytest.raises(VerificationFailed, match="headroom db restore"):
        run(workspace, plan.THURSDAYS[3], Tools(all_templates, paper, NOW, "t", lambda _: None))
    assert {log: workspace.store.size(log) for log in workspace.store.logs()} == before
    workspace.store.close()

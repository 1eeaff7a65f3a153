"""At the doors of a workspace: a renamed operator, checkpoints that came by mail, keys and links, media that
cannot be written.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.audit.verify_workspace import verify_record
from engine.cli.show.keys import export_log, make_key, show_checkpoint
from engine.determination.template import Template
from engine.operations.issue_notices import issue_due
from engine.operations.run import Tools, run
from engine.operations.scheduler import Stop, serve
from engine.operations.sign_checkpoints import all_signed
from engine.record.keys import BadKey
from engine.record.log import deal_log
from engine.record.store import Store
from engine.workspace.checkpoints import origin
from engine.workspace.workspace import PLACEHOLDER, Workspace, opened
from tests.operations.test_exactly_once import FIRST, WEEK, desk, events, publish, rows
from tests.operations.test_run import DEAL, paper

MOMENT = datetime(2026, 7, 3, 12, tzinfo=UTC)


def renamed(root: Path, before: str, after: str) -> Workspace:
    settings = root / "headroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    return opened(root)


@pytest.fixture(scope="module")
def module_tools(all_templates: dict[str, Template]) -> Tools:
    return Tools(all_templates, paper, MOMENT, "tester", lambda _: None, "headroom 0.1.0")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, module_tools: Tools) -> Path:
    """A signed workspace with one date and its notice."""
    root = tmp_path_factory.mktemp("doors") / "desk"
    desk(root).store.close()
    workspace = renamed(root, PLACEHOLDER, "Example Agent")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, FIRST, module_tools)
    workspace.store.close()
    return root


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "desk", symlinks=True))


def found(workspace: Workspace, held: list[Path] | None = None) -> list[str]:
    """What `verify` finds that differs."""
    return [
        f"{one.step}: {one.difference}"
        for one in verify_record(workspace, [], held or []).findings
        if one.difference
    ]


def test_the_operator_s_name_may_change_and_the_logs_keep_theirs(root: Path, module_tools: Tools) -> None:
    before = opened(root)
    named = origin(before, deal_log(DEAL))
    before.store.close()
    workspace = renamed(root, "Example Agent", "Example Agent and Partners LLC")
    run(workspace, FIRST + WEEK, module_tools)
    assert origin(workspace, deal_log(DEAL)) == named == f"example-agent/{deal_log(DEAL)}"
    assert found(workspace) == []
    newest = root / "checkpoints" / f"deal_{DEAL}.checkpoint"
    assert newest.read_text(encoding="utf-8").startswith(f"{named}\n")
    workspace.store.close()


MAILED = {
    "line ends of Windows": lambda data: data.replace(b"\n", b"\r\n"),
    "a mark of byte order": lambda data: b"\xef\xbb\xbf" + data,
    "both": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    "saved as UTF-16": lambda data: data.decode().replace("\n", "\r\n").encode("utf-16"),
}


@pytest.mark.parametrize("how", MAILED.values(), ids=MAILED)
def test_a_checkpoint_that_came_by_mail_is_read(root: Path, tmp_path: Path, how: object) -> None:
    held = tmp_path / "held.txt"
    held.write_bytes(how((root / "checkpoints" / f"deal_{DEAL}.checkpoint").read_bytes()))  # type: ignore[operator]
    workspace = opened(root, to_inspect=True)
    assert found(workspace, [held]) == []
    workspace.store.close()


DAMAGED = {
    "quoted in an answer": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "its dash turned into another": lambda text: text.replace("\u2014", "-"),
    "as the mail itself has it": lambda text: text.replace("\u2014", "=E2=80=94"),
    "its empty line lost": lambda text: text.replace("\n\n", "\n"),
    "cut off": lambda text: text[:60],
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("how", DAMAGED.values(), ids=DAMAGED)
def test_a_checkpoint_that_was_damaged_on_its_way_is_said_to_be(
    root: Path, tmp_path: Path, how: object
) -> None:
    held = tmp_path / "held.txt"
    held.write_text(
        how((root / "checkpoints" / f"deal_{DEAL}.checkpoint").read_text(encoding="utf-8")), encoding="utf-8"
    )  # type: ignore[operator]
    workspace = opened(root, to_inspect=True)
    said = found(workspace, [held])
    assert any("damaged on its way" in one for one in said)
    assert not any("no such log" in one for one in said)
    workspace.store.close()


def test_stray_files_and_links_out_of_the_workspace_are_named(root: Path, tmp_path: Path) -> None:
    workspace = opened(root, to_inspect=True)
    assert found(workspace) == []
    (root / "notices" / "notice.pdf").write_bytes(b"%PDF")
    assert ["notices/notice.pdf" in one for one in found(workspace)] == [True]
    (root / "notices" / "notice.pdf").unlink()
    (root / "reports" / "report.yaml").write_bytes(b"deal: a")
    assert ["reports/report.yaml" in one for one in found(workspace)] == [True]
    (root / "reports" / "report.yaml").unlink()
    notices = root / "notices" / DEAL
    elsewhere = Path(shutil.move(notices, tmp_path / "elsewhere"))
    notices.symlink_to(elsewhere)
    assert [f"notices/{DEAL} is a link to {elsewhere.resolve()}" in one for one in found(workspace)] == [True]
    workspace.store.close()


def test_a_folder_of_keys_that_others_can_write_into_is_refused(root: Path, module_tools: Tools) -> None:
    (root / "keys").chmod(0o777)
    workspace = opened(root)
    with pytest.raises(BadKey, match="others can write into"):
        run(workspace, FIRST + WEEK, module_tools)
    (root / "keys").chmod(0o700)
    run(workspace, FIRST + WEEK, module_tools)
    workspace.store.close()


def test_a_checkpoint_and_an_export_need_nothing_to_be_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy on a medium that cannot be written, without the key, which stays where it is."""
    shutil.rmtree(root / "keys")

    def refused(*_: object) -> Store:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Store, "open", refused)
    monkeypatch.setattr(Path, "mkdir", lambda self, *_, **__: None if self.exists() else refused())
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    workspace = opened(root, to_inspect=True)
    assert all_signed(workspace, deal_log(DEAL))
    show_checkpoint(workspace, DEAL, as_json=False)
    assert capsys.readouterr().out.startswith(f"example-agent/{deal_log(DEAL)}\n")
    export_log(workspace, DEAL, "jsonl", tmp_path / "log.jsonl", None, as_json=True)
    assert json.loads(capsys.readouterr().out)["entries"] == len(
        (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    )
    workspace.store.close()
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_run_that_is_asked_to_stop_finishes_the_deal_in_hand_and_says_what_is_left(
    root: Path, module_tools: Tools
) -> None:
    text = (root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    for name in ("a-first", "z-last"):
        (root / "deals" / f"{name}.yaml").write_text(
            text.replace(f"deal: {DEAL}", f"deal: {name}"), encoding="utf-8"
        )
    stop, told = Stop(), []

    def progress(what: str) -> None:
        told.append(what)
        if what == f"{DEAL}: evaluating":
            stop.number = signal.SIGINT

    workspace = opened(root)
    outcome = run(workspace, FIRST + WEEK, replace(module_tools, progress=progress, stopping=stop))
    assert [deal.deal for deal in outcome.deals] == ["a-first", DEAL]
    assert outcome.left == ["z-last", "a-first", DEAL]
    assert [event.kind for event in events(workspace)].count("determined") == 2
    assert not any(deal.notices for deal in outcome.deals)
    again = run(workspace, FIRST + WEEK, module_tools)
    assert (again.left, len(again.deals)) == ([], 3)
    assert found(workspace) == []
    workspace.store.close()


def test_ctrl_c_waits_for_the_tick_that_runs() -> None:
    """The tick runs in a thread, and the program does not end before it."""
    done: list[str] = []
    stop = Stop()

    def tick() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(200):
            if stop():
                break
            threading.Event().wait(0.01)
        threading.Event().wait(0.3)
        done.append("finished")

    assert serve(tick, 60, done.append, lambda: datetime.now(UTC), stop=stop) == 1
    assert (done, stop.interrupted) == (["finished"], True)


def test_a_run_reports_only_the_notices_that_it_issued_itself(
    root: Path, module_tools: Tools, tmp_path: Path
) -> None:
    """Another process, at the same database, issues a notice while this one renders it."""
    workspace = opened(root)

    def evaluated_only(*_: object) -> bool:
        return any(
            event.kind == "determined" and event.effective_on == FIRST + WEEK for event in events(workspace)
        )

    run(workspace, FIRST + WEEK, replace(module_tools, stopping=evaluated_only))
    inner = opened(root)

    def slowly(notices: object, /) -> object:
        issue_due(inner, [DEAL], paper, module_tools.scribe(), lambda _: None)
        yield from paper(notices)  # type: ignore[arg-type]

    given = issue_due(workspace, [DEAL], slowly, module_tools.scribe(), lambda _: None)  # type: ignore[arg-type]
    assert given[DEAL].files == []
    assert len([event for event in events(workspace) if event.kind == "notice issued"]) == 2
    for one in (workspace, inner):
        one.store.close()

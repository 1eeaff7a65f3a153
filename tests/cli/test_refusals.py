"""What the command line refuses, and what goes wrong around it: a sentence and an exit code, never a stack
trace.
"""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from engine.basics.errors import WrongUsage
from engine.cli import registered
from engine.cli.options import run_command_line
from engine.record.keys import generate_key
from engine.workspace.workspace import create
from tests.cli.calling import headroom
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--workspace", "/nonexistent", "history", "x", "--json"), 2, "is not a workspace"),
        (("index", "--json"), 2, "Missing option"),
    ],
)
def test_a_refusal_is_json_where_json_was_asked_for(
    arguments: tuple[str, ...], code: int, words: str
) -> None:
    found = headroom(*arguments)
    said = json.loads(found.stdout)["error"]
    assert (found.returncode, said["exit_code"]) == (code, code)
    assert words in said["what"]
    assert words in found.stderr


def test_problems_of_an_input_are_json_and_text_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("deal: x\n", encoding="utf-8")
    found = headroom("terms", str(tmp_path / "bad.yaml"), "--on", "2026-03-05", "--json")
    assert found.returncode == 1
    codes = [one["code"] for one in json.loads(found.stdout)]
    assert codes
    assert all(code in found.stderr for code in codes)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing",), 2, "No such command"),
        (("check",), 2, "Missing argument"),
        (("check", "no-such-file.yaml"), 2, "no such file"),
        (("index", "--window-end", "soon"), 2, "is not a date"),
        (("--workspace", "/nonexistent", "history", "x"), 2, "is not a workspace"),
        (("terms", "no-such.yaml", "--on", "2026-01-01"), 2, "no such file"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(arguments: tuple[str, ...], code: int, words: str) -> None:
    found = headroom(*arguments)
    assert found.returncode == code, found.stderr
    assert words in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("cosign", "export", "--key", "held", "--trust", "missing"),
        ("cosign", "missing", "--key", "held", "--trust", "log.key.pub"),
        ("cosign", "export", "--key", "missing", "--trust", "log.key.pub"),
        ("cosign", "export", "--key", "held", "--trust", "log.key.pub", "--since", "missing"),
        ("verify", "--trust", "missing"),
        ("verify", "--held", "missing"),
        ("verify", "notice.pdf", "--policy", "missing"),
        ("verify", "missing.pdf", "--policy", "held"),
        ("act", "x", "waiver", "--effective-on", "2026-03-05", "--document", "missing"),
        ("db", "restore", "missing"),
        ("depreciation", "--quotes", "missing"),
        ("intake", "missing"),
        ("import", "missing"),
        ("import", "--series", "CRI-H100", "missing"),
        ("backtest", "missing.yaml"),
        ("clause", "missing", "--on", "2026-03-05"),
        ("publication", "S", "--date", "2026-03-05", "--into", "held/below"),
        ("init", "held/below"),
        ("demo", "--into", "held"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_sentence(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    create(tmp_path, "Agent")
    (tmp_path / "export").mkdir()
    for name in ("held", "notice.pdf"):
        (tmp_path / name).write_text("nothing", encoding="utf-8")
    (tmp_path / "log.key.pub").write_text(
        f"{generate_key('agent.example').verifier.text}\n", encoding="utf-8"
    )
    monkeypatch.setattr("sys.argv", ["headroom", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_command_line(lambda **options: registered(arguments)(list(arguments), **options))
    said = capsys.readouterr().err
    assert ended.value.code in (2, 3), said  # 3: an exported log of which a part is missing
    assert said.startswith("headroom: ")


def test_a_copy_of_a_record_that_is_not_there_yet_says_so(tmp_path: Path) -> None:
    create(tmp_path / "desk")
    found = headroom("db", "backup", str(tmp_path / "copy.sqlite"), folder=tmp_path / "desk")
    assert (found.returncode, "the record does not exist yet" in found.stderr) == (2, True)


FAILURES = {
    "a full disk": (
        OSError(errno.ENOSPC, "No space left on device", "headroom.sqlite"),
        1,
        "headroom.sqlite: No space left on device",
    ),
    "a medium that is read only": (
        OSError(errno.EROFS, "Read-only file system", "keys/log.key"),
        1,
        "keys/log.key: Read-only file system",
    ),
    "another encoding": (
        UnicodeDecodeError("utf-8", b"x", 0, 1, "invalid start byte"),
        1,
        "another encoding than UTF-8",
    ),
    "a renderer that was killed": (BrokenProcessPool("ended"), 1, "a process that renders notices was ended"),
    "no memory": (MemoryError(), 1, "the machine has no memory left for this."),
    "an input that ended": (typer.Abort(), 130, "the input ended before the command had its answer"),
    "Ctrl-C": (KeyboardInterrupt(), 130, "stopped. What was recorded stays on record."),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_of_the_machine_is_a_sentence(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    error, code, words = FAILURES[what]

    def failing(**_: object) -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        run_command_line(failing)
    assert ended.value.code == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("group", [(), ("keys",), ("db",)], ids=["headroom", "keys", "db"])
def test_a_command_without_its_arguments_prints_its_help_whole(group: tuple[str, ...]) -> None:
    bare, asked = headroom(*group), headroom(*group, "--help")
    assert (bare.returncode, asked.returncode) == (2, 0)
    assert len(asked.stdout) > 500
    assert bare.stderr == asked.stdout


def test_a_question_whose_input_ends_is_a_sentence_in_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()

    @app.command()
    def asking() -> None:
        typer.confirm("Go on?", abort=True)

    monkeypatch.setattr(sys, "argv", ["headroom", "--json"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(SystemExit) as ended:
        run_command_line(lambda **options: app([], **options))
    said = capsys.readouterr()
    assert ended.value.code == 130
    assert "Traceback" not in said.err
    assert json.loads(said.out[said.out.index("{") :])["error"]["exit_code"] == 130


def test_an_interrupted_command_says_what_stands(tmp_path: Path) -> None:
    """Through the whole command line, which answers Ctrl-C with an exit code of its own."""
    code = "import signal, sys, engine.cli.show.index as m\n"
    # A shell starts what runs in the background with the signal ignored.
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "m.import_snapshots = lambda *a, **k: signal.raise_signal(signal.SIGINT)\n"
    code += (
        f"sys.argv = ['headroom', '--workspace', {str(tmp_path)!r}, 'import', 'x']\nimport "
        "engine.cli\nengine.cli.main()"
    )
    headroom("init", str(tmp_path))
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (found.returncode, "stopped. What was recorded stays on record." in found.stderr) == (130, True), (
        found.stderr
    )
    assert "Traceback" not in found.stderr


def test_a_terminal_that_cannot_show_a_name_ends_no_command(tmp_path: Path) -> None:
    bad = tmp_path / "Größe.yaml"
    bad.write_text("deal: [", encoding="utf-8")
    command = [sys.executable, "-m", "engine.cli", "check", str(bad)]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, env=ascii_only
    )
    assert (found.returncode, "Traceback" in found.stderr) == (1, False), found.stderr


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_certificate_without_a_name_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    found = headroom("keys", name, "--notices", "--into", str(tmp_path / "notice.key"))
    assert (found.returncode, "1 to 64 characters" in found.stderr) == (1, True), found.stderr


def test_a_log_s_key_does_not_cosign(tmp_path: Path) -> None:
    from engine.cli.show.keys import cosign_export, make_key
    from engine.record.checkpoint import Checkpoint, sign
    from engine.record.keys import read_key
    from engine.record.merkle import EMPTY

    make_key("agent.example/log", tmp_path / "log.key", cosigner=False, as_json=True)
    (tmp_path / "checkpoint").write_text(
        sign(Checkpoint("a/b", 0, EMPTY), read_key(tmp_path / "log.key")), encoding="utf-8"
    )
    with pytest.raises(WrongUsage, match="is a log's key"):
        cosign_export(
            tmp_path,
            tmp_path / "log.key",
            [tmp_path / "log.key.pub"],
            None,
            datetime(2026, 1, 1, tzinfo=UTC),
            as_json=True,
        )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_ends_as_usual_though_streams_are_closed(tmp_path: Path, closed: str) -> None:
    """As a service may start it: a record was written, and then the command ended with a traceback."""
    call = f"{sys.executable} -m engine.cli init {tmp_path / 'desk'} {closed}"
    done = subprocess.run(["sh", "-c", call], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    verifier = f"{sys.executable} -m engine.verifier {tmp_path / 'nothing.pdf'} --policy x {closed}"
    done = subprocess.run(["sh", "-c", verifier], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr

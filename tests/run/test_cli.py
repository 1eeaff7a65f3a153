"""The command line as a user meets it: help with an example, JSON, exit codes, no stack traces."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli import FAMILIES, registered
from engine.commands.options import run_command_line
from engine.errors import WrongUsage
from tests.conftest import DEALS, REPOSITORY
from tests.market.make import document, offer

COMMANDS = sorted(command.name or (command.callback.__name__ if command.callback else "") for command in registered().registered_commands)


def headroom(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine.cli", *(("--workspace", str(folder)) if folder else ()), *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_exit_codes(command: str) -> None:
    found = headroom(command, "--help")
    assert found.returncode == 0
    flat = re.sub(r"\s+", " ", found.stdout)
    assert f"Example: headroom {command}" in flat
    assert "Exit codes: 0 done" in flat


def test_help_imports_nothing_of_weight() -> None:
    code = (
        "import sys, engine.cli; print([m for m in ('pandas', 'numpy', 'scipy', 'sqlmodel', 'weasyprint', 'pydantic') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_check_imports_neither_numbers_nor_database() -> None:
    code = (
        "import sys; sys.argv = ['headroom', 'check', 'deals/meridian-2026-1.yaml']\nimport engine.cli\n"
        "try:\n    engine.cli.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('pandas', 'numpy', 'scipy', 'sqlmodel', 'weasyprint') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing",), 2, "No such command"),
        (("check",), 2, "Missing argument"),
        (("check", "no-such-file.yaml"), 2, "no such file"),
        (("index", "--window-end", "soon"), 2, "is not a date"),
        (("--workspace", "/nonexistent", "history", "x"), 2, "is no workspace"),
        (("terms", "no-such.yaml", "--on", "2026-01-01"), 2, "no such file"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(arguments: tuple[str, ...], code: int, words: str) -> None:
    found = headroom(*arguments)
    assert found.returncode == code, found.stderr
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_session_at_a_desk(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    assert headroom("init", str(desk)).returncode == 0
    assert "nothing was changed" in headroom("init", str(desk)).stdout
    offers = [offer(dph_total=4 + n / 10, host_id=n % 3, machine_id=n) for n in range(12)]
    (tmp_path / "s.json").write_bytes(document(offers))
    (tmp_path / "broken.json").write_bytes(b"{")
    found = headroom("import", str(tmp_path / "s.json"), str(tmp_path / "broken.json"), "--json", folder=desk)
    said = json.loads(found.stdout)
    assert (found.returncode, len(said["imported"]), len(said["refused"])) == (1, 1, 1)
    again = json.loads(headroom("import", str(tmp_path / "s.json"), "--json", folder=desk).stdout)
    assert (again["imported"], again["already_known"]) == ([], 1)
    value = json.loads(headroom("index", "--window-end", "2026-03-04", "--methodology", "1.1.1", "--json", folder=desk).stdout)
    keys = "index publication_date window_start window_end methodology value observations valid_days min max mean stdev low_confidence"
    more = "low_confidence_reasons interval precision_class hosts machines largest_host_share days"
    assert set(f"{keys} {more}".split()) <= set(value)
    assert (value["value"], value["observations"], value["hosts"]) == ("2.2750", 12, 3)
    assert set(value["interval"]) == {"level", "low", "high", "method"}
    assert {"date", "offers", "qualifying", "kept", "counts", "excluded", "truncated", "snapshot"} <= set(value["days"][0])
    assert "12 observations" in headroom("index", "--window-end", "2026-03-04", folder=desk).stdout
    assert headroom("index", "--window-end", "2026-03-04", "--methodology", "9", folder=desk).returncode == 2


def test_check_prints_as_editors_open_it_and_as_json(tmp_path: Path) -> None:
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    path = tmp_path / "bad.yaml"
    path.write_text(text.replace("level: USD 1.50 per GPU-hour", "level: USD 1.60"), encoding="utf-8")
    shown = headroom("check", str(path))
    assert shown.returncode == 1
    assert re.search(
        r"bad\.yaml:\d+:12: D103 `USD 1\.60` has no unit of time\n +\|\n\d+ \|     level: USD 1\.60\n +\| +\^{8}\n   = fix: ", shown.stdout
    )
    (one, *_) = [p for p in json.loads(headroom("check", str(path), "--json").stdout) if p["code"] == "D103"]
    assert set(one) == {"file", "line", "column", "code", "what", "why", "fix"}


def test_prove_says_which_examples_hold(tmp_path: Path) -> None:
    good = headroom("prove", str(DEALS / "meridian-2026-1.yaml"))
    assert (good.returncode, "6 of 6 worked examples hold" in good.stdout) == (0, True)
    path = tmp_path / "wrong.yaml"
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("measured: 62.585%", "measured: 62.5%"), encoding="utf-8")
    bad = headroom("prove", str(path), "--json")
    assert bad.returncode == 1
    assert [one["passed"] for one in json.loads(bad.stdout)["examples"]].count(False) == 1


def test_a_series_taken_from_the_administrator(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    headroom("init", str(desk))
    head = "publication_date,value,low_confidence,observations,methodology_version\n"
    (tmp_path / "s.csv").write_text(head + "2026-03-05,1.6021,true,28,1.1.0\n2026-03-05,1.7350,false,44,1.1.1\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text(head + "soon,x,maybe,many,1\n", encoding="utf-8")
    found = headroom("import", "--series", "CRI-H100", str(tmp_path / "s.csv"), "--json", folder=desk)
    assert json.loads(found.stdout)["recorded"] == 2
    again = headroom("import", "--series", "CRI-H100", str(tmp_path / "s.csv"), "--json", folder=desk)
    assert again.returncode == 0
    bad = headroom("import", "--series", "CRI-H100", str(tmp_path / "bad.csv"), "--json", folder=desk)
    assert bad.returncode == 1
    assert {one["code"] for one in json.loads(bad.stdout)} == {"I102", "I103", "I104", "I105"}


FAILURES = {
    "a full disk": (OSError(errno.ENOSPC, "No space left on device", "headroom.sqlite"), 1, "headroom.sqlite: No space left on device"),
    "a medium that is read only": (OSError(errno.EROFS, "Read-only file system", "keys/log.key"), 1, "keys/log.key: Read-only file system"),
    "another encoding": (UnicodeDecodeError("utf-8", b"x", 0, 1, "invalid start byte"), 1, "another encoding than UTF-8"),
    "a renderer that was killed": (BrokenProcessPool("ended"), 1, "a process that renders notices was ended"),
    "Ctrl-C": (KeyboardInterrupt(), 130, "stopped; what was recorded stands"),
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


def test_an_interrupted_command_says_what_stands(tmp_path: Path) -> None:
    """Through the whole command line, which answers Ctrl-C with an exit code of its own."""
    code = "import signal, sys, engine.commands.market as m\n"
    code += "m.import_snapshots = lambda *a, **k: signal.raise_signal(signal.SIGINT)\n"
    code += f"sys.argv = ['headroom', '--workspace', {str(tmp_path)!r}, 'import', 'x']\nimport engine.cli\nengine.cli.main()"
    headroom("init", str(tmp_path))
    found = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (found.returncode, "stopped; what was recorded stands" in found.stderr) == (130, True), found.stderr
    assert "Traceback" not in found.stderr


def test_a_terminal_that_cannot_show_a_name_ends_no_command(tmp_path: Path) -> None:
    bad = tmp_path / "Größe.yaml"
    bad.write_text("deal: [", encoding="utf-8")
    command = [sys.executable, "-m", "engine.cli", "check", str(bad)]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, env=ascii_only)
    assert (found.returncode, "Traceback" in found.stderr) == (1, False), found.stderr


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_certificate_without_a_name_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    found = headroom("keys", name, "--notices", "--into", str(tmp_path / "notice.key"))
    assert (found.returncode, "1 to 64 characters" in found.stderr) == (1, True), found.stderr


def test_a_log_s_key_does_not_cosign(tmp_path: Path) -> None:
    from engine.commands.proof import cosign_export, make_key
    from engine.record.checkpoint import Checkpoint, sign
    from engine.record.keys import read_key
    from engine.record.merkle import EMPTY

    make_key("agent.example/log", tmp_path / "log.key", cosigner=False, as_json=True)
    (tmp_path / "checkpoint").write_text(sign(Checkpoint("a/b", 0, EMPTY), read_key(tmp_path / "log.key")), encoding="utf-8")
    with pytest.raises(WrongUsage, match="is a log's key"):
        cosign_export(tmp_path, tmp_path / "log.key", [tmp_path / "log.key.pub"], None, datetime(2026, 1, 1, tzinfo=UTC), as_json=True)


def test_every_command_is_in_its_family() -> None:
    """Only the family of the command that is called is imported, so the list of commands must be whole."""
    listed = {command for commands in FAMILIES.values() for command in commands}
    assert listed == {*COMMANDS, "db"}


@pytest.mark.parametrize(
    "arguments",
    [("--workspace", "index", "check", "deals/meridian-2026-1.yaml"), ("--workspace=index", "check", "deals/meridian-2026-1.yaml")],
)
def test_a_workspace_with_a_command_s_name_is_no_command(arguments: tuple[str, ...]) -> None:
    assert headroom(*arguments).returncode == 0

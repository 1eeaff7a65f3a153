"""The command line as a user meets it: help with an example, JSON, what a command shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from engine import __version__
from engine.cli import FAMILIES, registered
from engine.cli.servicer import ACTS
from engine.terms.act_requirements import KINDS
from tests.cli.calling import headroom, in_a_process
from tests.conftest import DEALS, REPOSITORY
from tests.market.make import document, offer

COMMANDS = sorted(
    command.name or (command.callback.__name__ if command.callback else "")
    for command in registered().registered_commands
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_exit_codes(command: str) -> None:
    found = headroom(command, "--help")
    assert found.returncode == 0
    flat = re.sub(r"\s+", " ", found.stdout)
    assert f"Example: headroom {command}" in flat
    assert "Exit codes: 0 done" in flat


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    for name, one in command.commands.items():
        yield from leaves(one, (*path, name)) if hasattr(one, "commands") else [((*path, name), one)]


def test_every_command_has_json_an_example_and_help_for_each_option() -> None:
    found = dict(leaves(get_command(registered())))
    assert ("db", "backup") in found
    for path, command in found.items():
        assert "--json" in {name for one in command.params for name in one.opts}, path
        assert command.epilog.startswith(f"Example: headroom {' '.join(path)}"), path
        assert [one.name for one in command.params if not getattr(one, "help", None)] == [], path


def test_act_names_every_kind_of_act() -> None:
    assert set(ACTS) == set(KINDS)
    flat = re.sub(r"\s+", " ", headroom("act", "--help").stdout)
    assert all(kind in flat for kind in KINDS)


def test_the_version_is_printed_before_any_workspace_exists() -> None:
    found = in_a_process("--version")
    assert (found.returncode, found.stdout) == (0, f"headroom {__version__}\n")


def test_the_help_of_db_has_an_example_and_exit_codes() -> None:
    flat = re.sub(r"\s+", " ", headroom("db", "--help").stdout)
    assert "Example: headroom db" in flat
    assert "Exit codes: 0 done" in flat


def test_the_record_is_copied_and_the_schema_printed_as_json(tmp_path: Path) -> None:
    headroom("init", str(tmp_path / "desk"))
    found = headroom("db", "backup", str(tmp_path / "copy.sqlite"), "--json", folder=tmp_path / "desk")
    assert json.loads(found.stdout) == {"copy": str(tmp_path / "copy.sqlite"), "entries": 0, "desk": None}
    assert "properties" in json.loads(headroom("schema", "--json").stdout)


def test_help_imports_nothing_of_weight() -> None:
    code = (
        "import sys, engine.cli; print([m for m in ('pandas', 'numpy', 'scipy', 'sqlmodel', 'weasyprint', "
        "'pydantic') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_check_imports_neither_numbers_nor_database() -> None:
    code = (
        "import sys; sys.argv = ['headroom', 'check', 'deals/meridian-2026-1.yaml']\nimport engine.cli\n"
        "try:\n    engine.cli.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('pandas', 'numpy', 'scipy', 'sqlmodel', 'weasyprint') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


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
    value = json.loads(
        headroom(
            "index", "--window-end", "2026-03-04", "--methodology", "1.1.1", "--json", folder=desk
        ).stdout
    )
    keys = (
        "index publication_date window_start window_end methodology value observations valid_days min max "
        "mean stdev low_confidence"
    )
    more = "low_confidence_reasons interval precision_class hosts machines largest_host_share days"
    assert set(f"{keys} {more}".split()) <= set(value)
    assert (value["value"], value["observations"], value["hosts"]) == ("2.2750", 12, 3)
    assert set(value["interval"]) == {"level", "low", "high", "method"}
    assert {"date", "offers", "qualifying", "kept", "counts", "excluded", "truncated", "snapshot"} <= set(
        value["days"][0]
    )
    shown = headroom("index", "--window-end", "2026-03-04", folder=desk).stdout
    assert "12 observations" in shown
    assert "by sellers no interval: 3 sellers; six are needed; listings from " in shown
    assert "shadow rate, one seller one vote: " in shown
    assert headroom("index", "--window-end", "2026-03-04", "--methodology", "9", folder=desk).returncode == 2
    empty = headroom("index", "--window-end", "2026-05-06", folder=desk).stdout
    assert "0 observations on 0 valid days" in empty
    assert "None" not in empty


def test_nothing_is_recorded_or_signed_before_the_operator_is_named(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    assert "name the operator" in headroom("init", str(desk)).stdout
    for refused in (
        ("run", "--on", "2026-03-05"),
        ("keys", "agent.example/log", "--into", str(desk / "keys" / "log.key")),
    ):
        found = headroom(*refused, folder=desk)
        assert (found.returncode, "name the operator in" in found.stderr) == (2, True), found.stderr
        assert str(desk / "headroom.toml") in found.stderr
    assert not (desk / "keys").exists()
    elsewhere = headroom(
        "keys", "trustee.example", "--cosigner", "--into", str(tmp_path / "own" / "trustee.key"), folder=desk
    )
    assert elsewhere.returncode == 0  # a trustee's key is not the operator's


def test_init_takes_the_operators_name(tmp_path: Path) -> None:
    desk, name = tmp_path / "desk", 'Banque d\'Été "Agent"'
    assert headroom("init", str(desk), "--operator", name).returncode == 0
    assert tomllib.loads((desk / "headroom.toml").read_text(encoding="utf-8"))["operator"] == name
    assert headroom("run", "--on", "2026-03-05", folder=desk).returncode == 0
    other = headroom("init", str(desk), "--operator", "Another")
    assert (other.returncode, "is there already" in other.stderr) == (2, True)
    assert headroom("init", str(tmp_path / "x"), "--operator", "two\nlines").returncode == 2


def test_check_prints_as_editors_open_it_and_as_json(tmp_path: Path) -> None:
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    path = tmp_path / "bad.yaml"
    path.write_text(text.replace("level: USD 1.50 per GPU-hour", "level: USD 1.60"), encoding="utf-8")
    shown = headroom("check", str(path))
    assert shown.returncode == 1
    assert re.search(
        r"bad\.yaml:\d+:12: D103 `USD 1\.60` has no unit of time\n +\|\n\d+ \|     level: USD 1\.60\n +\| "
        r"+\^{8}\n   = fix: ",
        shown.stdout,
    )
    (one, *_) = [p for p in json.loads(headroom("check", str(path), "--json").stdout) if p["code"] == "D103"]
    assert set(one) == {"file", "line", "column", "code", "what", "why", "fix", "page"}
    assert one["page"] == "docs/errors.md#D103"


def test_check_misses_a_register_that_is_named_and_not_there(tmp_path: Path) -> None:
    shutil.copy(DEALS / "meridian-2026-1.yaml", tmp_path)
    found = headroom("check", str(tmp_path / "meridian-2026-1.yaml"), "--json")
    (one,) = [problem for problem in json.loads(found.stdout) if problem["code"] == "W108"]
    assert (found.returncode, one["line"]) == (0, 41)
    assert "`meridian-serials.csv`" in one["what"]


def test_every_register_that_a_shipped_deal_names_is_there_and_agrees() -> None:
    found = headroom("check", *(str(path) for path in sorted(DEALS.glob("*.yaml"))), "--json")
    assert {one["code"] for one in json.loads(found.stdout)} & {"W107", "W108", "D527", "D528"} == set()


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
    (tmp_path / "s.csv").write_text(
        head + "2026-03-05,1.6021,true,28,1.1.0\n2026-03-05,1.7350,false,44,1.1.1\n", encoding="utf-8"
    )
    (tmp_path / "bad.csv").write_text(head + "soon,x,maybe,many,1\n", encoding="utf-8")
    found = headroom("import", "--series", "CRI-H100", str(tmp_path / "s.csv"), "--json", folder=desk)
    assert json.loads(found.stdout)["recorded"] == 2
    again = headroom("import", "--series", "CRI-H100", str(tmp_path / "s.csv"), "--json", folder=desk)
    assert again.returncode == 0
    bad = headroom("import", "--series", "CRI-H100", str(tmp_path / "bad.csv"), "--json", folder=desk)
    assert bad.returncode == 1
    assert {one["code"] for one in json.loads(bad.stdout)} == {"I102", "I103", "I104", "I105"}


def test_every_command_is_in_its_family() -> None:
    """Only the family of the command that is called is imported, so the list of commands must be whole."""
    listed = {command for commands in FAMILIES.values() for command in commands}
    assert listed == {*COMMANDS, "db", "keys"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--workspace", "index", "check", "deals/meridian-2026-1.yaml"),
        ("--workspace=index", "check", "deals/meridian-2026-1.yaml"),
    ],
)
def test_a_workspace_with_a_command_s_name_is_no_command(arguments: tuple[str, ...]) -> None:
    assert headroom(*arguments).returncode == 0


def test_json_never_holds_a_figure_that_is_no_number() -> None:
    from engine.cli.output import print_json

    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"tau": float("nan")})

"""The import rules of docs/architecture.md, checked over the import graph, late imports included."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import COMMANDS
from tests.conftest import REPOSITORY

ROOMS = ("engine", "covenants", "reports")
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "values", "calendar", "tables"}),
    frozenset({"market", "terms", "determination"}),
    frozenset({"triggers", "record"}),
    frozenset(
        {
            "week",
            "known",
            "reruns",
            "rehearsal",
            "outlook",
            "prove",
            "foresight",
            "reach",
            "adoption",
            "checked",
            "wording",
            "clauses",
            "exports",
            "deadlines",
            "portfolio",
            "regulatory",
            "demo",
        }
    ),
    frozenset(
        {
            "workspace",
            "weeks",
            "belongs",
            "output",
            "columns",
            "publications",
            "issue",
            "refusal",
            "thursday",
            "checkpoints",
            "replay",
            "replay_due",
            "replay_refused",
            "as_known",
            "commands",
            "scheduler",
        }
    ),
    frozenset({"cli"}),
)
DOORS = {
    "sqlmodel": {"engine/record/store.py", "engine/record/database.py", "engine/record/guards.py"},
    "sqlalchemy": {
        *(f"engine/record/{room}.py" for room in ("store", "database", "guards")),
        "engine/record/migrations/versions/0001_the_log.py",
    },
    "numpy": {f"engine/market/{room}.py" for room in ("interval", "validation", "time_series")},
    "scipy": {f"engine/market/{room}.py" for room in ("interval", "validation", "time_series", "distribution", "representativeness")},
    "weasyprint": {"reports/render.py", "reports/assets.py", "reports/finish.py"},
    "yaml": {"engine/terms/source.py"},
    "apscheduler": {"engine/scheduler.py"},
    "pypdfium2": {"engine/record/pdf.py"},
    "pyhanko": {"engine/record/signature.py"},
}
PROTOCOL_DOORS = (
    *(f"engine.{room}" for room in ("values", "calendar", "errors")),
    *(f"engine.determination.{room}" for room in ("template", "collateral", "scenario")),
)
"""What a template may know."""
FACT_DOORS = (
    "engine.values",
    *(f"engine.record.{room}" for room in ("adopted", "event", "standing", "notice")),
    *(f"engine.determination.{room}" for room in ("rate", "result")),
    "engine.evaluation.facts",
)
"""What a document may know: the facts that events hold, and what makes none of them."""
LONGEST = 350


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((REPOSITORY / room).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def layer(module: str) -> int | None:
    """The layer of `engine.x...`, None for the package itself."""
    parts = module.split(".")
    return next((n for n, names in enumerate(LAYERS) if len(parts) > 1 and parts[1] in names), None)


def within(name: str, doors: tuple[str, ...]) -> bool:
    """Whether an imported name is one of the modules, or stands in one."""
    return any(name == door or name.startswith(f"{door}.") for door in doors)


def violations(path: str, source: str) -> list[str]:
    found = []
    own = path.removesuffix(".py").replace("/", ".")
    for name in imported(ast.parse(source)):
        room, top = own.split(".")[0], name.split(".")[0]
        if top in DOORS and path not in DOORS[top]:
            found.append(f"{path} imports {name}: only {', '.join(sorted(DOORS[top]))} may")
        if room == "engine" and path != "engine/cli/app.py" and top in ("covenants", "reports"):
            found.append(f"{path} imports {name}: engine knows no covenant and no layout")
        if room == "engine" and top == "engine":
            here, there = layer(own), layer(name)
            if here is not None and there is not None and there > here:
                found.append(f"{path} imports {name}, which stands to its right")
            if {own.split(".")[1], name.split(".")[1]} == {"market", "terms"}:
                found.append(f"{path} imports {name}: market and terms do not know each other")
        if room == "covenants" and top == "engine" and not within(name, PROTOCOL_DOORS):
            found.append(f"{path} imports {name}: a template knows only its protocol")
        if room == "reports" and top == "engine" and not within(name, FACT_DOORS):
            found.append(f"{path} imports {name}: a document states events and computes nothing")
    return found


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_imports_run_one_way(path: Path) -> None:
    assert not violations(str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("engine/market/index.py", "from engine.terms.deal import TermsInForce"),
        ("engine/market/index.py", "def f():\n    from engine.record.log import read"),
        ("engine/week.py", "import covenants"),
        ("engine/terms/check.py", "import yaml"),
        ("covenants/loan_to_value.py", "from engine.record.store import Store"),
        ("reports/notice.py", "from engine.week import evaluate"),
        ("engine/thursday.py", "from engine.cli import main"),
        ("reports/notice.py", "from engine.determination.report import read_report"),
        ("reports/notice.py", "from engine.determination.report_checks import checked"),
        ("reports/notice.py", "from engine.record.notice_check import verify_notice"),
    ],
)
def test_the_checker_bites(path: str, source: str) -> None:
    assert violations(path, source)


def test_every_module_of_the_engine_stands_in_one_layer_and_every_layer_names_modules_that_exist() -> None:
    there = {path.stem for path in (REPOSITORY / "engine").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    listed = [name for names in LAYERS for name in names]
    assert sorted(listed) == sorted(there - {"__init__"})


def test_the_engine_knows_no_particular_covenant() -> None:
    """No template's name stands in the engine as a word of its own; a command may be called as a template is."""
    names = {path.stem for path in (REPOSITORY / "covenants").glob("*.py")} - {"__init__"}
    found = []
    for path in (path for path in modules() if path.is_relative_to(REPOSITORY / "engine")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = {word for word in re.findall(r"\w+", node.value) if "_" in word} | {node.value}
                found += [f"{path.relative_to(REPOSITORY)}:{node.lineno}: {word}" for word in words & (names - set(COMMANDS))]
    assert found == []


def test_every_door_is_a_module_that_exists() -> None:
    doors = [*PROTOCOL_DOORS, *FACT_DOORS]
    assert [door for door in doors if not (REPOSITORY / f"{door.replace('.', '/')}.py").is_file()] == []
    assert [path for paths in DOORS.values() for path in paths if not (REPOSITORY / path).is_file()] == []


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_file_names_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    above = f"{REPOSITORY.parent}/"
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".csv", ".j2", ".css", ".txt", ""} and path.is_file():
            assert above not in path.read_text(encoding="utf-8", errors="replace"), name

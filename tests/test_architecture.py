"""The import rules of docs/architecture.md, checked over the import graph, late imports included."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import COMMANDS
from tests.conftest import REPOSITORY

ROOMS = ("engine", "covenants", "reports")
BASICS = ("basics",)
FACTS = ("basics", "events")
LAW = (*FACTS, "terms", "terms/checks")
BELOW_OPERATIONS = (
    *LAW,
    "market",
    "market/quality",
    "record",
    "servicer_report",
    "determination",
    "evaluation",
    "wording",
    "notices",
    "workspace",
)
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "basics": (),
    "events": BASICS,
    "market": BASICS,
    "market/quality": ("basics", "market"),
    "terms": BASICS,
    "terms/checks": ("basics", "terms"),
    "record": FACTS,
    "reports": FACTS,
    "servicer_report": (*FACTS, "terms"),
    "determination": (*FACTS, "terms"),
    "covenants": ("basics", "determination"),
    "evaluation": (*FACTS, "terms", "servicer_report", "determination"),
    "wording": (*FACTS, "terms", "determination", "evaluation"),
    "foresight": (*FACTS, "terms", "market", "determination", "evaluation"),
    "notices": (*FACTS, "terms", "determination", "record"),
    "workspace": (*LAW, "determination", "market", "record"),
    "operations": BELOW_OPERATIONS,
    "audit": BELOW_OPERATIONS,
    "queries": (*BELOW_OPERATIONS, "foresight"),
    "analysis": (*FACTS, "queries", "workspace"),
    "delivery": (*FACTS, "record", "notices", "workspace", "queries"),
    "demo": (*FACTS, "operations", "delivery", "workspace", "record", "notices"),
    "assembly": (*FACTS, "operations", "workspace", "record", "covenants", "reports"),
    "verifier": (*FACTS, "assembly", "audit"),
    "web": (*FACTS, "assembly", "operations", "queries", "audit", "delivery", "foresight", "workspace"),
    "cli": (
        *FACTS,
        "assembly",
        "operations",
        "queries",
        "audit",
        "delivery",
        "foresight",
        "workspace",
        "demo",
        "web",
    ),
}
"""Which rooms a room may import; `docs/architecture.md` prints the same table."""
IN_COLUMNS = (
    "path_rates",
    "path_outcomes",
    "proof",
    "verdicts",
    "state_arrays",
    "trigger_arrays",
    "rates_against_reports",
    "shared_steps",
    "linked_values",
    "many_paths",
)
COLUMNS = (*(f"columns/{name}" for name in IN_COLUMNS), "path_tallies")
NUMBERS = (
    "rate_model",
    "rate_posterior",
    "rate_forecast",
    "rate_paths",
    "sampling_noise",
    "calibrate",
    *COLUMNS,
)
"""The modules of foresight that count on arrays; the first four know laws of probability too."""
DOORS = {
    "sqlmodel": {"engine/record/store.py", "engine/record/database.py", "engine/record/guards.py"},
    "sqlalchemy": {
        *(f"engine/record/{room}.py" for room in ("store", "database", "guards")),
        "engine/record/migrations/versions/0001_the_log.py",
    },
    "numpy": {
        "engine/market/interval.py",
        "engine/determination/joint_subsets.py",
        *(f"engine/market/quality/{room}.py" for room in ("statistical_suite", "time_series")),
        *(f"engine/foresight/{room}.py" for room in NUMBERS),
        "engine/queries/simulation_questions.py",
    },
    "scipy": {
        "engine/market/interval.py",
        *(
            f"engine/market/quality/{room}.py"
            for room in ("statistical_suite", "time_series", "distribution", "representativeness")
        ),
        *(f"engine/foresight/{room}.py" for room in NUMBERS[:4]),
    },
    "weasyprint": {
        *(f"reports/render/{room}.py" for room in ("pdf", "assets", "pdf_a")),
        *(
            f"reports/render/memory/{room}.py"
            for room in ("__init__", "styles", "sizes", "lines", "glyphs", "pictures")
        ),
    },
    "distributed": {"reports/render/dask_pool.py"},
    "yaml": {"engine/terms/source.py"},
    "pwdlib": {"engine/web/accounts.py"},
    "limits": {"engine/web/attempts.py"},
    "uvicorn": {"engine/web/server.py"},
    "apscheduler": {"engine/operations/scheduler.py"},
    "pypdfium2": {"engine/notices/pdf.py", "engine/notices/drawing_child.py"},
    "pyhanko": {"engine/notices/signature.py"},
    "openpyxl": {"engine/servicer_report/workbook_child.py"},
    "xlrd": {
        "engine/servicer_report/workbook_child.py",
        "engine/servicer_report/hidden_rows.py",
        "engine/servicer_report/tape_formats.py",
    },
    "odf": {"engine/servicer_report/open_document_child.py"},
    "msoffcrypto": {"engine/servicer_report/workbook.py"},
    "xlsxwriter": {
        "engine/servicer_report/report_form.py",
        "engine/servicer_report/confirmation_form.py",
        "engine/queries/spreadsheets.py",
    },
    "python_calamine": {"engine/servicer_report/tape_child.py"},
    "pandas": {
        "engine/analysis/frames.py",
        *(f"engine/queries/{room}.py" for room in ("csv_tables", "parquet_files")),
        "engine/servicer_report/tape_child.py",
    },
}
PROTOCOL_DOORS = (
    *(f"engine.basics.{room}" for room in ("values", "calendar", "errors")),
    *(f"engine.determination.{room}" for room in ("template", "collateral", "scenario")),
)
"""What a template may know."""
LONGEST = 500


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((REPOSITORY / room).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def room_of(module: str) -> str:
    """The room of a module: a folder of `engine`, `covenants` or `reports`; "" for the package `engine`
    itself.
    """
    top, _, rest = module.partition(".")
    if top != "engine":
        return top
    inner = next(
        (
            room
            for room in ("market/quality", "terms/checks")
            if f"{rest}.".startswith(room.replace("/", ".") + ".")
        ),
        None,
    )
    first = rest.partition(".")[0]
    return inner or (first if first in MAY_IMPORT else "")


def within(name: str, doors: tuple[str, ...]) -> bool:
    """Whether an imported name is one of the modules, or stands in one."""
    return any(name == door or name.startswith(f"{door}.") for door in doors)


def violations(path: str, source: str) -> list[str]:
    found = []
    own = path.removesuffix(".py").replace("/", ".")
    here = room_of(own)
    for name in imported(ast.parse(source)):
        top = name.split(".")[0]
        if top in DOORS and path not in DOORS[top]:
            found.append(f"{path} imports {name}: only {', '.join(sorted(DOORS[top]))} may")
        if top not in ROOMS or not (there := room_of(name)) or there == here:
            continue
        if there not in MAY_IMPORT[here]:
            found.append(f"{path} imports {name}: {here} may not import {there}")
        if here == "covenants" and not within(name, PROTOCOL_DOORS):
            found.append(f"{path} imports {name}: a template knows only its protocol")
    return found


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_imports_run_one_way(path: Path) -> None:
    assert not violations(str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("engine/market/index.py", "from engine.terms.in_force import TermsInForce"),
        ("engine/market/index.py", "def f():\n    from engine.record.log import read"),
        ("engine/market/index.py", "if TYPE_CHECKING:\n    from engine.record.log import read"),
        ("engine/events/kinds.py", "from engine.determination.determine import determine"),
        ("engine/evaluation/one_date.py", "import covenants"),
        ("engine/terms/checks/deal_file.py", "import yaml"),
        ("engine/terms/pool.py", "from engine.terms.checks.scale import x"),
        ("covenants/loan_to_value.py", "from engine.record.store import Store"),
        ("reports/notice/compose.py", "from engine.evaluation.one_date import evaluate"),
        ("engine/operations/run.py", "from engine.cli import main"),
        ("reports/notice/compose.py", "from engine.servicer_report.read_report import read_report"),
        ("reports/notice/compose.py", "from engine.notices.verify_notice import verify_notice"),
    ],
)
def test_the_checker_bites(path: str, source: str) -> None:
    assert violations(path, source)


def test_every_part_of_the_engine_is_a_room_and_only_the_composition_root_is_loose() -> None:
    there = {
        path.stem
        for path in (REPOSITORY / "engine").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert there - {"__init__"} <= set(MAY_IMPORT)
    assert {path.name for path in (REPOSITORY / "engine").glob("*.py")} <= {"__init__.py", "assembly.py"}


def test_a_file_name_is_unique_in_the_engine() -> None:
    """A command's own name in `cli` is excepted: the command is called as what it does."""
    names = Counter(
        path.name
        for path in (REPOSITORY / "engine").rglob("*.py")
        if "cli" not in path.parts and path.name != "__init__.py"
    )
    assert [name for name, count in names.items() if count > 1 and name not in {"workspace.py"}] == []


def test_no_module_leads_back_to_itself() -> None:
    """No circle of imports, late ones and those for types alone included; a package's own `__init__` is the
    package.
    """
    own = {
        str(path.relative_to(REPOSITORY).with_suffix("")).replace("/", ".").removesuffix(".__init__"): path
        for path in modules()
    }
    arrows: dict[str, set[str]] = {}
    for name, path in own.items():
        named = imported(ast.parse(path.read_text(encoding="utf-8")))
        found = {one if one in own else one.rpartition(".")[0] for one in named if one.split(".")[0] in ROOMS}
        arrows[name] = found & set(own) - {name}
    while ends := [name for name, to in arrows.items() if not to & set(arrows)]:
        for name in ends:
            del arrows[name]
    assert sorted(arrows) == []


def test_the_engine_knows_no_particular_covenant() -> None:
    """No template's name stands in the engine as a word of its own; a command may be called as a template is."""
    names = {path.stem for path in (REPOSITORY / "covenants").glob("*.py")} - {"__init__"}
    found = []
    for path in (path for path in modules() if path.is_relative_to(REPOSITORY / "engine")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = {word for word in re.findall(r"\w+", node.value) if "_" in word} | {node.value}
                found += [
                    f"{path.relative_to(REPOSITORY)}:{node.lineno}: {word}"
                    for word in words & (names - set(COMMANDS))
                ]
    assert found == []


def test_every_door_is_a_module_that_exists() -> None:
    doors = PROTOCOL_DOORS
    assert [door for door in doors if not (REPOSITORY / f"{door.replace('.', '/')}.py").is_file()] == []
    assert [path for paths in DOORS.values() for path in paths if not (REPOSITORY / path).is_file()] == []


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_tests_and_tools_stay_readable_too() -> None:
    beside = [path for room in ("tests", "tools") for path in (REPOSITORY / room).rglob("*.py")]
    assert len(beside) > 300
    assert [path.name for path in beside if len(path.read_text("utf-8").splitlines()) > LONGEST] == []


def test_no_file_names_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    # The folder above a checkout directly below the root is a short word, which web addresses hold as well.
    above = f"{REPOSITORY.parent}/" if len(REPOSITORY.parts) > 3 else f"{REPOSITORY}/"
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if (
            path.suffix in {".py", ".md", ".yaml", ".toml", ".csv", ".j2", ".css", ".txt", ""}
            and path.is_file()
        ):
            assert above not in path.read_text(encoding="utf-8", errors="replace"), name

"""The verifier's own wheel: small, without database and renderer, and as strict as the product."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from engine.basics.bundle_archive import packed, unpacked
from engine.basics.errors import VerificationFailed
from engine.cli.show.keys import export_log
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.trust_policy import Policy
from engine.operations.sign_checkpoints import newest_signed
from engine.queries.bundle import write_bundle
from engine.record.checkpoint import Checkpoint, sign
from engine.record.keys import read_key
from engine.record.log import deal_log
from engine.record.merkle import leaf_hash, root
from engine.verifier.verifier_command import run
from engine.workspace.workspace import opened
from reports.render.assets import covered, covered_by_the_fonts
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.operations.test_run import DEAL
from tools.build_verifier import COMMAND, NEEDS, NEVER_CALLED, closure, main

MODULES = {"yaml": "pyyaml", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
"""Modules whose library has another name, or which a library brings."""
SOAK = pytest.mark.skipif(
    os.environ.get("HEADROOM_SOAK") != "1", reason="make soak installs the verifier in an empty environment"
)


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return main(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the libraries that it names, and no other library."""
    home = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(home)
    waiting, linked = list(NEEDS), set[str]()
    while waiting:
        found = distribution(waiting.pop())
        if found.metadata["Name"] in linked:
            continue
        linked.add(found.metadata["Name"])
        waiting += [
            re.split(r"[^A-Za-z0-9._-]", one)[0] for one in found.requires or () if "extra ==" not in one
        ]
        waiting = [name for name in waiting if is_there(name)]
        for top in {Path(str(file)).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            place = Path(str(found.locate_file(top)))
            if place.exists() and not (home / top).exists():
                (home / top).symlink_to(place)
    return home


def is_there(name: str) -> bool:
    # Not by its class: once another test has imported `importlib_metadata`, that library answers here.
    try:
        distribution(name)
    except ModuleNotFoundError:
        return False
    return True


@pytest.fixture(scope="module")
def papers(desk: Path, policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a trustee has: policy, notice, export, bundle, held checkpoint; and a forgery of each."""
    home, workspace = tmp_path_factory.mktemp("papers"), opened(desk)
    (home / "trustee.toml").write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n',
        encoding="utf-8",
    )
    notice = sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes()
    (home / "notice.pdf").write_bytes(notice)
    (home / "false.pdf").write_bytes(notice.replace(b"/ByteRange", b"/ByteRangf", 1))
    export_log(workspace, DEAL, "tiles", home / "export", None, as_json=True)
    shutil.copytree(home / "export", home / "false-export")
    (entries,) = (home / "false-export" / "tile" / "entries").rglob("*.p/*")
    entries.write_bytes(entries.read_bytes().replace(b"PASS", b"FAIL", 1))
    write_bundle(workspace, DEAL, home / "deal.bundle", lambda of, log: newest_signed(of, log).note)
    files, about = unpacked(home / "deal.bundle")
    last = sorted(name for name in files if name.startswith("notices/"))[-1]
    (home / "false.bundle").write_bytes(packed({n: d for n, d in files.items() if n != last}, about))
    bodies = [entry.body for entry in workspace.store.entries(deal_log(DEAL))]
    origin, key = (
        newest_signed(workspace, deal_log(DEAL)).note.partition("\n")[0],
        read_key(desk / "keys" / "log.key"),
    )
    for name, change in (("held", b""), ("fork", b" ")):
        leaves = [leaf_hash(body) for body in (*bodies[:9], bodies[9] + change)]
        note = sign(Checkpoint(origin, 10, root(leaves)), key)
        (home / f"{name}.checkpoint").write_text(note, encoding="utf-8")
    workspace.store.close()
    return home


CASES = {
    "a notice": (("notice.pdf",), 0, "holds    results: "),
    "a notice with the log": (("notice.pdf", "--held", "export"), 0, "holds    as issued: "),
    "a bundle": (("deal.bundle",), 0, "holds    notices: 5 files"),
    "an export": (("export",), 0, "Not compared: what its entries say."),
    "a held checkpoint": (
        ("export", "--held", "held.checkpoint"),
        0,
        "of the held checkpoint are its first; ",
    ),
    "a notice as held checkpoint": (("export", "--held", "notice.pdf"), 0, "holds    held checkpoint: "),
    "a forged notice": (("false.pdf",), 3, "DIFFERS  signature: "),
    "a forged bundle": (("false.bundle",), 3, "DIFFERS  notices: "),
    "a forged export": (("false-export",), 3, "DIFFERS  log: "),
    "a fork": (
        ("export", "--held", "fork.checkpoint"),
        3,
        "are not the ones that the held checkpoint signed",
    ),
    "a notice with a forged log": (("notice.pdf", "--held", "false-export"), 3, "headroom-verify: "),
}


ALL_CASES = """
import contextlib, importlib, io, json, sys
home, command, cases = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, home)
import engine
assert engine.__file__.startswith(home)
main, answers = importlib.import_module(command).main, {}
for case, arguments in cases.items():
    sys.argv, said = ["headroom-verify", *arguments, "--policy", "trustee.toml"], io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main() or 0
        except SystemExit as ended:
            code = ended.code or 0
    answers[case] = code, said.getvalue()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(installed: Path, papers: Path) -> dict[str, tuple[int, str]]:
    """The exit code of each case, and what is said of it, by one process that has the seven libraries alone."""
    # -S: nothing of the environment's own packages is found, so what is linked there is all that there is
    asked = json.dumps({case: arguments for case, (arguments, _, _) in CASES.items()})
    command = [sys.executable, "-I", "-S", "-c", ALL_CASES, str(installed), COMMAND, asked]
    done = subprocess.run(command, cwd=papers, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", CASES)
def test_it_verifies_with_seven_libraries_alone(case: str, answers: dict[str, tuple[int, str]]) -> None:
    _, code, said = CASES[case]
    found, words = answers[case]
    assert (found, said in words) == (code, True), words
    assert "Traceback" not in words


def test_the_wheel_names_every_library_that_its_modules_import(wheel: Path) -> None:
    modules, libraries = closure()
    assert {MODULES.get(name, name) for name in libraries - set(NEVER_CALLED)} == set(NEEDS)
    assert not [
        name
        for name in modules
        if name.startswith(("engine.operations", "engine.workspace", "engine.market", "engine.cli"))
    ]
    assert "engine.record.store" not in modules
    assert "reports.render.pdf" not in modules
    held = zipfile.ZipFile(wheel)
    (metadata,) = (held.read(name).decode() for name in held.namelist() if name.endswith("METADATA"))
    assert sorted(re.findall(r"Requires-Dist: ([a-z0-9]+)", metadata)) == sorted(NEEDS)


def test_the_same_commit_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    assert main(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_kept_coverage_is_that_of_the_fonts() -> None:
    assert covered() == covered_by_the_fonts()


def test_it_says_the_same_in_json_and_refuses_what_is_not_there(
    papers: Path, capsys: pytest.CaptureFixture[str], all_templates: dict[str, Template]
) -> None:
    policy = str(papers / "trustee.toml")
    assert run([str(papers / "export"), "--policy", policy, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verified"]
    assert [step["name"] for step in answer["steps"]] == ["log"]
    assert run([str(papers / "nothing.pdf"), "--policy", policy, "--json"]) == 2
    assert "no such file" in json.loads(capsys.readouterr().out)["error"]["what"]
    assert VerificationFailed.exit_code == 3


@SOAK
def test_it_installs_in_an_empty_environment(wheel: Path, papers: Path, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "venv", with_pip=True)
    folder = tmp_path / "venv" / "bin"
    asked = [str(folder / "python"), "-m", "pip", "install", "-q", str(wheel)]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    command = [str(folder / "headroom-verify"), "deal.bundle", "--policy", "trustee.toml"]
    told = subprocess.run(command, cwd=papers, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr

"""The built wheel holds all that the product needs: it runs without a checkout and without test tools."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import venv
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "covenants", "reports", "deals")
SOAK = pytest.mark.skipif(
    os.environ.get("HEADROOM_SOAK") != "1", reason="make soak runs the whole demonstration from a wheel"
)
LONGEST_SILENCE = 5.0
"""Seconds between two lines of progress."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


def alone(folder: Path, python: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed product, run in a folder that has no checkout above it."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("HEADROOM", "PYTHON"))}
    command = [str(python), *arguments]
    return subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=900
    )


def test_the_wheel_has_every_file_of_its_packages(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0 or not listed.stdout:
        pytest.skip("this is not a git checkout")
    held = set(zipfile.ZipFile(wheel).namelist())
    there = {name for name in listed.stdout.splitlines() if (REPOSITORY / name).exists()}
    assert there <= held


def test_the_unpacked_wheel_checks_proves_and_finds_its_fonts(wheel: Path, tmp_path: Path) -> None:
    """A fraction of the test below, with the libraries that are installed here."""
    home = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(home)
    code = (
        f"import sys; sys.path.insert(0, {str(home)!r}); import engine, reports.render.pdf as pdf; "
        f"assert engine.__file__.startswith({str(home)!r}), engine.__file__; pdf.load_renderer(); "
        "from engine.cli import main; sys.argv = ['headroom', 'prove', sys.argv[1]]; main()"
    )
    done = alone(tmp_path, sys.executable, "-c", code, str(home / "deals" / "meridian-2026-1.yaml"))
    assert done.returncode == 0, done.stderr
    assert "6 of 6 worked examples hold" in done.stdout


@SOAK
def test_a_wheel_in_an_empty_environment_runs_the_demonstration(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    for what in (
        ["--require-hashes", "-r", str(REPOSITORY / "requirements.lock")],
        ["--no-deps", str(wheel)],
    ):
        done = alone(tmp_path, python, "-m", "pip", "install", "-q", *what)
        assert done.returncode == 0, done.stderr
    told = alone(tmp_path, python, "-c", "import engine; print(engine.__file__)")
    assert Path(told.stdout.strip()).is_relative_to(tmp_path / "venv")
    assert alone(tmp_path, python, "-c", "import pytest").returncode != 0

    clean = {name: text for name, text in os.environ.items() if not name.startswith(("HEADROOM", "PYTHON"))}
    command = [str(tmp_path / "venv" / "bin" / "headroom"), "demo", "--into", "demo"]
    spent, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    moments = [began]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert run.stdout is not None
        moments += [time.monotonic() for _ in run.stderr]
        said = run.stdout.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    moments.append(time.monotonic())
    silence = max(later - earlier for earlier, later in pairwise(moments))
    cpu = after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime
    print(
        f"demonstration from a wheel: {cpu:.0f} CPU seconds, {moments[-1] - began:.0f} s, longest silence "
        f"{silence:.1f} s"
    )
    assert run.returncode == 0
    assert said.startswith("26 Thursdays, 2026-01-08 to 2026-07-02, 3 illustrative deals, 90 notices.")
    assert len(list((tmp_path / "demo" / "notices").rglob("*.pdf"))) == 90
    assert silence <= LONGEST_SILENCE

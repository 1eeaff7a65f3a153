"""Check whether this checkout can be released: version, changelog, tree, locks and wheel.

Each cause against it is named, and the exit code is then 1.

Run it as `.venv/bin/python tools/check_release.py` before a tag (docs/releasing.md).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "covenants", "reports", "deals")


def version(root: Path) -> str:
    """Return the version that the engine names."""
    match = re.search(
        r'__version__ = "([^"]+)"', (root / "engine" / "__init__.py").read_text(encoding="utf-8")
    )
    return match.group(1) if match else ""


def of_the_changelog(root: Path) -> Iterator[str]:
    """Yield whether the changelog begins with this version, dated, and with Results."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (.+)$", text, re.MULTILINE)
    named = first.group(1) if first else "nothing"
    if not re.fullmatch(rf"{re.escape(version(root))} \(\d{{4}}-\d\d-\d\d\)", named):
        yield (
            f"the changelog begins with `{named}`, and the engine is {version(root)}: write `## "
            f"{version(root)} (YYYY-MM-DD)`"
        )
    part = text[first.end() :].partition("\n## ")[0] if first else ""
    if "### Results" not in part:
        yield "the newest section of the changelog has no Results"


def of_the_tree(root: Path) -> Iterator[str]:
    """Yield whether everything is committed."""
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False
    )
    if status.returncode != 0:
        yield "this is not a git checkout"
    elif status.stdout.strip():
        yield f"{len(status.stdout.splitlines())} files have uncommitted changes"


def of_the_locks(root: Path) -> Iterator[str]:
    """Yield whether both locks were made after the last change of `pyproject.toml`'s dependencies."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    listed = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    texts = [text for text in listed if isinstance(text, str)]
    wanted = [re.split(r"[^A-Za-z0-9_.-]", text, maxsplit=1)[0] for text in texts]
    locked = "\n".join(
        (root / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-dev.lock")
    )
    have = {
        name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9_.-]+)==", locked, re.MULTILINE)
    }
    for name in sorted({one.lower().replace("_", "-") for one in wanted} - have):
        yield f"{name} stands in pyproject.toml and in no lock"


def of_the_wheel(root: Path) -> Iterator[str]:
    """Yield whether a wheel that is built here holds every tracked file of the packages."""
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        built = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if built.returncode != 0 or not wheels:
            yield (
                "the wheel cannot be built: "
                f"{built.stderr.strip().splitlines()[-1] if built.stderr.strip() else 'no wheel came out'}"
            )
            return
        names = set(zipfile.ZipFile(wheels[0]).namelist())
    for name in filter(None, listed):
        if name not in names:
            yield f"the wheel lacks {name}"


def main() -> int:
    """Print each cause; 1 if there is one."""
    checks = (of_the_changelog, of_the_tree, of_the_locks, of_the_wheel)
    causes = [cause for check in checks for cause in check(ROOT)]
    for cause in causes:
        print(f"not ready: {cause}")
    print(f"{version(ROOT)}: " + ("ready to be tagged" if not causes else f"{len(causes)} causes"))
    return 1 if causes else 0


if __name__ == "__main__":
    sys.exit(main())

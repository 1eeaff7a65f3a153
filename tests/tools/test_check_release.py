"""The release check names each cause for which a checkout is not ready, and nothing if it is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tools import check_release


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that is ready but for what a test breaks."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text('__version__ = "0.2.0"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n### Results\n\n- None.\n", encoding="utf-8"
    )
    project = (
        '[project]\ndependencies = ["numpy>=2", "pwdlib[argon2]>=0.3"]\n[dependency-groups]\ndev = '
        '["pytest>=9"]\n'
    )
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "requirements.lock").write_text("numpy==2.4\npwdlib==0.3.1\n", encoding="utf-8")
    (tmp_path / "requirements-dev.lock").write_text("pytest==9.0\n", encoding="utf-8")
    return tmp_path


def test_a_project_that_is_ready_has_no_cause(root: Path) -> None:
    assert [*check_release.of_the_changelog(root), *check_release.of_the_locks(root)] == []


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        ("## Unreleased", "begins with `Unreleased`"),
        ("## 0.1.0 (2026-12-01)", "begins with `0.1.0 (2026-12-01)`"),
        ("## 0.2.0", "begins with `0.2.0`"),
    ],
)
def test_a_changelog_of_another_version_or_without_a_date_is_named(root: Path, head: str, cause: str) -> None:
    (root / "CHANGELOG.md").write_text(f"# Changelog\n\n{head}\n\n### Results\n", encoding="utf-8")
    (found,) = check_release.of_the_changelog(root)
    assert cause in found


def test_a_changelog_without_results_is_named(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(
        "## 0.2.0 (2026-12-01)\n\n### Added\n\n## 0.1.0\n\n### Results\n", encoding="utf-8"
    )
    assert ["Results" in cause for cause in check_release.of_the_changelog(root)] == [True]


def test_a_dependency_in_no_lock_is_named(root: Path) -> None:
    (root / "requirements.lock").write_text("numpy==2.4\n", encoding="utf-8")
    assert list(check_release.of_the_locks(root)) == ["pwdlib stands in pyproject.toml and in no lock"]


def test_a_folder_that_git_does_not_know_is_named(root: Path) -> None:
    assert list(check_release.of_the_tree(root)) == ["this is not a git checkout"]


def test_the_locks_of_this_project_hold_every_dependency() -> None:
    assert list(check_release.of_the_locks(REPOSITORY)) == []

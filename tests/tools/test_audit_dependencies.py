"""The audit of the locks fails unless every library was looked up, and names what was found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import audit_dependencies

ALL = [{"name": "one", "version": "1.0", "vulns": []}, {"name": "two.parts", "version": "2.0", "vulns": []}]
WEAK = [{"name": "one", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1"}]}, ALL[1]]


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tool in pip-audit's place, on a path of its own, beside two locks."""
    for name in audit_dependencies.LOCKS:
        (tmp_path / name).write_text(
            "one==1.0 \\\n    --hash=sha256:00\ntwo-parts==2.0 \\\n    --hash=sha256:01\n", encoding="utf-8"
        )
    monkeypatch.setattr(audit_dependencies, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def answer(text: str, code: int = 0) -> None:
        tool = tmp_path / "bin" / "pip-audit"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(
            f"#!{sys.executable}\nimport sys\nprint({text!r})\nsys.exit({code})\n", encoding="utf-8"
        )
        tool.chmod(0o755)

    return answer


@pytest.mark.parametrize(
    ("dependencies", "code", "exit_code", "said"),
    [
        (ALL, 0, 0, "no known weakness"),
        (WEAK, 1, 1, "requirements.lock: one 1.0: PYSEC-2026-1"),
        (ALL[:1], 0, 2, "did not look up two-parts of requirements.lock"),
        ([ALL[0], {"name": "two-parts", "skip_reason": "not found"}], 0, 2, "did not look up two-parts"),
        (ALL, 1, 2, "ended with 1"),
    ],
    ids=["clean", "a weakness", "a library left out", "a library skipped", "an error beside an answer"],
)
def test_what_was_looked_up_decides(
    answering: Any,
    capsys: pytest.CaptureFixture[str],
    dependencies: list[Any],
    code: int,
    exit_code: int,
    said: str,
) -> None:
    answering(json.dumps({"dependencies": dependencies}), code)
    assert audit_dependencies.main() == exit_code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "{}", "connection refused"])
def test_a_source_that_is_not_reached_is_never_a_pass(
    answering: Any, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    answering(text, 0)
    assert audit_dependencies.main() == 2
    assert "not audited" in capsys.readouterr().out


def test_without_the_tool_nothing_is_known(answering: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit_dependencies.main() == 2
    assert "pip-audit is not on the path" in capsys.readouterr().out

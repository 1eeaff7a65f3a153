"""The mutants themselves: each kind of change is made, alone, and inside the function that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutations import mutants

KINDS = {
    "return a < b": {("a < b", "a <= b"), ("return a < b", "return None")},
    "return a and b": {("a and b", "a or b"), ("return a and b", "return None")},
    "return a + 2": {("a + 2", "a - 2"), ("2", "3"), ("return a + 2", "return None")},
    "return not a": {("not a", "not not a"), ("return not a", "return None")},
    "return min(a, b)": {("min(a, b)", "max(a, b)"), ("return min(a, b)", "return None")},
    "a = 'text'": set(),
    "return None": set(),
    "if a:\n        pass": {("if a:\n    pass", "if not a:\n    pass")},
    "x: int = True": {("True", "False")},
}


@pytest.mark.parametrize("body", KINDS)
def test_each_kind_of_change_is_made(body: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(f"LIMIT = 3\n\n\ndef f(a: int = 1, b: int = 2):\n    {body}\n", encoding="utf-8")
    made = list(mutants(path))
    assert {(mutant.was, mutant.became) for mutant in made} == {(was, became) for was, became in KINDS[body]}
    assert all(mutant.code.co_qualname == "f" for mutant in made)


def test_a_mutant_runs_with_its_one_change(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "class C:\n    @staticmethod\n    def f(a, b):\n        return [x for x in a if x < b]\n",
        encoding="utf-8",
    )
    changed = {mutant.became: mutant for mutant in mutants(path)}
    space: dict[str, object] = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), space)
    function = space["C"].f  # type: ignore[attr-defined]
    assert function([1, 2, 3], 2) == [1]
    function.__code__ = changed["x <= b"].code
    assert function([1, 2, 3], 2) == [1, 2]

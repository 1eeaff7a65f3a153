"""How the tests of bad deals look at what is reported: one fault put into a good deal, found with its code at
its place.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.basics.errors import Problem, render
from tests.conftest import DEALS

HERE = "¦"
"""Marks in a replacement where the problem must be reported; it is not a part of the deal."""
Check = Callable[[str], list[Problem]]
Fault = tuple[str, str, str]
"""Text that stands in the deal, what it becomes with `HERE` where it must be reported, the code."""


def deal_text(name: str) -> str:
    """A shipped deal's text."""
    return (DEALS / f"{name}.yaml").read_text(encoding="utf-8")


def names(faults: list[Fault]) -> list[str]:
    """What each fault is called in a run of the tests."""
    return [f"{number}-{code}" for number, (_, _, code) in enumerate(faults)]


def assert_reported(check: Check, text: str, fault: Fault) -> None:
    """The fault is reported with its code at its place, with a fix."""
    good, bad, code = fault
    head, found, tail = text.partition(good)
    assert found, f"the deal no longer says {good!r}"
    before, marked, after = bad.partition(HERE)
    assert marked
    at = head + before
    changed = at + after + tail
    problems = check(changed)
    wanted = (at.count("\n") + 1, len(at) - at.rfind("\n"), code)
    assert wanted in [(p.place.line, p.place.column, p.code) for p in problems], [
        (p.place, p.code, p.what) for p in problems
    ]
    for problem in problems:
        assert "= fix: " in render(problem, changed.splitlines())
        assert problem.what
        assert problem.why
        assert problem.fix

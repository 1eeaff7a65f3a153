"""Every noun that is counted has its singular at 1: `1 figure`, never `1 figures`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.basics.values import counted
from tests.conftest import REPOSITORY

SINGULAR_IN_S = ("series",)
COUNTS = ("len", "sum")
NAMES = ("size", "log_size", "index_size", "runs")
"""Names that hold a count wherever they stand."""
PLURAL = re.compile(r" (?!has )(?:[a-z-]+ )?([A-Za-z-]+s)\b")


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for room in ("engine", "reports"):
        for path in sorted((REPOSITORY / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def nouns() -> set[str]:
    """Every noun that some call of `counted` names."""
    calls = (node for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (
        call.args[1] for call in calls if getattr(call.func, "id", "") == "counted" and len(call.args) == 2
    )
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}


NOUNS = sorted(nouns())


@pytest.mark.parametrize("noun", NOUNS)
def test_every_counted_noun_at_one(noun: str) -> None:
    head = re.split(r" (?:of|with) ", noun)[0]
    one = re.split(r" (?:of|with) ", counted(1, noun))[0]
    assert one.startswith("1 ")
    assert not one.endswith(("ie", "sse")), one
    assert one.endswith(SINGULAR_IN_S) or not re.search(r"[^s]s$", one), one
    assert counted(2, noun) == f"2 {noun}"
    assert head != one.removeprefix("1 ") or head.endswith(SINGULAR_IN_S)


def uncounted() -> Iterator[str]:
    """Places where a count stands before a plural that other places count."""
    last = {noun.split(" of ")[0].split(" with ")[0].split()[-1] for noun in NOUNS}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                for value, text in zip(node.values, node.values[1:], strict=False):
                    if (
                        isinstance(value, ast.FormattedValue)
                        and isinstance(text, ast.Constant)
                        and _counts(value.value)
                    ):
                        found = PLURAL.match(str(text.value))
                        if found and found[1] in last:
                            yield f"{path.relative_to(REPOSITORY)}:{node.lineno}: {found[0].strip()}"


def _counts(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return getattr(value.func, "id", "") in COUNTS
    return getattr(value, "attr", getattr(value, "id", "")) in NAMES


def test_no_count_stands_before_a_plural_by_itself() -> None:
    assert list(uncounted()) == []
    sources = {path: path.read_text(encoding="utf-8") for path, _ in trees()}
    assert [str(path) for path, text in sources.items() if re.search(r"\w\(s\)[ ,\"]", text)] == []


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("entries", "entry"),
        ("leaves", "leaf"),
        ("addresses", "address"),
        ("series", "series"),
        ("pairs of days", "pair of days"),
    ],
)
def test_the_singular_of_each_kind(plural: str, one: str) -> None:
    assert counted(1, plural) == f"1 {one}"
    assert counted(1_000, plural) == f"1,000 {plural}"

"""Docstrings and the README are plain English: no sentence of more than 25 words, and no `is none` or `is no`.

A sentence ends at a full stop, a question mark, a semicolon or a colon. Code between backticks is one word, and a formula's signs are none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.test_architecture import modules

MOST_WORDS = 25
TURNS = re.compile(r"\b(?:is none|are none|is no)\b(?! longer)")
"""Turns that a reader whose first language is not English trips over: `is not a` and `without one` say the same."""
WORD = re.compile(r"[A-Za-z][A-Za-z’'-]+")
PART = re.compile(r"\n\s*\n|\n\s*[-*|#] |\n\s*\w+: ")
"""Where a paragraph, an entry of a list or an argument's description begins."""


def sentences(text: str) -> Iterator[str]:
    plain = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    plain = re.sub(r"`[^`]*`", "Code", re.sub(r"\]\([^)]*\)", "]", plain))
    for part in PART.split(plain):
        yield from re.split(r"(?<=[.!?:;|])\s+", " ".join(part.split()))


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Each text that stands alone as a statement: docstrings, and what is said of a constant."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.lineno, node.value.value


def faults(text: str) -> list[str]:
    found = [sentence for sentence in sentences(text) if len(WORD.findall(sentence)) > MOST_WORDS]
    return found + [sentence for sentence in sentences(text) if TURNS.search(sentence)]


def test_docstrings_are_plain_english() -> None:
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{line}: {sentence}"
        for path in modules()
        for line, text in docstrings(path)
        for sentence in faults(text)
    ]
    assert wrong == []


def test_the_readme_is_plain_english() -> None:
    assert faults((REPOSITORY / "README.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The value, None where there is none.", 1),
        ("It is no longer read.", 0),
        ("A carried rate is no publication.", 1),
        (" ".join(["word"] * 26), 1),
        (" ".join(["word"] * 25), 0),
        (f"{' '.join(['word'] * 20)}; {' '.join(['word'] * 20)}", 0),
        (f"`{' '.join(['word'] * 40)}` is one word.", 0),
    ],
)
def test_the_rule_bites(text: str, wrong: int) -> None:
    assert len(faults(text)) == wrong

"""What a person reads is plain English: sentences of at most 25 words, and `is not a` in place of `is no` or
`is none`.

It holds for docstrings, comments, messages, `--help`, the pages of the desk and every page of the
documentation. A sentence ends at a full stop, a question mark, a semicolon or a colon. Code between backticks
is one word, and the signs of a formula are not words.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

MOST_WORDS = 25
TURNS = re.compile(
    r"\b(?:is|are|was|were) (?:no|none)\b(?! longer)|(?<!has )\b(?:[Nn]one|[Nn]othing) where\b|\bRaises \w+ "
    r"where\b"
)
"""Turns that a reader whose first language is not English trips over: `is not a`, `without one` and `if` say
the same.
"""
WORD = re.compile(r"[A-Za-z][A-Za-z’'-]+")
PART = re.compile(r"\n\s*\n|\n\s*[-*|#] |\n\s*\w+: ")
"""Where a paragraph, an entry of a list or an argument's description begins."""
CODE = re.compile(r"\b(?:SELECT|CREATE TABLE|BEFORE INSERT|BEGIN IF)\b|<rdf:|\{%")
"""A text for a machine: SQL, metadata of a PDF, a template."""
OF_RECORDS = (
    ("engine/wording/adopted_deal.py", "otherwise it is SUSPENDED, which is no pass."),
    ("engine/wording/clauses.py", "where that is no Business Day by the calendar"),
    ("engine/wording/clauses.py", "A change is material where it changes a statistic"),
    ("engine/wording/clauses.py", "A failure is no default;"),
    ("engine/wording/clauses.py", "There is no early warning."),
    ("engine/wording/clauses.py", "There is none:"),
    ("engine/wording/plain_english.py", "Where it is not cured, it is in effect"),
    ("covenants/appraisal_trigger.py", "below the Closing Date level, as a share of that level"),
    ("covenants/debt_service_coverage.py", "contracted revenue, plus uncontracted GPU-hours"),
    ("covenants/loan_to_value.py", "times the GPU-hours that the Pledged GPU Assets offer"),
    ("covenants/pool_coverage.py", "× the Reference Rate × the available GPU-hours of a year"),
    ("covenants/rental_rate_floor.py", "the revenue of the Pledged GPU Assets divided by their"),
    ("covenants/rental_resale_spread.py", "The change of the Reference Rate of its index since"),
    ("covenants/reported_figure.py", "is not above zero, so there is no ratio"),
    ("reports/notice/blocks/closing.py", "The undersigned, an authorized officer of the"),
    ("reports/notice/never_adopted.py", "there is no result to recompute."),
    ("reports/notice/sentences.py", "there is no Reference Rate of"),
    ("reports/pages/publication.py", "There is no interval by sellers:"),
)
"""What records and issued notices say already: a replay compares them word by word, so they stay until the
next edition.
"""


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository; a source archive has no list of them and is searched."""
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.splitlines() if (path := REPOSITORY / name).is_file()]
    every = [path for pattern in patterns for path in REPOSITORY.rglob(pattern)]
    return [path for path in every if not {".venv", "build"} & set(path.relative_to(REPOSITORY).parts)]


def sentences(text: str) -> Iterator[str]:
    plain = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    plain = re.sub(r"`[^`]*`", "Code", re.sub(r"\]\([^)]*\)", "]", plain))
    for part in PART.split(plain):
        yield from re.split(r"(?<=[.!?:;|])\s+", " ".join(part.split()))


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Each text that stands alone as a statement: docstrings, and what is said of a constant."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.value


def messages(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each other text of a module, the filled places of an f-string as one word each."""
    passed = {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
            yield (
                node.lineno,
                "".join(part.value if isinstance(part, ast.Constant) else "Code" for part in node.values),
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.lineno, node.value


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a module, those on neighbouring lines as one text."""
    last, begun, words = -1, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, said = token.start[0], token.string.lstrip("#: ")
            if line == last + 1:
                words += f"\n{said}"
            else:
                yield begun, words
                begun, words = line, said
            last = line
    yield begun, words


def faults(text: str) -> list[str]:
    found = [sentence for sentence in sentences(text) if len(WORD.findall(sentence)) > MOST_WORDS]
    return found + [sentence for sentence in sentences(text) if TURNS.search(sentence)]


def wrong_in(path: Path, texts: Iterator[tuple[int, str]]) -> list[str]:
    """The faults of a file, those left out that a record repeats word by word."""
    name = path.relative_to(REPOSITORY).as_posix()
    kept = [said for file, said in OF_RECORDS if file == name]
    found = [(line, fault) for line, text in texts for fault in faults(text)]
    return [f"{name}:{line}: {fault}" for line, fault in found if not any(said in fault for said in kept)]


@cache
def modules() -> tuple[tuple[Path, str, ast.AST], ...]:
    """Every module with its text, read once for all tests here."""
    texts = [(path, path.read_text(encoding="utf-8")) for path in tracked("*.py")]
    return tuple((path, text, ast.parse(text)) for path, text in texts)


def test_docstrings_are_plain_english() -> None:
    assert [
        fault
        for path, _, tree in modules()
        for fault in wrong_in(path, ((node.lineno, node.value) for node in docstrings(tree)))
    ] == []


def test_comments_are_plain_english() -> None:
    assert [fault for path, text, _ in modules() for fault in wrong_in(path, comments(text))] == []


def test_messages_and_help_are_plain_english() -> None:
    files = [(path, tree) for path, _, tree in modules() if path.relative_to(REPOSITORY).parts[0] != "tests"]
    texts = [
        (path, [(line, text) for line, text in messages(tree) if not CODE.search(text)])
        for path, tree in files
    ]
    assert [fault for path, said in texts for fault in wrong_in(path, iter(said))] == []


def test_documentation_is_plain_english() -> None:
    pages = [
        path for path in tracked("*.md") if path.name not in ("PULL_REQUEST_TEMPLATE.md", "CHANGELOG.md")
    ]
    assert [
        fault for path in pages for fault in wrong_in(path, iter([(0, path.read_text(encoding="utf-8"))]))
    ] == []


def test_what_records_repeat_still_stands_where_it_is_said_to() -> None:
    for file, said in OF_RECORDS:
        texts = [
            " ".join(text.split())
            for _, text in messages(ast.parse((REPOSITORY / file).read_text(encoding="utf-8")))
        ]
        assert any(said in text for text in texts), f"{file} no longer says `{said}`: take it off the list"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The value, None where it is missing.", 1),
        ("The value, or why there is none.", 1),
        ("It is no longer read.", 0),
        ("A carried rate is no publication.", 1),
        ("A carried rate is not a publication.", 0),
        ("Raises Missing where a rate is.", 1),
        (" ".join(["word"] * 26), 1),
        (" ".join(["word"] * 25), 0),
        (f"{' '.join(['word'] * 20)}; {' '.join(['word'] * 20)}", 0),
        (f"`{' '.join(['word'] * 40)}` is one word.", 0),
    ],
)
def test_the_rule_bites(text: str, wrong: int) -> None:
    assert len(faults(text)) == wrong


def test_messages_and_comments_are_found() -> None:
    source = 'x = f"{y} is no figure"  # a comment\n# that goes on\n"""Said of x."""\n'
    tree = ast.parse(source)
    assert [text for _, text in messages(tree)] == ["Code is no figure"]
    assert [text for _, text in comments(source) if text] == ["a comment\nthat goes on"]
    assert [node.value for node in docstrings(tree)] == ["Said of x."]

"""How commands speak: JSON for programs, tables and sentences for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import Problem, WrongUsage, render_all


def print_json(value: Any) -> None:
    """One JSON document on standard output. Raises ValueError for a figure that is no number: JSON has no word for it."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str, allow_nan=False) + "\n")


def say(text: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def progress(text: str) -> None:
    """One line of progress on standard error, overwritten by the next; silent where nobody watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{text[:100]}")
        sys.stderr.flush()


def progress_done() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Columns aligned with spaces, a rule under the head; `right` names the columns that are flush right."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    flush = set(right)
    lines = ["  ".join(_cell(row[n], widths[n], n in flush) for n in range(len(head))).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(text: str, width: int, flush_right: bool) -> str:
    return text.rjust(width) if flush_right else text.ljust(width)


def report_problems(problems: Sequence[Problem], sources: Mapping[str, str], as_json: bool) -> None:
    """All problems of a run, as JSON or as an editor opens them."""
    if as_json:
        ordered = sorted(problems, key=lambda problem: (problem.place, problem.code))
        print_json([problem.as_json() for problem in ordered])
    elif problems:
        say(render_all(problems, sources))


def read_text(path: Path) -> str:
    """A file's text; bytes that are no UTF-8 stand as replacement characters, which the readers refuse at their place."""
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    return path.read_text(encoding="utf-8", errors="replace")

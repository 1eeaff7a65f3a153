"""How commands speak: JSON for programs, tables and sentences for people."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from engine.basics.errors import Problem, render_all
from engine.basics.inert import inert, inert_json, inert_lines, one_line
from engine.cli.columns import laid_out
from engine.cli.older_record_sentence import with_doubt


def print_json(value: Any) -> None:
    """Print one JSON document on standard output; it says if it comes from an older copy of the record.

    Raises ValueError for a figure that is not a number: JSON has no word for it.
    """
    text = json.dumps(with_doubt(value), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    # JSON may carry the words of a stranger's file, and somebody may read it in a terminal (`rulings.md` 69).
    sys.stdout.write(inert_json(text, sys.stdout.encoding) + "\n")


def print_line(value: Any) -> None:
    """Print one JSON document on one line of standard output, for a command that goes on saying more."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    sys.stdout.write(inert_json(text, sys.stdout.encoding) + "\n")
    # Whoever reads the lines through a pipe gets each when it is said, and not when a buffer is full.
    sys.stdout.flush()


def write(text: str) -> None:
    """Text on standard output with its own lines: what is copied elsewhere, for one.

    Nothing in it acts on a terminal.
    """
    sys.stdout.write(inert_lines(text) + "\n")


def say(text: str = "") -> None:
    """Print a line or a table on standard output.

    A line that is wider than the terminal goes on below, indented. What a person or a file put into it stays
    in its line: only a table, and empty lines before a sentence, have line ends of ours.
    """
    # A line end inside a name could otherwise forge a whole line of the answer.
    if not isinstance(text, LaidOut):
        said = text.lstrip("\n")
        text = "\n" * (len(text) - len(said)) + one_line(said)
    write(wrapped(text, terminal_width()))


class LaidOut(str):
    """Lines that we laid out ourselves."""

    __slots__ = ()


def terminal_width() -> int | None:
    """Return how many characters a line of the terminal has.

    The result is None if standard output is not a terminal, so that files and pipes get whole lines.
    """
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(text: str, width: int | None) -> str:
    """Return `text` with each line wider than `width` characters broken at its spaces.

    A long word stays whole.
    """
    # A file or a pipe gets whole lines, which programs can search.
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        # Two more than the line's own indent, so that a line that goes on is not read as a new one.
        hang = " " * (len(line) - len(line.lstrip()) + 2)
        within = len(line) <= width
        lines += (
            [line]
            if within
            else wrap(line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
        )
    return "\n".join(lines)


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters; if some are left out, an ellipsis says so."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def progress(text: str) -> None:
    """Print one line of progress on standard error, overwritten by the next; silent if nobody watches."""
    if sys.stderr.isatty():
        # A line longer than the terminal could not be cleared by the next one.
        sys.stderr.write(f"\r\x1b[2K{inert(text)[:100]}")
        sys.stderr.flush()


def progress_done() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def say_aside(text: str) -> None:
    """Print a line on standard error: what somebody who watches wants to know, and no part of the answer."""
    sys.stderr.write(f"{one_line(text)}\n")
    sys.stderr.flush()


class ProgressLines:
    """Progress that is seen everywhere.

    A terminal shows a line that changes. Elsewhere, standard error gets lines of a log: the first line, and
    then a line if none was written for `SECONDS_APART` or more.
    """

    SECONDS_APART = 2.0

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Read the time from `now`, in seconds."""
        self._now = now
        self._written: float | None = None

    def __call__(self, text: str) -> None:
        """Show `text`, or pass over it where a line was written a moment ago."""
        if sys.stderr.isatty():
            progress(text)
            return
        now = self._now()
        if self._written is None or now - self._written >= self.SECONDS_APART:
            self._written = now
            say_aside(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> LaidOut:
    """Return a table with aligned columns, and a rule under the head.

    `right` names the columns that are flush right. The table is not wider than the terminal.
    """
    return LaidOut(
        laid_out(head, [[one_line(cell) for cell in row] for row in rows], right, terminal_width())
    )


def report_problems(problems: Sequence[Problem], sources: Mapping[str, str], as_json: bool) -> None:
    """Print all problems of a run, as JSON or as an editor opens them."""
    if as_json:
        ordered = sorted(problems, key=lambda problem: (problem.place, problem.code))
        print_json([problem.as_json() for problem in ordered])
    elif problems:
        write(render_all(problems, sources))

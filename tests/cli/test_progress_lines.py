"""Progress where nobody has a terminal: lines of a log, a few seconds apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from engine.cli.output import ProgressLines


def lines_at(*seconds: float) -> ProgressLines:
    times: Iterator[float] = iter(seconds)
    return ProgressLines(lambda: next(times))


def test_without_a_terminal_progress_is_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show = lines_at(0.0, 1.0, 2.0, 2.5, 4.1)
    for text in ("first", "too soon", "second", "too soon again", "third"):
        show(text)
    said = capsys.readouterr()
    assert said.err == "first\nsecond\nthird\n"
    assert said.out == ""


def test_on_a_terminal_one_line_changes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show = ProgressLines()
    show("first")
    show("second")
    assert capsys.readouterr().err == "\r\x1b[2Kfirst\r\x1b[2Ksecond"

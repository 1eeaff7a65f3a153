"""Programs that answer one question after another: starting one costs more than most of its answers."""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]


class Standing:
    """A program that reads questions as lines of JSON, and answers each with one; it is started when first
    asked, and again if it ended.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command = command
        self.process: subprocess.Popen[str] | None = None
        # A file, because a pipe that nobody reads stops a program which complains at length.
        self.complaints = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - as long as the program
        atexit.register(self.end)

    def ask(self, question: object) -> Any:
        if self.process is None or self.process.poll() is not None:
            self.end()
            self.process = subprocess.Popen(
                self.command,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaints,
                encoding="utf-8",
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except BaseException as error:
            # What is still to come would be read as the answer to the next question.
            self.end()
            self.complaints.seek(0)
            raise AssertionError(self.complaints.read() or "no answer of one line") from error

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@cache
def standing(*command: str) -> Standing:
    """The program that a command starts, one for all tests of a process."""
    return Standing(command)

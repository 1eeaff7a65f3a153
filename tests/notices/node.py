"""Programs of Node that answer one question after another: starting one costs more than most of its answers."""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import cache
from typing import Any


class Standing:
    """A program that reads questions as lines of JSON, and answers each with one; it is started when first
    asked, and again if it ended.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command = command
        self.process: subprocess.Popen[str] | None = None
        atexit.register(self.end)

    def ask(self, question: object) -> Any:
        if self.process is None or self.process.poll() is not None:
            self.end()
            self.process = subprocess.Popen(
                ["node", *self.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(self.process.communicate()[1])
        return json.loads(answer)

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@cache
def standing(*command: str) -> Standing:
    """That program, one for all tests of a process."""
    return Standing(command)

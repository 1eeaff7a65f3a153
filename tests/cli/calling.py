"""A command of `headroom` called as a user types it: within this process where its words are tested, in one
of its own otherwise.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from engine.cli import registered
from engine.cli.app import state
from engine.cli.options import run_command_line
from tests.conftest import REPOSITORY

Done = subprocess.CompletedProcess[str]


def headroom(*arguments: str, folder: Path | None = None, cwd: Path = REPOSITORY) -> Done:
    """A command through the whole command line, within this process: what starts an interpreter costs more
    than most commands.
    """
    words = [*(("--workspace", str(folder)) if folder else ()), *arguments]
    out, refused = io.StringIO(), io.StringIO()
    state.clear()
    with (
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(refused),
        patch.object(sys, "argv", ["headroom", *words]),
    ):
        try:
            run_command_line(lambda **options: registered(words)(words, **options))
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    return Done(words, code, out.getvalue(), refused.getvalue())


def in_a_process(*arguments: str, folder: Path | None = None) -> Done:
    """The same in a process of its own, where it matters what is imported or what the process inherits."""
    command = [
        sys.executable,
        "-m",
        "engine.cli",
        *(("--workspace", str(folder)) if folder else ()),
        *arguments,
    ]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)

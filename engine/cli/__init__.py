"""The command line: `headroom COMMAND`. Each module of this package holds one family of commands.

Building a command costs more than many a command itself, so only the family of the one that is called is
imported; `--help` and anything that is not a command import all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from typer import Typer

from engine.basics.standard_streams import open_closed_streams
from engine.cli.app import app
from engine.cli.options import run_command_line
from engine.cli.sections import SECTIONS

FAMILIES: dict[str, tuple[str, ...]] = {family: commands for family, (_, commands) in SECTIONS.items()}
"""Each module and its commands."""


def registered(arguments: Sequence[str] = ()) -> Typer:
    """Return the application with the commands that `arguments` can call.

    If the arguments name a command, only that command's family is there. Otherwise all families are.
    """
    named = {command: family for family, commands in FAMILIES.items() for command in commands}
    called = _command(arguments)
    for family in (named[called],) if called in named else FAMILIES:
        import_module(f"engine.cli.{family}")
    return app


def _command(arguments: Sequence[str]) -> str:
    """Return the first argument that is neither an option of `headroom` itself nor its value."""
    left = list(arguments)
    while left and left[0].startswith("-"):
        del left[: 2 if left[0] == "--workspace" else 1]
    return left[0] if left else ""


def main() -> NoReturn:
    """Run the command line."""
    open_closed_streams()
    run_command_line(registered(sys.argv[1:]))

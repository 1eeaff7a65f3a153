"""The command line: `headroom COMMAND`. Each module of this package holds one family of commands."""

from __future__ import annotations

from importlib import import_module
from typing import NoReturn

from engine.cli.app import app
from engine.commands.options import run_command_line

FAMILIES = ("market", "deals", "desk", "proof", "db")
"""Each module registers its commands; this is their order in `--help`."""
for _family in FAMILIES:
    import_module(f"engine.cli.{_family}")


def main() -> NoReturn:
    """Run the command line."""
    run_command_line(app)

"""The families of commands, each with its heading in `headroom --help`.

A heading says what a person comes to do. The families are in the order of the work.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "structurer": (
        "Write a deal, and read it back",
        ("new", "check", "prove", "clause", "terms", "schema", "diff", "migrate", "takeover", "backtest"),
    ),
    "foresight": (
        "Ask what a clause would do",
        ("ladder", "stress", "compare", "calibrate", "grid", "simulate"),
    ),
    "foresight_report": ("Have a level signed off", ("foresight",)),
    "servicer": (
        "Keep a deal",
        ("intake", "report-form", "confirm", "act", "run", "serve", "explain", "portfolio", "demo"),
    ),
    "sending": ("Give notices", ("owed", "release", "deliver", "acknowledge")),
    "trustee": (
        "Prove what was known and sent",
        (
            "verify",
            "replay",
            "history",
            "compare-dates",
            "audit-report",
            "bundle",
            "export",
            "checkpoint",
            "cosign",
            "verifier",
        ),
    ),
    "key_commands": ("Make keys, and replace them", ("keys",)),
    "index": (
        "Collect, compute and publish the rate",
        (
            "init",
            "collect",
            "import",
            "index",
            "series",
            "publication",
            "announce",
            "close-day",
            "exclude",
            "restate",
            "reproduce",
            "manipulation",
            "precision",
            "coverage",
            "validate-index",
            "depreciation",
        ),
    ),
    "review": ("Review the rate", ("review", "disclosure", "cri-d", "fleet")),
    "web": ("Work in a browser", ("web",)),
    "database": ("Look after the record's database", ("db",)),
}
"""Each module of commands: its heading, and its commands in the order of the help."""


class SectionedGroup(TyperGroup):
    """The application's help with its commands under the headings of their families."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each family's commands under its heading.

        A command that no family names stands last, so that none is hidden.
        """
        left = {
            name: command
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) and not command.hidden
        }
        widest = max(map(len, left), default=0)
        for heading, names in (*SECTIONS.values(), ("Further commands", tuple(left))):
            known = [(name, left.pop(name)) for name in names if name in left]
            if known:
                _write(formatter, heading, known, widest)


def _write(formatter: Any, heading: str, commands: list[tuple[str, Any]], widest: int) -> None:
    room = formatter.width - widest - 6
    with formatter.section(heading):
        formatter.write_dl(
            [(name.ljust(widest), in_short(command.help or "", room)) for name, command in commands]
        )


def in_short(text: str, room: int) -> str:
    """Return the first sentence of a command's help if it fits.

    Otherwise as much comes as stands by itself, over two lines if need be.
    """
    sentence = text.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
    while len(sentence) > room and (shorter := re.sub(r"[:;][^:;]*$", "", sentence)) != sentence:
        sentence = shorter
    return f"{sentence}."

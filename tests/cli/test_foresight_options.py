"""Every command of foresight takes the same options with the same meaning."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import typer

from engine.cli import registered

ALL = ("--fact", "--facts", "--between", "--into", "--prepared", "--json")
STATED = (
    "--scenario",
    "--point",
    "--shape",
    "--jump",
    "--missing",
    "--rates",
    "--lose",
    "--until",
    "--weeks",
)
MODEL = ("--history", "--noise", "--prior", "--jump", "--paths", "--weeks", "--seed")
SPREAD = ("--workers", "--executor", "--scheduler")
WANTED = {
    "ladder": ALL,
    "stress": (*ALL, *STATED, *SPREAD, "--multiples"),
    "compare": (*ALL, *STATED, *SPREAD, "--multiples"),
    "grid": (*ALL, *STATED, *SPREAD, "--hold"),
    "calibrate": (*ALL, *MODEL, *SPREAD),
    "simulate": (*ALL, *MODEL, *SPREAD, "--hold"),
    "foresight": (
        *ALL,
        *STATED,
        *(flag for flag in MODEL if flag != "--weeks"),
        *SPREAD,
        "--multiples",
        "--hold",
    ),
    "backtest": (*ALL, "--history", "--until"),
}
OWN = {"--until": {"backtest"}, "--weeks": {"calibrate", "simulate"}, "--into": {"grid", "foresight"}}
"""Where a help text is a command's own: the end of a history, weeks of a path, and cells as a table."""


@cache
def options(name: str) -> dict[str, Any]:
    """Each option of a command by its name."""
    group: Any = typer.main.get_command(registered())
    return {flag: one for one in group.commands[name].params for flag in one.opts if flag.startswith("--")}


@pytest.mark.parametrize("name", WANTED)
def test_each_command_has_the_options_of_its_kind(name: str) -> None:
    assert set(WANTED[name]) <= options(name).keys()


@pytest.mark.parametrize("flag", sorted({flag for flags in WANTED.values() for flag in flags}))
def test_an_option_is_told_in_the_same_words_wherever_it_stands(flag: str) -> None:
    told = {
        options(name)[flag].help
        for name, flags in WANTED.items()
        if flag in flags and name not in OWN.get(flag, set())
    }
    assert len(told) == 1

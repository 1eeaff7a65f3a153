"""What every command shares: the workspace that it works in, and who else may be recording in it.

Every import of weight is inside the command that needs it, so that `--help` and `check` are quick.
"""

from __future__ import annotations

import os

os.environ.setdefault(
    "PYDANTIC_DISABLE_PLUGINS", "true"
)  # none are used, and looking for them takes a tenth of `check`

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from engine import assembly
from engine.assembly import scribe
from engine.cli.older_record_sentence import answers_from, command_ends
from engine.cli.options import CODES
from engine.cli.sections import SectionedGroup

if TYPE_CHECKING:
    from engine.assembly import Scribe
    from engine.workspace.workspace import Workspace

app = typer.Typer(
    name="headroom",
    cls=SectionedGroup,
    help="Covenant and ABS trigger monitoring against a weekly GPU rental index.",
    epilog=CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class _State(TypedDict, total=False):
    workspace: Path
    clock_is_right: bool


state: _State = {}


def _version(asked: bool) -> None:
    if asked:
        from engine import __version__

        typer.echo(f"headroom {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    context: typer.Context,
    workspace: Annotated[
        Path, typer.Option(envvar="HEADROOM_WORKSPACE", help="The workspace folder.")
    ] = Path(),
    clock_is_right: Annotated[
        bool,
        typer.Option(
            "--clock-is-right",
            help="Record although nothing was recorded for weeks: the clock of this machine is right.",
        ),
    ] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    """Remember which workspace the command works in."""
    state["workspace"] = workspace
    state["clock_is_right"] = clock_is_right
    context.call_on_close(_answered)


def _answered() -> None:
    """Say after the answer if it comes from an older copy of the record."""
    from engine.cli.output import say_aside

    command_ends(say_aside)


def opened(*, to_inspect: bool = False) -> Workspace:
    """Return the workspace that the command works in.

    With `to_inspect`, the workspace is verified, and nothing in it is made or changed. What is answered from
    an older copy of the record says so.
    """
    from engine.workspace.last_use import UseClock
    from engine.workspace.workspace import opened as open_workspace

    workspace = open_workspace(
        state.get("workspace", Path()),
        to_inspect=to_inspect,
        clock=UseClock(assembly.clock, state.get("clock_is_right", False)),
    )
    answers_from(workspace)
    return workspace


def operated() -> Workspace:
    """Return the workspace, for a command that records or signs in its operator's name.

    Raises WrongUsage if none is named.
    """
    from engine.workspace.workspace import refuse_unnamed

    workspace = opened()
    refuse_unnamed(workspace)
    return workspace


def read_only() -> Workspace:
    """Return the workspace for a command that writes nothing in it.

    The workspace may therefore be on a medium that cannot be written.

    Raises:
        WrongUsage: the operator is not named.
        VerificationFailed: the record is missing, or lacks a log beside what was made from it.
    """
    from engine.workspace.workspace import refuse_unnamed

    workspace = opened(to_inspect=True)
    refuse_unnamed(workspace)
    # A medium that cannot be written may hold a copy without some logs, and an answer of it would mislead.
    workspace.refuse_lacking(workspace.store.logs())
    return workspace


def signed_whole(log: str | None) -> Workspace | None:
    """Return the workspace to be read alone, if the newest checkpoint covers the whole of a log, or of each.

    None if there is something to sign. Raises VerificationFailed if the record is older than what was
    signed.
    """
    from engine.operations.older_record import refuse_older_without_key
    from engine.operations.sign_checkpoints import all_signed
    from engine.queries.logs_by_name import log_named

    workspace = read_only()
    refuse_older_without_key(workspace)
    logs = workspace.store.logs() if log is None else [log_named(workspace, log)]
    return workspace if all(all_signed(workspace, one) for one in logs) else None


def workspace_if_any() -> Workspace | None:
    """Return the workspace that the command works in, if there is one: `check` needs none."""
    # A draft is checked before there is a workspace for it.
    folder = state.get("workspace", Path())
    return opened() if (folder / "headroom.toml").is_file() else None


PATIENCE = 120.0
"""Seconds that a command which records waits for another; a run has no end of patience."""


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Nobody else records in the workspace until the block ends, which may add to the record.

    Raises:
        Busy: another command does not get done.
        VerificationFailed: the record is older than what was signed; what is entered would be lost with it.
    """
    from engine.operations.older_record import refuse_older_record

    # The record is compared once nobody else writes: a run that ends meanwhile would have added to it.
    with undisturbed(workspace):
        refuse_older_record(workspace)
        yield


@contextmanager
def undisturbed(workspace: Workspace) -> Iterator[None]:
    """Nobody else records in the workspace until the block ends, which mends the record or its keys.

    Raises Busy if another command does not get done.
    """
    with workspace.alone(PATIENCE, waits):
        yield


@contextmanager
def recording() -> Iterator[tuple[Workspace, Scribe]]:
    """Yield the workspace for a command that records, and who records.

    No other command records meanwhile. The clock is read once the command is alone.

    Raises:
        Busy: another command does not get done.
        VerificationFailed: the record is older than what was signed; what is entered would be lost with it.
    """
    workspace = opened()
    # The clock is read after the wait, since an entry must not be dated before the one that was waited for.
    with alone(workspace):
        yield workspace, scribe()


@contextmanager
def previewing() -> Iterator[tuple[Workspace, Scribe]]:
    """Yield the workspace for a command that shows what it would record, and who would."""
    yield opened(), scribe()


def waits() -> None:
    """Say that another command records, on standard error: standard output may be JSON."""
    # A person who waits for up to two minutes must see why.
    typer.echo("headroom: another command records in this workspace; waiting for it", err=True)

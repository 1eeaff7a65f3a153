"""Commands about the database that holds the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.app import app, opened
from engine.commands.options import example
from engine.errors import WrongUsage

db = typer.Typer(help="Prepare, upgrade, copy and put back the record's database.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db, name="db")


@db.command(epilog=example("headroom db prepare postgresql://owner@host/headroom --writer headroom_writer"))
def prepare(
    url: Annotated[str, typer.Argument(help="The PostgreSQL database as its owner reaches it.")],
    writer: Annotated[str, typer.Option(help="The existing role that Headroom uses; it may read and add, nothing else.")],
) -> None:
    """Make the tables and their guards in PostgreSQL, once, as their owner."""
    from engine.commands.output import say
    from engine.record.store import prepare as prepare_database

    prepare_database(url, writer)
    say(f"prepared; now write `database = ...` with the role {writer} into headroom.toml")


@db.command(epilog=example("headroom db upgrade"))
def upgrade(
    url: Annotated[str | None, typer.Option(help="PostgreSQL, as its owner reaches it; the workspace's file unless given.")] = None,
) -> None:
    """Bring the record's tables to this release's form; entries are never changed."""
    from engine.commands.output import say
    from engine.record.upkeep import upgraded

    say(f"at revision {upgraded(url if url is not None else _file())}")


@db.command(epilog=example("headroom db backup build/record.sqlite"))
def backup(into: Annotated[Path, typer.Argument(help="The copy.")]) -> None:
    """Copy the record as it stands, and check that the copy is whole."""
    from engine.commands.output import say
    from engine.record.upkeep import copied

    say(f"{into}: {copied(_file(), into)} entries, every leaf and link checked")


@db.command(epilog=example("headroom db restore build/record.sqlite"))
def restore(copy: Annotated[Path, typer.Argument(help="A copy made by backup.")]) -> None:
    """Put a copy in the record's place once it is found whole. One older than what was signed is not signed again."""
    from engine.commands.output import say
    from engine.record.upkeep import restored

    count, aside = restored(copy, _file())
    say(f"{count} entries restored" + (f"; what was there is {aside}" if aside else ""))


def _file() -> Path:
    """The workspace's SQLite file. Raises WrongUsage for a workspace on PostgreSQL."""
    workspace = opened()
    if "://" in workspace.settings.database:
        raise WrongUsage("this workspace is on PostgreSQL: upgrade it with --url, and copy it with PostgreSQL's own tools")
    return workspace.root / workspace.settings.database

"""Commands about the database that holds the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.app import app, opened, undisturbed
from engine.cli.options import Json, example

db = typer.Typer(
    help="Prepare, upgrade, copy and put back the record's database.",
    epilog=example("headroom db backup build/record.sqlite"),
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(db, name="db")


@db.command(epilog=example("headroom db prepare postgresql://owner@host/headroom --writer headroom_writer"))
def prepare(
    url: Annotated[str, typer.Argument(help="The PostgreSQL database as its owner reaches it.")],
    writer: Annotated[
        str, typer.Option(help="The existing role that Headroom uses; it may read and add, nothing else.")
    ],
    as_json: Json = False,
) -> None:
    """Make the tables and their guards in PostgreSQL, once, as their owner."""
    from engine.operations.maintain_database import prepare as prepare_database

    prepare_database(url, writer)
    _tell(
        {"prepared": True, "writer": writer},
        f"prepared; now write `database = ...` with the role {writer} into headroom.toml",
        as_json,
    )


@db.command(epilog=example("headroom db upgrade"))
def upgrade(
    url: Annotated[
        str | None,
        typer.Option(help="PostgreSQL, as its owner reaches it; the workspace's file unless given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the record's tables to this release's form; entries are never changed."""
    from engine.operations.maintain_database import upgraded

    if url is not None:
        # A workspace's lock says nothing of others on the same server, so the owner sees to it there.
        revision = upgraded(url)
    else:
        with undisturbed(opened()):
            revision = upgraded(_file())
    _tell({"revision": revision}, f"at revision {revision}", as_json)


@db.command(epilog=example("headroom db backup build/record.sqlite"))
def backup(into: Annotated[Path, typer.Argument(help="The copy.")], as_json: Json = False) -> None:
    """Copy the record as it stands, and check that the copy is whole.

    The accounts of the desk are copied beside it, if there is a desk.
    """
    from engine.basics.values import counted
    from engine.cli.older_record_sentence import copied_from
    from engine.operations.maintain_database import copied, desk_copied

    # The lock is not taken: the copy is consistent while a run goes on, and a backup need not wait for it.
    count = copied(_file(), into)
    desk = desk_copied(workspace := opened(), into)
    copied_from(workspace)
    data = {"copy": str(into), "entries": count, "desk": str(desk) if desk else None}
    more = f"; {desk}: the desk's accounts, grants, reads and what waits, without sessions" if desk else ""
    _tell(data, f"{into}: {counted(count, 'entries')}, every leaf and link checked{more}", as_json)


@db.command(epilog=example("headroom db restore build/record.sqlite"))
def restore(
    copy: Annotated[Path, typer.Argument(help="A copy made by backup.")],
    accounts: Annotated[
        bool,
        typer.Option("--accounts", help="Put the desk's accounts back as well; stop `headroom web` first."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a copy in the record's place once it is found whole.

    One older than what was signed is not signed again.
    """
    from engine.operations.maintain_database import desk_beside, desk_restored, restored

    with undisturbed(opened()):  # a run that goes on would write into what is moved away
        count, aside = restored(copy, _file())
        # Accounts go back only when asked, because a grant that was withdrawn since would come back too.
        desk = desk_restored(opened(), desk_beside(copy)) if accounts else None
    from engine.basics.values import counted

    data = {
        "entries": count,
        "aside": str(aside) if aside else None,
        "desk_aside": str(desk) if desk else None,
    }
    kept = " and ".join(str(one) for one in (aside, desk) if one)
    said = f"{counted(count, 'entries')} restored{' with the accounts' if accounts else ''}"
    _tell(data, said + (f"; what was there is {kept}" if kept else ""), as_json)


def _tell(data: dict[str, Any], text: str, as_json: bool) -> None:
    """Print what was done, for a program or for people."""
    from engine.cli.output import print_json, say

    if as_json:
        print_json(data)
    else:
        say(text)


def _file() -> Path:
    """Return the workspace's SQLite file. Raises WrongUsage for a workspace on PostgreSQL."""
    from engine.operations.maintain_database import database_file

    return database_file(opened())

"""Commands of what goes out: a notice released, sent, acknowledged; who owes whom what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import clock
from engine.cli.app import app, opened, operated, recording
from engine.cli.options import Json, day, example


@app.command(epilog=example("headroom release meridian-2026-1 12 --by 'A. Person' --as-draft"))
def release(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    number: Annotated[int, typer.Argument(help="The notice, by its number.")],
    by: Annotated[str, typer.Option(help="Who releases it, by the name in [people.NAME] of headroom.toml.")],
    approved_by: Annotated[
        str | None, typer.Option(help="A second person, where the deal asks for two.")
    ] = None,
    as_draft: Annotated[
        bool, typer.Option("--as-draft", help="Send it as a draft, for whoever does not act for its giver.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Release a notice for sending.

    A person does so who acts for the party that gives it. Anybody may send a draft.
    """
    from engine.cli.show.deliver import show_released
    from engine.delivery.release import release

    with recording() as (workspace, who):
        released = release(workspace, deal, number, by, approved_by, as_draft, who)
    raise typer.Exit(show_released(deal, released, as_json))


@app.command(epilog=example("headroom deliver --dry-run"))
def deliver(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent; send and record nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send what is released, and read what came back.

    What is given by the deal's rule is recorded. Run again, nothing is sent twice. Exit code 1 if something
    failed, cannot be told, does not go though it was released, or has to be read.
    """
    from engine.assembly import scribe
    from engine.cli.show.deliver import show_delivered
    from engine.delivery.deliver import deliver
    from engine.operations.older_record import refuse_older_record

    done = deliver(operated(), scribe, dry_run, refuse_older_record)
    raise typer.Exit(show_delivered(done, as_json))


@app.command(
    epilog=example(
        "headroom acknowledge meridian-2026-1 11 --to indenture_trustee --name 'T. Officer' --document "
        "receipt.eml"
    )
)
def acknowledge(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    number: Annotated[int, typer.Argument(help="The notice, by its number.")],
    to: Annotated[str, typer.Option(help="Whose receipt it is: the addressee's role.")],
    name: Annotated[str, typer.Option(help="The person who acknowledged it, as the document says.")],
    document: Annotated[Path, typer.Option(help="What says so: a mail, a letter. It is kept.")],
    as_json: Json = False,
) -> None:
    """Record that an addressee acknowledged receipt of a notice in a document.

    The document is kept with its hash.
    """
    from engine.cli.show.deliver import show_acknowledged
    from engine.delivery.acknowledge import acknowledge as acknowledged
    from engine.workspace.documents import keep_document, read_document

    receipt = read_document(document)
    with recording() as (workspace, who):
        done = acknowledged(workspace, deal, number, to, name, "document", receipt.sha256, who)
        keep_document(workspace, receipt)
    raise typer.Exit(show_acknowledged(deal, done, as_json))


@app.command(epilog=example("headroom owed --on 2026-04-09"))
def owed(
    on: Annotated[str | None, typer.Option(help="The date; today unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Show who owes whom what over all deals, the longest overdue first.

    The list holds reports, cures, deliveries, payments and notices.
    """
    from engine.cli.show.owed import show_owed

    raise typer.Exit(show_owed(opened(), clock().date() if on is None else day(on), as_json))

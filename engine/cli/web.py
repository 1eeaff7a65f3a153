"""Commands about the pages in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.app import app, opened, operated
from engine.cli.options import Json, example


@app.command(epilog=example("headroom web --demo"))
def web(
    demo: Annotated[
        bool, typer.Option("--demo", help="Of the demonstration: four people to be, and how to sign in.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The port; as `[web]` says, unless given.")
    ] = None,
    invite: Annotated[
        str | None, typer.Option(help="Serve nothing: print a one-time link for this mail address.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The name of whom --invite invites, where the account is new.")
    ] = None,
    administrator: Annotated[
        bool, typer.Option("--administrator", help="Whom --invite invites administers the desk.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Serve the desk and the reading room to browsers, until stopped.

    They are served on this machine alone, unless `[web]` configures TLS or a proxy.
    """
    from engine.cli.show.web import invite_somebody, serve_desk

    if invite is not None:
        invite_somebody(operated(), invite, name, administrator, as_json)
        return
    serve_desk(opened() if demo else operated(), demo, port, as_json)

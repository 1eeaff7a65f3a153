"""Commands about keys: make one, replace the log's, approve as a cosigner that one is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from engine.assembly import clock, scribe
from engine.basics.errors import WrongUsage
from engine.cli.app import app, operated, undisturbed
from engine.cli.options import CODES, DEMONSTRATION, Json, example


class MakeUnlessNamed(TyperGroup):
    """`headroom keys NAME` makes a key: a word that names no command of the group names a new key."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own context
        """Put `make` before a name."""
        # A key ceremony reads `headroom keys NAME` from its page, so the shorter form stays a command.
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


keys = typer.Typer(
    cls=MakeUnlessNamed,
    help="Make a key (`headroom keys NAME --into FILE`), replace the log's key, or approve as a cosigner "
    "that it is replaced.",
    epilog="Example: headroom keys agent.example/headroom --into "
    f"build/desk/keys/log.key\n\n{DEMONSTRATION}\n\n{CODES}",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(keys, name="keys")


@keys.command(epilog=example("headroom keys make agent.example/headroom --into build/desk/keys/log.key"))
def make(
    name: Annotated[str, typer.Argument(help="The key's name, best a URL without its scheme.")],
    into: Annotated[Path, typer.Option(help="The private key's file.")],
    cosigner: Annotated[bool, typer.Option("--cosigner", help="A trustee's key instead of a log's.")] = False,
    notices: Annotated[
        bool, typer.Option("--notices", help="A P-256 key with a certificate, which signs notices.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a key.

    It is the operator's in keys/log.key, a trustee's, or the one in keys/notice.key that signs notices.
    """
    from engine.cli.show.keys import make_key, make_notice_key, refuse_unnamed_around

    # A key beside an unnamed workspace would sign logs in the name of a placeholder.
    refuse_unnamed_around(into)
    if notices:
        make_notice_key(name, into, clock(), as_json)
    else:
        make_key(name, into, cosigner, as_json)


@keys.command(epilog=example("headroom keys replace --stolen --ask build/replacement.json"))
def replace(
    lost: Annotated[
        bool, typer.Option("--lost", help="The old private key is gone, so a cosigner signs in its place.")
    ] = False,
    stolen: Annotated[
        bool, typer.Option("--stolen", help="Somebody else has the old key, so its signature proves nothing.")
    ] = False,
    ask: Annotated[
        Path | None,
        typer.Option(help="With --lost or --stolen: the file that a cosigner is asked to approve."),
    ] = None,
    approved: Annotated[Path | None, typer.Option(help="That file as the cosigner gave it back.")] = None,
    as_json: Json = False,
) -> None:
    """Replace the key that signs the logs, and record that in every log.

    Both keys sign the replacement, or the new one and a cosigner.
    """
    from engine.cli.show.keys import show_asked, show_replaced

    if (
        (ask is not None) != (lost or stolen)
        or (lost and stolen)
        or (ask is not None and approved is not None)
    ):
        raise WrongUsage(
            "give --lost or --stolen together with --ask FILE; then --approved FILE once a cosigner has "
            "signed it"
        )
    workspace = operated()
    with undisturbed(workspace):  # the older record is refused there, for a replacement that is begun ends
        if ask is not None:
            show_asked(workspace, "lost" if lost else "stolen", ask, clock(), as_json)
        else:
            show_replaced(workspace, approved, scribe(), as_json)


@keys.command(
    epilog=example(
        "headroom keys approve build/replacement.json --key build/trustee.key --trust "
        "build/demo/keys/log.key.pub"
    )
)
def approve(
    file: Annotated[
        Path, typer.Argument(help="What the operator asks, from `headroom keys replace --lost --ask FILE`.")
    ],
    key: Annotated[Path, typer.Option(help="The cosigner's private key.")],
    trust: Annotated[list[Path], typer.Option(help="The verifier key that is replaced, as you hold it.")],
    as_json: Json = False,
) -> None:
    """Approve as a cosigner that a lost or stolen key is replaced.

    Ask the operator by another way first whether it is so.
    """
    from engine.cli.show.keys import show_approved

    show_approved(file, key, trust, as_json)

"""Commands about the record: keys, checkpoints, exports, verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import all_templates, clock
from engine.basics.errors import WrongUsage
from engine.cli.app import alone, app, opened, operated, read_only, signed_whole
from engine.cli.options import Json, day, example


@app.command(epilog=example("headroom verify build/demo/notices/meridian-2026-1/*0018*.pdf --policy build/demo/trustee.toml"))
def verify(
    what: Annotated[str | None, typer.Argument(help="A notice's file, or a deal by its name; the whole workspace unless given.")] = None,
    policy: Annotated[Path | None, typer.Option(help="What you trust: log keys, trustees, certificates (TOML).")] = None,
    trust: Annotated[list[Path] | None, typer.Option(help="A file with verifier keys that you trust.")] = None,
    held: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that you kept, or the exported log with it; with a notice, the log as it was cosigned."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a notice offline, a deal's history, or the whole record: leaves, links, checkpoints, notices. Exit code 3 where one differs."""
    if what is not None and (what.endswith(".pdf") or Path(what).is_file()):
        from engine.cli.show.verify import verify_file

        if policy is None:
            raise WrongUsage("say what you trust: --policy trustee.toml; keys never come from the notice")
        raise typer.Exit(verify_file(Path(what), policy, all_templates(), as_json, held or []))
    from engine.cli.show.verify import verify_workspace

    raise typer.Exit(verify_workspace(opened(to_inspect=True), trust or [], held or [], as_json, what))


@app.command(epilog=example("headroom replay --until 2026-04-09"))
def replay(
    until: Annotated[str | None, typer.Option(help="Only what was recorded by the end of this day, with the states known then.")] = None,
    as_json: Json = False,
) -> None:
    """Compute every event again from raw snapshots, deal files, reports and Acts. Exit code 3 where one differs."""
    from engine.cli.show.replay import replay

    raise typer.Exit(replay(opened(to_inspect=True), all_templates(), None if until is None else day(until), as_json))


@app.command(epilog=example("headroom keys agent.example/headroom --into build/desk/keys/log.key"))
def keys(
    name: Annotated[str, typer.Argument(help="The key's name, best a URL without its scheme.")],
    into: Annotated[Path, typer.Option(help="The private key's file.")],
    cosigner: Annotated[bool, typer.Option("--cosigner", help="A trustee's key instead of a log's.")] = False,
    notices: Annotated[bool, typer.Option("--notices", help="A P-256 key with a certificate, which signs notices.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key: the operator's in keys/log.key, a trustee's, or the one in keys/notice.key that signs notices."""
    from engine.cli.show.keys import make_key, make_notice_key, refuse_unnamed_around

    refuse_unnamed_around(into)
    if notices:
        make_notice_key(name, into, clock(), as_json)
    else:
        make_key(name, into, cosigner, as_json)


@app.command(epilog=example("headroom checkpoint meridian-2026-1 --take build/export/checkpoint --trust build/trustee.key.pub"))
def checkpoint(
    log: Annotated[str, typer.Argument(help="A deal or a series by its name, or snapshots.", show_default=False)],
    take: Annotated[Path | None, typer.Option(help="A checkpoint of this log that a trustee cosigned: keep the cosignature.")] = None,
    trust: Annotated[list[Path] | None, typer.Option(help="The trustee's verifier key; keys/trustees.pub unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Print the newest signed checkpoint of a log, for a trustee to hold; or take a trustee's cosignature into the record."""
    from engine.cli.show.keys import show_checkpoint, take_checkpoint

    if take is None and trust:
        raise WrongUsage("--trust says whose cosignature is taken; give the cosigned checkpoint with --take")
    if take is None and (kept := signed_whole(log)) is not None:
        show_checkpoint(kept, log, as_json)
        return
    workspace = operated()
    with alone(workspace):
        if take is not None:
            take_checkpoint(workspace, log, take, trust or [], as_json)
        else:
            show_checkpoint(workspace, log, as_json)


@app.command(epilog=example("headroom cosign build/export --key build/trustee.key --trust build/demo/keys/log.key.pub"))
def cosign(
    folder: Annotated[Path, typer.Argument(help="A log exported as tiles.")],
    key: Annotated[Path, typer.Option(help="The trustee's private key.")],
    trust: Annotated[list[Path], typer.Option(help="The log's verifier key.")],
    since: Annotated[Path | None, typer.Option(help="The checkpoint cosigned before.")] = None,
    as_json: Json = False,
) -> None:
    """Add a trustee's cosignature to an exported log, from files alone: it has only grown since the one held."""
    from engine.cli.show.keys import cosign_export

    cosign_export(folder, key, trust, since, clock(), as_json)


@app.command(epilog=example("headroom export meridian-2026-1 --as ics --into build/deadlines.ics"))
def export(
    log: Annotated[str, typer.Argument(help="A deal by its name; for tiles and jsonl a series too, or snapshots.", show_default=False)],
    into: Annotated[Path, typer.Option(help="The file, or the folder for tiles.")],
    form: Annotated[str, typer.Option("--as", help="tiles, jsonl, csv, ics, esma or 10-d.")] = "jsonl",
    on: Annotated[str | None, typer.Option(help="The data cut-off date of esma and 10-d; the last one unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Write a log as tlog-tiles or JSON lines; of a deal its history as CSV, every deadline, or its regulatory rows."""
    from engine.cli.show.keys import export_log

    cut_off = None if on is None else day(on)
    if (kept := read_only() if form != "tiles" else signed_whole(log)) is not None:
        export_log(kept, log, form, into, cut_off, as_json)
        return
    workspace = operated()
    with alone(workspace):  # it signs what is new
        export_log(workspace, log, form, into, cut_off, as_json)

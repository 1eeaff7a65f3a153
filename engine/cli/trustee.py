"""Commands about the record: keys, checkpoints, exports, verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import all_templates, audit_page, clock, notice_pages, renderer, verifier_file
from engine.basics.errors import WrongUsage
from engine.cli.app import alone, app, opened, operated, read_only, signed_whole
from engine.cli.options import Json, day, example


@app.command(
    epilog=example(
        "headroom verify build/demo/notices/meridian-2026-1/*0018*.pdf --policy build/demo/trustee.toml"
    )
)
def verify(
    what: Annotated[
        str | None,
        typer.Argument(help="A notice, a bundle, an exported log, or a deal by its name; all unless given."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="What you trust: log keys, trustees, certificates, authorities of time (TOML)."),
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="A file with verifier keys that you trust.")
    ] = None,
    held: Annotated[
        list[Path] | None,
        typer.Option(
            help="A checkpoint that you kept, or the exported log with it; with a notice, the log as it was "
            "cosigned."
        ),
    ] = None,
    render: Annotated[
        bool,
        typer.Option("--render", help="Of a notice: draw it again of the workspace's record, and compare."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 4 if something was not compared that was asked for.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a notice offline, a deal's history, or the whole record: leaves, links, checkpoints, notices.

    Exit code 3 if one differs.
    """
    # What it is decides first: a bundle is a file too, and must not be taken for a notice.
    if what is not None and what.lower().endswith(".bundle"):
        from engine.cli.show.verify import show_bundle

        if policy is None:
            raise WrongUsage("say what you trust: --policy trustee.toml; keys never come from the bundle")
        raise typer.Exit(show_bundle(Path(what), policy, all_templates(), notice_pages(), as_json))
    # A deal may have the name of a folder here, so the folder must hold a checkpoint to count as an export.
    if what is not None and policy is not None and (Path(what) / "checkpoint").is_file():
        from engine.cli.show.verify import show_export

        raise typer.Exit(show_export(Path(what), policy, held or [], as_json))
    if what is not None and (what.lower().endswith(".pdf") or Path(what).is_file()):
        from engine.cli.show.verify import Drawing, verify_file

        if policy is None:
            raise WrongUsage("say what you trust: --policy trustee.toml; keys never come from the notice")
        # A notice is verified without a workspace; only its drawing needs the operator's record.
        drawing = Drawing(opened(to_inspect=True), renderer()) if render else None
        raise typer.Exit(
            verify_file(
                Path(what), policy, all_templates(), as_json, held or [], notice_pages(), drawing, strict
            )
        )
    if render:
        raise WrongUsage("--render draws one notice again; for all of them give `headroom replay --pages`")
    from engine.cli.show.verify import verify_workspace

    raise typer.Exit(
        verify_workspace(opened(to_inspect=True), trust or [], held or [], as_json, what, policy)
    )


@app.command(epilog=example("headroom replay --until 2026-04-09"))
def replay(
    until: Annotated[
        str | None,
        typer.Option(help="Only what was recorded by the end of this day, with the states known then."),
    ] = None,
    pages: Annotated[
        bool, typer.Option("--pages", help="Draw every notice again too, and compare it with its file.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="With --pages: draw as many notices of each deal, not all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute every event again from raw snapshots, deal files, reports and Acts.

    Exit code 3 if one differs.
    """
    from engine.cli.show.replay import Drawings, replay

    if sample is not None and not pages:
        raise WrongUsage("--sample says how many notices --pages draws; give both")
    # The libraries that draw are loaded only if pages are asked for, because loading them takes time.
    drawn = Drawings(renderer(), sample) if pages else None
    by = None if until is None else day(until)
    raise typer.Exit(replay(opened(to_inspect=True), all_templates(), by, as_json, notice_pages(), drawn))


@app.command(
    epilog=example(
        "headroom checkpoint meridian-2026-1 --take build/export/checkpoint --trust build/trustee.key.pub"
    )
)
def checkpoint(
    log: Annotated[
        str | None, typer.Argument(help="A deal or a series by its name, or snapshots.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Of every log, one after the other, as one text to hold.")
    ] = False,
    take: Annotated[
        Path | None,
        typer.Option(help="A checkpoint of this log that a trustee cosigned: keep the cosignature."),
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="The trustee's verifier key; keys/trustees.pub unless given.")
    ] = None,
    stamp: Annotated[
        bool, typer.Option("--stamp", help="Print its time stamp, to hold beside it as NAME.stamp.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the newest signed checkpoint of a log, for a trustee to hold.

    The command can also take a trustee's cosignature into the record.
    """
    from engine.cli.show.keys import show_checkpoint, show_every, sign_and_stamp, take_checkpoint

    if take is None and trust:
        raise WrongUsage("--trust says whose cosignature is taken; give the cosigned checkpoint with --take")
    if every == (log is not None) or (every and take is not None):
        raise WrongUsage("give one log by its name, or --all for every log; --take is of one log")
    if stamp and (every or take is not None):
        raise WrongUsage("--stamp prints the time stamp of one log's checkpoint; give the log by its name")
    # If all is signed already, nothing has to be written, and a record on a read-only medium will do.
    if take is None and (kept := signed_whole(log)) is not None:
        if log is not None:
            show_checkpoint(kept, log, as_json, stamp)
            return
        if kept.settings.time_authority is None:  # with one, a stamp that is lacking is asked for
            show_every(kept, as_json)
            return
    if log is None:
        workspace = operated()
        sign_and_stamp(workspace, None, alone, clock)
        with alone(workspace):
            show_every(workspace, as_json)
        return
    workspace = operated()
    if take is None:
        sign_and_stamp(workspace, log, alone, clock)
    with alone(workspace):
        if take is not None:
            take_checkpoint(workspace, log, take, trust or [], as_json)
        else:
            show_checkpoint(workspace, log, as_json, stamp)


@app.command(
    epilog=example("headroom cosign build/export --key build/trustee.key --trust build/demo/keys/log.key.pub")
)
def cosign(
    folder: Annotated[Path, typer.Argument(help="A log exported as tiles.")],
    key: Annotated[Path, typer.Option(help="The trustee's private key.")],
    trust: Annotated[list[Path], typer.Option(help="The log's verifier key.")],
    since: Annotated[Path | None, typer.Option(help="The checkpoint cosigned before.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Whose time stamps you believe: your policy's `time_authorities`.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a trustee's cosignature to an exported log, from files alone.

    The log must only have grown since the checkpoint that the trustee holds.
    """
    from engine.cli.show.keys import cosign_export

    cosign_export(folder, key, trust, since, clock(), as_json, policy)


@app.command(epilog=example("headroom export meridian-2026-1 --as ics --into build/deadlines.ics"))
def export(
    log: Annotated[
        str,
        typer.Argument(
            help="A deal by its name; for tiles and jsonl a series too, or snapshots.", show_default=False
        ),
    ],
    into: Annotated[Path, typer.Option(help="The file, or the folder for tiles.")],
    form: Annotated[
        str, typer.Option("--as", help="tiles, jsonl, csv, record, ics, esma or 10-d.")
    ] = "jsonl",
    on: Annotated[
        str | None, typer.Option(help="The data cut-off date of esma and 10-d; the last one unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a log as tlog-tiles or JSON lines.

    Of a deal, the command also writes its history as CSV, every deadline, or its regulatory rows.
    """
    from engine.cli.show.keys import export_log, sign_and_stamp

    cut_off = None if on is None else day(on)
    # Only tiles need a signature; every other form can be made of a record on a read-only medium.
    if (kept := read_only() if form != "tiles" else signed_whole(log)) is not None:
        export_log(kept, log, form, into, cut_off, as_json)
        return
    workspace = operated()
    sign_and_stamp(workspace, log, alone, clock)
    with alone(workspace):  # it signs what is new
        export_log(workspace, log, form, into, cut_off, as_json)


@app.command(epilog=example("headroom history meridian-2026-1"))
def history(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    into: Annotated[
        Path | None, typer.Option(help="The file: .xlsx or .parquet; printed unless given.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Only what is effective on this day or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Only what is effective on this day or earlier.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only events of this kind, like `act recorded`.")
    ] = None,
    test: Annotated[str | None, typer.Option(help="Only of this test or trigger.")] = None,
    recorded_from: Annotated[
        str | None, typer.Option(help="Only what was recorded on this day or later, by UTC.")
    ] = None,
    search: Annotated[str, typer.Option(help="Only events whose line has each of these words.")] = "",
    as_json: Json = False,
) -> None:
    """Show the events of a deal, oldest first: all of them, or those that are asked for."""
    from engine.cli.show.history import history
    from engine.queries.filtered_history import Wanted

    days = [None if one is None else day(one) for one in (since, until, recorded_from)]
    history(opened(), deal, as_json, into, Wanted(days[0], days[1], tuple(kind or ()), test, days[2], search))


@app.command("compare-dates", epilog=example("headroom compare-dates meridian-2026-1 2026-02-05 2026-04-09"))
def compare_dates(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    first: Annotated[str, typer.Argument(help="A Determination Date.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    as_json: Json = False,
) -> None:
    """Show two dates of a deal side by side: rates, results, states, what was due."""
    from engine.cli.show.history import compare

    compare(opened(), deal, day(first), day(second), as_json)


@app.command(epilog=example("headroom verifier --into build/headroom-verify.html"))
def verifier(
    into: Annotated[Path, typer.Option(help="The file, .html; a browser opens it from disk, offline.")],
    as_json: Json = False,
) -> None:
    """Write the verifier as one HTML file, for people who install nothing.

    Drop a policy, notices, held checkpoints and exported logs on it.
    """
    from engine.basics.canonical_json import sha256_hex
    from engine.basics.files import write_whole
    from engine.cli.output import print_json, say

    data = verifier_file().encode()
    write_whole(into, data)
    if as_json:
        print_json({"into": str(into), "sha256": sha256_hex(data)})
    else:
        say(f"{into}: open it in a browser; SHA-256 {sha256_hex(data)}")


@app.command(
    "audit-report",
    epilog=example("headroom audit-report --for meridian-2026-1 --from 2026-01-01 --to 2026-03-31"),
)
def audit_report(
    deal: Annotated[str, typer.Option("--for", help="The deal, by its name.")],
    since: Annotated[str, typer.Option("--from", help="The first day of the period, by contract dates.")],
    until: Annotated[str, typer.Option("--to", help="Its last day.")],
    into: Annotated[Path | None, typer.Option(help="The file, .pdf; printed unless given.")] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="Verifier keys that you trust; the folder's own unless given.")
    ] = None,
    held: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that somebody other than the operator kept.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="What you trust: keys, and whose time stamps you believe (TOML).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Report on a deal's record over a period, to be signed by the auditor.

    The report says what was verified, by whose keys, and what was not checked.
    """
    from engine.audit.audit_report import audit_report
    from engine.cli.show.audit import show_audit

    workspace = opened(to_inspect=True)
    period = (day(since), day(until))
    report = audit_report(
        workspace, deal, period, clock(), all_templates(), notice_pages(), trust or [], held or [], policy
    )
    raise typer.Exit(show_audit(report, into, audit_page(workspace), as_json))


@app.command(epilog=example("headroom bundle meridian-2026-1 --into build/meridian.bundle"))
def bundle(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    into: Annotated[Path, typer.Option(help="The file, .bundle.")],
    as_json: Json = False,
) -> None:
    """Write a deal's log, notices and deal files as one file.

    It is for somebody who has no workspace. `verify` reads it within bounds.
    """
    from engine.cli.output import print_json, say
    from engine.cli.show.keys import sign_and_stamp
    from engine.operations.sign_checkpoints import newest_signed
    from engine.queries.bundle import write_bundle

    # The ending is how `verify` knows a bundle, and another ending could not be verified.
    if into.suffix != ".bundle":
        raise WrongUsage(f"{into}: a bundle is written as .bundle; give --into a name that ends so")
    kept = signed_whole(deal)
    if kept is not None and kept.settings.time_authority is None:  # nothing is to be signed or stamped
        made = write_bundle(kept, deal, into, lambda of, log: newest_signed(of, log).note)
    else:
        workspace = operated()
        sign_and_stamp(workspace, deal, alone, clock)
        with alone(workspace):  # it signs what is new
            made = write_bundle(workspace, deal, into, lambda of, log: newest_signed(of, log).note)
    if as_json:
        print_json(made.as_data())
    else:
        say(
            f"{made.into}: {made.entries} entries and {made.notices} notices of {made.deal}; SHA-256 "
            f"{made.sha256}"
        )

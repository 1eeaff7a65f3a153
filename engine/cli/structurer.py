"""Commands about deal files: what a structurer asks before and after signing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import all_templates, clock
from engine.cli.app import app, opened, workspace_if_any
from engine.cli.foresight_options import Between, Fact, Facts, History, Into, Prepared, day_of
from engine.cli.options import File, Files, Json, day, example


@app.command(epilog=example("headroom check deals/meridian-2026-1.yaml"))
def check(files: Files, as_json: Json = False) -> None:
    """Report everything that is wrong with deal files, each problem at its line and column with its fix."""
    from engine.cli.show.deals import check

    raise typer.Exit(check(files, all_templates(), as_json, workspace_if_any()))


@app.command(epilog=example("headroom new --like deals/meridian-2026-1.yaml --into build/new-deal.yaml"))
def new(
    like: Annotated[Path, typer.Option(help="The deal file whose structure the new one has.")],
    into: Annotated[Path | None, typer.Option(help="The new file; printed unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Make a deal file to fill in.

    It has another deal's structure and choices of words, with every figure, name and citation blank.
    """
    from engine.cli.show.deals import show_new
    from engine.queries.new_deal import new_deal

    show_new(new_deal(like, all_templates()), into, as_json)


@app.command(epilog=example("headroom prove deals/meridian-2026-1.yaml"))
def prove(files: Files, as_json: Json = False) -> None:
    """Run the worked examples of deal files."""
    from engine.cli.show.deals import prove_files

    raise typer.Exit(prove_files(files, all_templates(), workspace_if_any(), as_json))


@app.command(epilog=example("headroom terms deals/meridian-2026-1.yaml --on 2027-01-07"))
def terms(file: File, on: Annotated[str, typer.Option(help="The date.")], as_json: Json = False) -> None:
    """Show each term in force on a date, and the line that set it."""
    from engine.cli.show.deals import show_terms

    show_terms(file, day(on), all_templates(), as_json)


@app.command(epilog=example("headroom clause deals/meridian-2026-1.yaml --on 2026-04-09"))
def clause(file: File, on: Annotated[str, typer.Option(help="The date.")], as_json: Json = False) -> None:
    """Show the engine's reading of each clause in plain English, beside the agreement's words."""
    from engine.cli.show.deals import show_clauses
    from engine.workspace.deal_files import loaded

    show_clauses(loaded(file, all_templates()), day(on), all_templates(), as_json)


@app.command(epilog=example("headroom schema > build/deal.schema.json"))
def schema(
    as_json: Annotated[bool, typer.Option("--json", help="Changes nothing: a schema is JSON.")] = False,  # noqa: ARG001
) -> None:
    """Print the JSON Schema of the deal file, for editors."""
    from engine.cli.output import print_json
    from engine.workspace.deal_files import schema_of

    print_json(schema_of(all_templates()))


@app.command(
    epilog=example(
        "headroom backtest deals/meridian-2026-1.yaml --fact 'outstanding_principal=USD 16,000,000'"
    )
)
def backtest(
    deal: Annotated[str, typer.Argument(help="A deal file, or a deal of the workspace by its name.")],
    fact: Fact = None,
    until: Annotated[
        str | None, typer.Option(help="The last date; the newest publication unless given.")
    ] = None,
    as_if_closed: Annotated[
        str | None, typer.Option(help="Another Closing Date: every date of the terms moves with it.")
    ] = None,
    history: History = None,
    facts: Facts = None,
    between: Between = None,
    into: Into = None,
    prepared: Prepared = None,
    as_json: Json = False,
) -> None:
    """Show what a deal would have done over the published history.

    The answer counts failures, cures, triggers and false alarms.
    """
    from engine.cli.show.backtest import backtest

    closed = day(as_if_closed) if as_if_closed is not None else None
    last = clock().date() if until is None else day(until)
    # A draft with its own history does without a workspace, but a deal by its name needs one.
    workspace = opened() if history is None and not Path(deal).is_file() else workspace_if_any()
    told = (workspace, deal, fact or [], last, all_templates(), as_json, closed, history)
    answer = backtest(*told, facts, between, into, day_of(prepared))
    raise typer.Exit(answer)


@app.command(epilog=example("headroom diff deals/lakeshore-ddtl-2025.yaml --amendment 2"))
def diff(
    deal: Annotated[str, typer.Argument(help="A deal file, or a deal of the workspace by its name.")],
    amendment: Annotated[int, typer.Option(help="The amendment's number.")],
    fact: Fact = None,
    until: Annotated[
        str | None, typer.Option(help="The last date; the newest publication unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what an amendment changes: each term, and over the history each result and state."""
    from engine.cli.show.backtest import diff

    last = clock().date() if until is None else day(until)
    raise typer.Exit(diff(workspace_if_any(), deal, amendment, fact or [], last, all_templates(), as_json))


@app.command(
    epilog=example(
        "headroom migrate deals/format-1/granite-revolver-2026.yaml --into build/granite-revolver-2026.yaml"
    )
)
def migrate(
    file: File,
    into: Annotated[
        str | None, typer.Option(help="Where the new file is written; in place of the old one unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a deal file of format 1 in format 2.

    Each key that format 1 read in silence is written out. A live deal keeps its file.
    """
    from pathlib import Path

    from engine.cli.show.migrated import show_migrated
    from engine.queries.migrated_deal import migrate_deal

    show_migrated(migrate_deal(file, Path(into) if into is not None else file, all_templates()), as_json)


@app.command(
    epilog=example(
        "headroom takeover deals/meridian-2026-1.yaml --as-of 2026-03-24 --into build/takeover.yaml"
    )
)
def takeover(
    file: File,
    as_of: Annotated[str, typer.Option(help="The day at whose end the deal changes hands.")],
    former: Annotated[str, typer.Option("--from", help="Who hands it over.")] = "",
    document: Annotated[str, typer.Option(help="The short name of the document that shows the state.")] = "",
    sha256: Annotated[str, typer.Option(help="The document's SHA-256.")] = "",
    prepared_by: Annotated[str, typer.Option(help="Who prepared it.")] = "",
    approved_by: Annotated[str, typer.Option(help="Who approved it; a second person.")] = "",
    into: Annotated[Path | None, typer.Option(help="A new file; printed unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Make the `takeover` block of a deal.

    It is filled in from the record of this workspace, or blank if another program has the record.
    """
    from engine.cli.show.takeover import show_takeover
    from engine.operations.takeover_form import takeover_form
    from engine.workspace.deal_files import loaded

    who = {
        "from": former,
        "document": document,
        "sha256": sha256,
        "prepared_by": prepared_by,
        "approved_by": approved_by,
    }
    deal = loaded(file, all_templates())
    show_takeover(takeover_form(workspace_if_any(), deal, day(as_of), all_templates(), who), into, as_json)

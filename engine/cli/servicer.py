"""Commands of the weekly desk: reports, Acts, the run, what happened and why."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import PROCESSES, all_templates, clock, summary_page, tools
from engine.basics.errors import WrongUsage
from engine.cli.app import app, opened, operated, previewing, recording, workspace_if_any
from engine.cli.options import STOPPED, Json, day, example

Executor = Annotated[
    str, typer.Option(help="Who draws the notices: `processes` of this machine, or the workers of `dask`.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Where Dask's scheduler is, like tls://10.0.0.1:8786; this machine unless given."),
]


@app.command(
    epilog=example(
        "headroom intake build/demo/reports/meridian-2026-1/2026-04-08-*.yaml --received 2026-04-08"
    )
)
def intake(
    files: Annotated[list[Path], typer.Argument(help="The reports, or folders of them.")],
    received: Annotated[
        str | None,
        typer.Option(
            help="When it came in where the deal is: a day, or 2026-04-08T17:40; now, unless given."
        ),
    ] = None,
    document: Annotated[
        Path | None, typer.Option(help="What shows the receipt of a report that is entered late.")
    ] = None,
    prepared_by: Annotated[str | None, typer.Option(help="Who prepared a late entry.")] = None,
    approved_by: Annotated[
        str | None, typer.Option(help="Who approved a late entry, or a reply: somebody else.")
    ] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Record nothing: show the past results and notices it would change."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Take servicer's reports (a workbook, CSV, YAML).

    What is missing, late, ambiguous or contradictory is named with its place.
    """
    from engine.cli.show.intake import intake
    from engine.operations.intake import Intake
    from engine.operations.report_entry import proof_of
    from engine.workspace.documents import keep_document, read_document

    if received is not None:
        # A day that is not one is refused here, before the command waits for its turn to record.
        day(received[:10])
    proof = (
        proof_of(document, prepared_by, approved_by)
        if document is not None or prepared_by is not None
        else None
    )
    with previewing() if preview else recording() as (workspace, by):
        # The copy is kept first: a crash in between leaves an unused copy, never an entry without its
        # document.
        if document is not None and not preview:
            keep_document(workspace, read_document(document))
        code = intake(
            Intake(workspace, all_templates(), by, approved_by), files, received, as_json, preview, proof
        )
    raise typer.Exit(code)


@app.command(
    "report-form",
    epilog=example("headroom report-form meridian-2026-1 --period 2026-04-08 --into build/form.xlsx"),
)
def report_form(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    into: Annotated[Path, typer.Option(help="The file: .xlsx, .csv or .yaml.")],
    period: Annotated[
        str | None, typer.Option(help="A month like 2026-03, or the last day of a week.")
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(help="Ask about what is held of this report instead: its name, document, or last day."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the form of a deal's report for a period, or of the questions about a report.

    A person fills the form in, and `intake` takes it back.
    """
    from engine.cli.show.report_form import show_form, show_questions
    from engine.queries.report_forms import form_as_file, form_of, form_of_questions, questions_as_file
    from engine.workspace.deals_by_name import find_deal

    # Both at once would leave open which of the two forms the file holds.
    if (period is None) == (questions is None):
        raise WrongUsage("give --period for a report's form, or --questions for what is held of one")
    workspace, templates = opened(), all_templates()
    if questions is not None:
        asked = questions_as_file(form_of_questions(workspace, deal, questions), into.suffix.lower())
        raise typer.Exit(show_questions(asked, into, as_json))
    form = form_of(workspace, find_deal(workspace, deal, templates), templates, period or "")
    raise typer.Exit(show_form(form_as_file(form, into.suffix.lower()), into, as_json))


@app.command(epilog=example("headroom confirm meridian-2026-1 2026-04-08 --words 'repaid on 7 April'"))
def confirm(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    report: Annotated[
        str, typer.Argument(help="The report: its name, its document, or the last day of its period.")
    ],
    words: Annotated[str, typer.Option(help="Why the figure is right, in the words of who confirms it.")],
    figure: Annotated[
        list[str] | None, typer.Option(help="A figure that is confirmed; all that are held, unless given.")
    ] = None,
    prepared_by: Annotated[str | None, typer.Option(help="Who confirms; the operator, unless given.")] = None,
    approved_by: Annotated[
        str | None, typer.Option(help="Who approves; where the deal asks for two persons.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Confirm a figure that is held. The figure then counts from the receipt of its report."""
    from engine.cli.show.confirm import show_confirmed
    from engine.events.servicing import FigureConfirmed
    from engine.operations.confirm import confirm as confirmed
    from engine.workspace.deals_by_name import DealsByName

    with recording() as (workspace, by):
        # The figures are filled in later, since only the report on record says which of them are held.
        said = FigureConfirmed(
            report=report,
            figures=(),
            words=words,
            # A deal that asks for one person takes the operator's word, and the record names who that was.
            prepared_by=prepared_by or by.actor,
            approved_by=approved_by,
        )
        found_deal = DealsByName(workspace, all_templates()).find(deal)
        done = confirmed(workspace, found_deal, report, figure or (), said, by)
    show_confirmed(deal, done, as_json)


ACTS = (
    "cure accepted",
    "waiver",
    "default ended",
    "notice of default",
    "vote taken",
    "act withdrawn",
    "trigger ended",
    "obligation satisfied",
    "appraisal delivered",
    "discharged",
    "consent",
    "notice given",
    "notice released",
    "notice by the agent",
    "knowledge of the borrower",
    "successor benchmark agreed",
    "agent determination",
    "interpolation",
    "payment made",
    "report withdrawn",
    "event declared",
    "event ended",
    "address changed",
    "party replaced",
    "manifest error",
)
"""Every kind of Recorded Act, written out so that `--help` needs no engine.

A test compares it with the engine's own list.
"""
WAIVER = (
    "headroom act meridian-2026-1 waiver --clause ltv --effective-on 2026-04-09 --until 2026-05-07 --clock "
    "resumes"
)


@app.command(epilog=example(WAIVER))
def act(
    deal: Annotated[str, typer.Argument(help="The deal, by its name.")],
    kind: Annotated[str, typer.Argument(help=f"What was done: {', '.join(ACTS)}.")],
    effective_on: Annotated[str, typer.Option(help="The contract's date.")],
    clause: Annotated[str | None, typer.Option(help="The covenant or trigger that it is about.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day of a waiver.")] = None,
    clock: Annotated[
        str | None, typer.Option(help="When a waiver ends, the cure clock `resumes` or `restarts`.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="How a breach was cured: prepayment, additional collateral, equity.")
    ] = None,
    amount: Annotated[str | None, typer.Option(help="The amount of a cure, in USD.")] = None,
    paid_to: Annotated[
        str | None, typer.Option(help="Where a payment went: `reserve account`, unless given, or `borrower`.")
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(
            help="What is meant: the Act or the report that is withdrawn, the number of the notice that was "
            "given."
        ),
    ] = None,
    otherwise: Annotated[
        Path | None, typer.Option(help="The document by which a notice was given that is not one of ours.")
    ] = None,
    notice: Annotated[
        str | None, typer.Option(help="The kind of a notice that has no number, like test_failed.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(help="An addressee to whom a notice was given, or who released it; all unless given."),
    ] = None,
    received: Annotated[
        str | None, typer.Option(help="When the Act came in where the deal is, like 2026-04-09T17:40.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="The methodology version that is consented to.")] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="A condition of a waiver or consent, in its document's words.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option(help="The document; its SHA-256 is recorded, and a copy kept.")
    ] = None,
    prepared_by: Annotated[
        str | None, typer.Option(help="Who prepared the Act; where the deal asks for two persons.")
    ] = None,
    approved_by: Annotated[str | None, typer.Option(help="Who approved it: somebody else.")] = None,
    party: Annotated[
        str | None, typer.Option(help="The party whose address changed, or that was replaced: its role.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Where notices to the party go from the date on.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Who takes the party's place.")] = None,
    lei: Annotated[str | None, typer.Option(help="The LEI of who takes the party's place.")] = None,
    index: Annotated[str | None, typer.Option(help="The index whose rate is set.")] = None,
    rate: Annotated[str | None, typer.Option(help="The rate that is set, in USD per GPU-hour.")] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Record nothing: show the past results and notices it would change."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Record what a person did.

    It is a waiver, an accepted cure, a delivered appraisal, a determination of the rate, or another Act.
    """
    from engine.cli.show.act import record_act
    from engine.events.kinds import ActRecorded
    from engine.operations.act_details import receipt_of_an_act
    from engine.workspace.deals_by_name import find_deal
    from engine.workspace.documents import keep_document, read_document

    shown = otherwise or document
    # The document is read before the wait for other commands, so a wrong path is refused at once.
    handed = None if shown is None else read_document(shown)
    said = {
        "index": index,
        "rate": rate,
        "clock": clock,
        "method": method,
        "amount": amount,
        "paid_to": paid_to,
        "names": names,
        "version": version,
        "party": party,
        "address": address,
        "name": name,
        "lei": lei,
    }
    said |= {
        "notice": notice,
        "to": "; ".join(to or ()),
        "otherwise": "true" if otherwise is not None else None,
    }
    said["conditions"] = "; ".join(condition or ())
    # An option that was not given leaves nothing behind, so an Act reads the same in a later release.
    details = {key: value for key, value in said.items() if value}
    recorded = ActRecorded(
        act=kind,
        clause=clause,
        document=handed.name if handed else None,
        sha256=handed.sha256 if handed else None,
        effective_on=day(effective_on),
        until=None if until is None else day(until),
        prepared_by=prepared_by,
        approved_by=approved_by,
        details=details,
    )
    templates = all_templates()
    with previewing() if preview else recording() as (workspace, by):
        # The copy is kept first: a crash in between leaves an unused copy, never an Act without its document.
        if handed is not None and not preview:
            keep_document(workspace, handed)
        of = find_deal(workspace, deal, templates)
        receipt = receipt_of_an_act(recorded, received, of, by.at)
        record_act(workspace, of, receipt, by, as_json, templates if preview else None)


@app.command(epilog=example("headroom run --on 2026-04-09"))
def run(
    on: Annotated[str | None, typer.Option(help="Everything due by this date; today unless given.")] = None,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Record nothing: show what each date that is due would be now.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish what is due, evaluate every deal, record the events, issue the notices.

    Run again, it changes nothing.
    """
    from engine.cli.output import progress
    from engine.cli.show.run import preview_on, run_on
    from engine.operations.waiting_dates import begun

    until = begun(clock()) if on is None else day(on)
    if until > begun(clock()):
        raise WrongUsage(f"{until} is in the future; a run covers what is known")
    if preview:
        with previewing() as (workspace, by):
            raise typer.Exit(preview_on(workspace, until, all_templates(), by, as_json))
    raise typer.Exit(
        run_on(operated(), until, tools(progress, executor=executor, scheduler=scheduler), as_json)
    )


@app.command(epilog=example("headroom serve --every-minutes 60"))
def serve(
    every_minutes: Annotated[int, typer.Option(min=1, help="Minutes between two looks at what is due.")] = 60,
    executor: Executor = PROCESSES,
    scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:
    """Run whatever is due, now and every hour, until stopped; the log decides what that is.

    Ctrl-C finishes the run first.
    """
    from engine.cli.output import progress
    from engine.cli.show.serve import serve_until_stopped

    means = partial(tools, progress, executor=executor, scheduler=scheduler)
    if serve_until_stopped(operated(), means, every_minutes * 60, as_json):
        raise typer.Exit(STOPPED)


@app.command(epilog=example("headroom explain meridian-2026-1 ltv --on 2026-04-09"))
def explain(
    deal: Annotated[str, typer.Argument(help="The deal; with --clause a deal file will do.")],
    test: Annotated[str, typer.Argument(help="The test; with --clause a trigger will do.")],
    on: Annotated[str | None, typer.Option(help="The date; with --clause today unless given.")] = None,
    clause: Annotated[
        bool,
        typer.Option("--clause", help="Only how the engine reads the clause, beside the agreement's words."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the whole working of one result, from listings to verdict; or how a clause is read."""
    # A clause can be explained before anything is determined, from the file alone.
    if clause:
        from engine.cli.show.deals import show_clauses
        from engine.queries.backtest_questions import deal_by_file_or_name

        read_on = clock().date() if on is None else day(on)
        show_clauses(
            deal_by_file_or_name(workspace_if_any(), deal, all_templates()),
            read_on,
            all_templates(),
            as_json,
            test,
        )
        return
    from engine.cli.show.history import explain

    if on is None:
        raise WrongUsage("say which date: --on 2026-04-09")
    explain(opened(), deal, test, day(on), as_json)


@app.command(epilog=example("headroom portfolio --on 2026-04-09 --into build/portfolio.pdf"))
def portfolio(
    on: Annotated[
        str | None, typer.Option(help="The date as of which everything stands; today unless given.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="The file: .pdf, .csv, .xlsx or .parquet; printed unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show every test of every deal on a date, the worst first.

    Each row has the state, the result, the headroom, and what is due by when.
    """
    from engine.cli.show.portfolio import show_portfolio

    # A file carries the operator's name, so the name must be set before one is written.
    workspace = opened() if into is None else operated()
    raise typer.Exit(
        show_portfolio(
            workspace, clock().date() if on is None else day(on), into, summary_page(workspace), as_json
        )
    )


@app.command(epilog=example("headroom demo --into build/demo"))
def demo(
    into: Annotated[Path, typer.Option(help="Where; replaced if it is a demonstration.")] = Path(
        "build/demo"
    ),
    as_json: Json = False,
) -> None:
    """Run 26 generated Thursdays over three illustrative deals."""
    from engine.cli.output import ProgressLines
    from engine.cli.show.demo import demonstrate

    lines = ProgressLines()
    demonstrate(into, lambda now: replace(tools(lines, now), actor="the demonstration"), as_json)

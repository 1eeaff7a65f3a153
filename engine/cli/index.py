"""Commands about the market: snapshots, series, the index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import all_templates, publication_page, scribe, validation_page
from engine.basics.errors import WrongUsage
from engine.cli.app import app, opened, operated, previewing, recording
from engine.cli.options import METHODOLOGY, Json, Methodology, day, example, moment


@app.command(epilog=example("headroom init build/desk --operator 'Example Calculation Agent'"))
def init(
    folder: Annotated[Path, typer.Argument(help="Where; made if it is not there.")],
    operator: Annotated[
        str | None, typer.Option(help="Who computes the index: printed in notices, signed with every log.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a workspace: settings, deals/, snapshots/, reports/, notices/ and the record."""
    from engine.cli.output import print_json, say
    from engine.workspace.workspace import PLACEHOLDER, create, opened

    made = create(folder, operator)
    workspace = opened(folder)
    # The store is made with the workspace, so that the first command finds a whole record.
    workspace.store.close()
    if as_json:
        print_json({"workspace": str(folder), "made": list(made)})
        return
    say(
        f"{folder}: made {', '.join(made)}"
        if made
        else f"{folder} is a workspace already; nothing was changed"
    )
    # The operator's name is signed with every log, where a placeholder could not be taken back.
    if workspace.settings.operator == PLACEHOLDER:
        say(f"first: name the operator in {folder / 'headroom.toml'}; `run` refuses until then")
    say(
        f"next: put deal files into {folder / 'deals'}, then `headroom --workspace {folder} import SNAPSHOTS`"
    )


@app.command("import", epilog=example("headroom import build/demo/snapshots"))
def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="Snapshots (.json, .json.gz, .csv) or folders of them.")
    ],
    series: Annotated[
        str | None, typer.Option(help="Take a published series (CSV) of this index instead.")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Take what was refused, by its name; once for each.")
    ] = None,
    publication_date: Annotated[
        list[str] | None,
        typer.Option(help="Whose a row of another day is in a weekly series, like 2026-11-25=2026-11-26."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take in snapshots, or an administrator's published series.

    Known ones are skipped, damaged ones refused.
    """
    from engine.cli.show.index import import_snapshots
    from engine.cli.show.series import import_series

    with recording() as (workspace, by):
        if series is not None:
            code = import_series(workspace, series, paths, by, as_json, publication_date or (), accept or ())
        else:
            code = import_snapshots(workspace, paths, by, as_json, accept or ())
    raise typer.Exit(code)


ANNOUNCE = (
    "headroom announce CRI-H100 --what break --effective 2026-04-02 --words 'Another source.' "
    "--document deals/meridian-serials.csv --prepared-by A --approved-by B"
)


@app.command(epilog=example(ANNOUNCE))
def announce(
    index: Annotated[str, typer.Argument(help="The index.")],
    what: Annotated[str, typer.Option(help="cessation, methodology change, break, or restatement.")],
    effective: Annotated[str, typer.Option(help="From when; of a restatement the date that is restated.")],
    words: Annotated[str, typer.Option(help="What it says, in one sentence.")],
    document: Annotated[Path, typer.Option(help="The announcement. It is kept.")],
    prepared_by: Annotated[str, typer.Option(help="One person.")],
    approved_by: Annotated[str, typer.Option(help="Another.")],
    version: Annotated[str | None, typer.Option(help="The methodology version that it brings.")] = None,
    as_json: Json = False,
) -> None:
    """Record what an index's administrator announced.

    The index ceases, changes its method, breaks, or restates a date.
    """
    from engine.cli.show.series import show_announced
    from engine.operations.series_intake import Announcement, announcement_in
    from engine.operations.series_intake import announce as record_announcement
    from engine.workspace.documents import keep_document, read_document

    said = announcement_in(
        document, Announcement(index, what, day(effective), words, version), prepared_by, approved_by
    )
    with recording() as (workspace, by):
        # The copy is kept first: a crash in between leaves an unused copy, never an entry without its
        # document.
        keep_document(workspace, read_document(document))
        announced = record_announcement(workspace, said, by)
    show_announced(announced, as_json)


CLOSE = (
    "headroom close-day us-federal-reserve 2026-12-11 --reason 'National day of mourning' --source 'Federal "
    "Register'"
)


@app.command("close-day", epilog=example(CLOSE))
def close_day(
    calendar: Annotated[str, typer.Argument(help="The calendar, like us-federal-reserve.")],
    closed_on: Annotated[str, typer.Argument(metavar="DAY", help="The day on which it is closed.")],
    reason: Annotated[str, typer.Option(help="Why it is closed.")],
    source: Annotated[str, typer.Option(help="Who said so, and where.")],
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take back a closing that was entered in error.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Record that a calendar is closed on a further day, or take that back.

    In time, it moves every running deadline that counts over the day.
    """
    from engine.cli.show.calendar_days import show_closing
    from engine.events.calendar_events import CalendarClosing, ClosingWithdrawn
    from engine.operations.closings import close_day as record_closing
    from engine.operations.closings import withdraw_closing

    whole = {"calendar": calendar, "day": day(closed_on), "reason": reason, "source": source}
    with recording() as (workspace, by):
        if withdraw:
            closing = withdraw_closing(workspace, ClosingWithdrawn.model_validate(whole), by)
        else:
            closing = record_closing(workspace, CalendarClosing.model_validate(whole), by)
    show_closing(closing, as_json)


@app.command(epilog=example("headroom collect"))
def collect(
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Take a change of form that was refused, by its name; once for each."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the marketplace for all its offers. Refuses unless headroom.toml states the right to collect."""
    from engine.cli.show.collect import collect_now

    collect_now(opened(), scribe, as_json, accept or ())


@app.command(epilog=example("headroom index --index CRI-H100 --window-end 2026-04-08"))
def index(
    window_end: Annotated[str, typer.Option(help="Last day of the 7-day window; any date.")],
    index: Annotated[str, typer.Option(help="The index.")] = "CRI-H100",
    methodology: Methodology = METHODOLOGY,
    known_at: Annotated[str | None, typer.Option(help="Use only what was collected by this time.")] = None,
    as_json: Json = False,
) -> None:
    """Compute one week's index value from the snapshots, with its interval and every count."""
    from engine.cli.show.index import show_index

    last, at = day(window_end), None if known_at is None else moment(known_at)
    show_index(opened(), index, last, methodology, at, as_json)


@app.command(
    epilog=example(
        "headroom restate CRI-H100@1.1-wp --publication-date 2026-04-09 --reason 'snapshot found' --record"
    )
)
def restate(
    series: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    publication_date: Annotated[str, typer.Option(help="The Thursday.")],
    reason: Annotated[str, typer.Option(help="Why it is computed again; part of the print.")],
    record: Annotated[bool, typer.Option("--record", help="Record it; otherwise it is only shown.")] = False,
    as_json: Json = False,
) -> None:
    """Compute a published week again from today's snapshots, and record the next print where it differs."""
    from engine.cli.show.series import restate

    with recording() if record else previewing() as (workspace, by):
        code = restate(workspace, series, day(publication_date), reason, record, all_templates(), by, as_json)
    raise typer.Exit(code)


@app.command(epilog=example("headroom exclude CRI-H100 --date 2026-04-08"))
def exclude(
    index: Annotated[str, typer.Argument(help="The index.")],
    date: Annotated[str, typer.Option(help="The day of the listings.")],
    listing: Annotated[
        list[int] | None, typer.Option(help="The number of a listing that is plainly wrong; once for each.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; part of every print that it bears on.")] = None,
    document: Annotated[
        Path | None, typer.Option(help="The file that documents it; its hash is recorded.")
    ] = None,
    prepared_by: Annotated[str | None, typer.Option(help="One person.")] = None,
    approved_by: Annotated[str | None, typer.Option(help="Another.")] = None,
    methodology: Methodology = METHODOLOGY,
    as_json: Json = False,
) -> None:
    """Show a day's listings by number; with --listing, exclude them by a Manifest Error Override."""
    from engine.cli.show.exclude import show_listings, show_override
    from engine.operations.exclusions import Grounds, listings_of
    from engine.operations.exclusions import exclude as exclude_listings

    # The first call shows the numbers that the second call must name.
    if not listing:
        show_listings(listings_of(opened(), index, methodology, day(date)), as_json)
        return
    if reason is None or document is None or prepared_by is None or approved_by is None:
        raise WrongUsage(
            "an override must say more: give --reason and --document and --prepared-by and --approved-by"
        )
    grounds = Grounds(reason, document, prepared_by, approved_by)
    with recording() as (workspace, by):
        override = exclude_listings(workspace, index, methodology, day(date), listing, grounds, by)
    show_override(override, as_json)


@app.command("validate-index", epilog=example("headroom validate-index --index CRI-H100"))
def validate_index(
    index: Annotated[str, typer.Option(help="The index.")] = "CRI-H100",
    methodology: Methodology = METHODOLOGY,
    prices: Annotated[
        Path | None,
        typer.Option(help="Rates of other platforms (CSV: date, platform, usd_per_gpu_hour, source)."),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option(help="Write the page with its pictures to this file too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the paper's statistical tests over the weeks of the snapshots.

    Each test refuses a sample below the size that it needs. Shapes of prices are tested for the newest four
    weeks with a value, all else over every week.
    """
    from engine.cli.show.validation import Page, validate

    workspace = opened()
    into = None if pdf is None else Page(pdf, validation_page(workspace))
    raise typer.Exit(validate(workspace, index, methodology, as_json, prices, into))


@app.command(epilog=example("headroom manipulation --publication 2026-04-09"))
def manipulation(
    deal: Annotated[
        str | None, typer.Argument(help="A deal, or the file of a draft: what would turn its results.")
    ] = None,
    on: Annotated[str | None, typer.Option(help="The deal's Determination Date.")] = None,
    publication: Annotated[str | None, typer.Option(help="The Thursday of the index.")] = None,
    index: Annotated[str, typer.Option(help="The index.")] = "CRI-H100",
    methodology: Methodology = METHODOLOGY,
    costs: Annotated[
        Path | None, typer.Option(help="Inputs of the capital estimate (TOML), with source and date.")
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(help="A figure of a draft's reports, like outstanding_principal=16000000."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Count the adversarial listings that would move the index, or turn a deal's results.

    The filters act on these listings as they really do.
    """
    from engine.cli.show.trust import manipulate, manipulate_deal

    if deal is not None:
        if on is None:
            raise WrongUsage("say which date: --on 2026-04-09")
        raise typer.Exit(manipulate_deal(opened(), deal, day(on), as_json, fact or (), all_templates()))
    if publication is None:
        raise WrongUsage("say which Thursday: --publication 2026-04-09; or name a deal")
    raise typer.Exit(manipulate(opened(), index, methodology, day(publication), costs, as_json))


@app.command(epilog=example("headroom reproduce --publication 2026-04-09"))
def reproduce(
    publication: Annotated[str, typer.Option(help="The Thursday.")],
    index: Annotated[str, typer.Option(help="The index.")] = "CRI-H100",
    methodology: Methodology = METHODOLOGY,
    as_json: Json = False,
) -> None:
    """Compute a published week again from snapshots alone, step by step, as a third party would.

    Exit code 3 if it differs.
    """
    from engine.cli.show.trust import reproduce

    raise typer.Exit(reproduce(opened(), index, methodology, day(publication), as_json))


@app.command(epilog=example("headroom publication CRI-H100@1.1-wp --date 2026-04-09 --into build/pages"))
def publication(
    series: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    date: Annotated[str, typer.Option(help="The Thursday.")],
    into: Annotated[Path, typer.Option(help="The folder.")],
    as_json: Json = False,
) -> None:
    """Write the publication page of a recorded week, HTML and PDF.

    The page shows the value, how far to trust it, and what was left out.
    """
    from engine.cli.show.publication import publish_page

    workspace = operated()
    raise typer.Exit(publish_page(workspace, series, day(date), into, publication_page(workspace), as_json))


@app.command(epilog=example("headroom series CRI-H100@1.1-wp --into build/cri-h100.csv"))
def series(
    name: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    into: Annotated[Path, typer.Option(help="The file: .csv or .json.")],
    as_json: Json = False,
) -> None:
    """Write a published series with every print, Restatements beside the first."""
    from engine.cli.show.publication import export_series

    raise typer.Exit(export_series(opened(), name, into, as_json))


@app.command(
    epilog=example(
        "headroom depreciation CRI-H100@1.1-wp CRI-H200@1.1-wp --newer CRI-H200@1.1-wp --switch A:548,B:365"
    )
)
def depreciation(
    series: Annotated[
        list[str] | None, typer.Argument(help="Published series; every one on record unless given.")
    ] = None,
    newer: Annotated[
        str | None, typer.Option(help="The newer generation's series, for spreads and for the transition.")
    ] = None,
    quotes: Annotated[
        Path | None, typer.Option(help="Resale quotes of the first series (CSV: date, usd_per_gpu, source).")
    ] = None,
    switch: Annotated[
        str | None, typer.Option(help="Scenarios one after the other, with days in each, like A:548,B:365.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show depreciation curves, generation and resale spreads, and the paper's scenarios.

    The answer also says whether CRI-D can be computed.
    """
    from engine.cli.show.curves import depreciation

    raise typer.Exit(depreciation(opened(), series or [], newer, quotes, switch, as_json))


@app.command(epilog=example("headroom precision CRI-H100@1.1-wp"))
def precision(
    series: Annotated[
        list[str] | None, typer.Argument(help="Published series; every computed one unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the interval's width by number of observations, beside the paper's Table 6."""
    from engine.cli.show.curves import precision

    raise typer.Exit(precision(opened(), series or [], as_json))


@app.command(epilog=example("headroom coverage CRI-H100@1.1-wp --draws 20"))
def coverage(
    series: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    draws: Annotated[
        int, typer.Option(min=10, max=100_000, help="Weeks drawn for each number of sellers.")
    ] = 1000,
    into: Annotated[Path | None, typer.Option(help="A folder for the table as data, with its hash.")] = None,
    as_json: Json = False,
) -> None:
    """Measure how often the intervals of listings and of sellers hold the truth.

    The weeks are drawn from a series' own sellers.
    """
    from engine.cli.show.coverage import show_coverage

    raise typer.Exit(show_coverage(opened(), series, draws, into, as_json))

"""The command line, and the composition root: the only file that brings engine, covenants and reports together.

Every import of weight is inside the command that needs it, so that `--help` and `check` are quick.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # none are used, and looking for them takes a tenth of `check`

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from engine.commands.options import CODES, Files, Json, day, example, moment, run_command_line
from engine.errors import WrongUsage

if TYPE_CHECKING:
    from engine.record.log import Scribe
    from engine.record.notice import Render
    from engine.thursday import Tools
    from engine.workspace import Workspace

app = typer.Typer(
    name="headroom",
    help="Covenant and ABS trigger monitoring against a weekly GPU rental index.",
    epilog=CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
state: dict[str, Path] = {}


@app.callback()
def main_options(
    workspace: Annotated[Path, typer.Option(envvar="HEADROOM_WORKSPACE", help="The workspace folder.")] = Path(),
) -> None:
    """Remember which workspace the command works in."""
    state["workspace"] = workspace


def opened() -> Workspace:
    """The workspace that the command works in."""
    from engine.workspace import opened as open_workspace

    return open_workspace(state.get("workspace", Path()))


def clock() -> datetime:
    """The one reading of the clock."""
    return datetime.now(UTC)


def scribe() -> Scribe:
    """Who records: the operating system's user, now."""
    import getpass

    from engine import __version__
    from engine.record.log import Scribe

    return Scribe(getpass.getuser(), f"headroom {__version__}", clock())


def tools(now: datetime | None = None) -> Tools:
    """What a run needs from outside the engine: templates, the renderer, the clock."""
    from engine.commands.output import progress
    from engine.thursday import Tools

    return Tools(_templates(), _renderer(), now or clock(), scribe().actor, progress)


@cache
def _renderer() -> Render:
    import atexit

    from reports.pool import RenderPool

    pool = RenderPool()
    atexit.register(pool.close)
    return pool


def _templates() -> Any:
    from covenants import templates

    return templates()


@app.command(epilog=example("headroom init ./desk"))
def init(folder: Annotated[Path, typer.Argument(help="Where; made if it is not there.")], as_json: Json = False) -> None:
    """Make a workspace: settings, deals/, snapshots/, reports/, notices/ and the record."""
    from engine.commands.output import print_json, say
    from engine.workspace import create, opened

    made = create(folder)
    opened(folder).store.close()
    if as_json:
        print_json({"workspace": str(folder), "made": list(made)})
        return
    say(f"{folder}: made {', '.join(made)}" if made else f"{folder} is a workspace already; nothing was changed")
    say(f"next: put deal files into {folder / 'deals'}, then `headroom --workspace {folder} import SNAPSHOTS`")


@app.command("import", epilog=example("headroom import snapshots/*.json.gz 2026-02-26.csv"))
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Snapshots (.json, .json.gz, .csv) or folders of them.")],
    series: Annotated[str | None, typer.Option(help="Take a published series (CSV) of this index instead.")] = None,
    as_json: Json = False,
) -> None:
    """Take in snapshots, or an administrator's published series. Known ones are skipped, damaged ones refused."""
    from engine.commands.market import import_snapshots
    from engine.commands.series import import_series

    if series is not None:
        raise typer.Exit(import_series(opened(), series, paths, scribe(), as_json))
    raise typer.Exit(import_snapshots(opened(), paths, scribe(), as_json))


@app.command(epilog=example("headroom collect"))
def collect(as_json: Json = False) -> None:
    """Ask the marketplace for its offers. Refuses unless headroom.toml states the right to collect."""
    from engine.commands.collect import collect_now

    collect_now(opened(), scribe(), as_json)


@app.command(epilog=example("headroom index --index CRI-H100 --window-end 2026-03-04 --methodology 1.1.1"))
def index(
    window_end: Annotated[str, typer.Option(help="Last day of the 7-day window; any date.")],
    index: Annotated[str, typer.Option(help="The index.")] = "CRI-H100",
    methodology: Annotated[str, typer.Option(help="The methodology version.")] = "1.1-wp",
    known_at: Annotated[str | None, typer.Option(help="Use only what was collected by this time.")] = None,
    as_json: Json = False,
) -> None:
    """Compute one week's index value from the snapshots, with its interval and every count."""
    from engine.commands.market import show_index

    last, at = day(window_end), None if known_at is None else moment(known_at)
    show_index(opened(), index, last, methodology, at, as_json)


@app.command(epilog=example("headroom check deals/meridian-2026-1.yaml"))
def check(files: Files, as_json: Json = False) -> None:
    """Report everything that is wrong with deal files, each problem at its line and column with its fix."""
    from engine.commands.deals import check

    raise typer.Exit(check(files, _templates(), as_json))


@app.command(epilog=example("headroom prove deals/meridian-2026-1.yaml"))
def prove(files: Files, as_json: Json = False) -> None:
    """Run the worked examples of deal files."""
    from engine.commands.deals import prove_files

    raise typer.Exit(prove_files(files, _templates(), as_json))


@app.command(epilog=example("headroom terms deals/meridian-2026-1.yaml --on 2027-01-07"))
def terms(file: Path, on: Annotated[str, typer.Option(help="The date.")], as_json: Json = False) -> None:
    """Show each term in force on a date, and the line that set it."""
    from engine.commands.deals import show_terms

    show_terms(file, day(on), _templates(), as_json)


@app.command(epilog=example("headroom clause deals/meridian-2026-1.yaml --on 2026-03-05"))
def clause(file: Path, on: Annotated[str, typer.Option(help="The date.")], as_json: Json = False) -> None:
    """Show the engine's reading of each clause in plain English, beside the agreement's words."""
    from engine.commands.deals import show_clauses

    show_clauses(file, day(on), _templates(), as_json)


@app.command(epilog=example("headroom schema > deal.schema.json"))
def schema() -> None:
    """Print the JSON Schema of the deal file, for editors."""
    from engine.commands.deals import clauses_of
    from engine.commands.output import print_json
    from engine.terms.schema import deal_schema

    print_json(deal_schema(clauses_of(_templates())))


@app.command(epilog=example("headroom intake report.yaml --received 2026-03-04"))
def intake(
    file: Path,
    received: Annotated[str | None, typer.Option(help="The day on which it came in; today unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Take a servicer's report (YAML or CSV); missing, late, stale or contradictory figures are named with their place."""
    from engine.commands.intake import intake

    came = clock().date() if received is None else day(received)
    raise typer.Exit(intake(opened(), file, came, _templates(), scribe(), as_json))


@app.command(epilog=example("headroom act meridian-2026-1 waiver --clause ltv --effective-on 2026-03-05 --until 2026-04-02"))
def act(
    deal: str,
    kind: Annotated[str, typer.Argument(help="What was done: waiver, cure accepted, appraisal delivered, ...")],
    effective_on: Annotated[str, typer.Option(help="The contract's date.")],
    clause: Annotated[str | None, typer.Option(help="The covenant or trigger that it is about.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day of a waiver.")] = None,
    clock: Annotated[str | None, typer.Option(help="When a waiver ends, the cure clock `resumes` or `restarts`.")] = None,
    method: Annotated[str | None, typer.Option(help="How a breach was cured: prepayment, additional collateral, equity.")] = None,
    amount: Annotated[str | None, typer.Option(help="The amount of a cure, in USD.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="A condition of a waiver or consent, in its document's words.")] = None,
    document: Annotated[Path | None, typer.Option(help="The document; its SHA-256 is recorded.")] = None,
    prepared_by: str | None = None,
    approved_by: str | None = None,
    index: Annotated[str | None, typer.Option(help="The index whose rate is set.")] = None,
    rate: Annotated[str | None, typer.Option(help="The rate that is set, in USD per GPU-hour.")] = None,
    as_json: Json = False,
) -> None:
    """Record what a person did: a waiver, an accepted cure, a delivered appraisal, a determination of the rate."""
    from engine.commands.act import document_hash, record_act
    from engine.commands.intake import find_deal
    from engine.record.event import ActRecorded

    name, sha256 = document_hash(document)
    said = {"index": index, "rate": rate, "clock": clock, "method": method, "amount": amount, "conditions": "; ".join(condition or ())}
    details = {key: value for key, value in said.items() if value}
    recorded = ActRecorded(
        act=kind,
        clause=clause,
        document=name,
        sha256=sha256,
        effective_on=day(effective_on),
        until=None if until is None else day(until),
        prepared_by=prepared_by,
        approved_by=approved_by,
        details=details,
    )
    workspace = opened()
    record_act(workspace, find_deal(workspace, deal, _templates()), recorded, scribe(), as_json)


@app.command(epilog=example("headroom run --on 2026-03-05"))
def run(
    on: Annotated[str | None, typer.Option(help="Everything due by this date; today unless given.")] = None, as_json: Json = False
) -> None:
    """Publish what is due, evaluate every deal, record the events, issue the notices. Run again, it changes nothing."""
    from engine.commands.run import run_on

    until = clock().date() if on is None else day(on)
    if until > clock().date():
        raise WrongUsage(f"{until} is in the future; a run covers what is known")
    raise typer.Exit(run_on(opened(), until, tools(), as_json))


@app.command(epilog=example("headroom history meridian-2026-1"))
def history(deal: str, as_json: Json = False) -> None:
    """Show every event of a deal, oldest first."""
    from engine.commands.history import history

    history(opened(), deal, as_json)


@app.command(epilog=example("headroom explain meridian-2026-1 ltv --on 2026-03-05"))
def explain(deal: str, test: str, on: Annotated[str, typer.Option(help="The date.")], as_json: Json = False) -> None:
    """Show the whole working of one result, from listings to verdict."""
    from engine.commands.history import explain

    explain(opened(), deal, test, day(on), as_json)


@app.command(epilog=example("headroom verify --trust log.key.pub --held checkpoint"))
def verify(
    trust: Annotated[list[Path] | None, typer.Option(help="A file with verifier keys that you trust.")] = None,
    held: Annotated[list[Path] | None, typer.Option(help="A checkpoint that you kept.")] = None,
    as_json: Json = False,
) -> None:
    """Check the whole record: every leaf, link, checkpoint, notice and snapshot. Exit code 3 where one differs."""
    from engine.commands.verify import verify_workspace

    raise typer.Exit(verify_workspace(opened(), trust or [], held or [], as_json))


@app.command(epilog=example("headroom keys agent.example/headroom --into desk/keys/log.key"))
def keys(
    name: Annotated[str, typer.Argument(help="The key's name, best a URL without its scheme.")],
    into: Annotated[Path, typer.Option(help="The private key's file.")],
    cosigner: Annotated[bool, typer.Option("--cosigner", help="A trustee's key instead of a log's.")] = False,
    as_json: Json = False,
) -> None:
    """Make an Ed25519 key: the operator's in the workspace's keys/log.key, or a trustee's."""
    from engine.commands.proof import make_key

    make_key(name, into, cosigner, as_json)


@app.command(epilog=example("headroom checkpoint meridian-2026-1"))
def checkpoint(deal: str, as_json: Json = False) -> None:
    """Print the newest signed checkpoint of a deal's log, for a trustee to hold."""
    from engine.commands.proof import show_checkpoint

    show_checkpoint(opened(), deal, as_json)


@app.command(epilog=example("headroom cosign export/ --key trustee.key --trust log.key.pub --since held-checkpoint"))
def cosign(
    folder: Annotated[Path, typer.Argument(help="A log exported as tiles.")],
    key: Annotated[Path, typer.Option(help="The trustee's private key.")],
    trust: Annotated[list[Path], typer.Option(help="The log's verifier key.")],
    since: Annotated[Path | None, typer.Option(help="The checkpoint cosigned before.")] = None,
    as_json: Json = False,
) -> None:
    """Add a trustee's cosignature to an exported log, from files alone: it has only grown since the one held."""
    from engine.commands.proof import cosign_export

    cosign_export(folder, key, trust, since, clock(), as_json)


@app.command(epilog=example("headroom export meridian-2026-1 --as ics --into deadlines.ics"))
def export(
    deal: str,
    into: Annotated[Path, typer.Option(help="The file, or the folder for tiles.")],
    form: Annotated[str, typer.Option("--as", help="tiles, jsonl, csv or ics.")] = "jsonl",
    as_json: Json = False,
) -> None:
    """Write a deal's log as tlog-tiles or JSON lines, its trigger history as CSV, or its deadlines as a calendar."""
    from engine.commands.proof import export_deal

    export_deal(opened(), deal, form, into, as_json)


@app.command(epilog=example("headroom demo --into build/demo"))
def demo(into: Annotated[Path, typer.Option(help="Where; replaced if it is a demonstration.")] = Path("build/demo")) -> None:
    """Run 26 generated Thursdays over three illustrative deals."""
    from engine.commands.demo import demonstrate

    demonstrate(into, tools)


def main() -> NoReturn:
    """Run the command line."""
    run_command_line(app)


if __name__ == "__main__":
    main()

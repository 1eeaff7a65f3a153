"""`headroom intake`: what a servicer reports, taken into the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from engine.basics.errors import InputProblems, Problem, WrongUsage
from engine.basics.files import read_text, write_whole
from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.determination.template import Template, clauses_of
from engine.events.draft import Draft
from engine.events.kinds import ReportReceived, as_received
from engine.queries.preview import of_event, reach_as_data
from engine.record.log import Scribe, append, deal_log, imagined, read
from engine.servicer_report.read_report import ServicerReport, deal_of, read_report
from engine.terms.as_written import Deal, day_of, load_deal, resolve
from engine.terms.checks.duplicate_names import claimed_twice
from engine.workspace.workspace import Workspace


def find_deal(workspace: Workspace, name: str, templates: Mapping[str, Template]) -> Deal:
    """A deal of the workspace by its own name. Raises WrongUsage, or InputProblems where its file is wrong, or not the only one."""
    names = []
    texts = {path: read_text(path) for path in workspace.deal_files()}
    twice = [one for one in claimed_twice({str(path): text for path, text in texts.items()}) if f"`{name}`" in one.what]
    if twice:
        raise InputProblems(twice)
    for path, text in texts.items():
        deal, problems = load_deal(text, str(path), clauses_of(templates))
        if deal is not None and deal.name == name:
            return deal
        if deal is None and path.stem == name:
            raise InputProblems(problems)
        names.append(deal.name if deal else path.stem)
    raise WrongUsage(f"there is no deal `{name}` in deals/; there are {', '.join(names) or 'none'}")


def take(
    workspace: Workspace, text: str, file: str, received: date | None, templates: Mapping[str, Template], scribe: Scribe
) -> tuple[ServicerReport, list[Problem], bool]:
    """Take one report into the record: the report, its warnings, whether it is new; received today where the deal is, unless given.

    Raises:
        InputProblems: everything that is wrong with it.
    """
    deal, report, problems = _read(workspace, text, file, received, templates, scribe)
    _keep(workspace, report, text)
    with workspace.store.begin() as writer:
        return report, problems, bool(append(writer, deal_log(deal.name), [_draft(report)], scribe))


def _read(
    workspace: Workspace, text: str, file: str, received: date | None, templates: Mapping[str, Template], scribe: Scribe
) -> tuple[Deal, ServicerReport, list[Problem]]:
    """The deal that a report is of, the report and its warnings. Raises InputProblems: everything that is wrong with it."""
    name, problems = deal_of(text, file)
    if name is None:
        raise InputProblems(problems)
    deal = find_deal(workspace, name, templates)
    came = received or day_of(deal, scribe.at)
    events = read(workspace.store, deal_log(deal.name))
    on_record = {event.payload.as_of for event in events if isinstance(event.payload, ReportReceived)}
    report, problems = read_report(text, file, resolve(deal, came), came, on_record)
    if report is None:
        raise InputProblems(problems)
    return deal, report, problems


def intake(
    workspace: Workspace,
    path: Path,
    received: date | None,
    templates: Mapping[str, Template],
    scribe: Scribe,
    as_json: bool,
    preview: bool = False,
) -> int:
    """Take one servicer's report, or show what it would change of past dates; all of its problems at once where it cannot be taken."""
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    if preview:
        return _preview(workspace, path, received, templates, scribe, as_json)
    report, problems, recorded = take(workspace, read_text(path), str(path), received, templates, scribe)
    if as_json:
        warnings = [problem.as_json() for problem in problems]
        print_json({"deal": report.deal, "recorded": recorded, "report": report.model_dump(mode="json"), "warnings": warnings})
        return 0
    _say(report, problems, "taken" if recorded else "already on record")
    return 0


def _keep(workspace: Workspace, report: ServicerReport, text: str) -> None:
    place = workspace.inside("reports", report.deal, f"{report.period_end}-{report.sha256[:16]}{Path(report.document).suffix}")
    if not place.exists():
        write_whole(place, text.encode())


def _preview(
    workspace: Workspace, path: Path, received: date | None, templates: Mapping[str, Template], scribe: Scribe, as_json: bool
) -> int:
    deal, report, problems = _read(workspace, read_text(path), str(path), received, templates, scribe)
    log, new = deal_log(deal.name), _draft(report)
    with workspace.store.read() as reader:
        known = reader.body(log, new.key) is not None
    reached = [] if known else of_event(workspace, deal, imagined(new, scribe, log), templates)
    if as_json:
        said = {"recorded": False, "report": report.model_dump(mode="json"), "warnings": [problem.as_json() for problem in problems]}
        print_json({"deal": report.deal, **said, "changes": [reach_as_data(one) for one in reached]})
        return 0
    say_reach(reached)
    _say(report, problems, "already on record" if known else "not taken; without --preview it is")
    return 0


def _draft(report: ServicerReport) -> Draft:
    return Draft(
        kind="report received",
        subject=f"{report.period_end} {report.sha256[:16]}",
        effective_on=report.received,
        payload=as_received(report),
        inputs=(report.sha256,),
    )


def _say(report: ServicerReport, problems: list[Problem], state: str) -> None:
    say(f"{report.document}: {state}; {report.deal}, {report.period_start} to {report.period_end}, {len(report.figures)} figures")
    for problem in problems:
        say(f"warning: {problem.place.file}:{problem.place.line}:{problem.place.column}: {problem.what}; {problem.fix}")

"""`headroom intake` and `headroom act`: what people know and do, taken into the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from engine.commands.deals import clauses_of
from engine.commands.output import print_json, read_text, say
from engine.determination.report import ServicerReport, deal_of, read_report
from engine.determination.template import Template
from engine.errors import InputProblems, Problem, WrongUsage
from engine.market.archive import write_whole
from engine.record.draft import Draft
from engine.record.event import ReportReceived
from engine.record.log import Scribe, append, deal_log
from engine.terms.in_force import Deal, load_deal, resolve
from engine.thursday import today
from engine.workspace import Workspace


def find_deal(workspace: Workspace, name: str, templates: Mapping[str, Template]) -> Deal:
    """A deal of the workspace by its own name. Raises WrongUsage, or InputProblems where its file is wrong."""
    names = []
    for path in workspace.deal_files():
        deal, problems = load_deal(read_text(path), str(path), clauses_of(templates))
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
    name, problems = deal_of(text, file)
    if name is None:
        raise InputProblems(problems)
    deal = find_deal(workspace, name, templates)
    came = received or today(deal, scribe.at)
    report, problems = read_report(text, file, resolve(deal, came), came)
    if report is None:
        raise InputProblems(problems)
    _keep(workspace, report, text)
    return report, problems, _record(workspace, deal, report, scribe)


def intake(
    workspace: Workspace, path: Path, received: date | None, templates: Mapping[str, Template], scribe: Scribe, as_json: bool
) -> int:
    """Take one servicer's report; all of its problems at once where it cannot be taken."""
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    report, problems, recorded = take(workspace, read_text(path), str(path), received, templates, scribe)
    if as_json:
        warnings = [problem.as_json() for problem in problems]
        print_json({"deal": report.deal, "recorded": recorded, "report": report.model_dump(mode="json"), "warnings": warnings})
        return 0
    _say(report, problems, recorded)
    return 0


def _keep(workspace: Workspace, report: ServicerReport, text: str) -> None:
    place = workspace.root / "reports" / report.deal / f"{report.period_end}-{report.sha256[:16]}{Path(report.document).suffix}"
    if not place.exists():
        write_whole(place, text.encode())


def _record(workspace: Workspace, deal: Deal, report: ServicerReport, scribe: Scribe) -> bool:
    payload = ReportReceived(
        period_start=report.period_start,
        period_end=report.period_end,
        as_of=report.as_of,
        received=report.received,
        document=report.document,
        sha256=report.sha256,
        corrects=report.corrects,
        figures=report.figures,
        given=report.given,
        warnings=report.warnings,
    )
    draft = Draft(
        kind="report received",
        subject=f"{report.period_end} {report.sha256[:16]}",
        effective_on=report.received,
        payload=payload,
        inputs=(report.sha256,),
    )
    with workspace.store.begin() as writer:
        return bool(append(writer, deal_log(deal.name), [draft], scribe))


def _say(report: ServicerReport, problems: list[Problem], recorded: bool) -> None:
    state = "taken" if recorded else "already on record"
    say(f"{report.document}: {state}; {report.deal}, {report.period_start} to {report.period_end}, {len(report.figures)} figures")
    for problem in problems:
        say(f"warning: {problem.place.file}:{problem.place.line}:{problem.place.column}: {problem.what}; {problem.fix}")

"""`headroom intake`: what a servicer reports, taken into the record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.basics.errors import InputProblems, Problem, WrongUsage
from engine.basics.values import counted, listed
from engine.cli.output import print_json, say
from engine.cli.show.confirm import say_confirmed
from engine.cli.show.preview import say_reach
from engine.operations.intake import Intake, ReadReport, RefusedFile, Taken, TakenReply, files_of, passed_over
from engine.operations.report_entry import ReceiptProof
from engine.queries.preview import of_event, reach_as_data
from engine.queries.report_forms import LackingFigure, lacking

MOST_NAMED = 10
"""The most files of a folder that are named besides reports."""


def intake(
    desk: Intake,
    paths: Sequence[Path],
    received: str | None,
    as_json: bool,
    preview: bool = False,
    proof: ReceiptProof | None = None,
) -> int:
    """Take reports, or show what each would change of past dates; 1 if one of several was refused.

    Raises:
        InputProblems: everything that is wrong with the only one.
    """
    if preview:
        return _previews(desk, paths, received, as_json)
    reports = list(desk.take_all(paths, received, proof))
    # An empty folder is more likely a slip of the path than a week without reports.
    if not reports:
        raise WrongUsage("the folder does not hold a report")
    others = passed_over(paths)
    refused = [report for report in reports if isinstance(report, RefusedFile)]
    # A single file is refused like any command, while one of several must not hide the others' outcome.
    if refused and len(reports) == 1:
        raise InputProblems(refused[0].problems)
    if as_json:
        shown = [_as_json(report, desk) for report in reports]
        beside = {"passed_over": [str(path) for path in others]} if others else {}
        print_json({**(shown[0] if len(shown) == 1 else {"reports": shown}), **beside})
        return 1 if refused else 0
    for report in reports:
        if isinstance(report, Taken):
            _say(report, "taken" if report.recorded else "already on record")
            _say_lacking(_lacking(report.found, desk))
        elif isinstance(report, TakenReply):
            say_confirmed(report.deal, report.confirmed)
        else:
            _say_refused(report.path, report.problems)
    if len(reports) > 1:
        say(f"{counted(len(reports) - len(refused), 'reports')} taken, {len(refused)} refused")
    if others:
        names = listed([f"{path.name}/" if path.is_dir() else path.name for path in others[:MOST_NAMED]])
        more = f", and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        say(f"passed over, as no reports by their names: {names}{more}")
    return 1 if refused else 0


def _as_json(report: Taken | TakenReply | RefusedFile, desk: Intake) -> dict[str, Any]:
    lacks = (
        {"lacks": [figure.as_data() for figure in _lacking(report.found, desk)]}
        if isinstance(report, Taken)
        else {}
    )
    return {**report.as_data(), **lacks}


def _lacking(report: ReadReport | None, desk: Intake) -> tuple[LackingFigure, ...]:
    return () if report is None else lacking(report.report, report.older, report.deal, desk.templates)


def _say_lacking(lacks: Sequence[LackingFigure]) -> None:
    for lack in lacks:
        say(f"incomplete: {lack}")


def _previews(desk: Intake, paths: Sequence[Path], received: str | None, as_json: bool) -> int:
    files, shown, refused = list(files_of(paths)), list[dict[str, Any]](), 0
    for path in files:
        try:
            shown.append(_preview(desk, desk.read(desk.bytes_of(path), str(path), received), as_json))
        except InputProblems as wrong:
            # A single file is refused like any command, while one of several must not hide the others.
            if len(files) == 1:
                raise
            refused += 1
            shown.append(RefusedFile(path, tuple(wrong.problems)).as_data())
            if not as_json:
                _say_refused(path, wrong.problems)
    if as_json:
        print_json(shown[0] if len(shown) == 1 else {"reports": shown})
    return 1 if refused else 0


def _preview(desk: Intake, report: ReadReport, as_json: bool) -> dict[str, Any]:
    """Return what a report would change, said unless it is wanted as data."""
    # The very entry that would be recorded is imagined, so the preview counts it like the run.
    event = desk.imagined(report)
    reached = [] if event is None else of_event(desk.workspace, report.deal, event, desk.templates)
    lacks = _lacking(report, desk)
    if not as_json:
        say_reach(reached)
        _say(report, "already on record" if event is None else "not taken; without --preview it is")
        _say_lacking(lacks)
    head = {"deal": report.report.deal, "recorded": False, "lacks": [figure.as_data() for figure in lacks]}
    return {**head, **report.as_data(), "changes": [reach_as_data(reach) for reach in reached]}


def _say(taken: ReadReport | Taken, state: str) -> None:
    report = taken.report
    period, figures = f"{report.period_start} to {report.period_end}", counted(len(report.figures), "figures")
    say(f"{report.document}: {state}; {report.deal}, {period}, {figures}")
    entered = f", entered {report.keyed_at:%Y-%m-%d %H:%M}" if report.keyed_at else ""
    receipt = (
        f"{report.received_at:%Y-%m-%d %H:%M}"
        if report.received_at
        else f"{report.received}, by the end of the day"
    )
    say(f"received {receipt}{entered}")
    _say_problems(taken.warnings, "warning")


def _say_refused(path: Path, problems: Sequence[Problem]) -> None:
    say(f"{path}: refused")
    _say_problems(problems, "problem")


def _say_problems(problems: Sequence[Problem], kind: str) -> None:
    for problem in problems:
        say(f"{kind}: {problem.place.shown}: {problem.what}; {problem.fix or problem.why}")

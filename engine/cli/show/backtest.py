"""`headroom backtest` and `headroom diff`: what a deal would have done, and what an amendment changes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.basics.values import counted, printed_headroom
from engine.cli.output import print_json, say, shortened, table
from engine.foresight.backtest import TestRecord
from engine.queries import backtest_questions
from engine.queries.backtest_questions import AmendmentEffect, Backtest
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace

SHOWN = 40
"""Lines of differences that are printed; all of them stand in `--json`."""
RECORD_COLUMNS = (
    "test",
    "pass",
    "fail",
    "not determined",
    "decisive",
    "cured",
    "changes",
    "episodes of failure",
    "least headroom",
    "state at the end",
)


def backtest(
    workspace: Workspace,
    name: str,
    facts: Sequence[str],
    until: date,
    templates: Templates,
    as_json: bool,
    closed: date | None = None,
) -> int:
    """Print what a deal would have done over the workspace's published history; as if it had closed on another day, where one is named."""
    found = backtest_questions.backtest(workspace, name, facts, until, templates, closed)
    if as_json:
        print_json(found.as_data())
    else:
        _say_backtest(found)
    return 0


def _say_backtest(found: Backtest) -> None:
    if found.no_history is not None:
        say(found.no_history)
        return
    say(f"{found.deal}, {found.closed} to {found.until}, as written in {found.file}")
    if found.closed < found.written:
        say(f"The levels were chosen when this history was known, up to {found.written}: that they hold on it shows nothing of what comes.")
    say()
    say(table(RECORD_COLUMNS, [_test_row(one) for one in found.tests], right=(1, 2, 3, 4, 5, 6)))
    if found.triggers:
        say()
        rows = [(one.trigger, _spells(one.in_effect), str(one.false_alarms), f"{float(one.swept):,.2f}") for one in found.triggers]
        say(table(("trigger", "in effect", "released within 4 weeks", "swept, USD"), rows, right=(2, 3)))


def _test_row(one: TestRecord) -> tuple[str, ...]:
    room = printed_headroom(one.least_headroom) if one.least_headroom else "-"
    counts = (one.passed, one.failed, one.not_determined, one.decisive, one.cured, one.changes)
    return (one.test, *(str(count) for count in counts), _spells(one.episodes), room, one.last_state)


def _spells(spells: Sequence[tuple[date, date | None]]) -> str:
    shown = [f"{start} to {end or 'the end'}" for start, end in spells[:3]]
    more = [f"and {len(spells) - 3} more"] if len(spells) > 3 else []
    return ", ".join(shown + more) or "never"


def diff(
    workspace: Workspace | None, name: str, number: int, facts: Sequence[str], until: date, templates: Templates, as_json: bool
) -> int:
    """Print what an amendment changes: the terms, and over the history the results and states of each date."""
    effect = backtest_questions.amendment_effect(workspace, name, number, facts, until, templates)
    if as_json:
        print_json(effect.as_data())
        return 0
    say(f"{effect.deal}, amendment {number}: {counted(len(effect.terms), 'terms')}")
    rows = [(one.path, shortened(one.before, 50), shortened(one.after, 50), str(one.line)) for one in effect.terms]
    say(table(("term", "before", "with the amendment", "line"), rows, right=(3,)))
    say()
    if effect.not_compared is not None:
        say(effect.not_compared)
    else:
        _say_results(effect)
    return 0


def _say_results(effect: AmendmentEffect) -> None:
    changes = [one for one in effect.results if one.outcome]
    rest = len(effect.results) - len(changes)
    if not changes:
        alone = f" On {rest} the limit alone differs." if rest else ""
        say(f"No result or state up to {effect.until} would have been otherwise.{alone}")
        return
    say(f"Over the history up to {effect.until}, {len(changes)} results or states differ, and on {rest} the limit alone:")
    for one in changes[:SHOWN]:
        say(f"  {one.on}  {one.subject}")
        say(f"              old text: {one.before}")
        say(f"              new text: {one.after}")
    if len(changes) > SHOWN:
        say(f"  and {len(changes) - SHOWN} more; see --json")

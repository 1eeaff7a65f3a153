"""`headroom backtest` and `headroom diff`.

They print what a deal would have done, and what an amendment changes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.happenings import no_date, spells_words
from engine.basics.values import counted, printed_headroom
from engine.cli.foresight_files import refuse_ending, write_answer
from engine.cli.output import print_json, say, shortened, table
from engine.cli.show.stress import say_lacking
from engine.foresight.backtest import TestRecord, TriggerRecord
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
    workspace: Workspace | None,
    name: str,
    facts: Sequence[str],
    until: date,
    templates: Templates,
    as_json: bool,
    closed: date | None = None,
    history: Path | None = None,
    by_date: Path | None = None,
    between: str | None = None,
    into: Path | None = None,
    prepared: date | None = None,
) -> int:
    """Print what a deal would have done over a published history: the table's, or the workspace's.

    If `closed` names a day, the deal is taken to have closed on that day. With `into`, the answer is a file
    as well: a report or a workbook.

    Raises WrongUsage for another ending of the file, or where a report would have no history.
    """
    # A wrong ending is refused before the history is computed, which may take minutes.
    refuse_ending(into)
    answer = backtest_questions.backtest(
        workspace, name, facts, until, templates, closed, history, by_date, between
    )
    if into is not None:
        if answer.no_history is not None:
            raise WrongUsage(answer.no_history)
        day = prepared or answer.until
        write_answer(into, answer.draft, answer.given, day, lambda: {"backtest": answer.as_data()})
    if as_json:
        print_json(answer.as_data())
    else:
        _say_backtest(answer)
    return 0


def _say_backtest(answer: Backtest) -> None:
    if answer.no_history is not None:
        say(answer.no_history)
        return
    say(f"{answer.deal}, {answer.closed} to {answer.until}, as written in {answer.file}")
    say(f"Facts: {answer.given.described()}.")
    if answer.levels is not None:
        say(answer.levels)
    say()
    say(table(RECORD_COLUMNS, [_test_row(answer, test) for test in answer.tests], right=(1, 2, 3, 4, 5, 6)))
    if answer.triggers:
        say()
        rows = [
            (
                trigger.trigger,
                *_trigger_cells(trigger, answer.lacking.why(trigger.trigger)),
            )
            for trigger in answer.triggers
        ]
        say(table(("trigger", "in effect", "released within 4 weeks", "swept, USD"), rows, right=(2, 3)))
    say()
    say_lacking(answer.left_out, answer.undecided, answer.sooner)


def _test_row(answer: Backtest, record: TestRecord) -> tuple[str, ...]:
    room = printed_headroom(record.least_headroom) if record.least_headroom else "-"
    counts = (
        record.passed,
        record.failed,
        record.not_determined,
        record.decisive,
        record.cured,
        record.changes,
    )
    # "Never" is said only where the test was determined.
    when = spells_words(record.episodes) or no_date(answer.lacking.why(record.test))
    return (record.test, *(str(count) for count in counts), when, room, record.last_state)


def _trigger_cells(record: TriggerRecord, why: str | None) -> tuple[str, ...]:
    """Return what a trigger did; in each cell that nothing is known, if that is so."""
    spells = spells_words(record.in_effect)
    if why is not None and not spells:
        return (no_date(why),) * 3
    return spells or "never", str(record.false_alarms), record.swept.words()


def diff(
    workspace: Workspace | None,
    name: str,
    number: int,
    facts: Sequence[str],
    until: date,
    templates: Templates,
    as_json: bool,
) -> int:
    """Print what an amendment changes.

    It changes terms and, over the history, the results and states of dates.
    """
    effect = backtest_questions.amendment_effect(workspace, name, number, facts, until, templates)
    if as_json:
        print_json(effect.as_data())
        return 0
    say(f"{effect.deal}, amendment {number}: {counted(len(effect.terms), 'terms')}")
    rows = [
        (term.path, shortened(term.before, 50), shortened(term.after, 50), str(term.line))
        for term in effect.terms
    ]
    say(table(("term", "before", "with the amendment", "line"), rows, right=(3,)))
    say()
    # An empty list of differences would say that nothing changes, although nothing was compared.
    if effect.not_compared is not None:
        say(effect.not_compared)
    else:
        _say_results(effect)
        # What neither text determines is the same under both, and still nobody knows it.
        say_lacking(effect.left_out, {}, {})
    return 0


def _say_results(effect: AmendmentEffect) -> None:
    changes = [result for result in effect.results if result.outcome]
    rest = len(effect.results) - len(changes)
    if not changes:
        alone = f" On {rest} the limit alone differs." if rest else ""
        say(f"No result or state up to {effect.until} would have been otherwise.{alone}")
        return
    several = "result or state differs" if len(changes) == 1 else "results or states differ"
    say(f"Over the history up to {effect.until}, {len(changes)} {several}, and on {rest} the limit alone:")
    for change in changes[:SHOWN]:
        say(f"  {change.on}  {change.subject}")
        say(f"              old text: {change.before}")
        say(f"              new text: {change.after}")
    if len(changes) > SHOWN:
        say(f"  and {len(changes) - SHOWN} more; see --json")

"""`headroom import --series`, `announce` and `restate`.

They take an administrator's prints, and make further prints of our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.values import counted
from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.foresight.impact import Reach
from engine.operations.restate import Restatement, record_restatement, restatement
from engine.operations.series_intake import Announced, answers, asked_about
from engine.operations.series_intake import import_series as take_series
from engine.queries.preview import of_print, reach_as_data
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe


def import_series(
    workspace: Workspace,
    index: str,
    paths: Sequence[Path],
    scribe: Scribe,
    as_json: bool,
    whose: Sequence[str] = (),
    accept: Sequence[str] = (),
) -> int:
    """Record an administrator's rows, and return the exit code.

    The code is 1 if a row was not taken and somebody is asked.

    Args:
        workspace: where.
        index: the index.
        paths: the files.
        scribe: who records.
        as_json: whether to print JSON.
        whose: for rows of a day that is not a Publication Date whose they are, like `2026-11-25=2026-11-26`.
        accept: `unit-slip` where a step by a factor of 10, 100 or 1,000 is right.
    """
    taken = take_series(workspace, index, paths, scribe, answers(whose, accept))
    if as_json:
        print_json(taken.as_data())
    else:
        seen = f"; {taken.provisional} provisional, not final yet" if taken.provisional else ""
        say(f"{index}: {counted(taken.recorded, 'published values')} recorded{seen}")
        for finding in taken.findings:
            say(asked_about(finding))
        # A file of another form rests on settings, and its reader must see by which ones it was read.
        if taken.form is not None and taken.form.name != "headroom":
            say(
                f"read as {taken.form.name}, {taken.form.cadence}, {taken.form.unit}; licence: "
                f"{taken.form.licence}"
            )
    # A row that waits for an answer leaves its date without a value, so a script must notice.
    return 1 if taken.findings else 0


def show_announced(announced: Announced, as_json: bool) -> None:
    """Print an announcement as it stands on record."""
    if as_json:
        print_json(announced.as_data())
        return
    payload, state = announced.payload, "recorded" if announced.new else "already on record"
    source = f"{payload.document}; {payload.prepared_by}, approved by {payload.approved_by}"
    say(
        f"{payload.index}: {payload.what}, effective {payload.effective_on}: {payload.words} ({source}): "
        f"{state}"
    )


def restate(
    workspace: Workspace,
    series: str,
    publication: date,
    reason: str,
    record: bool,
    templates: Templates,
    scribe: Scribe,
    as_json: bool,
) -> int:
    """Compute a Publication Date again from the snapshots of today.

    The value is recorded as the date's next print if it differs. The first print stays beside it. A deal that
    accepts the new print is determined again by the next run. What that will change is said first, whether it
    is recorded or not.
    """
    again = restatement(workspace, series, publication, reason, scribe)
    # The reach is worked out before anything is recorded, because afterwards it would be empty.
    reached = of_print(workspace, again.event, templates) if again.event is not None else []
    recorded = record and record_restatement(workspace, again, scribe)
    if as_json:
        print_json({**again.as_data(recorded), "changes": [reach_as_data(reach) for reach in reached]})
        return 0
    _say_restatement(again, reached, record)
    return 0


def _say_restatement(again: Restatement, reached: Sequence[Reach], record: bool) -> None:
    was = again.before.payload.value["value"] or "no value"
    shown = (
        "the same" if again.event is None else f"{again.again.value or 'no value'}, print {again.again.print}"
    )
    say(
        f"{again.series} of {again.publication}: {was}, print {again.before.print}; from today's snapshots "
        f"{shown}"
    )
    if again.event is None:
        return
    say_reach(reached)
    after = "recorded; the next run determines again what rests on it"
    say(after if record else "not recorded; give --record to make it the next print")

"""`headroom import --series` and `headroom restate`: an administrator's prints, and further prints of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import read_text
from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.determination.template import Template
from engine.events.log_names import administered_series
from engine.market.administrator_series import read_series
from engine.market.methodology import current_version, load_methodology
from engine.operations.publish import restated
from engine.queries.preview import of_print, reach_as_data
from engine.record.log import Scribe, append, imagined, index_log, read
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace


def import_series(workspace: Workspace, index: str, paths: Sequence[Path], scribe: Scribe, as_json: bool) -> int:
    """Record each row as the first print of its Publication Date, or as the next print where it differs."""
    log = index_log(administered_series(index))
    zone = ZoneInfo(load_methodology(current_version()).zone)
    recorded = 0
    for path in paths:
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
        known = {event.effective_on: event.payload.value for event in read(workspace.store, log)}
        values, problems = read_series(read_text(path), str(path), index, known, scribe.at.astimezone(zone).date())
        if problems:
            raise InputProblems(problems)
        with workspace.store.begin() as writer:
            recorded += len(append(writer, log, [draft(value) for value in values], scribe))
    if as_json:
        print_json({"index": index, "recorded": recorded})
    else:
        say(f"{index}: {recorded} published values recorded")
    return 0


def restate(
    workspace: Workspace,
    series: str,
    publication: date,
    reason: str,
    record: bool,
    templates: Mapping[str, Template],
    scribe: Scribe,
    as_json: bool,
) -> int:
    """Compute a Publication Date again from the snapshots of today, and record it as its next print where it differs.

    The first print stays beside it; a deal that accepts the new one is determined again by the next run. What that will
    change is said first, whether it is recorded or not.
    """
    before, again = restated(workspace, series, publication)
    was = before.payload.value
    differs = (was["value"], tuple(was["inputs"])) != (None if again.value is None else str(again.value), again.inputs)
    log = index_log(series)
    reached = of_print(workspace, imagined(draft(again, reason), scribe, log), templates) if differs else []
    if differs and record:
        with workspace.store.begin() as writer:
            append(writer, log, [draft(again, reason)], scribe)
    if as_json:
        now = again.model_dump(mode="json")
        said = {"before": was, "now": now, "recorded": differs and record, "changes": [reach_as_data(one) for one in reached]}
        print_json({"series": series, "publication_date": str(publication), **said})
        return 0
    shown = "the same" if not differs else f"{again.value or 'no value'}, print {again.print}"
    say(f"{series} of {publication}: {was['value'] or 'no value'}, print {before.print}; from today's snapshots {shown}")
    if differs:
        say_reach(reached)
        say(
            "recorded; the next run determines again what rests on it"
            if record
            else "not recorded; give --record to make it the next print"
        )
    return 0

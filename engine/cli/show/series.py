"""`headroom import --series` and `headroom restate`: an administrator's prints, and further prints of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.determination.template import Template
from engine.events.market_events import IndexAnnounced
from engine.operations.publish import restated
from engine.operations.series_intake import announce as record_announcement
from engine.operations.series_intake import answers, asked_about
from engine.operations.series_intake import import_series as take_series
from engine.queries.preview import of_print, reach_as_data
from engine.record.log import Scribe, append, imagined, index_log
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace


def import_series(
    workspace: Workspace,
    index: str,
    paths: Sequence[Path],
    scribe: Scribe,
    as_json: bool,
    whose: Sequence[str] = (),
    accept: Sequence[str] = (),
) -> int:
    """Record an administrator's rows; returns the exit code: 1 where some row was not taken and somebody is asked.

    Args:
        workspace: where.
        index: the index.
        paths: the files.
        scribe: who records.
        as_json: whether to print JSON.
        whose: for rows of a day that is no Publication Date whose they are, like `2026-11-25=2026-11-26`.
        accept: `unit-slip` where a step by a factor of 10, 100 or 1,000 is right.
    """
    taken = take_series(workspace, index, paths, scribe, answers(whose, accept))
    asked = [{"what": one.what, "date": str(one.publication_date), "was": _text(one.was), "now": _text(one.now)} for one in taken.findings]
    if as_json:
        found = {"index": index, "recorded": taken.recorded, "provisional": taken.provisional, "findings": asked}
        print_json({**found, "form": taken.form.name if taken.form else None})
    else:
        seen = f"; {taken.provisional} provisional, not final yet" if taken.provisional else ""
        say(f"{index}: {taken.recorded} published values recorded{seen}")
        for one in taken.findings:
            say(asked_about(one))
        if taken.form is not None and taken.form.name != "headroom":
            say(f"read as {taken.form.name}, {taken.form.cadence}, {taken.form.unit}; licence: {taken.form.licence}")
    return 1 if taken.findings else 0


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def announce(
    workspace: Workspace,
    said: tuple[str, str, date, str | None, str],
    path: Path,
    persons: tuple[str, str],
    scribe: Scribe,
    as_json: bool,
) -> None:
    """Record an announcement and say so. Raises WrongUsage without its document, a second person or a known kind."""
    index, what, effective_on, version, words = said
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    payload = IndexAnnounced(
        index=index,
        what=what,
        effective_on=effective_on,
        version=version,
        words=words,
        document=path.name,
        document_sha256=sha256(path.read_bytes()).hexdigest(),
        prepared_by=persons[0],
        approved_by=persons[1],
    )
    new = record_announcement(workspace, payload, scribe)
    if as_json:
        print_json({"recorded": new, **payload.model_dump(mode="json")})
        return
    stands = "recorded" if new else "already on record"
    say(f"{index}: {what}, effective {effective_on}: {words} ({path.name}; {persons[0]}, approved by {persons[1]}): {stands}")


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

"""`headroom import` of snapshots and `headroom index`.

They print what enters the archive, and a week's value from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.values import counted
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.operations.snapshots import SnapshotsTaken
from engine.operations.snapshots import import_snapshots as take_snapshots
from engine.queries.index_weeks import IndexWeek, index_week
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe


def import_snapshots(
    workspace: Workspace, paths: Iterable[Path], scribe: Scribe, as_json: bool, accept: Sequence[str] = ()
) -> int:
    """Take snapshots into the archive; returns the exit code: 1 if some file was refused.

    Raises:
        WrongUsage: a path does not exist, or a name to accept is not one; then nothing is imported.
    """
    try:
        taken = take_snapshots(workspace, paths, scribe, accept, progress)
    finally:
        progress_done()
    _say_imported(taken, as_json)
    # A file that was refused leaves a hole in the week, so whoever runs this by a schedule must notice.
    return 1 if taken.refused else 0


def _say_imported(taken: SnapshotsTaken, as_json: bool) -> None:
    if as_json:
        print_json(taken.as_data())
        return
    days = sorted({s.day for s in taken.added})
    span = f" of {days[0]} to {days[-1]}" if days else ""
    say(
        f"{counted(len(taken.added), 'snapshots')} imported{span}; {taken.known} already known; "
        f"{len(taken.refused)} refused"
    )
    for file, said in taken.stated:
        say(f"{file}: {said}")
    for _, reason in taken.refused:
        say(f"refused: {reason}")


def show_index(
    workspace: Workspace,
    name: str,
    window_end: date,
    methodology: str,
    known_at: datetime | None,
    as_json: bool,
) -> None:
    """Compute one week's value and print it."""
    week = index_week(workspace, name, methodology, window_end, known_at)
    if as_json:
        print_json(week.as_data())
        return
    value, shadow = week.value, week.shadow
    shown = f"USD {value.value} per GPU-hour" if value.value is not None else "no value"
    say(
        f"{value.index}  {shown}  (Publication Date {value.publication_date}, window {value.window_start} "
        f"to {value.window_end})"
    )
    say(f"methodology {value.methodology}; {value.source}; not published by the administrator")
    if value.interval is not None and value.interval_width is not None:
        width = f"{float(value.interval_width) * 100:.1f}%"
        say(
            f"the methodology's 95% interval {value.interval.low} to {value.interval.high} ({width} of the "
            f"value), {value.interval.method}"
        )
    if value.seller_interval is not None:
        say(
            f"by sellers 95% interval {value.seller_interval.low} to {value.seller_interval.high}, "
            f"{value.seller_interval.method}"
        )
    elif value.seller_interval_why is not None:
        say(f"by sellers no interval: {value.seller_interval_why}")
    if shadow is not None:
        ends = f"{shadow['low']} to {shadow['high']}, which covers {float(shadow['covers']):.2%}"
        say(
            f"shadow rate, one seller one vote: {shadow['rate']} of {shadow['sellers']} sellers, {ends}; "
            f"{shadow['is']}"
        )
    for line in _dispersion(week):
        say(line)
    for line in (*_others(week), *_collections(week)):
        say(line)
    flag = "; ".join(value.low_confidence_reasons) if value.low_confidence else "no"
    say(f"Low Confidence: {flag}")
    say()
    say(
        table(
            ("day", "offers", "qualify", "counts", "kept", "removed by rule", "snapshot"),
            list(_days(week)),
            right=(1, 2, 4),
        )
    )


def _dispersion(week: IndexWeek) -> Iterator[str]:
    """Yield counts, spread, precision class and sellers of a week.

    Of a week without a value, only the counts come.
    """
    value = week.value
    sample = f"{counted(value.observations, 'observations')} on {counted(value.valid_days, 'valid days')}"
    if value.value is None:
        yield sample
        return
    deviation = "not defined for one observation" if value.stdev is None else value.stdev
    yield f"{sample}; min {value.min}, max {value.max}, mean {value.mean}, standard deviation {deviation}"
    yield (
        f"precision class by count {value.precision_class}; by measured width "
        f"{value.precision_class_measured}"
    )
    yield _sellers(week)


def _others(week: IndexWeek) -> Iterator[str]:
    """Yield what the other versions give from the same collections."""
    value = week.value
    if value.other_versions:
        given = "; ".join(
            f"{version}: {other if other is not None else 'no value'}"
            for version, other in value.other_versions.items()
        )
        yield f"other versions on the same collections, deciding nothing: {given}"


def _collections(week: IndexWeek) -> Iterator[str]:
    """Yield what other collections of the same days would give.

    The lines also say what of a day's collection is in doubt or could not be checked.
    """
    value = week.value
    span = value.collection_range
    if span is not None:
        none = "; some choices give no value" if span.perhaps_none else ""
        yield (
            f"{counted(span.days, 'days')} were collected several times: over all {span.choices:,} choices "
            f"of collections the value is {span.lowest} to {span.highest}{none}; this range enters no "
            "interval"
        )
    for day in value.days:
        if day.doubt is not None:
            yield f"{day.date}: {day.doubt}"
        if day.unchecked:
            yield f"{day.date}: the table has no cells for {', '.join(day.unchecked)}; taken as applied"


def _sellers(week: IndexWeek) -> str:
    value = week.value
    if value.hosts is None:
        # A table without hosts is not one host, and a share of it would be invented.
        return "hosts, machines and the largest host's share: not known; the rows name none"
    least = "at least " if value.hosts_at_least else ""
    machines = (
        "machines not known" if value.machines is None else f"{least}{counted(value.machines, 'machines')}"
    )
    basis = "; rows that name no host count as one" if value.hosts_at_least else ""
    return (
        f"{least}{counted(value.hosts, 'hosts')}, {machines}, largest host {value.largest_host_share} of "
        f"the observations{basis}"
    )


def _days(week: IndexWeek) -> Iterator[tuple[str, ...]]:
    value = week.value
    for day in value.days:
        removed = ", ".join(f"{rule} {count}" for rule, count in day.excluded.items()) or "-"
        cut = " (cut at the limit)" if day.truncated else ""
        yield (
            str(day.date),
            str(day.offers),
            str(day.qualifying),
            "yes" if day.counts else "no",
            str(day.kept),
            removed + cut,
            (day.snapshot or "none")[:16],
        )

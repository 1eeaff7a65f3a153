"""The trigger history and a series as CSV and JSON: what other systems and spreadsheets read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from engine.basics.errors import WrongUsage, dates_there
from engine.basics.inert import inert, one_line
from engine.basics.values import DECIMALS, Figure, Unit, rounded, trimmed
from engine.events.due_acts import Due
from engine.events.duty_words import duty_words
from engine.events.kinds import Counted, DeadlinePassed, Determined, Event, ObligationMoved, Tested
from engine.events.standing import withdrawn
from engine.queries.csv_tables import csv_of, in_a_cell
from engine.queries.due_dates import DatedDuty, deadlines
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

COLUMNS = (
    "seq",
    "effective_on",
    "recorded_at",
    "kind",
    "subject",
    "result",
    "measured",
    "limit",
    "headroom",
    "unit",
    "state",
    "by",
    "print",
    "leaf",
    "as_of",
)


FOLD = 73
"""The length in octets at which an iCalendar line is folded (RFC 5545 §3.1).

It is one less than allowed, for the leading space.
"""


def as_csv(events: Sequence[Event]) -> str:
    """Return the results, counts, deadlines and Obligations of a deal as CSV.

    Each event has a row. A spreadsheet reads the figures as numbers.
    """
    rows = []
    for event in events:
        row = _row(event)
        if row is not None:
            head = (event.seq, event.effective_on, event.recorded_at.isoformat(), event.kind, event.subject)
            as_of = event.payload.result.as_of if isinstance(event.payload, Tested) else None
            # A spreadsheet would run a text of a stranger's file that begins like a formula.
            rows.append([in_a_cell(cell) for cell in (*head, *row, event.print, event.leaf, as_of or "")])
    return csv_of(COLUMNS, rows, marked=True)


def _plain(figure: Figure | None) -> str:
    """Return a figure as a number alone, in the unit that stands beside it; shares and points in per cent."""
    if figure is None:
        return ""
    # Shares are kept as fractions of one, and readers of the file compare them with an agreement in per cent.
    scale = 100 if figure.unit in (Unit.SHARE, Unit.POINTS) else 1
    return f"{rounded(figure.value * scale, DECIMALS[figure.unit]):f}"


def _row(event: Event) -> tuple[str, ...] | None:
    """Return the cells of an event in the trigger history.

    The cells hold the result, the measured figure, the limit, the headroom, their unit, the state, and the
    last day of a cure. The function returns None for an event that is not a part of the trigger history.
    """
    match event.payload:
        case Tested(result=result, state=state):
            figures = (result.measured, result.limit, result.headroom)
            unit = result.measured.unit.value if result.measured else ""
            by = str(state.cure.by) if state.cure else ""
            return (result.verdict.value, *map(_plain, figures), unit, state.status.value, by)
        case Counted(state=state):
            count = state.count
            by = str(state.cure.by) if state.cure is not None else ""
            return (
                f"{count.count} of {count.needed}" if count else "",
                "",
                "",
                "",
                "",
                state.status.value,
                by,
            )
        case DeadlinePassed(state=state, deadline=deadline):
            return ("", "", "", "", "", state.status.value, str(deadline.by))
        case ObligationMoved(obligation=obligation):
            return ("", "", "", "", "", obligation.status, str(obligation.due.by))
        case _:
            return None


def as_calendar(deal: str, events: Sequence[Event]) -> str:
    """Return every deadline of a deal as an iCalendar file (RFC 5545).

    Past deadlines say what became of them (`notice.md`, Exports). A deadline keeps its UID if its last day
    moves, and its SEQUENCE grows. A deadline that a correction withdrew is CANCELLED. An open deadline has an
    alarm on the day before.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Headroom//Deadlines//EN", "CALSCALE:GREGORIAN"]
    stated: dict[str, list[DatedDuty]] = {}
    for duty in deadlines(events):
        stated.setdefault(_uid(deal, duty.due), []).append(duty)
    for uid, versions in stated.items():
        # A calendar program keeps one entry for each UID, so only the newest statement is written.
        newest = max(versions, key=lambda duty: duty.stated_at)
        lines += _entry(deal, uid, newest, len(versions) - 1, cancelled=False)
    for duty in _withdrawn_duties(events):
        uid = _uid(deal, duty.due)
        # A deadline that was stated again after its correction stands above, and must not be cancelled here.
        if uid not in stated:
            stated[uid] = [duty]
            lines += _entry(deal, uid, duty, 1, cancelled=True)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _withdrawn_duties(events: Sequence[Event]) -> Iterator[DatedDuty]:
    """Yield what only a determination stated that a correction withdrew, the newest statement first."""
    for event in reversed(withdrawn(events)):
        payload = event.payload
        for due in payload.due if isinstance(payload, Determined) else ():
            following, said = payload.next_determination_date, "withdrawn by a correction"
            yield DatedDuty(
                due, duty_words(due), event.effective_on, following, event.recorded_at, said, open=False
            )


def _uid(deal: str, due: Due) -> str:
    """Return what a deadline is told by: who owes what since when, whatever its last day."""
    # Two deliveries of one clause can be due from the same day, so who owes what is part of the UID.
    same = sha256(f"{due.who}|{due.thing}".encode()).hexdigest()[:8]
    # The day from which a deadline counts stays the same when a closing of the banks moves its last day.
    since = due.deadline.counted_from if due.deadline else due.by
    return f"{inert(deal)}-{since}-{due.act.replace(' ', '-')}-{inert(due.subject)}-{same}@headroom"


def _entry(deal: str, uid: str, duty: DatedDuty, sequence: int, cancelled: bool) -> list[str]:
    due = duty.due
    amount = f" ({trimmed(due.figure)})" if due.figure else ""
    rule = f"; {due.deadline.rule}, {due.deadline.calendar}" if due.deadline else ""
    summary = _escaped(f"{deal}: {due.who}: {duty.what}{amount}")
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", "TRIGGER:-P1D", "END:VALARM"]
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{sequence}",
        *(["STATUS:CANCELLED"] if cancelled else []),
        f"DTSTAMP:{duty.stated_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{due.by:%Y%m%d}",
        # The end of an iCalendar event lies outside the event (RFC 5545 §3.6.1).
        f"DTEND;VALUE=DATE:{due.by + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{summary}",
        f"DESCRIPTION:{_escaped(f'{due.cite}{rule}; {duty.outcome}')}",
        "TRANSP:TRANSPARENT",
        # An alarm for what is done, or cancelled, would teach people to pass over alarms.
        *(alarm if duty.outcome == "open" and not cancelled else []),
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    text = one_line(text)
    # The backslash comes first; otherwise those put before the other signs would be doubled.
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces that no reader cuts: at most 75 octets, each further one after a space."""
    raw, first = line, True
    while raw:
        size = FOLD + first
        piece = raw[:size]
        # The limit counts octets, and a fold must not fall inside a character.
        while len(piece.encode()) > size:
            piece = piece[:-1]
        yield piece if first else f" {piece}"
        raw, first = raw[len(piece) :], False


SERIES_FIGURES = (
    "value",
    "low_confidence",
    "observations",
    "valid_days",
    "hosts",
    "min",
    "max",
    "mean",
    "stdev",
)


SERIES_COLUMNS = (
    *("publication_date", "print", "published_on", *SERIES_FIGURES, "low_confidence_reasons"),
    *("interval_low", "interval_high", "methodology_version", "leaf"),
)
"""The columns of an exported series (WP §5.7).

The columns that an import needs are among them, under the same names.
"""


def _series_row(event: Event) -> tuple[Any, ...]:
    value = event.payload.value
    ends = value.get("interval") or {}
    figures = tuple(value.get(name) for name in SERIES_FIGURES)
    reasons = "; ".join(value.get("low_confidence_reasons") or ())
    # A Restatement became public when it was recorded, and not on the date that it restates.
    public = event.effective_on if event.print == 1 else event.recorded_at.date()
    which = (str(event.effective_on), event.print, value.get("published_on") or str(public))
    return (*which, *figures, reasons, ends.get("low"), ends.get("high"), value["methodology"], event.leaf)


@dataclass(frozen=True, slots=True)
class PublishedWeek:
    """A recorded week for its page.

    It holds every week up to it, the time at which its newest print was recorded, and the first print if
    there are several.
    """

    weeks: tuple[Mapping[str, Any], ...]
    recorded_at: datetime
    first: Mapping[str, Any] | None


def published_week(workspace: Workspace, series: str, publication: date) -> PublishedWeek:
    """Return what the page of a recorded week shows.

    Raises WrongUsage for a date without a publication, naming those near it.
    """
    prints: dict[date, list[Event]] = {}
    for event in on_record(workspace, series):
        prints.setdefault(event.effective_on, []).append(event)
    if publication not in prints:
        raise WrongUsage(
            f"{series} has no publication of {publication}; of its dates {dates_there(prints, publication)}"
        )
    # Weeks after the published one are left out: the page shows what its reader could know.
    weeks = tuple(prints[day][-1].payload.value for day in sorted(prints) if day <= publication)
    first = prints[publication][0].payload.value if len(prints[publication]) > 1 else None
    return PublishedWeek(weeks, prints[publication][-1].recorded_at, first)


def series_rows(workspace: Workspace, series: str) -> list[tuple[Any, ...]]:
    """Return every print of a series, in the order of `SERIES_COLUMNS`."""
    return [_series_row(event) for event in on_record(workspace, series)]


def series_csv(rows: Sequence[Sequence[Any]]) -> str:
    """Return the rows of a series as CSV with their head."""
    return csv_of(SERIES_COLUMNS, rows)


def series_json(rows: Sequence[Sequence[Any]]) -> str:
    """Return the rows of a series as JSON."""
    return json.dumps([dict(zip(SERIES_COLUMNS, row, strict=True)) for row in rows], indent=2) + "\n"

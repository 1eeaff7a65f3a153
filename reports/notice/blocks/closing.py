"""Dates, notices owed and given, certification, distribution and proof (`notice.md`, blocks 5, 11, 12 and 13)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from engine.events.deal_adopted import DutyFacts
from engine.events.due_acts import Due
from engine.events.duty_words import due_words
from engine.events.kinds import ActRecorded, Determined, NoticeIssued
from engine.events.notice import notice_file_name, notice_given
from reports.formats import NONE, calendar, eights, listed, long_date, role, sentence, short_date, short_engine, table_date, with_dates
from reports.notice import log_lookup as log
from reports.notice.blocks.withdrawn import rests_on_withdrawn
from reports.notice.delivery_words import became
from reports.notice.due_sentences import deadline_mark, due_act
from reports.notice.view import AGENTS, Brief, party_names

GIVEN = 3
"""Notices before this one that are listed."""
DETAILED = 4
"""Calendars beside the deal's own that a table can compare."""
KINDS = {
    "compliance": "Compliance Notice",
    "trigger_event": "Trigger Event Notice",
    "test_failed": "Failed Test Notice",
    "event_of_default": "Event of Default Notice",
    "cure": "Cure Notice",
    "correction": "Correction Notice",
    "not_evaluated": "Notice of a Date Not Evaluated",
}
"""What each kind of document is called where a party owes it."""


def called(kind: str, duty: DutyFacts | None) -> str:
    """What a document is called: a report where nobody owes it (`rulings.md` 34); a correction is a Correction Notice (25, 29)."""
    name = KINDS.get(kind, kind)
    return name if duty is not None or kind == "correction" else name.replace("Notice", "Report")


# ---- dates --------------------------------------------------------------------------------------------------------


def dates(found: Brief) -> dict[str, Any]:
    """Every deadline with the event, the rule and the calendar that made it; the days of the next one."""
    owed = found.determined.due if found.determined else ()
    calendars = sorted({other.calendar for one in owed for other in one.elsewhere})[:DETAILED]
    rows = [_deadline(found, one, calendars) for one in owed]
    return {
        "rows": rows,
        "calendars": [calendar(key) for key in calendars],
        "note": _dates_note(found),
        "strip": _strip(found),
        "strip_title": _strip_title(found),
        "strip_alt": _strip_alt(found),
    }


def _deadline(found: Brief, one: Due, calendars: list[str]) -> dict[str, Any]:
    last = one.deadline
    others = {other.calendar: table_date(other.by) for other in one.elsewhere}
    mark = deadline_mark(one)
    deposit = one.act == "pay into reserve"
    return {
        "what": due_act(one, found.title, found.trigger_title).removesuffix(", by one of:").removesuffix("; all tests are run again"),
        "from": table_date(last.counted_from) if last else NONE,
        "rule": f"{last.rule}, {last.calendar}, {one.cite}" if last else f"the next Payment Date, {one.cite}" if deposit else one.cite,
        "due": table_date(one.by) + (f", {mark}" if mark else ""),
        "others": [others.get(key, "same" if last else NONE) for key in calendars],
        "urgent": one.urgent,
    }


def _dates_note(found: Brief) -> str:
    day = found.determined
    if day is None:
        return f"Determination Date: {long_date(found.inputs.on)}."
    window = f"Calculation Window: {table_date(day.window_start)} to {table_date(day.window_end)}. "
    return (
        f"Publication Date: {long_date(day.publication_date)}. {window}Determination Date: {long_date(found.inputs.on)}. "
        f"Next Publication Date: {table_date(day.next_publication_date)}, next Determination Date: "
        f"{table_date(day.next_determination_date)}. Business Days: {day.calendar}, counted from the day after the event."
    )


def _strip_title(found: Brief) -> str:
    day = found.determined
    if day is None or not day.strip:
        return ""
    first, last = day.strip[0].day, day.strip[-1].day
    for one in day.due:
        if one.facts is not None and one.act in ("cure", "deliver") and one.deadline is not None:
            rule = one.deadline
            if (rule.counted_from + timedelta(days=1), rule.by) == (first, last):
                return sentence(with_dates(f"{due_words(one)}: {rule.rule}, {rule.calendar}"))
    return sentence(with_dates(day.strip_title)) if day.strip_title else ""


def _strip(found: Brief) -> list[dict[str, Any]]:
    """The calendar days up to the next urgent deadline, each with its Business Day number or the reason for its absence."""
    days = found.determined.strip if found.determined else ()
    width = 1740 / len(days) if days else 0
    drawn = []
    for n, one in enumerate(days):
        first = n == 0 or one.day.day == 1
        drawn.append(
            {
                "x": round(n * width, 1),
                "w": round(width, 1),
                "month": f"{one.day:%B %Y}" if first and (n == 0 or (len(days) - n) * width > 240) else "",
                "weekday": f"{one.day:%a}" if width > 84 else f"{one.day:%a}"[:1],
                "day": one.day.day,
                "number": one.number,
                "words": [] if one.number or one.why in (None, "weekend", "Saturday", "Sunday") else _short_words(one.why or "", width),
                "closed": one.number is None,
                "last": n == len(days) - 1,
                "today": one.day == found.inputs.on,
            }
        )
    return drawn


def _short_words(why: str, width: float) -> list[str]:
    """A holiday's name in up to three lines, where a day is wide enough for words."""
    return [word[:9] for word in why.split()[:3]] if width > 84 else ["H"]


def _strip_alt(found: Brief) -> str:
    days = found.determined.strip if found.determined else ()
    if not days:
        return ""
    closed = [f"{table_date(one.day)} {one.why}" for one in days if one.why and one.day.weekday() < 5]
    total = next((one.number for one in reversed(days) if one.number), 0)
    return (
        f"{len(days)} calendar days to {table_date(days[-1].day)}, {total} of them Business Days"
        + (f"; closed: {listed(closed)}" if closed else "")
        + (". The mark stands on this date." if any(one.day == found.inputs.on for one in days) else ".")
    )


# ---- notices ------------------------------------------------------------------------------------------------------


def duties(found: Brief) -> dict[str, Any]:
    """Notices given so far, this one, and those that the date makes somebody owe."""
    numbers = log.issued(found.past)
    given = [_given(found, day, one) for day, one in numbers[-GIVEN:] if one.number != found.inputs.number]
    earlier = max(len(numbers) - len(given), 0)
    this = {
        "number": str(found.inputs.number),
        "what": f"This document: {called(found.inputs.kind, found.duty)}",
        "to": _to(found.duty),
        "due": _within(found.duty),
        "evidence": "not yet known at issue",
    }
    owed = [
        {
            "number": NONE,
            "what": due_act(one, found.title, found.trigger_title),
            "to": party_names(one.to) if one.to else NONE,
            "due": table_date(one.by),
            "evidence": "not yet known at issue",
        }
        for one in (found.determined.due if found.determined else ())
        if one.act == "notify"
    ]
    note = f"Of the notices before this one the newest {len(given)} are listed; the log has them all, {len(numbers)}." if earlier else ""
    return {"rows": [*given, this, *owed], "note": note}


def _given(found: Brief, day: date, one: NoticeIssued) -> dict[str, str]:
    acts = notice_given(log.acts(found.past), one.number, *_about(found, day, one))
    evidence = "; ".join(dict.fromkeys(map(_evidence, acts))) or became(found.past, one.number)
    withdrawn = rests_on_withdrawn(found).get(one.number)
    evidence += f"; rests on what was withdrawn by No. {withdrawn}" if withdrawn is not None else ""
    duty = next((d for d in found.deal.duties if d.kind == one.kind), None)
    return {
        "number": str(one.number),
        "what": f"{called(one.kind, duty)} of {short_date(day)}",
        "to": _to(duty),
        "due": _was_due(found, day, one, duty),
        "evidence": evidence,
    }


def _evidence(act: ActRecorded) -> str:
    """What an Act says of a notice: given to whom, or released by whom."""
    said = "given" if act.act == "notice given" else "released"
    to = f" to {party_names(tuple(act.details['to'].split('; ')))}" if act.details.get("to") else ""
    return f"{said} {short_date(act.effective_on)}{to}" + (f", {act.document}" if act.document else "")


def _about(found: Brief, day: date, one: NoticeIssued) -> tuple[str, str | None, date]:
    """What a notice is of: its kind, its clause, None for one about a whole date, and its date."""
    events = found.past.of("notice issued")
    label = next(event.subject for event in events if event.payload.number == one.number)
    return one.kind, label.removeprefix(one.kind).removeprefix("-") or None, day


def _was_due(found: Brief, day: date, one: NoticeIssued, duty: DutyFacts | None) -> str:
    """The last day for a notice issued before, as its own date made it due."""
    if duty is None:
        return NONE
    if duty.within is None:
        return table_date(day)
    days = [
        event.payload.due for event in found.past.of("determined") if event.effective_on == day and isinstance(event.payload, Determined)
    ]
    by = [owed.by for due in days for owed in due if owed.act == "notify" and (owed.notice, owed.of) == (one.kind, day)]
    return table_date(by[0]) if by else NONE


def _to(duty: DutyFacts | None) -> str:
    return party_names(duty.to) if duty else "no party owes it"


def _within(duty: DutyFacts | None) -> str:
    if duty is None:
        return NONE
    return f"within {duty.within}" if duty.within else "on the date"


# ---- certification ------------------------------------------------------------------------------------------------


def certification(found: Brief) -> dict[str, Any]:
    """The officer's statement, its blanks never filled in; a reservation only in an agent's or trustee's document (rulings 34)."""
    duty = found.duty
    giver = duty.given_by if duty else "servicer"
    day = found.determined
    made = f"that the Servicer’s figures in this document agree with {_report(day)}" if day and day.report else WITHOUT
    said = [
        f"The undersigned, an authorized officer of the {role(giver)}, states {made}, and that, to the officer’s knowledge after due "
        "inquiry, no Default or Event of Default exists that this document does not state.",
        "This document states computed results. It is not a determination of Default, nor an election, waiver or consent by any party."
        + (" All rights of the Administrative Agent, the Trustee and the holders are reserved." if giver in AGENTS else ""),
    ]
    return {"paragraphs": said, "blanks": ["Prepared by", "Checked by", "Signature", f"For the {role(giver)}: name, title, date"]}


WITHOUT = "that this document was made without a Servicer’s report"


def _report(day: Determined) -> str:
    """The report that served, by its own name."""
    text = with_dates(day.report_text)
    return f"the {text}" if text.startswith("Servicer") else f"the report {text}"


# ---- distribution and proof ---------------------------------------------------------------------------------------


def proof(found: Brief) -> dict[str, Any]:
    """Addressees, what the log held at issue, what is attached, how to verify."""
    event = _stated(found)
    rows = [
        {"name": "To", "text": _addressees(found), "hash": ""},
        {"name": "Log head", "hash": eights(found.inputs.log_head), "text": f"{found.inputs.log_size:,} entries at issue"},
    ]
    if event is not None and event.leaf:
        rows.append(
            {
                "name": "This document states",
                "hash": eights(event.leaf),
                "text": f"leaf of entry {event.seq}, {STATED[event.kind]} of {short_date(event.effective_on)}",
            }
        )
    rows.append({"name": "Deal file, SHA-256", "hash": eights(found.deal.file_sha256), "text": ""})
    attached = listed(sorted(found.inputs.attachments)) or "nothing"
    made = f"Made by {short_engine(event.engine)}, recorded by {event.actor}." if event is not None else ""
    rows.append({"name": "Attached", "hash": "", "text": f"{attached}. {made}"})
    return {"rows": rows, "command": f"headroom verify {notice_file_name(found.inputs)} --policy trustee.toml", "how": HOW}


HOW = (
    "It recomputes index, ratios and results from the attached files and compares them with this text. Keys come from your policy "
    "file, never from this PDF. Without a trustee’s cosignature or a time stamp the time is asserted by the operator; an unsigned "
    "copy is reported as “appearance not bound”. Whether this document was superseded stands in the log, not here."
)


STATED = {"determined": "the determination", "not evaluated": "the record that nothing was evaluated"}
"""What an event that a document states is called."""


def _stated(found: Brief) -> Any:
    """The event that the document states."""
    if found.inputs.kind == "not_evaluated":
        events = found.past.of("not evaluated")
        return events[-1] if events else None
    return log.determined(found.past)


def _addressees(found: Brief) -> str:
    duty = found.duty
    if duty is None:
        return "no addressee: this is a report, and no party owes it under the deal file"
    people = [found.party(one) for one in duty.to]
    return "; ".join(f"{role(one.role)}, {one.notices}" for one in people if one is not None) or party_names(duty.to)

"""The blocks that close a notice (`notice.md`, blocks 5, 11, 12 and 13).

They are dates, notices owed and given, certification, distribution and proof.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from engine.basics.values import counted
from engine.events.deal_adopted import DutyFacts
from engine.events.due_acts import Due
from engine.events.duty_words import due_words
from engine.events.kinds import ActRecorded, Determined, NoticeIssued
from engine.events.notice import notice_file_name, notice_given
from reports.formats import (
    NONE,
    eights,
    in_plain,
    listed,
    long_date,
    role,
    sentence,
    short_date,
    short_engine,
    table_date,
    with_dates,
)
from reports.notice import log_lookup as log
from reports.notice.blocks.calendar_changes import calendar_words
from reports.notice.blocks.withdrawn import rests_on_withdrawn
from reports.notice.delivery_words import became
from reports.notice.due_sentences import deadline_mark, due_act
from reports.notice.view import AGENTS, Brief, date_of, party_names

GIVEN = 3
"""Notices before this one that are listed."""
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
    """Return what a document is called.

    It is a report if nobody owes it (`rulings.md` 34). A correction is a Correction Notice (25, 29).
    """
    return document(kind, owed=duty is not None)


def document(kind: str, owed: bool) -> str:
    """Return what a document of a kind is called: a notice if a party owes it, and a report otherwise."""
    name = KINDS.get(kind, kind)
    return name if owed or kind == "correction" else name.replace("Notice", "Report")


# ---- dates
# --------------------------------------------------------------------------------------------------------


def dates(brief: Brief) -> dict[str, Any]:
    """Return every deadline with the event, the rule and the calendar that made it.

    The days of the next deadline come too.
    """
    owed = brief.determined.due if brief.determined else ()
    rows = [_deadline(brief, duty) for duty in owed]
    return {
        "rows": rows,
        "note": " ".join(filter(None, (_dates_note(brief), calendar_words(brief, owed)))),
        "strip": _strip(brief),
        "strip_title": _strip_title(brief),
        "strip_alt": _strip_alt(brief),
    }


def _deadline(brief: Brief, deadline: Due) -> dict[str, Any]:
    last = deadline.deadline
    mark = deadline_mark(deadline)
    deposit = deadline.act == "pay into reserve"
    return {
        "what": due_act(deadline, brief.title, brief.trigger_title)
        .removesuffix(", by one of:")
        .removesuffix("; all tests are run again"),
        "from": table_date(last.counted_from) if last else NONE,
        "rule": f"{last.rule}, {last.calendar}, {deadline.cite}"
        if last
        else f"the next Payment Date, {deadline.cite}"
        if deposit
        else deadline.cite,
        "due": table_date(deadline.by) + (f", {mark}" if mark else ""),
        "urgent": deadline.urgent,
    }


def _dates_note(brief: Brief) -> str:
    day = brief.determined
    if day is None:
        return f"Determination Date: {date_of(brief)}."
    window = f"Calculation Window: {table_date(day.window_start)} to {table_date(day.window_end)}. "
    return (
        f"Publication Date: {long_date(day.publication_date)}. {window}Determination Date: "
        f"{date_of(brief)}. Next Publication Date: {table_date(day.next_publication_date)}, next "
        f"Determination Date: {table_date(day.next_determination_date)}. Business Days: {day.calendar}, "
        "counted from the day after the event."
    )


def _strip_title(brief: Brief) -> str:
    day = brief.determined
    if day is None or not day.strip:
        return ""
    first, last = day.strip[0].day, day.strip[-1].day
    for duty in day.due:
        if duty.facts is not None and duty.act in ("cure", "deliver") and duty.deadline is not None:
            rule = duty.deadline
            if (rule.counted_from + timedelta(days=1), rule.by) == (first, last):
                return sentence(with_dates(f"{in_plain(due_words(duty))}: {rule.rule}, {rule.calendar}"))
    return sentence(with_dates(day.strip_title)) if day.strip_title else ""


def _strip(brief: Brief) -> list[dict[str, Any]]:
    """Return the calendar days up to the next urgent deadline.

    Each day has its Business Day number, or the reason why it has no number.
    """
    days = brief.determined.strip if brief.determined else ()
    width = 1740 / len(days) if days else 0
    drawn = []
    for n, day in enumerate(days):
        first = n == 0 or day.day.day == 1
        drawn.append(
            {
                "x": round(n * width, 1),
                "w": round(width, 1),
                "month": f"{day.day:%B %Y}" if first and (n == 0 or (len(days) - n) * width > 240) else "",
                "weekday": f"{day.day:%a}" if width > 84 else f"{day.day:%a}"[:1],
                "day": day.day.day,
                "number": day.number,
                "words": []
                if day.number or day.why in (None, "weekend", "Saturday", "Sunday")
                else _short_words(day.why or "", width),
                "closed": day.number is None,
                "last": n == len(days) - 1,
                "today": day.day == brief.inputs.on,
            }
        )
    return drawn


def _short_words(why: str, width: float) -> list[str]:
    """Return a holiday's name in up to three lines, if a day is wide enough for words."""
    return [word[:9] for word in why.split()[:3]] if width > 84 else ["H"]


def _strip_alt(brief: Brief) -> str:
    days = brief.determined.strip if brief.determined else ()
    if not days:
        return ""
    # Nobody asks why a weekend is closed; a holiday on a weekday has to be named.
    closed = [f"{table_date(day.day)} {day.why}" for day in days if day.why and day.day.weekday() < 5]
    total = next((day.number for day in reversed(days) if day.number), 0)
    return (
        f"{counted(len(days), 'calendar days')} to {table_date(days[-1].day)}, {total} of them Business Days"
        + (f"; closed: {listed(closed)}" if closed else "")
        + (". The mark stands on this date." if any(day.day == brief.inputs.on for day in days) else ".")
    )


# ---- notices
# ------------------------------------------------------------------------------------------------------


def duties(brief: Brief) -> dict[str, Any]:
    """Return notices given so far, this one, and those that the date makes somebody owe."""
    numbers = log.issued(brief.past)
    given = [_given(brief, day, one) for day, one in numbers[-GIVEN:] if one.number != brief.inputs.number]
    earlier = max(len(numbers) - len(given), 0)
    this = {
        "number": str(brief.inputs.number),
        "what": f"This document: {called(brief.inputs.kind, brief.duty)}",
        "to": _to(brief.duty),
        "due": _within(brief.duty),
        "evidence": "not yet known at issue",
    }
    owed = [
        {
            "number": NONE,
            "what": due_act(duty, brief.title, brief.trigger_title),
            "to": party_names(duty.to) if duty.to else NONE,
            "due": table_date(duty.by),
            "evidence": "not yet known at issue",
        }
        for duty in (brief.determined.due if brief.determined else ())
        if duty.act == "notify"
    ]
    note = (
        f"Of the notices before this one the newest {len(given)} are listed; the log has them all, "
        f"{len(numbers)}."
        if earlier
        else ""
    )
    return {"rows": [*given, this, *owed], "note": note}


def _given(brief: Brief, day: date, notice: NoticeIssued) -> dict[str, str]:
    acts = notice_given(log.acts(brief.past), notice.number, *_about(brief, day, notice))
    evidence = "; ".join(dict.fromkeys(map(_evidence, acts))) or became(brief.past, notice.number)
    withdrawn = rests_on_withdrawn(brief).get(notice.number)
    evidence += f"; rests on what was withdrawn by No. {withdrawn}" if withdrawn is not None else ""
    duty = next((d for d in brief.deal.duties if d.kind == notice.kind), None)
    return {
        "number": str(notice.number),
        "what": f"{called(notice.kind, duty)} of {short_date(day)}",
        "to": _to(duty),
        "due": _was_due(brief, day, notice, duty),
        "evidence": evidence,
    }


def _evidence(act: ActRecorded) -> str:
    """Return what an Act says of a notice: given to whom, or released by whom."""
    said = "given" if act.act == "notice given" else "released"
    to = f" to {party_names(tuple(act.details['to'].split('; ')))}" if act.details.get("to") else ""
    return f"{said} {short_date(act.effective_on)}{to}" + (f", {act.document}" if act.document else "")


def _about(brief: Brief, day: date, notice: NoticeIssued) -> tuple[str, str | None, date]:
    """Return what a notice is of: its kind, its clause, None for one about a whole date, and its date."""
    events = brief.past.of("notice issued")
    label = next(event.subject for event in events if event.payload.number == notice.number)
    return notice.kind, label.removeprefix(notice.kind).removeprefix("-") or None, day


def _was_due(brief: Brief, day: date, notice: NoticeIssued, duty: DutyFacts | None) -> str:
    """Return the last day for a notice issued before, as its own date made it due."""
    if duty is None:
        return NONE
    if duty.within is None:
        return table_date(day)
    days = [
        event.payload.due
        for event in brief.past.of("determined")
        if event.effective_on == day and isinstance(event.payload, Determined)
    ]
    by = [
        owed.by
        for due in days
        for owed in due
        if owed.act == "notify" and (owed.notice, owed.of) == (notice.kind, day)
    ]
    return table_date(by[0]) if by else NONE


def _to(duty: DutyFacts | None) -> str:
    return party_names(duty.to) if duty else "no party owes it"


def _within(duty: DutyFacts | None) -> str:
    if duty is None:
        return NONE
    return f"within {duty.within}" if duty.within else "on the date"


# ---- certification
# ------------------------------------------------------------------------------------------------


def certification(brief: Brief) -> dict[str, Any]:
    """Return the officer's statement, with its blanks never filled in.

    Only an agent's or a trustee's document has a reservation of rights (rulings 34).
    """
    duty = brief.duty
    giver = duty.given_by if duty else "servicer"
    day = brief.determined
    made = (
        f"that the Servicer’s figures in this document agree with {_report(day)}"
        if day and day.report
        else WITHOUT
    )
    said = [
        f"The undersigned, an authorized officer of the {role(giver)}, states {made}, and that, to the "
        "officer’s knowledge after due inquiry, no Default or Event of Default exists that this document "
        "does not state.",
        (
            "This document states computed results. It is not a determination of Default, nor an election, "
            "waiver or consent by any party."
        )
        + (
            " All rights of the Administrative Agent, the Trustee and the holders are reserved."
            if giver in AGENTS
            else ""
        ),
    ]
    return {
        "paragraphs": said,
        "blanks": ["Prepared by", "Checked by", "Signature", f"For the {role(giver)}: name, title, date"],
    }


WITHOUT = "that this document was made without a Servicer’s report"


def _report(day: Determined) -> str:
    """Return the report that served, by its own name."""
    text = with_dates(day.report_text)
    return f"the {text}" if text.startswith("Servicer") else f"the report {text}"


# ---- distribution and proof
# ---------------------------------------------------------------------------------------


def proof(brief: Brief) -> dict[str, Any]:
    """Return addressees, what the log held at issue, what is attached, how to verify."""
    event = _stated(brief)
    rows = [
        {"name": "To", "text": _addressees(brief), "hash": ""},
        {
            "name": "Log head",
            "hash": eights(brief.inputs.log_head),
            "text": f"{counted(brief.inputs.log_size, 'entries')} at issue",
        },
    ]
    if event is not None and event.leaf:
        rows.append(
            {
                "name": "This document states",
                "hash": eights(event.leaf),
                "text": f"leaf of entry {event.seq}, {STATED[event.kind]} of "
                f"{short_date(event.effective_on)}",
            }
        )
    rows.append({"name": "Deal file, SHA-256", "hash": eights(brief.deal.file_sha256), "text": ""})
    attached = listed(sorted(brief.inputs.attachments)) or "nothing"
    made = f"Made by {short_engine(event.engine)}, recorded by {event.actor}." if event is not None else ""
    rows.append({"name": "Attached", "hash": "", "text": f"{attached}. {made}"})
    return {
        "rows": rows,
        "command": f"headroom verify {notice_file_name(brief.inputs)} --policy trustee.toml",
        "how": HOW,
    }


HOW = (
    "It recomputes index, ratios and results from the attached files and compares them with this text. Keys "
    "come from your policy file, never from this PDF. Without a trustee’s cosignature or a time stamp the "
    "time is asserted by the operator; an unsigned copy is reported as “appearance not bound”. Whether this "
    "document was superseded stands in the log, not here."
)


STATED = {"determined": "the determination", "not evaluated": "the record that nothing was evaluated"}
"""What an event that a document states is called."""


def _stated(brief: Brief) -> Any:
    """Return the event that the document states."""
    if brief.inputs.kind == "not_evaluated":
        events = brief.past.of("not evaluated")
        return events[-1] if events else None
    return log.determined(brief.past)


def _addressees(brief: Brief) -> str:
    duty = brief.duty
    if duty is None:
        return "no addressee: this is a report, and no party owes it under the deal file"
    people = [brief.party(one) for one in duty.to]
    return "; ".join(
        f"{role(person.role)}, {person.notices}" for person in people if person is not None
    ) or party_names(duty.to)

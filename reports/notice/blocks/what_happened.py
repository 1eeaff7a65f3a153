"""The first blocks of an event notice: what happened, how it ends, and how the other tests stand."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.events.kinds import Correction, Counted, Event, NotEvaluated, Tested
from engine.events.states import Limb, TestStatus, TriggerState, TriggerStatus
from reports.formats import (
    NONE,
    apart,
    figure,
    interval,
    listed,
    short_date,
    signed,
    table_date,
    whole,
    with_dates,
)
from reports.notice import due_sentences as owed
from reports.notice import log_lookup as log
from reports.notice import sentences
from reports.notice.blocks.page_one import row, state
from reports.notice.blocks.reserve import held, reserve
from reports.notice.blocks.withdrawn import withdrawn_words
from reports.notice.view import Brief, Line

DATES_SHOWN = 5
"""Dates of the course that page 1 shows."""


def subject(brief: Brief) -> Line | None:
    """Return the test or trigger that the notice is about."""
    return next((line for line in brief.lines if line.key == brief.inputs.subject), None)


# ---- what happened
# ------------------------------------------------------------------------------------------------


def course(brief: Brief) -> dict[str, Any]:
    """Return the dates that led here: for a trigger its count, for a test its results."""
    line = subject(brief)
    if line is None:
        return {"title": "What happened", "heads": [], "rows": [], "note": ""}
    if line.test is not None:
        return _test_course(brief, line)
    limbs = line.trigger.begins if line.trigger else ()
    rows = [
        [
            limb_words(brief, limb),
            f"{limb.count} of {limb.needed}",
            "met" if limb.count >= limb.needed else "not met",
        ]
        for limb in limbs
    ]
    return {
        "title": "The conditions that began it",
        "heads": ["Condition", "Count", "Met"],
        "widths": [124, 25, 25],
        "rows": rows,
        "note": brief.clauses[line.key].reading,
    }


def limb_words(brief: Brief, limb: Limb) -> str:
    """Return a count's condition with its clause by name."""
    title, what = owed.limb(limb, brief.title)
    return f"{title} {what}" if title else what


def _test_course(brief: Brief, line: Line) -> dict[str, Any]:
    history = log.tested(brief.past, line.key)[-DATES_SHOWN:]
    moved = (
        {event.effective_on: event.payload.state for event in brief.past.of("counted", line.key)}
        if line.counts
        else {}
    )
    rows = [_course_row(brief, test, moved.get(test.result.on)) for test in history]
    title = "The count that began it" if line.counts else "The dates that led here"
    heads = [
        "Date",
        "Result",
        "Measured",
        "Limit",
        "Headroom",
        "With other sellers",
        "Sellers",
        "Status after",
    ]
    return {
        "title": title,
        "heads": heads,
        "widths": [24, 27, 18, 20, 24, 28, 9, 24],
        "rows": rows,
        "note": _decisive_note(history),
    }


def _course_row(brief: Brief, test: Tested, trigger: TriggerState | None) -> list[str]:
    """Return one date of the course; of a test that a trigger counts, the trigger's state after it."""
    result = test.result
    even = result.break_even[0].index if result.break_even else next(iter(brief.rates), "")
    values = [
        value
        for value in brief.inputs.publications.get(even, ())
        if str(value["publication_date"]) == result.on.isoformat()
    ]
    value = values[-1] if values else {}
    return [
        table_date(result.on)
        if result.as_of is None
        else f"{table_date(result.on)}, as of {table_date(result.as_of)}",
        result.verdict.value,
        apart(result.measured, result.limit, brief.deal.rounding)
        if result.measured and result.limit
        else NONE,
        sentences.limit(result) or NONE,
        signed(result.headroom, brief.deal.rounding) if result.headroom else NONE,
        interval(value.get("seller_interval")),
        whole(value.get("hosts")) if value else NONE,
        sentences.STATUS[test.state.status] if trigger is None else _after(trigger),
    ]


def _after(trigger: TriggerState) -> str:
    limb = trigger.leading_begin
    if trigger.status is not TriggerStatus.NOT_IN_EFFECT or limb is None:
        return trigger.status.value
    return f"{limb.count} of {sentences.dates(limb.needed)}"


def _decisive_note(history: tuple[Tested, ...]) -> str:
    bearings = [(test.result.on, test.result.bearing) for test in history if test.result.bearing]
    by_reason: dict[str, list[str]] = {}
    for day, bearing in bearings:
        if bearing.undecided is not None:
            reason = bearing.note or "the limit lies inside the interval by sellers"
            by_reason.setdefault(reason, []).append(short_date(day))
    if not by_reason:
        return ""
    why = "; ".join(f"{', '.join(days)}: {reason}" for reason, days in by_reason.items())
    newest = sentences.subsets_failing(bearings[-1][1])
    share = f" On the newest date {newest} of sellers fail; sellers only, not a forecast." if newest else ""
    return f"Not decisive on {why}.{share}"


# ---- how it ends, what was wrong, what stood last
# -----------------------------------------------------------------


def ends(brief: Brief) -> dict[str, Any]:
    """Return how what happened ends; the reserve account, if a sweep is in effect."""
    line = subject(brief)
    rows: list[dict[str, Any]] = []
    if line is not None and line.trigger is not None:
        rows.append({"what": [("Ends", True), (f" {trigger_ends(brief, line)}", False)], "cite": line.cite})
        rows += [
            {"what": [("What follows", True), (f": {consequence}.", False)], "cite": line.cite}
            for consequence in brief.clauses[line.key].consequences
        ]
        rows.append(
            {
                "what": [("A date not determined", True), (" neither counts nor breaks the count.", False)],
                "cite": line.cite,
            }
        )
    elif line is not None:
        rows += _test_ends(brief, line)
    return {"rows": rows, "reserve": reserve(brief)}


def trigger_ends(brief: Brief, line: Line) -> str:
    """Return when a trigger ends, and how far that has come.

    A trigger ends by its counts, by the reserve at its target, or never.
    """
    limbs = line.trigger.ends if line.trigger else ()
    if len(limbs) == 1:
        return f"when {limb_words(brief, limbs[0])}. Count now: {limbs[0].count} of {limbs[0].needed}."
    if limbs:
        assert line.trigger is not None  # it has limbs
        counts = "; ".join(f"{limb_words(brief, limb)}, {limb.count} of {limb.needed}" for limb in limbs)
        joined = (
            "when all of these conditions are met"
            if line.trigger.ends_need_all
            else "by these conditions, as its clause joins them"
        )
        return f"{joined}. Counts now: {counts}."
    if brief.clauses[line.key].while_met:
        return "on the date from which what begins it is no longer met."
    account = held(brief, line.key)
    if brief.clauses[line.key].kind != "trigger" and account is not None and account.target is not None:
        return (
            f"when the reserve account holds {figure(account.target)}; balance now {figure(account.balance)}."
        )
    return (
        "never by itself."
        if brief.clauses[line.key].kind == "trigger"
        else f"as the clause says: {brief.clauses[line.key].reading}"
    )


def _test_ends(brief: Brief, line: Line) -> list[dict[str, Any]]:
    clause = brief.clauses[line.key]
    rows = []
    if line.test is not None and line.test.status is TestStatus.CURE_PERIOD and line.test.cure is not None:
        by = table_date(line.test.cure.by)
        how = f" by {listed(clause.cure.cured_by, 'or')}" if clause.cure else ""
        rows.append(
            {
                "what": [
                    ("Ends", True),
                    (f" with a cure{how} on or before {by}; a cure on that day is in time.", False),
                ],
                "cite": line.test.cure.cite,
            }
        )
        rows.append(
            {
                "what": [
                    ("Otherwise", True),
                    (" the Event of Default is indicated from the day after.", False),
                ],
                "cite": line.test.cure.cite,
            }
        )
    elif line.test is not None and line.test.status is TestStatus.EVENT_OF_DEFAULT:
        waits = clause.default_needs not in (None, "nothing") and line.test.effective_on is None
        needs = f" It needs a {clause.default_needs} to take effect." if waits else ""
        rows.append(
            {"what": [("Ends", True), (f" only by a Recorded Act.{needs}", False)], "cite": line.cite}
        )
    rows.append({"what": [("The clause", True), (f": {clause.reading}", False)], "cite": line.cite})
    return rows


def others_of(brief: Brief) -> list[Line]:
    """Return every test and trigger but the subject."""
    return [line for line in brief.lines if line.key != brief.inputs.subject]


def others(brief: Brief) -> dict[str, Any]:
    """Return how every other test and trigger stands on the date."""
    correction = (
        brief.inputs.kind == "correction"
    )  # it shows every result of its date, so that each can be verified on the page
    wanted = list(brief.lines) if correction else others_of(brief)
    led = correction or any(
        sentences.graver(line) for line in wanted
    )  # the answer had room for the gravest only
    note = " ".join(sentences.not_determined(wanted, set())) if led else ""
    title = {"title": "Every test on this date, as it stands now"} if correction else {}
    return {"rows": [row(brief, line) for line in wanted], "note": note, **title}


def corrections(brief: Brief) -> dict[str, Any]:
    """Return each result of this date that a re-run changed: what was said, what is so, why."""
    last = [event for event in brief.past.events if isinstance(event.payload, Correction)][-1:]
    since = last[0].payload.from_on if last else brief.inputs.on
    why = with_dates("; ".join(last[0].payload.why)) if last else "re-run"
    # The results of a whole date stand in these two kinds of notices; the other kinds state one clause.
    numbers = {
        day: one.number for day, one in log.issued(brief.past) if one.kind in ("compliance", "correction")
    }
    rows, changes = [], _changes(brief)
    for kind, key, day, was, is_ in changes:
        title = brief.trigger_title(key) if kind == "counted" else brief.title(key)
        rows.append([title, table_date(day), f"{was} (No. {numbers[day]})" if day in numbers else was, is_])
    return {
        "heads": ["Test or trigger", "Date", "Reported", "Corrected"],
        "widths": [42, 26, 56, 50],
        "rows": rows,
        "note": " ".join(
            filter(
                None,
                (
                    (
                        f"Why: {why}. Results of {table_date(since)} and later were determined again; what "
                        "is "
                        "not listed is unchanged."
                    ),
                    withdrawn_words(
                        brief, {day for _, _, day, _, _ in changes}, {key for _, key, _, _, _ in changes}
                    ),
                ),
            )
        ),
    }


def _changes(brief: Brief) -> list[tuple[str, str, date, str, str]]:
    """Return what the newest correction changed, by date.

    Each row has the kind, the test or trigger, the date, what was said, and what is so.
    """
    last = [event for event in brief.past.events if isinstance(event.payload, Correction)][-1:]
    since = last[0].payload.from_on if last else brief.inputs.on
    said: dict[tuple[str, str, date], Event] = {}
    for event in brief.past.earlier_prints:
        if isinstance(event.payload, (Tested, Counted)) and event.effective_on >= since:
            # After several corrections, the latest print before this one is what was said last.
            said[(event.kind, event.subject, event.effective_on)] = event
    now = {
        (e.kind, e.subject, e.effective_on): e for e in (*brief.past.of("tested"), *brief.past.of("counted"))
    }
    changed = []
    for (kind, key, day), event in sorted(said.items(), key=lambda item: (item[0][2], item[1].seq)):
        after = now.get((kind, key, day))
        was, is_ = _said(event.payload), _said(after.payload) if after else "withdrawn"
        # A date that was determined again mostly says the same; only what differs was corrected.
        if was != is_:
            changed.append((kind, key, day, was, is_))
    return changed


def _said(test: Tested | Counted) -> str:
    if isinstance(test, Counted):
        return test.state.status.value
    measured = f", {figure(test.result.measured)}" if test.result.measured else ""
    return f"{test.result.verdict.value}{measured}; {sentences.STATUS[test.state.status]}"


def problems(brief: Brief) -> dict[str, Any]:
    """Return what stood in the way of the evaluation."""
    fact = reason(brief)
    said = list(fact.problems) if fact and fact.problems else [fact.reason if fact else "not recorded"]
    return {"rows": [with_dates(text) for text in said]}


def last_states(brief: Brief) -> dict[str, Any]:
    """Return each test and trigger as it was last determined, with the date that it rests on."""
    rows = []
    for line in brief.lines:
        drawn = state(brief, line)
        history = log.tested(brief.past, line.key)
        last = history[-1] if history else None
        rows.append(
            {
                "title": line.title,
                "cite": line.cite,
                "mark": drawn["mark"],
                "word": drawn["word"],
                "result": _said(last).split(";")[0] if last else NONE,
                "on": table_date(last.result.on) if last else NONE,
            }
        )
    return {"rows": rows}


def reason(brief: Brief) -> NotEvaluated | None:
    """Return why the date was not evaluated."""
    events = log.payloads(brief.past.of("not evaluated"), NotEvaluated)
    return events[-1] if events else None

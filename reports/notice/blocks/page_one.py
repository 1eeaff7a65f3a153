"""Page 1, the answer in three steps: results, what is due, what follows by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from textwrap import wrap
from typing import Any

from engine.basics.values import Unit
from engine.events.due_acts import Due
from engine.events.kinds import ReportReceived
from engine.events.results import TestResult, Verdict
from engine.events.states import TestState, TestStatus, TriggerStatus
from reports.drawing.marks import TEST_MARKS, trigger_mark
from reports.formats import (
    NONE,
    Runs,
    apart,
    counted,
    figure,
    interval,
    listed,
    percent,
    price,
    reason_words,
    role,
    share,
    short_date,
    signed,
    table_date,
    with_dates,
)
from reports.notice import due_sentences as owed_words
from reports.notice import log_lookup as log
from reports.notice import sentences, strips
from reports.notice.blocks.gathered_tests import gathered, in_full
from reports.notice.blocks.report_notes import report_notes
from reports.notice.blocks.reserve import account_notes
from reports.notice.blocks.term_notes import term_notes
from reports.notice.doubt import effect, newest_publication, stands_on, undecided
from reports.notice.figure_sentences import held_detail
from reports.notice.view import Brief, Line

TITLE_LINE = 19
"""Characters of a test's title that fit a line of the results."""
PIPS = 6
"""The longest count that is drawn in pips; a longer one stands in figures only."""


def results(brief: Brief) -> dict[str, Any]:
    """Return each test: verdict, figures, headroom, strip, state. Of many, those that pass are gathered."""
    rates, full = brief.rates, in_full(brief.lines)
    # Gathered tests are drawn without a strip, so their distance must not stretch the axis of the others.
    scale = strips.axis(full or brief.lines, rates)
    rows = [
        row(brief, line) | {"strip": strips.strip(line, rates, scale), "height": _height(line)}
        for line in full
    ]
    passing = gathered([line for line in brief.lines if line not in full])
    return {"axis": scale, "rows": rows, "gathered": passing, "notes": notes(brief)}


def _height(line: Line) -> float:
    """Return a row's height in mm, fixed so that the strips of all rows join into one picture."""
    lines = len(wrap(line.title, TITLE_LINE))
    return max(11.2, round(lines * 3.9 + 4.2, 1))


def row(brief: Brief, line: Line) -> dict[str, Any]:
    """Return one test or trigger in the results table."""
    result = line.result
    measured = (
        apart(result.measured, result.limit, line.rounding)
        if result and result.measured and result.limit
        else NONE
    )
    return {
        "verdict": line.verdict.value if line.verdict else None,
        "title": line.title,
        "cite": line.cite,
        "proof": proof_reference(brief, line.key),
        "measured": measured,
        "limit": sentences.limit(result) if result else "",
        "headroom": signed(result.headroom, line.rounding) if result and result.headroom else NONE,
        "relative": _relative(line),
        **state(brief, line),
    }


def proof_reference(brief: Brief, key: str) -> str:
    """Return where the computation of a clause stands: `6.2`."""
    keys = [clause.key for clause in brief.deal.clauses]
    return f"{brief.number('computation')}.{keys.index(key) + 1}"


def _relative(line: Line) -> str:
    if (
        line.result is not None
        and line.result.measured is not None
        and line.result.measured.unit is Unit.COUNT
    ):
        return _counted_things(line.result)
    if line.result is None or line.result.headroom_share is None:
        return ""
    return f"{percent(line.result.headroom_share)} of limit"


def _counted_things(result: TestResult) -> str:
    """Return what a bare number counts, like `independent hosts`.

    If a quality either holds or does not hold, the number is one if it holds.
    """
    thing = result.inputs[-1].name.partition(" of ")[0] if result.inputs else ""
    return thing if thing.endswith("s") or not thing else f"one where {thing}"


def state(brief: Brief, line: Line) -> dict[str, Any]:
    """Return the mark, word, pips and detail of a state.

    The state is the trigger's if the clause has a trigger, and otherwise the test's.
    """
    if line.trigger is not None:
        return {"count": ""} | _with_held(line, _trigger(line))
    if line.test is None:
        return {
            "mark": "undetermined",
            "word": TestStatus.NOT_YET_TESTED.value,
            "pips": [],
            "detail": "no result yet",
            "count": "",
        }
    return {
        "count": "",
        "mark": TEST_MARKS[line.test.status],
        "word": sentences.STATUS[line.test.status],
        "pips": [],
        "detail": _detail(brief, line, line.test),
    }


def _with_held(line: Line, shown: dict[str, Any]) -> dict[str, Any]:
    """Return a trigger's state; that its test's result is held comes before what the trigger has counted."""
    return shown | {"detail": "; ".join(filter(None, (held_detail(line), shown["detail"])))}


def _trigger(line: Line) -> dict[str, Any]:
    assert line.trigger is not None
    limb = line.trigger.count
    count = limb.count if limb else 0
    drawn: dict[str, Any] = {
        "mark": trigger_mark(line.trigger.status, count),
        "word": line.trigger.status.value,
        "pips": [],
        "detail": "",
    }
    if line.trigger.status is TriggerStatus.PENDING_CURE and line.trigger.cure is not None:
        return drawn | {"detail": f"cure to {short_date(line.trigger.cure.by)}"}
    if limb is None:
        return drawn | {"detail": f"since {short_date(line.trigger.since)}"}
    towards = " to end" if line.trigger.status is TriggerStatus.IN_EFFECT else ""
    pips = [n < count for n in range(limb.needed)] if limb.needed <= PIPS else []
    of = f" in {limb.out_of}" if limb.out_of != limb.needed else ""
    text = f"{count} of {limb.needed}{of}"
    dates = "" if limb.dates == "state" else " date" if limb.needed == 1 else " dates"
    return drawn | {"pips": pips, "count": text + towards, "detail": text + dates + towards}


def _detail(brief: Brief, line: Line, test: TestState) -> str:
    """Return what a state rests on, in a few words; first that a result is held."""
    held = held_detail(line)
    rests = _rests_on(brief, line, test)
    return f"{held}; {rests}" if held else rests


def _rests_on(brief: Brief, line: Line, test: TestState) -> str:
    # This comes first: COMPLIANT beside a missing result would read as if this date had passed.
    if line.verdict is Verdict.NOT_DETERMINED and test.status in (TestStatus.COMPLIANT, TestStatus.WATCH):
        return f"as determined on {short_date(test.rests_on or test.since)}; not determined since"
    if test.status is TestStatus.CURE_PERIOD:
        return _cure_detail(brief, test)
    if test.status is TestStatus.WAIVED and test.waived_until is not None:
        return f"until {short_date(test.waived_until)}" + (f", {test.waived_by}" if test.waived_by else "")
    # An overdue delivery says more than the state that led to it, so it goes before the states below.
    if line.obligation is not None and line.obligation.status == "OVERDUE":
        return f"{line.obligation.name} overdue since {short_date(line.obligation.status_since)}"
    if line.obligation is not None:
        return f"{line.obligation.name} by {line.obligation.due.by.day} {line.obligation.due.by:%b}"
    if test.status is TestStatus.NOT_YET_TESTED:
        return (
            f"to be tested again; last result {short_date(test.rests_on)}"
            if test.rests_on
            else "no result yet"
        )
    if test.status is TestStatus.EVENT_OF_DEFAULT:
        clause = brief.clauses.get(line.key)
        needs = (
            f"; needs a {clause.default_needs}"
            if clause and clause.default_needs not in (None, "nothing")
            else ""
        )
        return f"since {short_date(test.since)}{needs}"
    words = {TestStatus.WATCH: "early warning since", TestStatus.PENDING: "failing since"}
    return f"{words.get(test.status, 'since')} {short_date(test.since)}"


def _cure_detail(brief: Brief, test: TestState) -> str:
    if test.cure is None:
        return with_dates(test.why) or "its clock has not started"
    days = brief.determined.strip if brief.determined else ()
    # The strip of days belongs to one cure alone; another test's days must not be counted here.
    if not days or days[-1].day != test.cure.by:
        return f"until {table_date(test.cure.by)}"
    # Days that do not count, such as holidays, stand without a number.
    past = [day.number for day in days if day.day <= brief.inputs.on and day.number]
    total = next((day.number for day in reversed(days) if day.number), None)
    return (
        f"day {past[-1] if past else 0} of {total}, to {test.cure.by:%a} {test.cure.by.day} {test.cure.by:%b}"
    )


def notes(brief: Brief) -> list[Runs]:
    """Return how thin the rate is, and what bears on every result.

    Page 1 says it, so that it never stands only in the proof.
    """
    said = [_rate_note(brief, name) for name in brief.rates]
    rest = effect(brief)
    drawn = (
        "In the strips the hatched side "
        f"fails{'; the grey band is the interval by sellers' if strips.banded(brief.rates) else ''}."
        if any(rate.value for rate in brief.rates.values())
        else ""
    )
    warnings = [
        [("Warning: ", True), (with_dates(text), False)]
        for text in (brief.determined.warnings if brief.determined else ())
    ]
    more = (*report_notes(brief), *term_notes(brief), *account_notes(brief))
    return [*said, *([[(rest + drawn, False)]] if rest or drawn else []), *more, *warnings]


def _rate_note(brief: Brief, name: str) -> Runs:
    rate = brief.rates[name]
    if rate.value is None:
        return [
            (f"No Reference Rate of {name}", True),
            (f": {reason_words(rate.reason or '')} ({rate.cite}).", False),
        ]
    head: Runs = [(f"Reference Rate USD {price(rate.value)}", True)]
    if rate.age or rate.publication_date is None:
        since = (
            f" of {table_date(rate.publication_date)}, {counted(rate.age)} Publication "
            f"Date{'' if rate.age == 1 else 's'} old"
            if rate.publication_date
            else ""
        )
        return [*head, (f" per GPU-hour: {name}, {rate.step}{since} ({rate.cite}).", False)]
    value = newest_publication(brief, name)
    reasons = value.get("low_confidence_reasons") or (
        rate.published.low_confidence_reasons if rate.published else ()
    )
    low = f" Low Confidence: {listed(list(reasons))}." if reasons else " Not Low Confidence."
    prints = "first print" if value.get("print", 1) == 1 else f"print {value['print']}"
    text = f" per GPU-hour: {name} of {short_date(rate.publication_date)}, {prints}, fallback not used."
    if value.get("interval"):
        text += f" {how_sure(value, said=bool(undecided(brief.lines)))}"
    return [*head, (text + low + far_from_before(brief, name, value), False)]


def how_sure(value: Mapping[str, Any], *, said: bool) -> str:
    """Return what stands behind a value, and the methodology's own interval (`rulings.md` 59).

    The first part is left out if the answer has `said` it.
    """
    listings = f"The methodology’s own 95% interval, of listings alone, is {interval(value['interval'])}."
    return listings if said else f"{stands_on(value)}. {listings}"


FAR = Fraction(1, 4)
"""A step of an administrator's series beyond which page 1 speaks of it (`rulings.md` 62)."""


def far_from_before(brief: Brief, name: str, value: Mapping[str, Any]) -> str:
    """Return the sentence about an administrator's value that is far from the print before.

    The value is taken as it was published. Otherwise the text is empty.
    """
    if not str(value.get("source", "")).startswith("published") or value.get("value") is None:
        return ""
    dated = [
        one
        for one in brief.inputs.publications.get(name, ())
        if str(one["publication_date"]) < str(value["publication_date"])
    ]
    before = next((one["value"] for one in reversed(dated) if one["value"] is not None), None)
    if before is None:
        return ""
    step = Fraction(str(value["value"])) / Fraction(str(before)) - 1
    if abs(step) <= FAR:
        return ""
    side = "above" if step > 0 else "below"
    return f" It is {share(abs(step))} {side} the print before, {price(before)}, and taken as published."


def due(brief: Brief) -> dict[str, Any]:
    """Return who does what by when, for how much."""
    owed = brief.determined.due if brief.determined else ()
    more = 0
    if brief.inputs.kind == "not_evaluated":
        rows = [_mend(brief), *(_passed(brief, one) for one in owed if not _came(brief, one))]
    else:
        rows, more = _owed_rows(brief, owed)
    amounts = any(way.figure for duty in owed for way in duty.ways)
    following = brief.determined.next_determination_date if brief.determined else None
    note = (
        f"Amounts at the Reference Rate of {short_date(brief.dated)}; computed again on "
        f"{short_date(following)}."
        if amounts and following
        else ""
    )
    if brief.dated != brief.inputs.on:
        note = f"As determined on {short_date(brief.dated)}. {note}"
    if more:
        note = (
            f"And {counted(more)} more notice{'' if more == 1 else 's'} to be given; the list of notices "
            f"has all of them. {note}"
        )
    return {"rows": rows, "note": note.strip()}


NOTICES_SHOWN = 3
"""Notices to be given that page 1 shows, the oldest first (`rulings.md` 54)."""


def _owed_rows(brief: Brief, owed: Sequence[Due]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of what is due, and how many notices to be given are left out.

    Page 1 shows the oldest of the notices from earlier dates.
    """
    notices = [duty for duty in owed if duty.act == "notify"]
    hidden = sorted(notices, key=lambda notice: notice.by)[NOTICES_SHOWN:]
    return [_due_row(brief, one) for one in owed if one not in hidden], len(hidden)


def _mend(brief: Brief) -> dict[str, Any]:
    """Return what the operator must do before anything can be determined again."""
    what = "Mend what is listed above and run again; this date is determined then"
    return {
        "by": "at once",
        "mark": "",
        "who": brief.inputs.operator,
        "what": what,
        "amount": "",
        "cite": "",
        "ways": [],
        "urgent": True,
    }


def _came(brief: Brief, one: Due) -> bool:
    """Return whether a report that was due has come in since the last date that was determined."""
    if one.act != "report":
        return False
    reports = log.payloads(brief.past.of("report received"), ReportReceived)
    late = one.facts.period_end if one.facts is not None else None
    return any(
        report.period_end == late if late is not None else report.period_end >= brief.dated
        for report in reports
    )


def _passed(brief: Brief, one: Due) -> dict[str, Any]:
    """Return the row of an act of the last date that was determined.

    Its day may have passed since then without a run that marks it overdue.
    """
    row = _due_row(brief, one)
    if one.urgent or one.by >= brief.inputs.on:
        return row
    return row | {"mark": f"overdue since {short_date(one.by + timedelta(days=1))}", "urgent": True}


def _due_row(brief: Brief, one: Due) -> dict[str, Any]:
    line = next((line for line in brief.lines if line.key == one.subject), None)
    even = strips.nearest(line, brief.rates) if line else None
    following = brief.determined.next_determination_date if brief.determined else None
    ways = (
        owed_words.cure_ways(one, even.rate if even else None, even.fails if even else None, following)
        if one.act == "cure"
        else []
    )
    return {
        "by": table_date(one.by),
        "mark": owed_words.overdue_mark(one.overdue_since, brief.dated)
        if one.overdue_since
        else owed_words.deadline_mark(one),
        "who": role(one.who),
        "what": owed_words.due_act(one, brief.title, brief.trigger_title),
        "amount": _amount(one, line) if not ways else "",
        "cite": one.cite,
        "ways": [{"what": what, "amount": amount} for what, amount in ways],
        "urgent": one.urgent,
    }


def _amount(one: Due, line: Line | None) -> str:
    """Return the amount of an act; the cure of a trigger is of its tests, and has none of its own."""
    if one.figure is not None:
        return figure(one.figure)
    return (
        "not determined"
        if one.act == "cure" and not one.ways and line is not None and line.test is not None
        else ""
    )


def follows(brief: Brief) -> dict[str, Any]:
    """Return what happens by itself on which day if nothing is done."""
    owed = brief.determined.due if brief.determined else ()
    coming = brief.determined.follows if brief.determined else ()
    said = [owed_words.follow(one, owed, brief.title, brief.trigger_title) for one in coming]
    rows = [
        {"on": table_date(one.on), "what": what, "cite": one.cite}
        for one, what in zip(coming, said, strict=True)
    ]
    following = (
        table_date(brief.determined.next_determination_date)
        if brief.determined
        else "the next Determination Date"
    )
    return {
        "rows": rows,
        "none": f"Nothing follows by itself before the next Determination Date, {following}.",
    }

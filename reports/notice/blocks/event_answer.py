"""The sentences that lead an event notice: what happened to its subject, then how the others stand."""

from __future__ import annotations

from datetime import date

from engine.events.due_acts import Due
from engine.events.states import TestStatus, TriggerStatus
from reports.formats import Runs, counted, figure, long_date, role, sentence, with_dates
from reports.notice import log_lookup as log
from reports.notice import sentences
from reports.notice.blocks.what_happened import corrections, limb_words, others_of, reason, subject
from reports.notice.view import Brief, Line


def answer(found: Brief) -> list[Runs]:
    """The sentences that lead an event notice."""
    line = subject(found)
    kind = found.inputs.kind
    if kind == "not_evaluated":
        return _not_evaluated(found)
    if kind == "correction":
        return _corrected(found)
    if line is None:
        return [[("The subject of this document is not a clause of the deal.", True)]]
    lead = LEADS[kind](found, line)
    due = found.determined.due if found.determined else ()
    return [lead, *_paid(line, due), *sentences.beside(others_of(found), due)]


def _paid(line: Line, due: tuple[Due, ...]) -> list[Runs]:
    """What a sweep that has begun makes somebody pay, where the log says how much."""
    owed = next((one for one in due if one.act == "pay into reserve" and one.subject == line.key), None)
    if owed is None:
        return []
    amount: Runs = [(": ", False), (figure(owed.figure), True), (" by the report on hand", False)] if owed.figure is not None else []
    head: Runs = [
        ("On ", False),
        (long_date(owed.by), True),
        (f" the {role(owed.who)} pays excess cash flow into the reserve account", False),
    ]
    return [[*head, *amount, (".", False)]]


def _began(found: Brief, line: Line) -> Runs:
    if line.trigger is None or line.trigger.status is not TriggerStatus.IN_EFFECT:
        return [
            (f"{line.trigger_title} is not in effect", True),
            (f" since {long_date(line.trigger.since if line.trigger else found.inputs.on)}: its condition to end is met.", False),
        ]
    limb = line.trigger.leading_begin
    count = (
        f" {limb_words(found, limb)}: {limb.count} of {limb.needed}."
        if limb and limb.dates != "state"
        else f" {limb_words(found, limb)}."
        if limb
        else ""
    )
    if line.result is not None and line.result.measured is not None and limb is not None:
        count = f" {limb.count} of {sentences.dates(limb.needed)} counted; this date {sentences.against(line)}."
    return [(f"{line.trigger_title} is in effect", True), (f" from {long_date(line.trigger.since)}.{count}", False)]


def _failed(found: Brief, line: Line) -> Runs:
    due = found.determined.due if found.determined else ()
    if line.test is not None and line.test.status is TestStatus.CURE_PERIOD:
        return sentences.to_be_cured(line, due)
    return sentences.failed(line)


def _cured(found: Brief, line: Line) -> Runs:
    since = line.test.since if line.test else found.inputs.on
    figures = f": {sentences.against(line)}" if line.result and line.result.measured else ""
    why = _how_cured(found, line.key, since) if line.test is not None and since in line.test.cured_on else ""
    word = sentences.STATUS[line.test.status] if line.test else "COMPLIANT"
    return [(f"{line.title} is cured", True), (f" and stands at {word} since {long_date(since)}{figures}.{why}", False)]


def _how_cured(found: Brief, key: str, on: date) -> str:
    """By what a test was cured on a day: an Act with its document, or a retest that passed."""
    acts = [act for act in log.acts(found.past) if (act.act, act.clause, act.effective_on) == ("cure accepted", key, on)]
    return f" The cure was accepted: {acts[-1].document}." if acts and acts[-1].document else " It was cured by retest."


def _corrected(found: Brief) -> list[Runs]:
    number = f"No. {found.inputs.supersedes}" if found.inputs.supersedes else "an earlier document"
    changed = corrections(found)["rows"]
    were = "result was" if len(changed) == 1 else "results were"
    what = f" {sentence(counted(len(changed)))} {were} determined again, set out below beside what was said."
    return [
        [(f"This document corrects {number}.", True), (what, False)],
        *sentences.answer(found.lines, found.determined.due if found.determined else (), found.rates)[:1],
    ]


def _not_evaluated(found: Brief) -> list[Runs]:
    fact = reason(found)
    why = with_dates(fact.reason) if fact else "the reason is not in the log"
    return [
        [("The deal was not evaluated", True), (f" on {long_date(found.inputs.on)}: {why}.", False)],
        [("No test was run and no state has changed. Below are the states as they were last determined; deadlines run on.", False)],
    ]


def _defaulted(_found: Brief, line: Line) -> Runs:
    return sentences.defaulted(line)


LEADS = {"trigger_event": _began, "test_failed": _failed, "event_of_default": _defaulted, "cure": _cured}
"""What leads a notice about one test or trigger."""

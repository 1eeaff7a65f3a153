"""The sentences that lead an event notice: what happened to its subject, then how the others stand."""

from __future__ import annotations

from datetime import date

from engine.events.due_acts import Due
from engine.events.states import TestStatus, TriggerStatus
from reports.formats import Runs, counted, figure, long_date, role, sentence, with_dates
from reports.notice import log_lookup as log
from reports.notice import sentences
from reports.notice.blocks.what_happened import corrections, limb_words, others_of, reason, subject
from reports.notice.figure_sentences import this_date
from reports.notice.view import Brief, Line


def answer(brief: Brief) -> list[Runs]:
    """Return the sentences that lead an event notice."""
    line = subject(brief)
    kind = brief.inputs.kind
    if kind == "not_evaluated":
        return _not_evaluated(brief)
    if kind == "correction":
        return _corrected(brief)
    if line is None:
        return [[("The subject of this document is not a clause of the deal.", True)]]
    lead = LEADS[kind](brief, line)
    due = brief.determined.due if brief.determined else ()
    return [lead, *_paid(line, due), *sentences.beside(others_of(brief), due)]


def _paid(line: Line, due: tuple[Due, ...]) -> list[Runs]:
    """Return what a sweep that has begun makes somebody pay, if the log says how much."""
    owed = next(
        (deadline for deadline in due if deadline.act == "pay into reserve" and deadline.subject == line.key),
        None,
    )
    if owed is None:
        return []
    amount: Runs = (
        [(": ", False), (figure(owed.figure), True), (" by the report on hand", False)]
        if owed.figure is not None
        else []
    )
    head: Runs = [
        ("On ", False),
        (long_date(owed.by), True),
        (f" the {role(owed.who)} pays excess cash flow into the reserve account", False),
    ]
    return [[*head, *amount, (".", False)]]


def _began(brief: Brief, line: Line) -> Runs:
    if line.trigger is None or line.trigger.status is not TriggerStatus.IN_EFFECT:
        return [
            (f"{line.trigger_title} is not in effect", True),
            (
                (
                    f" since {long_date(line.trigger.since if line.trigger else brief.inputs.on)}: its "
                    "condition to end is met."
                ),
                False,
            ),
        ]
    limb = line.trigger.leading_begin
    count = (
        f" {limb_words(brief, limb)}: {limb.count} of {limb.needed}."
        if limb and limb.dates != "state"
        else f" {limb_words(brief, limb)}."
        if limb
        else ""
    )
    if line.result is not None and line.result.measured is not None and limb is not None:
        count = f" {limb.count} of {sentences.dates(limb.needed)} counted; this date {this_date(line)}."
    return [
        (f"{line.trigger_title} is in effect", True),
        (f" from {long_date(line.trigger.since)}.{count}", False),
    ]


def _failed(brief: Brief, line: Line) -> Runs:
    due = brief.determined.due if brief.determined else ()
    if line.test is not None and line.test.status is TestStatus.CURE_PERIOD:
        return sentences.to_be_cured(line, due)
    return sentences.failed(line)


def _cured(brief: Brief, line: Line) -> Runs:
    since = line.test.since if line.test else brief.inputs.on
    figures = f": {this_date(line)}" if line.result and line.result.measured else ""
    why = _how_cured(brief, line.key, since) if line.test is not None and since in line.test.cured_on else ""
    word = sentences.STATUS[line.test.status] if line.test else "COMPLIANT"
    return [
        (f"{line.title} is cured", True),
        (f" and stands at {word} since {long_date(since)}{figures}.{why}", False),
    ]


def _how_cured(brief: Brief, key: str, on: date) -> str:
    """Return by what a test was cured on a day: an Act with its document, or a retest that passed."""
    acts = [
        act
        for act in log.acts(brief.past)
        if (act.act, act.clause, act.effective_on) == ("cure accepted", key, on)
    ]
    return (
        f" The cure was accepted: {acts[-1].document}."
        if acts and acts[-1].document
        else " It was cured by retest."
    )


def _corrected(brief: Brief) -> list[Runs]:
    number = f"No. {brief.inputs.supersedes}" if brief.inputs.supersedes else "an earlier document"
    changed = corrections(brief)["rows"]
    were = "result was" if len(changed) == 1 else "results were"
    what = f" {sentence(counted(len(changed)))} {were} determined again, set out below beside what was said."
    return [
        [(f"This document corrects {number}.", True), (what, False)],
        *sentences.answer(brief.lines, brief.determined.due if brief.determined else (), brief.rates)[:1],
    ]


def _not_evaluated(brief: Brief) -> list[Runs]:
    fact = reason(brief)
    why = with_dates(fact.reason) if fact else "the reason is not in the log"
    return [
        [("The deal was not evaluated", True), (f" on {long_date(brief.inputs.on)}: {why}.", False)],
        [
            (
                (
                    "No test was run and no state has changed. Below are the states as they were last "
                    "determined; deadlines run on."
                ),
                False,
            )
        ],
    ]


def _defaulted(_found: Brief, line: Line) -> Runs:
    return sentences.defaulted(line)


LEADS = {"trigger_event": _began, "test_failed": _failed, "event_of_default": _defaulted, "cure": _cured}
"""What leads a notice about one test or trigger."""

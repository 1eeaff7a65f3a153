"""What a correction withdraws from what people were told (`rulings.md` 53a).

It is the notices that stated it, and the Acts that rested on it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from engine.events.kinds import ActRecorded, Correction, NoticeIssued
from engine.events.notice import notice_given
from engine.events.servicing import NoticeOwed
from reports.formats import listed, sentence, short_date
from reports.notice import log_lookup as log
from reports.notice.view import Brief

OF_NOTICES = ("notice given", "notice released", "act withdrawn", "report withdrawn", "payment made")
"""Acts that rest on no result: what was given or paid was given or paid."""


def withdrawn_words(brief: Brief, days: Collection[date], clauses: Collection[str]) -> str:
    """Return the words of a Correction Notice about what it withdraws.

    They say which notices it supersedes, which of them were given, and which Acts rested on what it
    withdraws.

    Args:
        brief: the notice's log.
        days: the dates of which something now stands otherwise.
        clauses: the tests and triggers that it is of.
    """
    stated = [(day, one) for day, one in log.issued(brief.past) if one.number in brief.inputs.supersedes_each]
    given = [one.number for day, one in stated if _was_given(brief, day, one)]
    said = []
    if stated:
        said.append(f"It supersedes {_numbers([one.number for _, one in stated])}.")
    if given:
        said.append(
            f"{_numbers(given)} {'was' if len(given) == 1 else 'were'} given, and "
            f"{'stays' if len(given) == 1 else 'stay'} given."
        )
    acts = [_act_words(brief, act) for act in _rested(brief, min(days, default=brief.inputs.on), clauses)]
    if acts:
        said.append(f"Acts that rested on what is withdrawn, none of which is undone: {'; '.join(acts)}.")
    return " ".join(said)


def _numbers(numbers: list[int]) -> str:
    return listed([f"No. {number}" for number in sorted(set(numbers))])


def _was_given(brief: Brief, day: date, notice: NoticeIssued) -> bool:
    label = next(
        event.subject for event in brief.past.of("notice issued") if event.payload.number == notice.number
    )
    clause = label.removeprefix(notice.kind).removeprefix("-") or None
    return any(
        act.act == "notice given"
        for act in notice_given(log.acts(brief.past), notice.number, notice.kind, clause, day)
    )


def _rested(brief: Brief, since: date, clauses: Collection[str]) -> list[ActRecorded]:
    """Return the Acts on the corrected clauses that rested on what was corrected.

    They are of the first corrected date or later, and were entered before the correction was made.
    """
    made = max(
        (event.seq for event in brief.past.events if isinstance(event.payload, Correction)), default=-1
    )
    entered = [event.payload for event in brief.past.of("act recorded") if event.seq < made]
    return [
        act
        for act in entered
        if act.clause in clauses and act.effective_on >= since and act.act not in OF_NOTICES
    ]


def _act_words(brief: Brief, act: ActRecorded) -> str:
    document = f" ({act.document})" if act.document else ""
    return (
        f"{sentence(act.act)} of {brief.title(act.clause or '')}, effective "
        f"{short_date(act.effective_on)}{document}"
    )


def rests_on_withdrawn(brief: Brief) -> dict[int, int]:
    """Return which given notice was withdrawn by which Correction Notice, by their numbers."""
    corrected = {day: one.number for day, one in log.issued(brief.past) if one.kind == "correction"}
    owed = [event.payload for event in brief.past.of("notice owed") if isinstance(event.payload, NoticeOwed)]
    return {number: corrected[duty.on] for duty in owed for number in duty.corrects if duty.on in corrected}

"""The illustrative deal’s dates as a whole: what is due from whom, what follows by itself, the strip of the
next deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from notice_deal import principal
from notice_index import WEEK, sha, usd

from engine.events.due_acts import Due, DueFacts, Follow, FollowFacts, StripDay
from engine.events.kinds import Determined
from engine.events.states import Deadline

if TYPE_CHECKING:
    from notice_log import Deal


def whole(deal: Deal, day: date) -> Determined:
    """The date as a whole: what it rested on, what is due, what follows."""
    report = None if day in deal.unreported else sha(f"report {day}")
    text = (
        "no Servicer's report has been received for the week"
        if report is None
        else f"Servicer's report SR-{day}"
    )
    due, strip = tuple(_due(deal, day)), tuple(_strip(deal, day))
    return Determined(
        publication_date=day,
        window_start=day - WEEK,
        window_end=day - timedelta(days=1),
        next_determination_date=day + WEEK,
        next_publication_date=day + WEEK,
        calendar="us-federal-reserve",
        outstanding_principal=None if report is None else usd(principal(day)),
        report=report,
        report_text=text,
        due=due,
        follows=tuple(_follows(deal, day)),
        strip=strip,
        strip_title=(
            "cure by prepayment or additional collateral or retest: 10 business days after the "
            "determination date, us-federal-reserve"
        )
        if strip
        else None,
    )


def _due(deal: Deal, day: date) -> Iterator[Due]:
    sweep = deal.tests.get("cash-sweep")
    if sweep is not None and sweep.episode_began == day:
        last = Deadline(
            by=day + timedelta(days=4),
            counted_from=day,
            rule="2 business days after the determination date",
            calendar="us-federal-reserve",
            cite="CA §6.04(a)",
        )
        yield Due(
            by=last.by,
            who="servicer",
            act="notify",
            subject="cash-sweep",
            notice="test_failed",
            of=day,
            facts=DueFacts(),
            to=("borrower", "administrative_agent"),
            deadline=last,
            cite="CA §6.04(a)",
        )
    facts = DueFacts(for_date=day + WEEK)
    yield Due(
        by=day + timedelta(days=6),
        who="servicer",
        act="report",
        subject="report",
        facts=facts,
        cite="IND §3.05",
    )
    ltv = deal.tests.get("ltv")
    if ltv is not None and ltv.cure is not None:
        newest = [e.payload.result for e in deal.events if e.kind == "tested" and e.subject == "ltv"][-1]
        yield Due(
            by=ltv.cure.by,
            who="borrower",
            act="cure",
            subject="ltv",
            facts=DueFacts(cured_by=("prepayment", "additional collateral", "retest")),
            deadline=ltv.cure,
            figure=newest.remedies[0].figure if newest.remedies else None,
            ways=newest.remedies,
            cite="CA §8.01(d)",
            urgent=True,
        )


def _follows(deal: Deal, day: date) -> Iterator[Follow]:
    sweep, ltv = deal.triggers.get("cash-sweep"), deal.tests.get("ltv")
    if sweep is not None and sweep.begins and sweep.begins[0].count == 1:
        yield Follow(
            on=day + WEEK,
            subject="cash-sweep",
            what="trigger begins",
            facts=FollowFacts(count=1, needed=2),
            cite="CA §7.03",
        )
    if ltv is not None and ltv.cure is not None:
        yield Follow(
            on=ltv.cure.by + timedelta(days=1),
            subject="ltv",
            what="event of default",
            facts=FollowFacts(by=ltv.cure.by),
            cite="CA §8.01(d)",
        )
    if deal.value(day) is None:
        yield Follow(
            on=day + WEEK,
            subject="CRI-H100",
            what="rate lapses",
            facts=FollowFacts(carried_from=day - WEEK),
            cite="CA §2.14(b)",
        )


def _strip(deal: Deal, day: date) -> Iterator[StripDay]:
    ltv = deal.tests.get("ltv")
    if ltv is None or ltv.cure is None:
        return
    one, number = ltv.cure.counted_from, 0
    while one < ltv.cure.by:
        one += timedelta(days=1)
        why = "weekend" if one.weekday() > 4 else "Veterans Day" if (one.month, one.day) == (11, 11) else None
        number += why is None
        yield StripDay(day=one, number=None if why else number, why=why)

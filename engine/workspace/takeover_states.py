"""What is wrong with the states of tests and triggers that a takeover hands over (`rulings.md` 56)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from engine.basics.errors import Problem
from engine.determination.trigger_counts import Count, Counts
from engine.terms.clause import Clause, Cure, MaintenanceClause
from engine.terms.contract_dates import counted
from engine.terms.periods import Period
from engine.terms.source import Path
from engine.terms.takeover import (
    PATH,
    CarriedCount,
    CarriedCure,
    CarriedTest,
    CarriedTrigger,
    CarriedWaiver,
    InterruptedTest,
    InterruptedTrigger,
    count_reached,
    entries,
)
from engine.terms.takeover_reading import carried_value
from engine.workspace.takeover_held import Held


def of_test(held: Held, name: str, said: CarriedTest, clause: Clause) -> Iterator[Problem]:
    """Yield everything that is wrong with the state of one test."""
    at: Path = ("tests", name)
    for key in ("since", "entered", "tested_on", "determined_on", "episode"):
        yield from held.dated((*at, key), getattr(said, key))
    cure = clause.cure if isinstance(clause, MaintenanceClause) and isinstance(clause.cure, Cure) else None
    yield from _in_order(held, at, said)
    yield from _asked_of_a_test(held, at, said, clause, cure)
    yield from _of_no_use_in_a_test(held, at, said, cure)
    if isinstance(said.cure, CarriedCure):
        # While the clock stands still, the last day may lie in the past without being over.
        stopped = said.held is not None and said.held.clock_stopped is not None
        runs = said.status == "CURE PERIOD" and not stopped
        yield from _cure(held, (*at, "cure"), said.cure, cure.within if cure else None, runs=runs)
    if said.waiver is not None:
        yield from _waiver(held, at, said.waiver, said.interrupted)
    yield from _counted(held, at, said, clause)
    for figure in ("first", "now", "measured") if said.shortfall is not None else ():
        text = getattr(said.shortfall, figure)
        if carried_value(text) is None:
            why = "it is measured against the limit"
            yield held.wrong(
                (*at, "shortfall", figure), f"`{text}` is not a figure", why, "write it like `4.5%`", "D588"
            )
    yield from _used(held, (*at, "cures_used"), entries(said.cures_used))


def _asked_of_a_test(
    held: Held, at: Path, said: CarriedTest, clause: Clause, cure: Cure | None
) -> Iterator[Problem]:
    """Yield a problem for each key that the status of a test needs and that is missing."""
    tested = said.result is not None or said.status not in ("NOT YET TESTED", "SUSPENDED")
    counts = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    resulted = said.tested_on is not None and said.status != "SUSPENDED"  # which forgets its last result
    several = counts is not None and counts.out_of > 1 and resulted
    failing = said.status in ("PENDING", "CURE PERIOD", "EVENT OF DEFAULT")
    second = said.status == "CURE PERIOD" and cure is not None and cure.extension is not None
    for key, needed, why in (
        ("result", resulted, "a date on which it was tested has a result"),
        ("tested_on", tested, "a status rests on a result"),
        (
            "determined_on",
            said.status in ("COMPLIANT", "WATCH", "PENDING"),
            f"{said.status} rests on a PASS or a FAIL",
        ),
        ("episode", failing, f"{said.status} belongs to an episode, which begins with its first FAIL"),
        (
            "cure",
            said.status == "CURE PERIOD",
            "a Cure Period has a last day, or its clock has `not started`",
        ),
        (
            "effective_on",
            said.status == "EVENT OF DEFAULT",
            "a default is effective from a day, or `not yet`",
        ),
        ("waiver", said.status == "WAIVED", "a waiver has its last day and its document"),
        ("interrupted", said.status == "WAIVED", "what it interrupted stands again when it ends"),
        ("shortfall", second, "a second Cure Period is measured by the first shortfall"),
        ("counted", several, f"the clause counts {counts}"),
    ):
        if needed and not getattr(said, key):
            yield held.lacks(at, key, why)


def _of_no_use_in_a_test(held: Held, at: Path, said: CarriedTest, cure: Cure | None) -> Iterator[Problem]:
    """Yield a problem for each key that contradicts the status beside it.

    Under a waiver the status is the one that the waiver interrupted.
    """
    open_ = said.interrupted.status if said.interrupted is not None else said.status
    for key, contradicts, why in (
        ("cure", open_ not in ("CURE PERIOD", "EVENT OF DEFAULT"), f"{open_} has no Cure Period that runs"),
        ("cure", cure is None and open_ == "CURE PERIOD", "the clause has no cure in this deal"),
        ("waiver", said.status != "WAIVED", f"{said.status} is not under a waiver"),
        ("interrupted", said.status not in ("WAIVED", "SUSPENDED"), f"{said.status} interrupts nothing"),
        ("effective_on", open_ != "EVENT OF DEFAULT", f"{open_} is not a default"),
        (
            "episode",
            said.status in ("COMPLIANT", "WATCH", "NOT YET TESTED"),
            f"{said.status} has ended its episode",
        ),
    ):
        if contradicts and getattr(said, key) is not None:
            yield held.of_no_use((*at, key), why)


def _counted(held: Held, at: Path, said: CarriedTest, clause: Clause) -> Iterator[Problem]:
    """Yield a problem if there are more counted results than the clause looks at."""
    times = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    most = times.out_of if times is not None else 1
    results = entries(said.counted)
    if len(results) > most:
        why = f"the clause looks at {most}"
        yield held.wrong(
            (*at, "counted"),
            f"the counted results are {len(results)}",
            why,
            "leave out the older ones",
            "D584",
        )


def _in_order(held: Held, at: Path, said: CarriedTest) -> Iterator[Problem]:
    """Yield a problem for each date of a test that comes before what it must follow."""
    if said.entered is not None and said.entered > said.since:
        yield held.wrong(
            (*at, "entered"),
            f"it was entered on {said.entered}, after {said.since}",
            "`since` is the later one",
            "correct one of them",
        )
    if said.determined_on is not None and said.tested_on is not None and said.determined_on > said.tested_on:
        why = "the date of the newest result is not before the last one that was determined"
        yield held.wrong(
            (*at, "determined_on"),
            f"{said.determined_on} is after {said.tested_on}",
            why,
            "correct one of them",
        )
    if (
        said.episode is not None
        and said.episode > said.since
        and said.status in ("PENDING", "CURE PERIOD", "EVENT OF DEFAULT")
    ):
        why = "an episode begins with its first FAIL, on or before the day of the status that follows"
        yield held.wrong(
            (*at, "episode"),
            f"the episode begins on {said.episode}, after {said.since}",
            why,
            "correct one of them",
        )


def _cure(held: Held, at: Path, said: CarriedCure, within: Period | None, *, runs: bool) -> Iterator[Problem]:
    """Yield the problems of a Cure Period.

    Its days must be in order, and its last day must not be over while it runs. It is a warning if the clause
    counts another last day.
    """
    yield from held.dated((*at, "start"), said.start)
    if said.last_day < said.start:
        why = f"it is counted from {said.start}"
        yield held.wrong(
            (*at, "last_day"), f"the last day {said.last_day} is before its start", why, "correct one of them"
        )
    # On its last day itself a Cure Period still runs.
    elif runs and said.last_day < held.said.as_of:
        why = f"a Cure Period whose last day was {said.last_day} did not run on {held.said.as_of}"
        fix = "write the status that followed, or correct the day"
        yield held.wrong(
            (*at, "last_day"), f"the last day {said.last_day} is over as of {held.said.as_of}", why, fix
        )
    # A second Cure Period may have another length, and months are not checked here.
    elif within is not None and not said.second and within.unit in ("business days", "days", "weeks"):
        days = within.count * (7 if within.unit == "weeks" else 1) + said.waived_days
        unit: Literal["business days", "days"] = "business days" if within.unit == "business days" else "days"
        by = counted(said.start, Period(days, unit), held.calendar.add)
        if by != said.last_day or unit != said.unit:
            left_out = f" and {said.waived_days} waived" if said.waived_days else ""
            why = f"{within}{left_out} after {said.start} end on {by}"
            fix = "see that the former servicer's last day is meant: it governs"
            yield Problem(
                "W131",
                f"the clause gives another last day than {said.last_day}",
                why,
                fix,
                held.tree.place((*PATH, *at, "last_day")),
            )


def _waiver(
    held: Held, at: Path, said: CarriedWaiver, interrupted: InterruptedTest | InterruptedTrigger | None
) -> Iterator[Problem]:
    # A waiver runs through its last day.
    if said.until < held.said.as_of:
        why = f"a waiver until {said.until} did not run on {held.said.as_of}"
        yield held.wrong(
            (*at, "waiver", "until"),
            f"the waiver is over on {said.until}",
            why,
            "write the status that followed, or correct the day",
        )
    if interrupted is not None:
        yield from held.dated((*at, "interrupted", "since"), interrupted.since)


def _used(held: Held, at: Path, days: Sequence[date]) -> Iterator[Problem]:
    for number, day in enumerate(days):
        yield from held.dated((*at, number), day)


def of_trigger(held: Held, name: str, said: CarriedTrigger, counts: Counts) -> Iterator[Problem]:
    """Yield everything that is wrong with the state of one trigger."""
    at: Path = ("triggers", name)
    terms = held.terms.triggers.get(name)
    own = terms.cure if terms is not None else None
    for key in ("since", "entered", "first_met"):
        yield from held.dated((*at, key), getattr(said, key))
    yield from held.dated((*at, "last_ended"), said.last_ended if isinstance(said.last_ended, date) else None)
    lasts = terms is not None and any(one.ends == "never" for one in terms.consequences)
    yield from _asked_of_a_trigger(held, at, said, lasts=lasts)
    yield from _contradicting_trigger(held, at, said, counts, cures=own is not None)
    if isinstance(said.cure, CarriedCure):
        yield from _cure(
            held,
            (*at, "cure"),
            said.cure,
            own.within if own is not None else None,
            runs=said.status == "PENDING CURE",
        )
    if said.waiver is not None:
        yield from _waiver(held, at, said.waiver, said.interrupted)
    inside = said.status == "IN EFFECT"
    counting = said.status in ("NOT IN EFFECT", "PENDING CURE") or (inside and counts.while_met)
    yield from _limbs(held, (*at, "begins"), said.begins, counts.begins if counting else (), said.status)
    yield from _limbs(
        held, (*at, "ends"), said.ends, counts.ends if inside and counts.has_end else (), said.status
    )
    yield from _used(held, (*at, "cures_used"), entries(said.cures_used))


def _asked_of_a_trigger(held: Held, at: Path, said: CarriedTrigger, *, lasts: bool) -> Iterator[Problem]:
    """Yield a problem for each key that the status of a trigger needs and that is missing."""
    pending, waived = said.status == "PENDING CURE", said.status == "WAIVED"
    for key, needed, why in (
        ("cure", pending, "its own cure has a last day, or its clock has `not started`"),
        ("first_met", pending, "it says when its condition was first met"),
        ("waiver", waived, "a waiver has its last day and its document"),
        ("interrupted", waived, "what it interrupted stands again when it ends"),
        (
            "lasting",
            lasts and said.status == "NOT IN EFFECT",
            "whether its consequence that never ends is in force is not guessed",
        ),
    ):
        if needed and getattr(said, key) is None:
            yield held.lacks(at, key, why)


def _contradicting_trigger(
    held: Held, at: Path, said: CarriedTrigger, counts: Counts, *, cures: bool
) -> Iterator[Problem]:
    """Yield a problem for each key that contradicts the status of a trigger, or the deal."""
    pending, waived = said.status == "PENDING CURE", said.status == "WAIVED"
    if pending and not cures:
        yield held.wrong(
            (*at, "status"),
            "it cannot be PENDING CURE",
            "it has no cure of its own",
            "correct the status",
            "D583",
        )
    if said.cure is not None and not pending:
        yield held.of_no_use((*at, "cure"), f"{said.status} has no cure that runs")
    for key in ("waiver", "interrupted"):
        if getattr(said, key) is not None and not waived:
            yield held.of_no_use((*at, key), f"{said.status} is not under a waiver")
    if isinstance(said.last_ended, date) and said.status == "IN EFFECT" and said.last_ended > said.since:
        yield held.wrong(
            (*at, "last_ended"),
            f"it ended on {said.last_ended}",
            f"it is in effect since {said.since}",
            "correct one of them",
        )
    if said.irrevocable != (counts.irrevocable and said.status == "IN EFFECT") and not waived:
        why = "a trigger is irrevocable while it is in effect, and where its `ends` is `never`"
        what = f"`irrevocable: {str(said.irrevocable).lower()}` contradicts the deal"
        yield held.wrong((*at, "irrevocable"), what, why, "correct it", "D583")


def _limbs(
    held: Held, at: Path, said: Sequence[CarriedCount], counts: Sequence[Count], status: str
) -> Iterator[Problem]:
    """Yield the problems of the counts of a condition.

    There must be as many as the condition has, and each must say what its dates say.
    """
    if said and not counts:
        yield held.of_no_use(at, f"{status} counts no dates here")
        return
    if counts and len(said) != len(counts):
        words = ", ".join(f"`{one.what} for {one.times}`" for one in counts)
        why = f"the condition counts {words}, in the order of the file"
        place = held.tree.key_place((*PATH, *at)) if said else held.tree.key_place((*PATH, *at[:-1]))
        yield Problem(
            "D582",
            f"`{at[-1]}` has {len(said)} of {len(counts)} counts",
            why,
            f"write each beneath `{at[-1]}:`",
            place,
        )
        return
    for number, (one, count) in enumerate(zip(said, counts, strict=True)):
        yield from _count(held, (*at, number), one, count)


def _count(held: Held, at: Path, said: CarriedCount, count: Count) -> Iterator[Problem]:
    reached, needed = said.said
    times = count.times
    for key, days in (("met", said.met), ("not_met", said.not_met)):
        for number, day in enumerate(days):
            yield from held.dated((*at, key, number), day)
    if needed != times.count:
        why = f"the clause says `{count.what} for {times}`"
        yield held.wrong(
            (*at, "count"),
            f"`{said.count}` is not a count of this clause",
            why,
            f"write `.. of {times.count}`",
            "D584",
        )
    elif count_reached(said.history, times) != reached:
        why = f"its dates make {count_reached(said.history, times)} of {needed}"
        yield held.wrong(
            (*at, "count"),
            f"`{said.count}` is not what its dates say",
            why,
            "correct the count, or its dates",
            "D584",
        )
    elif reached >= needed and said.reached is None:
        yield held.lacks(at, "reached", "it says on which date the count was full")
    if len(said.history) > times.out_of or set(said.met) & set(said.not_met):
        why = f"it looks at {times.out_of} dates, each of which met it or did not"
        yield held.wrong(
            (*at, "count"),
            "its dates are too many, or one stands twice",
            why,
            "leave out the older ones",
            "D584",
        )

"""What a draft does on stated paths: the first date and rate of everything that happens, money and lanes.

Each limb has a lane, which shows its states over time. Every figure comes from the exact engine (`path_run`).
"Never" is an answer like any other, and names the last date looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from engine.basics.happenings import DEADLINES, Ends, Happening, unpublished_words
from engine.basics.values import Figure
from engine.determination.template import Template
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Counted, DeadlinePassed, ObligationMoved, Suspended, Tested
from engine.events.results import TestResult, Verdict
from engine.events.states import SweptPeriod, TestStatus, TriggerStatus
from engine.events.swept_money import SweptMoney, swept_money
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.path_run import last_value, moments
from engine.foresight.rate_scenarios import Rates
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates

DAY = timedelta(days=1)


@dataclass(frozen=True)
class FirstDate:
    """The first time that something happens to a limb: the date, and the newest published value on it.

    Attributes:
        subject: the test or the trigger.
        what: what happens.
        on: the date.
        rate: the newest value published by the date, in USD per GPU-hour; None before the first.
    """

    subject: str
    what: Happening
    on: date
    rate: Decimal | None


@dataclass(frozen=True)
class InEffect:
    """One time that a trigger was in effect, with the newest published value on its two dates.

    Attributes:
        since: its first day.
        ended: the day on which it ended; None if it was in effect at the end.
        rate: the value on the first day.
        rate_ended: the value on the day on which it ended.
    """

    since: date
    ended: date | None
    rate: Decimal | None
    rate_ended: Decimal | None


@dataclass(frozen=True)
class Unpublished:
    """How many Publication Dates a path has, how many have no value, and how many of these have no row."""

    of: int
    without: int
    no_row: int


LaneKind = Literal[
    "passes", "counted", "cure", "default", "in effect", "watch", "not determined", "waived", "off"
]


@dataclass(frozen=True)
class Span:
    """One stretch of a lane with one look, from its first day to the day before the next stretch.

    A lane is the line of a test or trigger in the picture of a path.
    """

    kind: LaneKind
    since: date
    until: date


@dataclass(frozen=True)
class Swept:
    """The money of one Payment Date: what went to the reserve, and its balance after it, in USD."""

    clause: str
    on: date
    amount: Fraction | None
    balance: Fraction


@dataclass(frozen=True)
class Least:
    """The worst figure of one test on a path: its date, what was measured, and the limit."""

    test: str
    on: date
    measured: Figure
    limit: Figure
    headroom: Figure


@dataclass(frozen=True)
class PathOutcome:
    """What a draft did on one path.

    Attributes:
        path: its name.
        until: the last date that was looked at: what is not here had not happened by then.
        firsts: the first of each thing that happened, by date.
        lanes: for each test and trigger, its states over time.
        swept: each Payment Date on which a sweep was in effect.
        least: the worst figure of each test that was determined.
        undetermined: tests that were never determined, each with its first reason.
        measured: each test's figure on each date on which something first happened.
        in_effect: for each trigger that was ever in effect, every time that it was.
        unpublished: the indices that have no value on some Publication Date.
    """

    path: str
    until: date
    firsts: tuple[FirstDate, ...]
    lanes: Mapping[str, tuple[Span, ...]]
    swept: tuple[Swept, ...]
    least: tuple[Least, ...]
    undetermined: Mapping[str, str]
    measured: Mapping[date, Mapping[str, Figure]] = field(default_factory=dict)
    in_effect: Mapping[str, tuple[InEffect, ...]] = field(default_factory=dict)
    unpublished: Mapping[str, Unpublished] = field(default_factory=dict)

    def times(self, trigger: str) -> tuple[Ends, ...]:
        """Return each time that a trigger was in effect: its first day, and the day on which it ended."""
        return tuple((one.since, one.ended) for one in self.in_effect.get(trigger, ()))

    def first(self, subject: str, what: Happening) -> FirstDate | None:
        """Return the first time that something happened to a limb; None if it never did."""
        return next((first for first in self.firsts if first.subject == subject and first.what == what), None)

    def swept_in_all(self, clause: str) -> SweptMoney:
        """Return what went to the reserve of a clause by the end."""
        return swept_money(amount.amount for amount in self.swept if amount.clause == clause)


@dataclass
class _Seen:
    """What has been gathered so far from the dates of one path, in the order of the dates."""

    firsts: dict[tuple[str, Happening], FirstDate] = field(default_factory=dict)
    moves: dict[str, list[tuple[date, LaneKind]]] = field(default_factory=dict)
    swept: list[Swept] = field(default_factory=list)
    least: dict[str, Least] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    results: dict[date, dict[str, Figure]] = field(default_factory=dict)
    spells: dict[str, list[tuple[date, date | None]]] = field(default_factory=dict)
    running: set[Happened] = field(default_factory=set)


Happened = tuple[str, Happening, date]


def outcome(
    name: str,
    deal: Deal,
    templates: Mapping[str, Template],
    rates: Mapping[str, Rates],
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
) -> PathOutcome:
    """Return what the draft does on one path, from closing to `until`.

    Args:
        name: what the path is called.
        deal: the draft.
        templates: the covenant templates by name.
        rates: each index's rates.
        given: what the Servicer's reports would say.
        until: the last date.
        acts: Recorded Acts on given dates.
    """
    seen = _Seen()
    # The first index is the one that a reader looks at: a date has one rate beside it.
    shown = next(iter(rates.values()), ())
    for moment in moments(deal, templates, rates, given, until, acts):
        events = [event for event in _happened(moment.drafts, seen) if event[1] not in DEADLINES]
        for subject, what, on in (*events, *_ran_out(moment.state, moment.inputs.on, seen)):
            # Only the first time stays: dates come in order, so a later one never replaces it.
            seen.firsts.setdefault((subject, what), FirstDate(subject, what, on, last_value(shown, on)))
    # What still runs at the end has a last day, which the path does not reach.
    for subject, what, on in sorted(seen.running, key=lambda event: event[2]):
        seen.firsts.setdefault((subject, what), FirstDate(subject, what, on, last_value(shown, on)))
    firsts = tuple(sorted(seen.firsts.values(), key=lambda first: first.on))
    # Figures of other dates would be kept for nothing, and a path has many dates.
    marked = {first.on for first in firsts}
    return PathOutcome(
        path=name,
        until=until,
        firsts=firsts,
        lanes={subject: tuple(_spans(moves, until)) for subject, moves in seen.moves.items()},
        swept=tuple(seen.swept),
        least=tuple(seen.least.values()),
        # A test with a worst figure was determined at least once, so what it lacked on other dates is left
        # out.
        undetermined={test: why for test, why in seen.lacking.items() if test not in seen.least},
        measured={day: figures for day, figures in seen.results.items() if day in marked},
        in_effect={
            trigger: tuple(
                InEffect(
                    since,
                    ended,
                    last_value(shown, since),
                    None if ended is None else last_value(shown, ended),
                )
                for since, ended in spells
            )
            for trigger, spells in seen.spells.items()
        },
        unpublished=dict(_unpublished(rates, deal.closing_date, until)),
    )


def _unpublished(rates: Mapping[str, Rates], closing: date, until: date) -> Iterator[tuple[str, Unpublished]]:
    """Yield each index that has no value on some Publication Date of a path, with how many there are."""
    thursdays = tuple(publication_dates(closing + DAY, until))
    for index, values in rates.items():
        known = dict(values)
        without = sum(known.get(day) is None for day in thursdays)
        if without:
            yield index, Unpublished(len(thursdays), without, sum(day not in known for day in thursdays))


def unpublished_notes(outcomes: Sequence[PathOutcome]) -> tuple[str, ...]:
    """Return a sentence for each path and index that has no value in some week."""
    return tuple(
        unpublished_words(outcome.path, index, weeks.of, weeks.without, weeks.no_row)
        for outcome in outcomes
        for index, weeks in outcome.unpublished.items()
    )


def _ran_out(state: DealState, on: date, seen: _Seen) -> Iterator[Happened]:
    """Yield each deadline that ran to its last day, and note in `seen` those that run after a date.

    A deadline that ended sooner, by a cure or a default, was nobody's last day.
    """
    running: set[Happened] = {
        (name, "cure by", test.cure.by)
        for name, test in state.tests.items()
        # The days of a waiver count towards no deadline, and it is fixed anew when the waiver ends.
        if test.cure is not None and test.status is TestStatus.CURE_PERIOD
    }
    running |= {
        (owed.clause, "due", owed.due.by) for owed in state.obligations.values() if owed.status == "OPEN"
    }
    yield from sorted((ended for ended in seen.running - running if ended[2] <= on), key=lambda one: one[2])
    seen.running = running


def happenings(drafts: Sequence[Draft]) -> Iterator[Happened]:
    """Yield what happened according to the events of one date: subject, kind and day of each.

    Earlier dates play no part, so a thing may be yielded that had happened before.
    """
    return _happened(drafts, _Seen())


def _happened(drafts: Sequence[Draft], seen: _Seen) -> Iterator[Happened]:
    """Yield what one date brought, each thing on its own date.

    Lanes, money and worst figures are noted in `seen` on the way.
    """
    for draft in drafts:
        match draft.payload:
            case Tested() as tested:
                yield from _tested(tested, seen)
            # A default begins with the end of its Cure Period and not with the date that found it.
            case DeadlinePassed(state=state):
                yield state.test, "default", state.since
                _lane(seen, state.test, state.since, "default")
            case Suspended(state=state):
                _lane(seen, state.test, state.since, "off")
            case Counted() as counted:
                yield from _counted(counted, draft.effective_on, seen)
            # An Obligation that is delivered or closed later was created once, and that is its first date.
            case ObligationMoved(obligation=made) if made.status == "OPEN":
                yield made.clause, "obliged", made.created_on
                yield made.clause, "due", made.due.by
            case SweptPeriod() as money:
                seen.swept.append(Swept(money.clause, money.payment_date, money.swept, money.reserve_balance))


def _tested(tested: Tested, seen: _Seen) -> Iterator[Happened]:
    result, state, name = tested.result, tested.state, tested.result.test
    if result.verdict is Verdict.NOT_DETERMINED:
        seen.lacking[name] = result.reason.reason if result.reason else "not determined"
    if result.verdict is Verdict.FAIL:
        yield name, "fails", result.on
        seen.failed.add(name)
    # A test that never failed does not pass again.
    elif result.verdict is Verdict.PASS and name in seen.failed:
        yield name, "passes again", result.on
    if state.cure is not None and state.status is TestStatus.CURE_PERIOD:
        # A last day lies ahead of the date that sets it, so it has its own place in the order.
        yield name, "cure by", state.cure.by
    # A Cure Period may also end in a waiver, which cures nothing.
    if tested.before is TestStatus.CURE_PERIOD and state.status is TestStatus.COMPLIANT:
        yield name, "cured", result.on
    if state.status is TestStatus.EVENT_OF_DEFAULT and tested.before is not TestStatus.EVENT_OF_DEFAULT:
        yield name, "default", state.since
    _worst(result, seen)
    _lane(seen, name, result.on, _kind(state.status, result.verdict))


def _worst(result: TestResult, seen: _Seen) -> None:
    if result.measured is None or result.limit is None or result.headroom is None:
        return
    seen.results.setdefault(result.on, {})[result.test] = result.measured
    worst = seen.least.get(result.test)
    # The first of two equal figures stays, because the earlier date is the warning.
    if worst is None or result.headroom.value < worst.headroom.value:
        seen.least[result.test] = Least(
            result.test, result.on, result.measured, result.limit, result.headroom
        )


def _kind(status: TestStatus, verdict: Verdict) -> LaneKind:
    """Return how a test's lane shows a state."""
    by_status: dict[TestStatus, LaneKind] = {
        TestStatus.CURE_PERIOD: "cure",
        TestStatus.EVENT_OF_DEFAULT: "default",
        TestStatus.WATCH: "watch",
        TestStatus.WAIVED: "waived",
        TestStatus.SUSPENDED: "off",
    }
    if status in by_status:
        return by_status[status]
    return {Verdict.FAIL: "counted", Verdict.PASS: "passes"}.get(verdict, "not determined")  # type: ignore[return-value]  # of the literals above


def _counted(counted: Counted, on: date, seen: _Seen) -> Iterator[Happened]:
    state = counted.state
    # A clause's own trigger has the clause's name, and the two lanes differ.
    lane = f"{state.trigger} (trigger)"
    if state.status is TriggerStatus.IN_EFFECT:
        if counted.before is not TriggerStatus.IN_EFFECT:
            spells = seen.spells.setdefault(state.trigger, [])
            yield state.trigger, "begins again" if spells else "begins", state.since
            spells.append((state.since, None))
        _lane(seen, lane, state.since, "in effect")
        return
    if counted.before is TriggerStatus.IN_EFFECT:
        spells = seen.spells.get(state.trigger, [])
        yield state.trigger, "ends again" if len(spells) > 1 else "ends", on
        spells[-1:] = [(spell[0], on) for spell in spells[-1:]]
    # A lane has one line, so a trigger with several limbs shows the one that decides.
    leading = state.leading_begin
    _lane(seen, lane, on, "counted" if leading is not None and leading.count > 0 else "passes")


def _lane(seen: _Seen, subject: str, on: date, kind: LaneKind) -> None:
    """Add one more date to a lane, if its kind changes.

    A state that began earlier than its date replaces the days since it began.
    """
    moves = seen.moves.setdefault(subject, [])
    if moves and moves[-1][1] == kind:
        return
    # A default dates from the end of its Cure Period, which may lie before dates already drawn.
    while moves and moves[-1][0] >= on:
        moves.pop()
    moves.append((on, kind))


def _spans(moves: Sequence[tuple[date, LaneKind]], until: date) -> Iterator[Span]:
    ends = [since for since, _ in moves[1:]]
    # The last stretch is open, and the picture ends with the last date that was looked at.
    for (since, kind), end in zip(moves, [*ends, until + DAY], strict=True):
        yield Span(kind, since, end - DAY)


def several_times(outcomes: Sequence[PathOutcome]) -> tuple[str, ...]:
    """Return the triggers that were in effect more than once on one of the paths."""
    return tuple(
        trigger
        for trigger in dict.fromkeys(name for outcome in outcomes for name in outcome.in_effect)
        if any(len(outcome.times(trigger)) > 1 for outcome in outcomes)
    )


def closing_levels(deal: Deal) -> dict[str, Decimal]:
    """Return the Closing Date level of each index of the draft.

    A stress begins there unless another rate is named.
    """
    terms = resolve(deal, deal.closing_date)
    return {
        # Rates are published as decimals, and a division of whole numbers keeps a level of four places exact.
        name: Decimal(index.closing_date_level.numerator) / Decimal(index.closing_date_level.denominator)
        for name, index in terms.index.items()
    }

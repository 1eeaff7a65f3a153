"""One Determination Date as a whole: what it rested on, what is due from whom, what follows by itself.

It reads the finished states of a date and decides nothing. Page 1 of the notice states what stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from engine.basics.calendar import BusinessCalendar
from engine.basics.values import Figure, Unit, last_thursday
from engine.determination.measure_inputs import ReportDue
from engine.determination.template import Cure, MaintenanceClause, Reported, Template
from engine.evaluation.curable_triggers import begin_unless_cured, trigger_cures
from engine.evaluation.deadlines import day_after
from engine.evaluation.notice_duties import open_duties
from engine.evaluation.sweeps import Sweeping, left_to_repay, sweeps, swept
from engine.evaluation.trigger_states import rules
from engine.events.deal_state import DealState
from engine.events.due_acts import Brings, Deposit, Due, DueFacts, Follow, FollowFacts, StripDay
from engine.events.duty_words import due_words, follow_words
from engine.events.kinds import Determined
from engine.events.results import TestResult, Verdict
from engine.events.servicing import GpusCounted, HeldFigure, ReportServed
from engine.events.states import Deadline, ReserveAccount, TestStatus, TriggerStatus
from engine.terms.contract_dates import (
    counted_from,
    date_of_period,
    next_determination_date,
    next_payment_date,
)
from engine.terms.in_force import Consequence, TermsInForce
from engine.terms.report_terms import ServicerReports
from engine.terms.taken_away import TakenAway

STRIP_LONGEST = 31
"""The most calendar days that the strip of a deadline can show."""


@dataclass(frozen=True)
class Finished:
    """What is known at the end of a determined date; `outlook` makes the date's summary of it."""

    on: date
    terms: TermsInForce
    templates: Mapping[str, Template]
    calendar: BusinessCalendar
    state: DealState
    results: Mapping[str, TestResult]
    report: Reported | None
    report_text: str
    overdue_reports: tuple[ReportDue, ...] = ()
    """Reports that are late and have not come, oldest first."""
    served: ReportServed | None = None
    held: tuple[HeldFigure, ...] = ()
    gpus: tuple[GpusCounted, ...] = ()
    taken_away: tuple[TakenAway, ...] = ()
    """The triggers that an amendment has taken away."""
    accounts: Mapping[str, ReserveAccount] = field(default_factory=dict)
    """The reserve account of each sweep, by its trigger."""
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    """Every calendar that the deal has in its life, by name: a running clock keeps that of when it began."""


def outlook(day: Finished) -> Determined:
    """Return the summary of one Determination Date."""
    publication = last_thursday(day.on)
    # The subject breaks ties, so that two runs print the acts of one day in the same order.
    due = tuple(sorted(_due(day), key=lambda due_act: (due_act.by, due_act.subject)))
    strip = _strip(day, due)
    return Determined(
        publication_date=publication,
        window_start=publication - timedelta(days=7),
        window_end=publication - timedelta(days=1),
        next_determination_date=next_determination_date(day.terms, day.calendar, day.on),
        next_publication_date=publication + timedelta(days=7),
        calendar=day.calendar.name,
        outstanding_principal=_principal(day),
        report=day.report.source.reference if day.report else None,
        report_text=day.report_text,
        due=due,
        follows=tuple(sorted(_follows(day), key=lambda follow: (follow.on, follow.subject))),
        strip=strip[1],
        strip_title=strip[0],
        warnings=(
            *((day.state.taken_over.warning,) if day.state.taken_over else ()),
            *_warnings(day.terms),
            *_doubts(day),
        ),
        served=day.served,
        held=day.held,
        gpus=day.gpus,
        reserves=tuple(
            account
            for account in day.accounts.values()
            if account.held or account.due or account.withdrawn or account.confirmed_on
        ),
    )


def _principal(day: Finished) -> Figure | None:
    if day.report is None:
        return None
    figures = day.report.figures
    # A total that the Servicer states is taken at its word, before a sum of classes.
    if "outstanding_principal" in figures:
        return figures["outstanding_principal"]
    classes = [figures.get(f"outstanding_principal.{name}") for name in day.terms.debt]
    # A sum that lacks a class would print as the deal's whole principal.
    if not classes or any(figure is None for figure in classes):
        return None
    return Figure(value=sum((figure.value for figure in classes if figure), Fraction(0)), unit=Unit.USD)


def _due(day: Finished) -> Iterator[Due]:
    """Yield what is due, each act with its words and its facts."""
    for one in (
        *_cures(day),
        *trigger_cures(day.terms, day.state),
        *_deliveries(day),
        *_deposits(day),
        *_report(day),
        *_duties(day),
    ):
        yield one.model_copy(update={"what": due_words(one)})


def _cures(day: Finished) -> Iterator[Due]:
    for name, state in day.state.tests.items():
        if state.status is not TestStatus.CURE_PERIOD or state.cure is None:
            continue
        result = day.results.get(name)
        ways = result.remedies if result else ()
        yield Due(
            by=state.cure.by,
            who=day.terms.debtor,
            act="cure",
            subject=name,
            facts=DueFacts(cured_by=_cured_by(day, name)),
            deadline=state.cure,
            figure=ways[0].figure if ways else None,
            ways=ways,
            cite=state.cure.cite,
            urgent=True,
        )


def _cured_by(day: Finished, name: str) -> tuple[str, ...] | None:
    """Return the ways of cure that the agreement lists for a clause; None without a cure."""
    clause = day.terms.covenants.get(name)
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    return cure.cured_by if isinstance(cure, Cure) else None


def _deliveries(day: Finished) -> Iterator[Due]:
    for obligation in day.state.obligations.values():
        if not obligation.is_owed:
            continue
        yield Due(
            by=obligation.due.by,
            who=obligation.by,
            act="deliver",
            subject=obligation.clause,
            facts=DueFacts(
                deliver=obligation.name,
                overdue_since=obligation.status_since if obligation.status == "OVERDUE" else None,
            ),
            deadline=obligation.due,
            cite=obligation.due.cite,
            urgent=obligation.status == "OVERDUE",
        )


def _deposits(day: Finished) -> Iterator[Due]:
    """Yield what each sweep in effect takes on the next Payment Date (`rulings.md` 30).

    The amounts follow from the figures of the report that serves.
    """
    on = next_payment_date(day.terms, day.calendar, day.on)
    given = day.report.figures if day.report else {}
    taken = Fraction(0)

    def figure(name: str) -> Fraction | None:
        return given[name].value if name in given else None

    for sweep in sweeps(day.terms, day.templates):
        trigger = day.state.triggers.get(sweep.trigger)
        if on is None or trigger is None or trigger.status is not TriggerStatus.IN_EFFECT:
            continue
        balance = day.accounts[sweep.trigger].held if sweep.trigger in day.accounts else Fraction(0)
        most = left_to_repay(day.terms, sweep.sweep, figure)
        expected = swept(sweep.trigger, sweep.sweep, on, balance, figure, taken, most)
        # Sweeps of one date share the same cash, so what one takes is not there for the next.
        taken += expected.swept or 0
        yield Due(
            by=on,
            who=sweep.who,
            act="pay into reserve" if sweep.sweep.repays is None else "repay",
            subject=sweep.trigger,
            facts=DueFacts(deposit=_deposit(sweep, balance, expected.swept is not None)),
            figure=None if expected.swept is None else Figure(value=expected.swept, unit=Unit.USD),
            cite=sweep.cite,
            urgent=True,
        )


def _deposit(one: Sweeping, balance: Fraction, reported: bool) -> Deposit:
    """Return the terms of a sweep's deposit, with the balance of its account before the deposit, in USD.

    `reported` tells whether the balance comes from a report.
    """
    sweep = one.sweep
    return Deposit(
        share=sweep.share,
        of=sweep.of,
        to=sweep.to,
        held=balance,
        target=sweep.until,
        reported=reported,
        repays=sweep.repays,
    )


def _report(day: Finished) -> Iterator[Due]:
    rule = day.terms.servicer_reports
    if rule is None:
        return
    for late in day.overdue_reports:
        facts = DueFacts(period_end=late.period_end, overdue_since=late.due + timedelta(days=1))
        after = date_of_period(day.terms, day.calendar, late.period_end)
        last = _before(day, rule, late.due, after)
        yield Due(
            by=late.due,
            who="servicer",
            act="report",
            subject="report",
            facts=facts,
            deadline=last,
            cite=rule.cite,
            urgent=True,
        )
    following = next_determination_date(day.terms, day.calendar, day.on)
    by = counted_from(rule.due, following, day.calendar)
    last = _before(day, rule, by, following)
    facts = DueFacts(for_date=following)
    yield Due(
        by=by, who="servicer", act="report", subject="report", facts=facts, deadline=last, cite=rule.cite
    )


def _before(day: Finished, rule: ServicerReports, by: date, following: date) -> Deadline:
    """Return the deadline `by` for a report, with the rule that sets it and the date it is counted from.

    The rule counts from `following`, the Determination Date of the report's period.
    """
    # The report may be due before its date or after it, so both orders of the two days are asked.
    projected = rule.due.period.unit == "business days" and day.calendar.projected(
        min(by, following), max(by, following)
    )
    said, calendar = str(rule.due), day.calendar.name
    return Deadline(
        by=by, counted_from=following, rule=said, calendar=calendar, cite=rule.cite, projected=projected
    )


def _duties(day: Finished) -> Iterator[Due]:
    """Yield the notices that somebody still owes to somebody, oldest first (`rulings.md` 54)."""
    for duty in open_duties(day.state, day.on):
        owed, late = duty.owed, duty.overdue_since(day.on)
        yield Due(
            by=owed.last.by if owed.last is not None else owed.since,
            who=owed.given_by,
            act="notify",
            subject=owed.subject or "deal",
            facts=DueFacts(held=owed.held),
            deadline=owed.last,
            cite=owed.cite,
            urgent=late is not None,
            notice=owed.kind,
            of=owed.on,
            to=duty.to,
            overdue_since=late,
        )


def _follows(day: Finished) -> Iterator[Follow]:
    """Yield what follows by itself, each with its words and its facts."""
    for one in (*_by_deadline(day), *_consequences(day), *_counts(day), *_rates(day)):
        yield one.model_copy(update={"detail": follow_words(one, _title(day, one.subject))})


def _by_deadline(day: Finished) -> Iterator[Follow]:
    for name, state in day.state.tests.items():
        if state.status is TestStatus.CURE_PERIOD and state.cure is not None:
            facts = FollowFacts(by=state.cure.by)
            yield Follow(
                on=day_after(state.cure),
                subject=name,
                what="event of default",
                facts=facts,
                cite=state.cure.cite,
            )
    yield from begin_unless_cured(day.terms, day.state)
    for obligation in day.state.obligations.values():
        if obligation.status == "OPEN":
            facts = FollowFacts(deliver=obligation.name)
            yield Follow(
                on=day_after(obligation.due),
                subject=obligation.clause,
                what="overdue",
                facts=facts,
                cite=obligation.due.cite,
            )


def _consequences(day: Finished) -> Iterator[Follow]:
    """Yield what a composite trigger causes while in effect, and afterwards what it caused for good.

    Sweeps and Obligations are acts with a date of their own, so they are not among them.
    """
    stand = {
        removal.trigger: removal.terms
        for removal in day.taken_away
        if removal.consequences == "stand" and removal.terms is not None
    }
    # The terms in force go last: a trigger that is back under its name follows them and not its former terms.
    for name, trigger in {**stand, **day.terms.triggers}.items():
        state = day.state.triggers.get(name)
        if state is None:
            continue
        over = TriggerStatus.NOT_IN_EFFECT in (state.status, state.waived_from) and name in day.state.begun
        for consequence in trigger.consequences:
            if consequence.sweep is not None or consequence.deliver is not None:
                continue
            facts = FollowFacts(brings=_brings(consequence))
            if state.status is TriggerStatus.IN_EFFECT:
                later = (
                    next_payment_date(day.terms, day.calendar, day.on)
                    if consequence.starts == "next payment date"
                    else None
                )
                yield Follow(
                    on=later or day.on, subject=name, what="consequence", facts=facts, cite=consequence.cite
                )
            elif over and consequence.ends == "never":
                yield Follow(
                    on=day.on, subject=name, what="lasting consequence", facts=facts, cite=consequence.cite
                )


def _brings(one: Consequence) -> Brings:
    needs = None if one.needs == "nothing" else one.needs
    return Brings(effect=one.effect, order=one.order, margin=one.margin, amount=one.amount, needs=needs)


def _counts(day: Finished) -> Iterator[Follow]:
    """Yield each trigger that is one date away from beginning or ending."""
    following = last_thursday(day.on) + timedelta(days=7)
    for rule in rules(day.terms, day.templates):
        name, trigger = rule.name, day.state.triggers.get(rule.name)
        count = trigger.count if trigger is not None else None
        if trigger is None or count is None or count.count == 0 or count.count != count.needed - 1:
            continue
        on = (
            following
            if count.dates == "publication dates"
            else next_determination_date(day.terms, day.calendar, day.on)
        )
        inside = trigger.status is TriggerStatus.IN_EFFECT
        facts = FollowFacts(count=count.count, needed=count.needed)
        yield Follow(
            on=on,
            subject=name,
            what="trigger ends" if inside else "trigger begins",
            facts=facts,
            cite=rule.cite,
        )


def _rates(day: Finished) -> Iterator[Follow]:
    """Yield each carried rate that the next missed publication would end."""
    for name, rates in day.state.rates.items():
        # A rate of age 0 is today's own, and an index that an amendment removed has nothing that could lapse.
        if not rates or not rates[-1].age or rates[-1].value is None or name not in day.terms.index:
            continue
        rate = rates[-1]
        on = next_determination_date(day.terms, day.calendar, day.on)
        facts = FollowFacts(carried_from=rate.publication_date)
        yield Follow(on=on, subject=name, what="rate lapses", facts=facts, cite=rate.cite)


def _title(day: Finished, name: str) -> str:
    clause = day.terms.covenants.get(name)
    return day.templates[clause.template].title if clause else name


def _strip(day: Finished, due: tuple[Due, ...]) -> tuple[str | None, tuple[StripDay, ...]]:
    """Return the calendar days to the next urgent deadline, with the words above them.

    Each day has its Business Day number, or the reason why it is not a Business Day. Without a deadline to
    show, the words are None and the days are empty.
    """
    for due_act in due:
        last = due_act.deadline
        # The strip shows which days are not Business Days, so a count of calendar days does not need one.
        if last is None or last.calendar == "calendar days" or due_act.act not in ("cure", "deliver"):
            continue
        if (last.by - last.counted_from).days <= STRIP_LONGEST:
            return f"{due_words(due_act)}: {last.rule}, {last.calendar}", tuple(
                _days(last, day.calendars.get(last.calendar, day.calendar))
            )
    return None, ()


def _days(last: Deadline, calendar: BusinessCalendar) -> Iterator[StripDay]:
    number = 0
    day = last.counted_from
    while day < last.by:
        day += timedelta(days=1)
        why = calendar.why_not(day)
        number += why is None
        yield StripDay(day=day, number=None if why else number, why=why)


def _doubts(day: Finished) -> Iterator[str]:
    """Yield what a template says beside a FAIL of its clause.

    One example is a reading that fires near the Closing Date level.
    """
    for name, result in day.results.items():
        clause = day.terms.covenants.get(name)
        doubt = (
            day.templates[clause.template].doubt
            if clause is not None and result.verdict is Verdict.FAIL
            else None
        )
        if clause is None or doubt is None:
            continue
        index = day.terms.index_of(clause)
        rates, terms = day.state.rates.get(index, ()), day.terms.index.get(index)
        if terms is not None and rates and rates[-1].value is not None:
            said = doubt(clause, Fraction(rates[-1].value), Fraction(terms.closing_date_level))
            yield from (said,) if said is not None else ()


def _warnings(terms: TermsInForce) -> Iterator[str]:
    if terms.revenue.mostly == "enterprise contracts":
        *others, last = terms.index
        named = f"{', '.join(others)} and {last} measure" if others else f"{last} measures"
        yield (
            f"The pool's revenue is mostly enterprise contracts; {named} listed on-demand prices and may "
            "move without them (WP §5.2)."
        )
    if terms.rated:
        yield "The transaction is rated and no independent audit of the index is on record (WP §8.3 (d))."

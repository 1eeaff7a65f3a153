"""The state that a former servicer left, turned from the file's words into the facts of `taken over`.

The ruling is `rulings.md` 56.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from engine.basics.calendar import BusinessCalendar
from engine.determination.carried_prints import carried_published, carried_report, decimal_rate
from engine.determination.template import Template
from engine.evaluation.conditions import LeafRule, Tree, leaves, limb_of
from engine.evaluation.deadlines import day_after
from engine.evaluation.trigger_states import TriggerRule, rules
from engine.events.deal_adopted import DealAdopted
from engine.events.draft import Draft
from engine.events.rates import Published, ReferenceRate
from engine.events.servicing import NoticeOwed
from engine.events.states import (
    Deadline,
    Entry,
    HeldRun,
    Limb,
    Obligation,
    ReserveAccount,
    Run,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
)
from engine.events.taken_over import TakenOver, Untold
from engine.terms.as_written import Deal, calendar_on, resolve
from engine.terms.clause import Clause, Cure, Deliver, MaintenanceClause, TriggerCure, default_needs
from engine.terms.contract_dates import determination_dates
from engine.terms.in_force import TermsInForce
from engine.terms.takeover import (
    CarriedCount,
    CarriedCure,
    CarriedHold,
    CarriedRate,
    CarriedTest,
    CarriedTrigger,
    CarriedWaiver,
    Takeover,
    blocks,
    entries,
)
from engine.terms.takeover_reading import carried_value

PUBLISHED = "published value"


def adoption(
    deal: Deal, facts: DealAdopted, number: int, templates: Mapping[str, Template]
) -> tuple[Draft, ...]:
    """Return the events with which a file enters a log.

    They are its adoption and, after a first file with a takeover, the state that was taken over.
    """
    adopted = Draft(
        kind="deal adopted", subject="deal", effective_on=deal.closing_date, payload=facts, print=number
    )
    # A later file of the deal repeats the block, and a second takeover would overwrite what happened since.
    if deal.takeover is None or number > 1:
        return (adopted,)
    return adopted, takeover_draft(deal, deal.takeover, templates)


def takeover_draft(deal: Deal, said: Takeover, templates: Mapping[str, Template]) -> Draft:
    """Return the event of the first day here of a deal that was taken over."""
    return Draft(
        kind="taken over", subject="deal", effective_on=said.as_of, payload=taken_over(deal, said, templates)
    )


def taken_over(deal: Deal, said: Takeover, templates: Mapping[str, Template]) -> TakenOver:
    """Return the state that a takeover hands over, under the terms that were in force on its day."""
    return _Handover(deal, said, templates).whole()


class _Handover:
    """One takeover with what is needed to read it: the terms of its day, their calendar and the templates."""

    def __init__(self, deal: Deal, said: Takeover, templates: Mapping[str, Template]) -> None:
        self.deal, self.said, self.templates = deal, said, templates
        self.terms: TermsInForce = resolve(deal, said.as_of)
        self.calendar: BusinessCalendar = calendar_on(deal, said.as_of)
        self.why = f"carried over from {said.from_} as of {said.as_of}"
        # The Payment Date after the takeover asks for the trigger's state at this date (`rulings.md` 30a).
        self.last_date = next(iter(determination_dates(self.terms, self.calendar, said.as_of)[-1:]), None)

    def whole(self) -> TakenOver:
        """Return the whole state that is handed over."""
        said, triggers = self.said, dict(self._triggers())
        return TakenOver(
            as_of=said.as_of,
            former_servicer=said.from_,
            document=said.document,
            sha256=said.sha256,
            prepared_by=said.prepared_by,
            approved_by=said.approved_by,
            tests={
                name: self._test(name, test) for name, test in said.tests.items() if not _never_tested(test)
            },
            triggers=triggers,
            runs={
                name: Run(failures=test.runs.failing, on=test.tested_on)
                for name, test in said.tests.items()
                if test.tested_on is not None
            },
            test_entries={name: _entry(test) for name, test in said.tests.items() if not _never_tested(test)},
            trigger_entries={name: _entry(trigger) for name, trigger in said.of_triggers.items()},
            # Consequences that last outlive their trigger, so a notice has to know that it once began.
            begun=tuple(name for name, trigger in said.of_triggers.items() if _has_begun(trigger)),
            in_effect=tuple(name for name, state in triggers.items() if self._was_in_effect(state)),
            last_date=self.last_date,
            events=blocks(said.events),
            obligations=tuple(self._obligations()),
            notices_owed=tuple(self._notices()),
            not_yet_told=tuple(
                Untold(kind=one.notice, subject=one.of, since=one.since) for one in entries(said.not_yet_told)
            ),
            reserves=tuple(
                ReserveAccount(
                    clause=name,
                    held=one.paid,
                    due=one.due,
                    due_then=one.due_then,
                    confirmed_on=one.confirmed_on,
                )
                for name, one in blocks(said.reserves).items()
            ),
            rates={
                name: tuple(self._rate(name, line) for line in sorted(lines, key=lambda line: line.on))
                for name, lines in said.rates.items()
            },
            reports=tuple(carried_report(report, said) for report in entries(said.reports)),
            reports_missing=entries(said.reports_missing),
        )

    # ---- tests ----

    def _test(self, name: str, said: CarriedTest) -> TestState:
        clause = self.terms.covenants[name]
        cure = (
            clause.cure if isinstance(clause, MaintenanceClause) and isinstance(clause.cure, Cure) else None
        )
        shortfall = said.shortfall
        return TestState(
            test=name,
            status=TestStatus(said.status),
            since=said.since,
            verdict=said.result,
            # The date of the last PASS or FAIL can be older than the last date tested.
            rests_on=said.determined_on,
            episode_began=said.episode,
            cure=self._cure(said.cure, cure),
            counted=_counted(said),
            not_determined_run=said.runs.not_determined,
            awaited=said.runs.awaited,
            default_needs=default_needs(clause),
            effective_on=said.effective_on if isinstance(said.effective_on, date) else None,
            cured_on=entries(said.cures_used),
            passing_run=said.runs.passing,
            **_waived(said.waiver),
            clock_after=said.waiver.clock if said.waiver is not None else None,
            waived_from=TestStatus(said.interrupted.status)
            if said.waiver is not None and said.interrupted is not None
            else None,
            shortfalls=(carried_value(shortfall.first), carried_value(shortfall.now))
            if shortfall is not None
            else None,
            newest=carried_value(shortfall.measured) if shortfall is not None else None,
            # A second Cure Period is not followed by a third (`rulings.md` 52a).
            extended=isinstance(said.cure, CarriedCure) and said.cure.second,
            held=_held(said.held, self._at_most(clause)),
            why=self.why,
        )

    def _at_most(self, clause: Clause) -> int | None:
        """Return on how many dates in a row the agreement holds results that are not decisive.

        It is what the deal says of the clause's index; None if it sets no bound.
        """
        index = self.terms.index.get(self.terms.index_of(clause))
        return (
            None
            if index is None or index.low_confidence.at_most is None
            else index.low_confidence.at_most.count
        )

    def _cure(self, said: CarriedCure | str | None, cure: Cure | TriggerCure | None) -> Deadline | None:
        if not isinstance(said, CarriedCure):
            return None
        longer = cure.extension if isinstance(cure, Cure) and said.second else None
        within = longer.within if longer is not None else cure.within if cure is not None else ""
        left_out = (
            f", {said.waived_days} waived {'days' if said.waived_days != 1 else 'day'} not counted"
            if said.waived_days
            else ""
        )
        after = "last day of the first Cure Period" if said.second else cure.after if cure is not None else ""
        rule = f"{within} after the {after}{left_out}, as {self.why}"
        return self._deadline(
            said.start, said.last_day, said.unit, rule, cure.cite if cure is not None else "deal file"
        )

    def _deadline(self, start: date, last: date, unit: str, rule: str, cite: str) -> Deadline:
        days = unit == "business days"
        # Calendar days do not depend on holidays, so a projected holiday cannot move their last day.
        projected = days and self.calendar.projected(min(start, last), last)
        calendar = self.calendar.name if days else "calendar days"
        return Deadline(
            by=last, counted_from=start, rule=rule, calendar=calendar, cite=cite, projected=projected
        )

    # ---- triggers ----

    def _triggers(self) -> Iterator[tuple[str, TriggerState]]:
        """Yield (name, state) of each trigger, in the order in which triggers are decided."""
        for rule in rules(self.terms, self.templates):
            said = self.said.of_triggers.get(rule.name)
            if said is not None:
                yield rule.name, self._trigger(rule, said)

    def _trigger(self, rule: TriggerRule, said: CarriedTrigger) -> TriggerState:
        status = TriggerStatus(said.status)
        counting = status in (TriggerStatus.NOT_IN_EFFECT, TriggerStatus.PENDING_CURE) or rule.while_met
        # A trigger counts towards its end only while it is in effect, and otherwise towards its beginning.
        ending = status is TriggerStatus.IN_EFFECT and rule.ends is not None
        return TriggerState(
            trigger=rule.name,
            status=status,
            since=said.since,
            begins=self._limbs(rule.begins, said.begins)
            if counting and status is not TriggerStatus.WAIVED
            else (),
            ends=self._limbs(rule.ends, said.ends) if ending and rule.ends is not None else (),
            irrevocable=said.irrevocable,
            **_waived(said.waiver),
            waived_from=TriggerStatus(said.interrupted.status) if said.interrupted is not None else None,
            cure=self._cure(said.cure, rule.cure),
            first_met=said.first_met,
            cured_on=entries(said.cures_used),
            ended_on=said.last_ended if isinstance(said.last_ended, date) else None,
            why=self.why,
        )

    def _limbs(self, tree: Tree, said: Sequence[CarriedCount]) -> tuple[Limb, ...]:
        """Return the counts of a condition.

        Counts of dates are as the file writes them, and counts of states as the states stand.
        """
        # The file lists counts of dates alone, in the order of the agreement. States need no line.
        lines = iter(said)
        return tuple(
            self._limb(leaf, next(lines, None) if counts_dates(leaf) else None) for leaf in leaves(tree)
        )

    def _limb(self, leaf: LeafRule, said: CarriedCount | None) -> Limb:
        if not counts_dates(leaf):
            return limb_of(leaf, self._stands(leaf))
        history = said.history if said is not None else ()
        # A block may state more dates than the count looks at, and older ones would be counted too.
        limb = limb_of(leaf, history[-leaf.persistence.out_of :] if leaf.persistence is not None else history)
        return (
            limb.model_copy(update={"met_since": said.reached})
            if said is not None and limb.count >= limb.needed
            else limb
        )

    def _stands(self, leaf: LeafRule) -> tuple[bool, ...]:
        """Return whether a leaf on a state, a date or an event was met; the first date looks again.

        The result is empty if that is not known.
        """
        if leaf.on_or_after is not None:
            return (leaf.on_or_after <= self.said.as_of,)
        if leaf.event is not None:
            return (leaf.event in blocks(self.said.events),)
        states: Mapping[str, CarriedTest | CarriedTrigger] = (
            self.said.tests if leaf.test else self.said.of_triggers
        )
        found = states.get(leaf.test or leaf.trigger or "")
        return () if found is None or leaf.announced is not None else (found.status == leaf.state,)

    def _was_in_effect(self, state: TriggerState) -> bool:
        """Return whether a trigger was in effect at the last Determination Date.

        If it was, it sweeps on the next Payment Date.
        """
        # A deal without a Determination Date before the takeover cannot have been sweeping on one.
        if self.last_date is None:
            return False
        if state.status is TriggerStatus.IN_EFFECT:
            # A trigger that began after that date was not in effect on it, so it does not sweep yet.
            return state.since <= self.last_date
        moved = state.since > self.last_date
        waived = state.status is TriggerStatus.WAIVED and state.waived_from is TriggerStatus.IN_EFFECT
        ended = (
            state.status is TriggerStatus.NOT_IN_EFFECT
            and state.ended_on is not None
            and state.ended_on > self.last_date
        )
        return moved and (waived or ended)

    # ---- duties ----

    def _obligations(self) -> Iterator[Obligation]:
        for said in entries(self.said.obligations):
            agreed = self._deliver(said.clause)
            unit, cite = (
                (agreed.within.unit, agreed.cite) if agreed is not None else ("business days", "deal file")
            )
            due = self._deadline(said.created_on, said.due, unit, f"as {self.why}", cite)
            # A delivery due on the day of the takeover itself can still come.
            late = said.due < self.said.as_of
            yield Obligation(
                name=said.deliver,
                clause=said.clause,
                by=said.by,
                created_on=said.created_on,
                due=due,
                status="OVERDUE" if late else "OPEN",
                status_since=day_after(due) if late else said.created_on,
            )

    def _deliver(self, name: str) -> Deliver | None:
        """Return what the agreement says of the Obligations of a clause or trigger; None if nothing."""
        clause, trigger = self.terms.covenants.get(name), self.terms.triggers.get(name)
        make = self.templates[clause.template].deliver if clause is not None else None
        if clause is not None and make is not None:
            return make(clause)
        return (
            next((one.deliver for one in trigger.consequences if one.deliver is not None), None)
            if trigger is not None
            else None
        )

    def _notices(self) -> Iterator[NoticeOwed]:
        for said in entries(self.said.notices_owed):
            duty = self.terms.notices.get(said.notice)
            unit = duty.within.unit if duty is not None and duty.within is not None else "business days"
            cite = duty.cite if duty is not None and duty.cite is not None else "deal file"
            yield NoticeOwed(
                kind=said.notice,
                subject=said.of,
                since=said.since,
                on=said.determined_on,
                given_by=said.given_by,
                to=said.to,
                last=self._deadline(said.since, said.last_day, unit, f"as {self.why}", cite),
                cite=cite,
                held=said.held,
            )

    # ---- what windows need ----

    def _rate(self, index: str, said: CarriedRate) -> ReferenceRate:
        value = said.rate if said.rate is not None else said.published
        of = said.of or said.on
        terms = self.terms.index.get(index)
        rate = None if value is None or value == "none" else decimal_rate(value)
        published = (
            carried_published(index, said, self.said) if of == said.on else self._carried_from(index, of)
        )
        return ReferenceRate(
            index=index,
            on=said.on,
            value=rate,
            step=said.rate_from or (PUBLISHED if rate is not None else "none"),
            cite=terms.cite if terms is not None else "deal file",
            publication_date=None
            if rate is None or published is None or published.value is None
            else published.publication_date,
            # A silence has no print behind it that a rate could rest on.
            published=published if published is not None and published.value is not None else None,
            reason=None if rate is not None else f"no rate served on {said.on}, {self.why}",
        )

    def _carried_from(self, index: str, of: date) -> Published | None:
        """Return the print of another date that served, if the takeover states it."""
        line = next(
            (line for line in self.said.rates.get(index, ()) if line.on == of and line.published is not None),
            None,
        )
        return None if line is None else carried_published(index, line, self.said)


def counts_dates(leaf: LeafRule) -> bool:
    """Return whether a leaf counts dates. The others look at a state, a date or an event as it stands."""
    return leaf.persistence is not None


def _never_tested(said: CarriedTest) -> bool:
    """Return whether a test has not had a date yet.

    Like a test of a deal monitored from closing, it does not have a state before its first date.
    """
    return said.status == "NOT YET TESTED" and said.tested_on is None


def _entry(said: CarriedTest | CarriedTrigger) -> Entry:
    held = (said.interrupted.status, said.interrupted.since) if said.interrupted is not None else None
    return Entry(status=said.status, on=said.entered or said.since, held=held)


def _waived(waiver: CarriedWaiver | None) -> dict[str, object]:
    return {} if waiver is None else {"waived_until": waiver.until, "waived_by": waiver.document}


def _counted(said: CarriedTest) -> tuple[bool, ...]:
    """Return whether each date that counts failed, oldest first, as the file states it.

    For a test that counts a single date, its open episode tells.
    """
    if said.counted:
        return tuple(result == "FAIL" for result in entries(said.counted))
    # A block states `counted` only if several dates count, so the open
    # episode has to stand for the single one.
    return (True,) if said.episode is not None else ()


def _held(said: CarriedHold | None, at_most: int | None) -> HeldRun | None:
    if said is None:
        return None
    stopped = {"clock_stopped": said.clock_stopped, "clock_left": said.days_left}
    return HeldRun(
        run=said.run,
        at_most=at_most,
        failing_since=said.failing_since,
        # Once more results than `at_most` were held, what `then` says has begun (`rulings.md` 60).
        counts=at_most is not None and said.run > at_most,
        **stopped,
    )


def _has_begun(said: CarriedTrigger) -> bool:
    waived = said.interrupted is not None and said.interrupted.status == "IN EFFECT"
    return said.status == "IN EFFECT" or waived or bool(said.lasting)

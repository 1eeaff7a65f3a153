"""One date of one deal, start to finish: what was known goes in, events come out.

It is pure: no file, no clock, no log. The order is that of `rulings.md` 23: deadlines that ended before the
date; Acts effective by it; results; states of tests; triggers in dependency order; obligations; the money;
the date as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from engine.determination.agents_rate import at_agents_rates
from engine.determination.determine import decided, determine
from engine.determination.measure_inputs import Reported
from engine.determination.reference_rate import reference_rate
from engine.determination.template import Clause, Facts, MaintenanceClause, Template
from engine.evaluation import obligations, recorded_acts
from engine.evaluation.amended_away import kept
from engine.evaluation.between_dates import past
from engine.evaluation.conditions import Seen
from engine.evaluation.cure_clocks import cure_clock, delivered
from engine.evaluation.day_events import Day
from engine.evaluation.decision_order import decision_order
from engine.evaluation.due_tests import is_due
from engine.evaluation.held_results import Weighed, weighed
from engine.evaluation.inputs import AS_OF, DETERMINATION, PAYMENT, PUBLICATION, Inputs
from engine.evaluation.moment import Moment
from engine.evaluation.notice_duties import arisen, of_a_correction, with_what_is_held
from engine.evaluation.outlook import Finished, outlook
from engine.evaluation.payment_date import pay, release, target
from engine.evaluation.report_facts import gpus_counted, held_figures, served_report
from engine.evaluation.serving_report import overdue_reports, serving
from engine.evaluation.states_of_tests import (
    lacks_report,
    next_state,
    suspended,
)
from engine.evaluation.sweeps import account, accounts_of
from engine.evaluation.template_facts import template_facts, with_rates
from engine.evaluation.trigger_obligations import trigger_obligations
from engine.evaluation.trigger_states import TriggerRule, moved, next_trigger, undone
from engine.events.date_standing import standing_of
from engine.events.deal_state import DealState, after_determination
from engine.events.draft import Draft
from engine.events.kinds import (
    Counted,
    ObligationMoved,
    Suspended,
    Tested,
)
from engine.events.rates import Announced
from engine.events.results import NotDetermined, TestResult, Verdict
from engine.events.state_digest import state_sha256
from engine.events.states import TestState, TestStatus, TriggerState, TriggerStatus, obligation_key
from engine.terms.low_confidence import AGENT


def evaluate(inputs: Inputs, *, explained: bool = True) -> tuple[Draft, ...]:
    """Return the events of one date, in order; of a date of no kind, passed deadlines and Acts alone.

    Args:
        inputs: what the date is decided by.
        explained: whether results also get their explanation: Break-even Rates, the bearing of sellers and
            remedies. None of these changes a verdict, a figure or a state.
    """
    day = Day(inputs, explained=explained)
    past(day)
    if not inputs.kinds or recorded_acts.discharged(day.state.acts, day.state.applied):
        return tuple(day.drafts)
    _rates(day)
    _decide(day)
    if PAYMENT in inputs.kinds:
        pay(day)
    if DETERMINATION in inputs.kinds:
        _whole(day)
    return tuple(day.drafts)


def stepped(
    inputs: Inputs, results: Mapping[str, TestResult] | None = None, base: Facts | None = None
) -> tuple[tuple[Draft, ...], DealState]:
    """Return the events of one date and the state after it, without what only explains them.

    `evaluate` returns the rest too: Break-even Rates, the bearing of sellers, remedies, notices owed and the
    outlook. None of these changes a verdict.

    Args:
        inputs: what the date is decided by.
        results: the date's test results, if they are known already; then its rates are not read either.
        base: what templates may know from the Servicer's reports, if that was worked out before.
    """
    day = Day(inputs, results, explained=False, base=base)
    past(day)
    if not inputs.kinds or recorded_acts.discharged(day.state.acts, day.state.applied):
        return tuple(day.drafts), day.state
    # Results that are given were measured at their rates already, so the rates need not be recorded.
    if results is None:
        _rates(day)
    _decide(day)
    if PAYMENT in inputs.kinds:
        pay(day)
    return tuple(day.drafts), after_determination(
        day.state, inputs.on
    ) if DETERMINATION in inputs.kinds else day.state


def _rates(day: Day) -> None:
    """Record the Reference Rate of each index of the deal, by its fallback."""
    terms, kinds = day.inputs.terms, day.inputs.kinds
    if day.inputs.as_of is not None and not kinds & {PUBLICATION, AS_OF}:
        _rates_as_of(day, day.inputs.as_of)
        return
    if not kinds & {DETERMINATION, PUBLICATION, AS_OF}:
        return
    for name, index in terms.index.items():
        agreed = recorded_acts.agreed_rates(day.state.acts, name, day.inputs.on)
        rate = reference_rate(index, name, day.inputs.on, day.inputs.series.get(name, ()), agreed)
        used = (rate.published.event,) if rate.published and rate.published.event else ()
        day.add("rate", name, rate, inputs=used)


def _rates_as_of(day: Day, as_of: date) -> None:
    """Record again, on the day of a delivery, the Reference Rates of the earlier date that it determines."""
    for name in day.inputs.terms.index:
        rate = next((one for one in day.state.rates.get(name, ()) if one.on == as_of), None)
        if rate is not None:
            used = (rate.published.event,) if rate.published and rate.published.event else ()
            day.add("rate", name, rate, inputs=used)


def _decide(day: Day) -> None:
    """Run every due test and every trigger of the date, each after what it looks at (`rulings.md` 23, 50)."""
    day.before = day.state  # a springing test looks at this by default, wherever the two stand in the file
    known = _known(day) if day.given is None else None
    announced = {name: prints[-1].announced for name, prints in day.inputs.series.items() if prints}
    # A copy, since triggers decided later on this date must see the new state of the earlier ones.
    decided = dict(day.state.triggers)
    for one in decision_order(day.inputs.terms, day.inputs.templates):
        if isinstance(one, str):
            _test(day, one, day.inputs.terms.covenants[one], known)
        else:
            _trigger(day, one, decided, announced)


def _known(day: Day) -> Facts:
    if day.base is not None:
        return with_rates(day.base, day.inputs, day.state)
    return template_facts(day.inputs, day.state)


def _test(day: Day, key: str, clause: Clause, known: Facts | None) -> None:
    """Run one test if it is due on the date: record its result, and the state that it leads to."""
    template = day.inputs.templates[clause.template]
    before = day.state.tests.get(key)
    if (
        template.dates not in day.inputs.kinds
        or not is_due(day.inputs, clause, template)
        or _told_before(day, template, before)
    ):
        return
    if _suspend(day, key, clause):
        return
    before = day.state.tests.get(key)
    weighed_result = _weighed(day, key, clause, template, known, before)
    day.results[key] = result = weighed_result.result
    if weighed_result.held is not None:
        day.held[key] = weighed_result.held
    state = next_state(before, _moment(day, key, clause, template, weighed_result))
    used = tuple(dict.fromkeys(i.source.reference for i in result.inputs if i.source.reference))
    day.add(
        "tested",
        key,
        Tested(result=result, state=state, before=before.status if before else None),
        inputs=used,
    )
    # A failure that is held or waived does not make anybody deliver.
    if weighed_result.held is None and state.status is not TestStatus.WAIVED:
        _oblige(day, key, clause, template, result, before is not None and before.episode_began is not None)


def _told_before(day: Day, template: Template, before: TestState | None) -> bool:
    """Return whether a test already has a result as of the date, which a later report leaves as it is."""
    as_of = day.inputs.as_of if template.dates == DETERMINATION else None
    return (
        as_of is not None
        and before is not None
        and before.as_of == as_of
        and before.verdict is not Verdict.NOT_DETERMINED
    )


def _suspend(day: Day, key: str, clause: Clause) -> bool:
    """Return whether a springing clause is off on this date; if so, record SUSPENDED in place of a result."""
    spring = clause.tested_while
    if spring is None:
        return False
    name = spring.test or spring.trigger or ""
    # Under `the next date` a trigger that begins today wakes the test only next time (rulings 50).
    seen = day.state if spring.counts_from == "the same date" else day.before
    held = seen.tests.get(name) if spring.test else seen.triggers.get(name)
    if held is not None and held.status.value == spring.state:
        return False
    before = day.state.tests.get(key)
    status = held.status.value if held else "not yet determined"
    state = suspended(
        before, key, day.inputs.on, f"not tested: {name} is {status}, not {spring.state} ({spring.cite})"
    )
    if state is None:
        return False
    if before is None or before.status is not state.status:
        day.add(
            "suspended",
            key,
            Suspended(state=state, before=before.status if before else None, cite=spring.cite),
        )
    return True


def _weighed(
    day: Day, key: str, clause: Clause, template: Template, known: Facts | None, before: TestState | None
) -> Weighed:
    """Return a test's result with what the agreement makes of it on thin data (`rulings.md` 3, 60)."""
    inputs = day.inputs
    as_of = inputs.as_of if template.dates == DETERMINATION else None
    if (
        known is not None and inputs.as_of != as_of
    ):  # what is tested on Publication Dates sees the day, not the date before it
        known = template_facts(replace(inputs, as_of=None, terms_as_of=None), day.state)
    # The limit is that of the date measured, although the state moves on the day of the delivery (rulings
    # 49a).
    clause = inputs.measured_terms.covenants.get(key, clause) if as_of is not None else clause

    def measured(facts: Facts) -> TestResult:
        # Each test has a trace of its own, or its inputs would list what other tests asked for.
        seen = facts.traced_anew()
        found = (
            determine(key, clause, template, seen, inputs.share_below)
            if day.explained
            else decided(key, clause, template, seen)
        )
        return found if as_of is None else found.model_copy(update={"on": inputs.on, "as_of": as_of})

    result = measured(known) if known is not None else (day.given or {})[key]

    def at_agents_rate(used: tuple[str, ...]) -> TestResult | None:
        agreed = {
            name: recorded_acts.agreed_rates(day.state.acts, name, inputs.on).get(AGENT) for name in used
        }
        rates = {name: rate for name, rate in agreed.items() if rate is not None}
        if known is None or len(rates) < len(used):
            return None
        return measured(at_agents_rates(known, rates))

    newest = known.rates if known is not None else day.state.rates
    return weighed(
        result, inputs.terms.index, (one[-1] for one in newest.values() if one), before, at_agents_rate
    )


def _moment(day: Day, key: str, clause: Clause, template: Template, weighed_result: Weighed) -> Moment:
    starts, result, before = None, weighed_result.result, day.state.tests.get(key)
    if isinstance(clause, MaintenanceClause) and clause.cure != "none":
        since = (before.episode_began if before else None) or day.inputs.on
        # A clock that waits, or a failure for want of a report, needs a report that is still to come.
        waiting = before is not None and before.status is TestStatus.CURE_PERIOD and before.cure is None
        received = delivered(day, since, waits=waiting or lacks_report(result))
        starts = recorded_acts.clock_start(
            day.state.acts, key, clause.cure.after, since, received, day.inputs.on
        )
    breach, calendar = template.breach_of(clause), day.inputs.calendar
    return Moment(
        day.inputs.on,
        result,
        clause,
        breach,
        calendar,
        weighed_result.held,
        starts,
        weighed_result.run,
        weighed_result.stands_still,
        day.inputs.calendar_of(before.cure if before else None),
    )


def _oblige(
    day: Day, key: str, clause: Clause, template: Template, result: TestResult, failing: bool
) -> None:
    """Create the Obligation of a FAIL, unless one is open or the clause was failing or is waived."""
    if template.deliver is None or failing or obligations.open_for(key, day.state.obligations) is not None:
        return
    terms = template.deliver(clause)
    made = obligations.created(
        key, terms, day.inputs.terms.role_of(terms.by), day.inputs.on, result.verdict, day.inputs.calendar
    )
    if made is not None:
        day.add(
            "obligation", f"{obligation_key(made)} created", ObligationMoved(obligation=made, cite=terms.cite)
        )


def _trigger(
    day: Day,
    rule: TriggerRule,
    decided: dict[str, TriggerState],
    announced: Mapping[str, tuple[Announced, ...]],
) -> None:
    """Run one trigger of the terms in force, after the tests and triggers that it looks at.

    A trigger that an amendment has taken away is not counted any more. Its state stays as it last was, and
    its consequences went with its terms.
    """
    on, before = day.inputs.on, decided.get(rule.name)
    entries = (day.state.test_entries, day.state.trigger_entries)
    held_tests, tests = frozenset(day.held), day.state.tests
    carried = day.state.taken_over.events if day.state.taken_over is not None else {}
    declared = recorded_acts.declared_events(day.state.acts, on, carried)
    today = Seen(
        on,
        day.results,
        held_tests,
        tests,
        decided,
        day.inputs.kinds,
        *entries,
        day.inputs.terms_since,
        announced,
        declared,
    )
    goal = target(day, rule.name)
    # What the account holds is only asked where a full account ends the trigger.
    full = rule.at_target and goal is not None and account(day.inputs, day.state, rule.name).held >= goal
    after = undone(
        next_trigger(before, rule, today, full, cure_clock(day, rule)),
        day.state.irrevocable.get(rule.name),
        on,
    )
    # The state is kept even without an event: the next triggers of this date may look at it.
    decided[rule.name] = after
    if moved(before, after):
        day.add(
            "counted",
            rule.name,
            Counted(state=after, before=before.status if before else None, cite=rule.cite),
        )
    if after.status is TriggerStatus.IN_EFFECT and (before is None or before.status is not after.status):
        trigger_obligations(day, rule.name, on)
    if (
        after.status is TriggerStatus.NOT_IN_EFFECT
        and before is not None
        and before.status is TriggerStatus.IN_EFFECT
    ):
        release(day, rule.name, on)


def _whole(day: Day) -> None:
    """Record the date as a whole: what it rested on, what is due, what follows."""
    inputs = day.inputs
    # Duties come before the summary, because the summary lists what is owed.
    for owed in arisen(inputs.terms, inputs.calendar, day.state.notifiable, inputs.on):
        day.add("notice owed", f"{owed.label} of {owed.since}", with_what_is_held(owed, day.state))
    corrected = of_a_correction(inputs.terms, inputs.calendar, day.state, inputs.on)
    if corrected is not None:
        day.add("notice owed", f"{corrected.label} of {corrected.since}", corrected)
    served = serving(inputs)
    report = served if isinstance(served, Reported) else None
    finished = Finished(
        on=inputs.on,
        terms=inputs.terms,
        templates=inputs.templates,
        calendar=inputs.calendar,
        calendars=inputs.calendars,
        state=day.state,
        results=day.results,
        report=report,
        report_text=report.source.text
        if report
        else served.reason
        if isinstance(served, NotDetermined)
        else "",
        accounts={
            name: account(inputs, day.state, name)
            for name in (*accounts_of(inputs.terms, inputs.templates), *kept(inputs))
        },
        taken_away=inputs.taken_away,
        overdue_reports=overdue_reports(inputs),
        served=served_report(inputs),
        held=held_figures(inputs),
        gpus=gpus_counted(inputs),
    )
    used = (report.source.reference,) if report and report.source.reference else ()
    # The hash is of the state that the next date starts from, so a replay can begin there (rulings 72).
    left, stands = state_sha256(after_determination(day.state, inputs.on)), standing_of(day.state).sha256
    told = {
        "as_of": inputs.as_of,
        "state_sha256": left,
        "standing_sha256": stands,
        "calendar_sha256": inputs.calendar_sha256,
    }
    day.add("determined", "deal", outlook(finished).model_copy(update=told), inputs=used)

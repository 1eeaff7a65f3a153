"""One date of one deal, start to finish: what was known goes in, events come out.

Pure: no file, no clock, no log. The order is that of `rulings.md` 23: deadlines that ended before the date; Acts effective
by it; results; states of tests; triggers in dependency order; obligations; the money; the date as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from engine.calendar import BusinessCalendar
from engine.determination.determine import ShareBelow, determine
from engine.determination.facts import Facts, ReportDue, Reported
from engine.determination.rate import Published, reference_rate
from engine.determination.result import NotDetermined, Source, TestResult, Verdict
from engine.determination.template import Clause, MaintenanceClause, Template
from engine.outlook import Finished, outlook
from engine.record.draft import Draft
from engine.record.event import Counted, DeadlinePassed, ObligationMoved, ReportReceived, Suspended, Tested
from engine.record.fold import DealState, apply
from engine.terms.deal import TermsInForce
from engine.terms.schedule import (
    counted_from,
    determination_dates,
    months_before,
    next_determination_date,
    payment_dates,
    period_ends,
    publication_dates,
)
from engine.triggers import acts as recorded_acts
from engine.triggers import obligation as obligations
from engine.triggers.condition import Seen
from engine.triggers.facts import TriggerStatus
from engine.triggers.state import Moment, after_deadline, next_state, suspended
from engine.triggers.sweep import swept
from engine.triggers.trigger import next_trigger, rules

DETERMINATION, PUBLICATION, PAYMENT = "determination dates", "publication dates", "payment dates"
WEEK = timedelta(days=7)
WINDOWS_KEPT = 60
"""Calculation Windows whose reports a template may look back on: a little over a year."""


@dataclass(frozen=True)
class Inputs:
    """All that one date of one deal is decided by.

    Attributes:
        on: the date.
        kinds: which kinds of date it is: determination, publication, payment.
        terms: the deal's terms in force on it.
        templates: the covenant templates by name.
        calendar: the deal's Business Days.
        series: what each Publication Date up to `on` gave, by index, oldest first.
        state: the deal as its past left it, reports and Acts included.
        example: whether figures come from a worked example rather than from a servicer.
        share_below: how listings are resampled; None where a rate comes without observations.
    """

    on: date
    kinds: frozenset[str]
    terms: TermsInForce
    templates: Mapping[str, Template]
    calendar: BusinessCalendar
    series: Mapping[str, tuple[Published, ...]]
    state: DealState
    example: bool = False
    share_below: ShareBelow | None = None


class Day:
    """The events of one date as they accumulate, and the state that they lead to."""

    def __init__(self, inputs: Inputs) -> None:
        """Start from the state that the past left."""
        self.inputs = inputs
        self.state = inputs.state
        self.drafts: list[Draft] = []
        self.results: dict[str, TestResult] = {}
        self.held: dict[str, str] = {}

    def add(self, kind: str, subject: str, payload: object, on: date | None = None, inputs: tuple[str, ...] = ()) -> None:
        """One more event, effective on the date unless another is given."""
        draft = Draft(kind=kind, subject=subject, effective_on=on or self.inputs.on, payload=payload, inputs=inputs)
        self.drafts.append(draft)
        self.state = apply(self.state, draft)


def kinds_of(terms: TermsInForce, calendar: BusinessCalendar, on: date) -> frozenset[str]:
    """Which kinds of date `on` is for a deal: none up to closing, and none on a day on which nothing happens."""
    if on <= terms.closing_date:
        return frozenset()
    found = {
        PUBLICATION: bool(tuple(publication_dates(on, on))),
        DETERMINATION: on in determination_dates(terms, calendar, on)[-3:],
        PAYMENT: on in payment_dates(terms, calendar, on, on),
    }
    return frozenset(kind for kind, is_one in found.items() if is_one)


def evaluate(inputs: Inputs) -> tuple[Draft, ...]:
    """The events of one date, in their order; on a date of no kind only deadlines that passed and Acts that took effect."""
    day = Day(inputs)
    _deadlines(day)
    _acts(day)
    if not inputs.kinds:
        return tuple(day.drafts)
    _rates(day)
    _tests(day)
    _triggers(day)
    if PAYMENT in inputs.kinds:
        _money(day)
    if DETERMINATION in inputs.kinds:
        _whole(day)
    return tuple(day.drafts)


def _deadlines(day: Day) -> None:
    """Cure Periods and due dates that ended before the date, each on its own date."""
    for name, state in day.state.tests.items():
        passed = after_deadline(state, day.inputs.on)
        if passed is not None and state.cure is not None:
            payload = DeadlinePassed(state=passed, before=state.status, deadline=state.cure)
            day.add("deadline passed", name, payload, on=passed.since)
    for found in obligations.overdue(day.state.obligations.values(), day.inputs.on):
        moved = ObligationMoved(obligation=found, cite=found.due.cite)
        day.add("obligation", f"{obligations.key(found)} overdue", moved, on=found.status_since)


def _acts(day: Day) -> None:
    """What Recorded Acts effective by the date change."""
    state, terms = day.state, day.inputs.terms
    found = recorded_acts.effects(
        state.acts, state.applied, state.tests, state.triggers, state.obligations, day.inputs.on, terms.covenants, day.inputs.calendar
    )
    for since, effect in found:
        subject = effect.test.test if effect.test else effect.trigger.trigger if effect.trigger else "obligation"
        day.add("act applied", f"{effect.act}|{subject}", effect, on=since)


def _rates(day: Day) -> None:
    """The Reference Rate of each index of the deal, by its fallback."""
    terms = day.inputs.terms
    if DETERMINATION not in day.inputs.kinds and PUBLICATION not in day.inputs.kinds:
        return
    for name, index in terms.index.items():
        agreed = recorded_acts.agreed_rates(day.state.acts, name, day.inputs.on)
        rate = reference_rate(index, name, day.inputs.on, day.inputs.series.get(name, ()), agreed)
        used = (rate.published.event,) if rate.published and rate.published.event else ()
        day.add("rate", name, rate, inputs=used)


def facts(day: Day) -> Facts:
    """What the templates may know on this date."""
    inputs = day.inputs
    dates = set(determination_dates(inputs.terms, inputs.calendar, inputs.on)) | {inputs.on}
    return Facts(
        on=inputs.on,
        terms=inputs.terms,
        rates={name: tuple(r for r in known if r.on in dates) for name, known in day.state.rates.items()},
        published=inputs.series,
        report=_serving(inputs),
        windows=_windows(inputs),
        report_due=_report_due(inputs),
    )


def _serving(inputs: Inputs) -> Reported | NotDetermined:
    """The newest report received by the date, unless it is too old (`rulings.md` 26)."""
    rule = inputs.terms.servicer_reports
    cite = rule.cite if rule else "deal file"
    received = [report for report in inputs.state.reports if report.received <= inputs.on]
    if not received:
        return NotDetermined(reason="no Servicer's report has been received", cite=cite, lacks="report")
    newest = max(enumerate(received), key=lambda one: (one[1].as_of, one[1].received, one[0]))[1]
    age = (inputs.on - newest.as_of).days
    limit = rule.too_old_after.count * (7 if rule.too_old_after.unit == "weeks" else 1) if rule else age
    if age > limit:
        reason = f"the newest Servicer's report is as of {newest.as_of}, {age} days old; more than {limit} is too old"
        return NotDetermined(reason=reason, cite=cite, lacks="report")
    return _reported(newest, inputs)


def _reported(report: ReportReceived, inputs: Inputs) -> Reported:
    kind = "worked example" if inputs.example else "servicer report"
    text = report.document if inputs.example else f"Servicer's report {report.document}"
    source = Source.model_validate({"kind": kind, "text": text, "as_of": report.as_of, "reference": report.sha256 or None})
    return Reported(report.figures, source, report.given)


def _windows(inputs: Inputs) -> tuple[tuple[date, Reported | None], ...]:
    """For each Calculation Window since closing, oldest first, the newest report whose period ends inside it."""
    last = next(iter(publication_dates(inputs.on - timedelta(days=6), inputs.on))) - timedelta(days=1)
    found: list[tuple[date, Reported | None]] = []
    for back in range(WINDOWS_KEPT):
        end = last - back * WEEK
        if end <= inputs.terms.closing_date:
            break
        inside = [report for report in inputs.state.reports if end - WEEK < report.period_end <= end and report.received <= inputs.on]
        found.append((end, _reported(inside[-1], inputs) if inside else None))
    return tuple(reversed(found))


def _report_due(inputs: Inputs) -> ReportDue | None:
    """The newest period whose report had to be in by the date, and when it came: the first report for it counts."""
    rule = inputs.terms.servicer_reports
    if rule is None:
        return None
    ends = period_ends(rule.every, inputs.on)
    for end in ends:
        if end <= inputs.terms.closing_date:
            return None
        due = counted_from(rule.due, next_determination_date(inputs.terms, inputs.calendar, end), inputs.calendar)
        if due <= inputs.on:
            start = end - WEEK if rule.every == "week" else months_before(end, 1)
            came = [r.received for r in inputs.state.reports if start < r.period_end <= end and r.received <= inputs.on]
            return ReportDue(end, due, min(came, default=None))
    return None


def _tests(day: Day) -> None:
    """Every test that is due on the date: its result, and the state that it leads to."""
    known = facts(day)
    for key, clause in day.inputs.terms.covenants.items():
        template = day.inputs.templates[clause.template]
        if template.dates not in day.inputs.kinds or not _is_due(day, clause):
            continue
        if _suspend(day, key, clause):
            continue
        result = determine(key, clause, template, _own(known), day.inputs.share_below)
        day.results[key] = result
        before = day.state.tests.get(key)
        held = _held(day, result)
        if held is not None:
            day.held[key] = held
        state = next_state(before, _moment(day, key, clause, template, result, held))
        used = tuple(dict.fromkeys(i.source.reference for i in result.inputs if i.source.reference))
        day.add("tested", key, Tested(result=result, state=state, before=before.status if before else None), inputs=used)
        if held is None:
            _oblige(day, key, clause, template, result, before is not None and before.episode_began is not None)


def _own(known: Facts) -> Facts:
    """The same facts with an empty trace, for the next test."""
    return replace(known, trace={})


def _is_due(day: Day, clause: Clause) -> bool:
    """Whether a clause is tested on this date of its kind: from its first test date on, as often as it says."""
    on = day.inputs.on
    if clause.first_tested is not None and on < clause.first_tested:
        return False
    if clause.frequency == "every date":
        return True
    months = 1 if clause.frequency == "first date of each month" else 3
    since = date(on.year, (on.month - 1) // months * months + 1, 1)
    earlier = determination_dates(day.inputs.terms, day.inputs.calendar, on - timedelta(days=1))
    return not any(since <= one < on for one in earlier[-14:])


def _suspend(day: Day, key: str, clause: Clause) -> bool:
    """Whether a springing clause is off on this date; then its state says so, and nothing is measured."""
    spring = clause.tested_while
    if spring is None:
        return False
    name = spring.test or spring.trigger or ""
    held = day.state.tests.get(name) if spring.test else day.state.triggers.get(name)
    if held is not None and held.status.value == spring.state:
        return False
    before = day.state.tests.get(key)
    stands = held.status.value if held else "not yet determined"
    state = suspended(before, key, day.inputs.on, f"not tested: {name} is {stands}, not {spring.state} ({spring.cite})")
    if state is None:
        return False
    if before is None or before.status is not state.status:
        day.add("suspended", key, Suspended(state=state, before=before.status if before else None, cite=spring.cite))
    return True


def _moment(day: Day, key: str, clause: Clause, template: Template, result: TestResult, held: str | None) -> Moment:
    starts = None
    if isinstance(clause, MaintenanceClause) and clause.cure != "none":
        before = day.state.tests.get(key)
        since = (before.episode_began if before else None) or day.inputs.on
        received = max((r.received for r in day.state.reports if r.received <= day.inputs.on), default=None)
        starts = recorded_acts.clock_start(day.state.acts, key, clause.cure.after, since, received)
    return Moment(day.inputs.on, result, clause, template.breach_of(clause), day.inputs.calendar, held, starts)


def _held(day: Day, result: TestResult) -> str | None:
    """Why a determined result must change nothing, by the deal's Low Confidence effect (`rulings.md` 3, 10)."""
    if result.verdict is Verdict.NOT_DETERMINED:
        return None
    for name in dict.fromkeys(even.index for even in result.break_even):
        effect = day.inputs.terms.index[name].low_confidence.effect
        rates = day.state.rates.get(name, ())
        published = rates[-1].published if rates else None
        if effect == "hold" and published is not None and published.low_confidence:
            return f"held: {name} of {published.publication_date} is Low Confidence"
        if effect == "decisive only" and (result.bearing is None or not result.bearing.decisive):
            return "held: the result is not decisive"
    return None


def _oblige(day: Day, key: str, clause: Clause, template: Template, result: TestResult, failing: bool) -> None:
    """The Obligation that a FAIL creates, unless one is open or the clause was failing already."""
    if template.deliver is None or failing or obligations.open_for(key, day.state.obligations) is not None:
        return
    terms = template.deliver(clause)
    made = obligations.created(key, terms, day.inputs.on, result.verdict, day.inputs.calendar)
    if made is not None:
        day.add("obligation", f"{obligations.key(made)} created", ObligationMoved(obligation=made, cite=terms.cite))


def _triggers(day: Day) -> None:
    """Every trigger, clause triggers first, then composite ones in dependency order."""
    seen = Seen(day.inputs.on, day.results, frozenset(day.held), day.state.tests, {}, day.inputs.kinds)
    decided = dict(day.state.triggers)
    for rule in rules(day.inputs.terms, day.inputs.templates):
        before = decided.get(rule.name)
        today = Seen(seen.on, seen.results, seen.held, seen.tests, decided, seen.dates)
        balance = day.state.reserves.get(rule.name, Fraction(0))
        after = next_trigger(before, rule, today, balance, _target(day, rule.name))
        decided[rule.name] = after
        if after != before:
            day.add("counted", rule.name, Counted(state=after, before=before.status if before else None, cite=rule.cite))


def _target(day: Day, name: str) -> Fraction | None:
    clause = day.inputs.terms.covenants.get(name)
    template = day.inputs.templates[clause.template] if clause else None
    return template.sweep(clause).until if template and template.sweep else None


def _money(day: Day) -> None:
    """Each sweep whose trigger was in effect at the Determination Date before this Payment Date (`rulings.md` 30)."""
    report = _serving(day.inputs)
    for key, clause in day.inputs.terms.covenants.items():
        template = day.inputs.templates[clause.template]
        trigger = day.inputs.state.triggers.get(key)
        if template.sweep is None or trigger is None or trigger.status is not TriggerStatus.IN_EFFECT:
            continue
        figures = report.figures if isinstance(report, Reported) else {}
        given = {name: figure.value for name, figure in figures.items()}
        balance = day.state.reserves.get(key, Fraction(0))
        period = swept(key, template.sweep(clause), day.inputs.on, balance, given.get)
        used = (report.source.reference,) if isinstance(report, Reported) and report.source.reference else ()
        day.add("swept", key, period, inputs=used)


def _whole(day: Day) -> None:
    """The date as a whole: what it rested on, what is due, what follows."""
    inputs = day.inputs
    serving = _serving(inputs)
    report = serving if isinstance(serving, Reported) else None
    finished = Finished(
        on=inputs.on,
        terms=inputs.terms,
        templates=inputs.templates,
        calendar=inputs.calendar,
        before=inputs.state,
        state=day.state,
        results=day.results,
        report=report,
        report_text=report.source.text if report else serving.reason if isinstance(serving, NotDetermined) else "",
    )
    used = (report.source.reference,) if report and report.source.reference else ()
    day.add("determined", "deal", outlook(finished), inputs=used)

"""A deal made ready for any number of paths: for each date, what all paths share.

That includes thresholds and deadlines. Parts of the deal whose every rule the arrays hold run in arrays. Any
other part runs by the engine's own steps, and the reason is named: an Act, a clock that waits for a delivery
or a notice, a springing clause, or an account that reports tell of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from itertools import pairwise

from engine.determination.measure_inputs import Reported
from engine.determination.template import Clause, Cure, Facts, MaintenanceClause, Template
from engine.evaluation.conditions import LeafRule, leaves
from engine.evaluation.due_tests import is_due
from engine.evaluation.inputs import DETERMINATION, PAYMENT, Inputs, inputs_of
from engine.evaluation.serving_report import serving
from engine.evaluation.sweeps import left_to_repay, sweeps, swept
from engine.evaluation.template_facts import template_facts
from engine.evaluation.trigger_states import TriggerRule, rules
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.events.swept_money import OF_EXCESS
from engine.foresight.columns.linked_reports import following, unknown
from engine.foresight.columns.linked_values import LARGEST, most_of
from engine.foresight.columns.parts import Part, parts_of
from engine.foresight.columns.path_facts import Fallbacks, TestOnDate
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.state_arrays import TestRules
from engine.foresight.columns.thresholds import Known
from engine.foresight.columns.verdicts import Compiled, compiled, levels_on
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.linked_facts import Link
from engine.foresight.path_run import report_of
from engine.terms.act_requirements import RATE_ACTS
from engine.terms.as_written import Deal
from engine.terms.clause import default_needs
from engine.terms.contract_dates import counted, months_before
from engine.terms.periods import Period

DAY = timedelta(days=1)
MOST_DATES = 62
"""The most dates that one count may look back on, because they are the bits of a whole number."""
MOST_MONEY = LARGEST // 4096
"""The most units of one amount, which leaves room for the amounts of many Payment Dates in one number."""
TOO_FINE = "amounts of money that are too finely divided for whole numbers"
TOLD = ("reserve_balance", "paid_into_reserve")
"""The figures by which a report tells what an account holds."""
OWED = "outstanding_principal"
"""The figures by which a report tells what a sweep may repay."""


@dataclass(frozen=True)
class SweepRow:
    """What one sweep does on a date; amounts are in USD.

    Attributes:
        trigger: the trigger that starts it.
        paid: whether the date is a Payment Date.
        excess: the excess cash flow of a Payment Date; None if a figure is missing, and on any other date.
            If some of its figures follow a rate, it is the sum of the others, which may be below zero.
        share: the share of it that is swept.
        most: the balance of the class that it repays; None if that is not known, or if it pays into an
            account.
        until: the balance of the account at which nothing more is due; None without one.
        repays: whether it repays a class of debt, so that no account holds it.
        released: whether the balance of the account is released when the trigger ends.
        moving: the figures of the excess cash flow that follow a rate, each with its sign.
        reported: the date of the report that gives them.
    """

    trigger: str
    paid: bool
    excess: Fraction | None
    share: Fraction
    most: Fraction | None
    until: Fraction | None
    repays: bool
    released: bool
    moving: tuple[tuple[str, int], ...] = ()
    reported: date = date.min

    @property
    def amounts(self) -> tuple[Fraction, ...]:
        """The amounts in USD from which what is due is computed: excess, its share, cap and target.

        What follows a rate moves the excess by whole cents.
        """
        excess, cent = self.excess or Fraction(0), Fraction(1, 100)
        moved = (cent, cent * self.share) if self.moving else ()
        return excess, excess * self.share, self.most or Fraction(0), self.until or Fraction(0), *moved


@dataclass
class Deadlines:
    """The last days of the periods that begin on one date, as ordinals.

    Each is counted when a path first needs it, and then stands for every path and clause.
    """

    inputs: Inputs
    found: dict[Period, int] = field(default_factory=dict)

    def by(self, within: Period) -> int:
        """Return the last day of a period that begins on the date."""
        if within not in self.found:
            self.found[within] = counted(self.inputs.on, within, self.inputs.calendar.add).toordinal()
        return self.found[within]


@dataclass(frozen=True)
class Row:
    """One date: what all paths share.

    Attributes:
        inputs: what decides the date, without rates.
        tests: every test that is due.
        rules: for each of them, what the terms say about its states.
        triggers: the triggers, each after those that it looks at.
        level: the bit of a test's results that tells a level which a trigger looks at.
        sweeps: every sweep.
        delivers: the last day of the Obligation that a composite trigger's beginning creates.
    """

    inputs: Inputs
    tests: Mapping[str, Compiled]
    rules: Mapping[str, TestRules]
    triggers: tuple[TriggerRule, ...]
    level: Mapping[LeafRule, int]
    sweeps: tuple[SweepRow, ...]
    delivers: Mapping[str, Callable[[], int]]


@dataclass
class CompiledDeal:
    """A deal ready for any paths on the same Publication Dates.

    Attributes:
        deal: the deal.
        until: the last date.
        rows: every date on which something happens.
        in_arrays: the parts whose states are arrays.
        by_steps: the parts whose states the engine's own steps make, each with the reason.
        unit: how many whole numbers make one USD.
        links: the figures that follow an index, which the reports of each path say for themselves.
        top: the highest tick of any path for which amounts of money have room; 0 if none follows a rate.
    """

    deal: Deal
    until: date
    rows: tuple[Row, ...]
    in_arrays: tuple[Part, ...]
    by_steps: tuple[tuple[Part, str], ...]
    unit: int = 1
    links: tuple[Link, ...] = ()
    top: int = 0


def compiled_deal(
    deal: Deal,
    templates: Mapping[str, Template],
    rates: PathRates,
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
    arrays: bool = True,
) -> CompiledDeal:
    """Return a deal ready for paths.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        rates: paths, of which only dates, indices and the highest value are looked at.
        given: what the Servicer's reports would say: the same on all paths, except for what follows a rate.
        until: the last date.
        acts: Recorded Acts on given dates, the same on all paths.
        arrays: whether arrays are used at all.

    Raises:
        Differs: a template's `columns` and its `measure` disagree.
    """
    rates = replace(rates, links=given.links)
    rows = tuple(_rows(deal, templates, rates, given, until, acts))
    # One unit for all amounts, in which every share and cap is whole, so that nothing is rounded away.
    amounts = [amount for row in rows for sweep in row.sweeps for amount in sweep.amounts]
    unit = math.lcm(*(amount.denominator for amount in amounts), 1)
    moving = {name for row in rows for sweep in row.sweeps for name, _ in sweep.moving}
    # Amounts that follow the rate have room up to twice the highest value of these paths.
    top = 2 * rates.top if moving else 0
    most = (most_of(link, top) for link in given.links if link.figure in moving)
    moved = sum(most, Fraction(0))
    too_fine = any((abs(amount) + moved) * unit > MOST_MONEY for amount in amounts)
    # All sweeps are one part, so their money takes no other part along.
    sweeping = {sweep.trigger for row in rows for sweep in row.sweeps} if too_fine else set[str]()
    why = {
        part: (
            TOO_FINE if sweeping & (part.tests | part.triggers) else _why_not(part, deal, rows, given, acts)
        )
        if arrays
        else "asked for"
        for part in parts_of(deal)
    }
    return CompiledDeal(
        deal,
        until,
        rows,
        tuple(part for part, reason in why.items() if not reason),
        tuple((part, reason) for part, reason in why.items() if reason),
        1 if too_fine else unit,
        given.links,
        top,
    )


def _rows(
    deal: Deal,
    templates: Mapping[str, Template],
    rates: PathRates,
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...],
) -> Iterator[Row]:
    shared = fold(
        [
            Draft(kind="act recorded", subject=act.act, effective_on=act.effective_on, payload=act)
            for act in acts
        ]
    )
    known = Known()
    fallbacks = Fallbacks(deal, tuple(act for act in acts if act.act in RATE_ACTS))
    day = deal.closing_date + DAY
    while day <= until:
        inputs = inputs_of(deal, day, {}, shared, templates)
        # The report comes before the tests of its date, and what is due is then asked again with it.
        reports = tuple(report_of(given, inputs))
        if reports:
            shared = fold(reports, shared)
            inputs = inputs_of(deal, day, {}, shared, templates)
        if inputs.kinds:
            yield _row(inputs, fallbacks, rates, known)
        day += DAY


def _unknown(facts: Facts, rates: PathRates) -> Facts:
    """Return facts whose linked figures nobody knows yet: a measure that asks for one is found out."""
    follow = frozenset(link.figure for link in rates.links)
    return following(facts, follow, unknown) if follow else facts


def _row(inputs: Inputs, fallbacks: Fallbacks, rates: PathRates, known: Known) -> Row:
    terms, templates = inputs.terms, inputs.templates
    triggers = rules(terms, templates)
    trees = [tree for rule in triggers for tree in (rule.begins, rule.ends) if tree is not None]
    base = today = _unknown(template_facts(inputs, inputs.state), rates)
    if inputs.as_of is not None:
        # What is tested on Publication Dates sees the day, not the date before it.
        now = replace(inputs, as_of=None, terms_as_of=None)
        today = _unknown(template_facts(now, inputs.state), rates)
    tests: dict[str, Compiled] = {}
    for key, clause in terms.covenants.items():
        template = templates[clause.template]
        if template.dates in inputs.kinds and is_due(inputs, clause, template):
            waits = inputs.as_of is not None and template.dates == DETERMINATION
            seen, delivered = (base, inputs.on) if waits else (today, None)
            measured = seen.terms.covenants.get(key, clause)
            levels = levels_on(key, trees)
            test = TestOnDate(
                key, measured, clause, template, seen, inputs.calendar, levels, fallbacks, delivered
            )
            tests[key] = compiled(test, rates, known)
    ends = Deadlines(inputs)
    return Row(
        inputs,
        tests,
        {key: _test_rules(ends, test.test.in_force, test.test.template) for key, test in tests.items()},
        triggers,
        dict(_bits(tests, [leaf for tree in trees for leaf in leaves(tree)])),
        tuple(_sweep_rows(inputs, rates)),
        dict(_delivers(ends)),
    )


def _bits(tests: Mapping[str, Compiled], counts: Iterable[LeafRule]) -> Iterator[tuple[LeafRule, int]]:
    """Yield (leaf, bit) for each level that a trigger looks at among the results of a test.

    The bits of a test's results are the verdict, then the early warning, then the levels.
    """
    for leaf in counts:
        if (
            leaf.comparison is not None
            and leaf.level is not None
            and leaf.test is not None
            and leaf.test in tests
        ):
            test = tests[leaf.test].test
            yield (
                leaf,
                # The verdict has the first bit and an early warning the second, so levels begin after them.
                (1 if test.in_force.early_warning is None else 2)
                + test.levels.index((leaf.comparison, leaf.level)),
            )


def _test_rules(ends: Deadlines, clause: Clause, template: Template) -> TestRules:
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    lasts = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    rule = clause.if_not_determined
    # The third word of `fail after 3 determination dates` is the number.
    after = None if rule == "hold" else 1 if rule == "fail" else int(rule.split()[2])
    caps = cure.at_most.each if isinstance(cure, Cure) and cure.at_most is not None else ()
    deliver = template.deliver(clause) if template.deliver is not None else None
    return TestRules(
        counts=lasts.count if lasts else 1,
        out_of=lasts.out_of if lasts else 1,
        breach=template.breach_of(clause) == "default",
        needs_nothing=default_needs(clause) == "nothing",
        fails_after=after,
        last_day=partial(ends.by, cure.within) if isinstance(cure, Cure) else None,
        retest=isinstance(cure, Cure) and "retest" in cure.cured_by,
        passing_for=cure.passing_for.count if isinstance(cure, Cure) and cure.passing_for else 1,
        caps=tuple((cap.count, _since(ends.inputs.on, cap.months)) for cap in caps),
        watched=clause.early_warning is not None,
        deliver_by=partial(ends.by, deliver.within) if deliver is not None else None,
    )


def _since(on: date, months: int | None) -> int:
    # A cap in total looks back to the beginning of time, so that arrays need one comparison for both kinds.
    return (date.min if months is None else months_before(on, months)).toordinal()


def _delivers(ends: Deadlines) -> Iterator[tuple[str, Callable[[], int]]]:
    for name, trigger in ends.inputs.terms.triggers.items():
        for consequence in trigger.consequences:
            if consequence.deliver is not None:
                yield name, partial(ends.by, consequence.deliver.within)
                break


def _sweep_rows(inputs: Inputs, rates: PathRates) -> Iterator[SweepRow]:
    # Money moves on Payment Dates alone, and reading a report on every other date would cost time.
    paid = PAYMENT in inputs.kinds
    report = serving(inputs) if paid else None
    figures = (
        {name: figure.value for name, figure in report.figures.items()}
        if isinstance(report, Reported)
        else {}
    )
    reported = report.source.as_of if isinstance(report, Reported) else None
    follow = {link.figure for link in rates.links}
    for sweep in sweeps(inputs.terms, inputs.templates):
        excess = (
            swept(sweep.trigger, sweep.sweep, inputs.on, Fraction(0), figures.get).excess_cash_flow
            if paid
            else None
        )
        most = left_to_repay(inputs.terms, sweep.sweep, figures.get)
        repays, released = sweep.sweep.repays is not None, sweep.sweep.on_end not in (None, "keep")
        moving: tuple[tuple[str, int], ...] = ()
        if excess is not None:
            moving = tuple((name, sign) for name, sign in OF_EXCESS.items() if name in follow)
            # What follows a rate is added on each path, and only then a shortfall is seen.
            own = (sign * figures[name] for name, sign in OF_EXCESS.items() if name not in follow)
            excess = sum(own, Fraction(0)) if moving else excess
        yield SweepRow(
            sweep.trigger,
            paid,
            excess,
            sweep.sweep.share,
            most,
            sweep.sweep.until,
            repays,
            released,
            moving,
            reported or date.min,
        )


def _why_not(
    part: Part, deal: Deal, rows: tuple[Row, ...], given: FactsByDate, acts: tuple[ActRecorded, ...]
) -> str:
    """Return the reason why a part is not in arrays, each name in backticks; an empty text if it is."""
    # An Act may reach any part, so not a single one is left to the arrays.
    if acts:
        return "Recorded Acts"
    # A reported balance replaces the computed one, which the arrays cannot take in.
    if any(name.startswith(TOLD) for name in given.figures):
        return "reports that tell what an account holds"
    for (_, terms), (_, later) in pairwise(deal.segments):
        gone = (part.tests & terms.covenants.keys() - later.covenants.keys()) | (
            part.triggers & terms.triggers.keys() - later.triggers.keys()
        )
        # What ends with the clause is decided by the amendment's own words, which the arrays do not hold.
        if gone:
            return f"an amendment takes `{min(gone)}` away"
    for _, terms in deal.segments:
        for key in part.tests & terms.covenants.keys():
            clause = terms.covenants[key]
            cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
            lasts = clause.persists_for if isinstance(clause, MaintenanceClause) else None
            if clause.last_tested is not None and clause.last_tested < rows[-1].inputs.on:
                return f"`{key}` is closed after its last test"
            if clause.tested_while is not None:
                return f"`{key}` is tested only while something stands"
            if isinstance(cure, Cure) and cure.after != "determination date":
                return f"the cure clock of `{key}` starts on {cure.after}"
            if isinstance(cure, Cure) and cure.extension is not None:
                return f"`{key}` may have a second Cure Period"
            if lasts is not None and lasts.out_of > MOST_DATES:
                return f"`{key}` looks back on more than {MOST_DATES} dates"
    return _why_not_triggers(part, rows) or _why_not_repaid(part, rows, given)


def _why_not_repaid(part: Part, rows: tuple[Row, ...], given: FactsByDate) -> str:
    follow = [link.figure for link in given.links if link.figure.startswith(OWED)]
    names = part.tests | part.triggers
    # What is left of a class caps its sweep, and the arrays hold one cap for all paths.
    if follow and any(sweep.repays for row in rows for sweep in row.sweeps if sweep.trigger in names):
        return f"a sweep repays what follows the rate, `{follow[0]}`"
    return ""


def _why_not_triggers(part: Part, rows: tuple[Row, ...]) -> str:
    first: dict[str, TriggerRule] = {}
    for row in rows:
        # An array has one balance for each trigger, which could not tell two sweeps apart.
        names = [sweep.trigger for sweep in row.sweeps if sweep.trigger in part.tests | part.triggers]
        if len(set(names)) != len(names):
            return "two sweeps of one trigger"
        for rule in row.triggers:
            if rule.name not in part.tests | part.triggers:
                continue
            if (first.setdefault(rule.name, rule).begins, first[rule.name].ends) != (rule.begins, rule.ends):
                return f"an amendment changes what `{rule.name}` counts"
            if rule.cure is not None:
                return f"`{rule.name}` has a cure of its own"
            counts = (*leaves(rule.begins), *(leaves(rule.ends) if rule.ends is not None else ()))
            if any(leaf.persistence is not None and leaf.persistence.out_of > MOST_DATES for leaf in counts):
                return f"`{rule.name}` looks back on more than {MOST_DATES} dates"
    return ""

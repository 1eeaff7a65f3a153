"""A clause in full: every term that decides its result, in sentences that can be compared with the agreement.

What is recorded of a clause is its reading (`adopted_deal.py`). The rest stands here: when it is tested and
warned of, what a failure is and what cures it, and what an undetermined date does. Also here are the rates
and the pool that it rests on, and every dated step. All of it is computed when it is asked for, and recorded
nowhere.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from engine.basics.values import Figure, Unit, defined, in_words, listed, trimmed
from engine.determination.day_read import LAST_FINAL, ON_THE_DATE
from engine.determination.template import At, Clause, Cure, MaintenanceClause, Template
from engine.terms.as_written import Deal, resolve, sources
from engine.terms.clause import EventOfDefault
from engine.terms.in_force import (
    DeterminationDates,
    IndexTerms,
    MethodologyPolicy,
    PaymentDates,
    TermsInForce,
    TriggerTerms,
)
from engine.terms.periods import END_OF_DAY, ClockTime
from engine.terms.pool import AssetClass, Blend, MissingIndex
from engine.terms.report_terms import Tolerance
from engine.terms.source import Path
from engine.wording.declared_figure_words import declared_figure_words
from engine.wording.low_confidence_words import low_confidence_words
from engine.wording.plain_english import cure_words, times


@dataclass(frozen=True, slots=True)
class Line:
    """One term, or a few that belong together: what it is about, and a sentence."""

    label: str
    text: str


def of_clause(deal: Deal, on: date, key: str, templates: Mapping[str, Template]) -> tuple[Line, ...]:
    """Return every term of one clause or trigger, besides its reading, as in force on a date.

    All its dated steps are included. Raises KeyError if the deal does not have such a clause on the date.
    """
    terms = resolve(deal, on)
    clause = terms.covenants.get(key)
    found = (
        _of_test(clause, terms, templates[clause.template])
        if clause is not None
        else _of_trigger(terms.triggers[key], terms)
    )
    root = "covenants" if clause is not None else "triggers"
    return (*found, *(Line("steps", step) for step in steps(deal, (root, key))))


def _of_test(clause: Clause, terms: TermsInForce, template: Template) -> Iterator[Line]:
    yield Line("rests on", ", ".join(_rates_of(clause, terms)) or "no rate")
    if clause.debt_class is not None:
        yield Line("debt", _debt(clause.debt_class, terms))
    yield Line("tested", _tested(clause, terms, template))
    if clause.tested_while is not None:
        yield Line("springing", f"{SPRINGING[clause.tested_while.counts_from]} {RUNS_ON}")
    if clause.last_tested is not None:
        yield Line(
            "tested",
            f"It is last tested on {clause.last_tested}. From the next day on it has no results. {CLOSES}",
        )
    if clause.early_warning is not None:
        yield Line(
            "warning",
            f"It stands at WATCH while it passes with a headroom of less than {clause.early_warning}.",
        )
    else:
        yield Line("warning", "There is no early warning.")
    yield from _failure(clause, terms, template)
    yield Line("silence", _undetermined(clause.if_not_determined))
    if template.sweep is not None:
        yield Line("paid on", _paid(terms))


SPRINGING = {
    "the same date": "What decides is the state after the date's own results, so that a change of it counts "
    "on the very date.",
    "the next date": "What decides is the state before the date's own results, so that a change of it counts "
    "from the next date on.",
}
RUNS_ON = (
    "A Cure Period that is running when the condition ends runs on, and the test is measured until it "
    "is over."
)
CLOSES = (
    "Where it is COMPLIANT, at WATCH or PENDING it is then CLOSED; a Cure Period, an Event of Default "
    "or a waiver runs on."
)


def _debt(name: str, terms: TermsInForce) -> str:
    debt = terms.debt.get(name)
    if debt is None:
        return in_words(name)
    principal = trimmed(Figure(value=debt.original_principal, unit=Unit.USD))
    rank = f", rank {debt.rank}" if debt.rank is not None else ""
    return f"{in_words(name)}: original principal {principal}, rate {debt.rate}{rank} ({debt.cite})"


def _paid(terms: TermsInForce) -> str:
    dates = terms.payment_dates
    return (
        "The file states no Payment Dates."
        if dates is None
        else f"Every Payment Date ({_when(dates, terms.business_days)})."
    )


def _rates_of(clause: Clause, terms: TermsInForce) -> tuple[str, ...]:
    """Return the names of the rates that a clause is measured on.

    They are those that it names, its own, or those of the pool; the result is empty if no rate decides it.
    """
    if clause.on_no_rate:
        return ()
    named = [name for _, kind, name in clause.refers() if kind == "index" and name is not None]
    own = (terms.index_of(clause),) if clause.on_one_index else terms.indices_of_pool(clause)
    return tuple(dict.fromkeys(named if clause.may_take_index and named else own))


def _tested(clause: Clause, terms: TermsInForce, template: Template) -> str:
    if template.dates == "publication dates":
        dates, how = "Publication Date", "every Thursday; a date without a published value is not determined"
    else:
        dates, how = "Determination Date", _when(terms.determination_dates, terms.business_days)
    which = (
        f"On every {dates}"
        if clause.frequency == "every date"
        else f"On the first {dates} {clause.frequency.removeprefix('first date ')}"
    )
    return f"{which} ({how})."


def _when(dates: DeterminationDates | PaymentDates, calendar: str) -> str:
    months = (
        f" in {listed([month_name[month] for month in dates.months])}" if dates.months is not None else ""
    )
    on = (
        f"{months} on {'the last day' if dates.day == 31 else f'day {dates.day}'}"
        if dates.day is not None
        else months
    )
    first = (
        f", the first on {dates.first}"
        if isinstance(dates, DeterminationDates) and dates.first is not None
        else ""
    )
    roll = {"modified following": "the next Business Day, or the one before where that is in another month"}
    moved = roll.get(dates.if_not_a_business_day, f"the {defined(dates.if_not_a_business_day)}")
    by = f"; {_counts_by(dates)}" if isinstance(dates, DeterminationDates) else ""
    return (
        f"every {dates.every}{on}{first}; {moved} where that is no Business Day by the calendar "
        f"{calendar}{by}; {dates.cite}"
    )


def _counts_by(dates: DeterminationDates) -> str:
    """Return a sentence on what counts for a date.

    It is what has come by the cut-off, or the report that the date waits for.
    """
    if dates.on_delivery:
        return "determined, as of that date, on the day on which the report of its period is delivered"
    return f"what comes by {_hour(dates.cut_off)} counts"


def _hour(at: ClockTime) -> str:
    return "the end of the day" if at == END_OF_DAY else str(at)


FOLLOWS = {
    "counts": "it is counted by the triggers that look at it",
    "obligation": "an Obligation follows",
    "information": "it is information only, and nothing counts it",
}
"""What follows a failure that is not a default."""


def _failure(clause: Clause, terms: TermsInForce, template: Template) -> Iterator[Line]:
    """Yield what a failure leads to, or why it is not a default.

    It leads through persistence and a Cure Period to an Event of Default, with what that needs.
    """
    if template.breach_of(clause) != "default" or not isinstance(clause, MaintenanceClause):
        yield Line("failure", f"A failure is no default; {FOLLOWS[template.breach_of(clause)]}.")
        return
    if clause.persists_for is not None:
        yield Line(
            "failure",
            f"It is a breach once the test has failed on {times(clause.persists_for)}; until then it stands "
            "at PENDING.",
        )
    else:
        yield Line("failure", "It is a breach on the first date on which the test fails.")
    if isinstance(clause.cure, Cure):
        yield Line("cure", cure_words(clause.cure, terms.business_days))
    else:
        yield Line(
            "cure", "There is none: an Event of Default is indicated on the date of the breach itself."
        )
    yield Line("default", _default(clause.event_of_default))


def _default(said: EventOfDefault | None) -> str:
    needs = said.needs if said is not None else "nothing"
    cite = f" ({said.cite})" if said is not None else ""
    if needs == "nothing":
        effect = "takes effect by itself"
    else:
        effect = (
            f"takes effect only with a {needs}: it needs the Act "
            f"`{'notice of default' if needs == 'notice' else 'vote taken'}`"
        )
    return f"An Event of Default that is indicated {effect}{cite}. It ends only by a Recorded Act."


def _undetermined(rule: str) -> str:
    if rule == "hold":
        return "A date on which the test is not determined changes no state; deadlines run on."
    wanting = "not determined for want of the Servicer's figures, missing or too old"
    run = rule.removeprefix("fail after ").split()[0]
    counted = f"A date that is {wanting}, counts as a failure"
    # `fail after 1` says the same as `fail`.
    if rule != "fail" and run != "1":
        counted = (
            f"Once {run} dates in a row are {wanting}, the last of them and each one after it counts "
            "as a failure"
        )
    return (
        f"{counted}. A date that is not determined for any other reason changes no state; deadlines run on."
    )


def _of_trigger(trigger: TriggerTerms, terms: TermsInForce) -> Iterator[Line]:
    yield Line(
        "counting",
        "A date on which a test is not tested, not determined, or held, is not counted, and what was met "
        "before it still is; one that is "
        "determined and does not meet the condition starts a consecutive count again.",
    )
    if trigger.ends == "never":
        yield Line("ending", "It is irrevocable: no recovery and no later print of a rate undoes it.")
    if trigger.esma is not None:
        priority = "changes" if trigger.esma.changes_priority_of_payments else "does not change"
        party = "replaces" if trigger.esma.replaces_counterparty else "does not replace"
        yield Line("for ESMA", f"It {priority} the priority of payments and {party} a counterparty.")
    if any(consequence.sweep is not None for consequence in trigger.consequences):
        yield Line("paid on", _paid(terms))
    if not trigger.consequences:
        yield Line("follows", "The file states no consequence.")


def steps(deal: Deal, under: Path) -> Iterator[str]:
    """Yield a sentence for every term below a path that changes by a dated step or an amendment.

    Each value has its date and section.

    Args:
        deal: the deal as written.
        under: the path of the block that is looked at: `("covenants", "ltv")`.
    """
    values: dict[str, list[str]] = {}
    for since, _terms in deal.segments:
        for source in sources(deal, since, under):
            by = ", ".join(part for part in (source.document, source.cite) if part)
            said = f"{source.written} from {source.since}{f' ({by})' if by else ''}"
            # A term that stays as it is turns up again in every later segment, and is said once.
            if said not in values.setdefault(source.path, []):
                values[source.path].append(said)
    beginning = "".join(f"{key}." for key in under)
    for path, values_by_date in values.items():
        if len(values_by_date) > 1:
            term = ", ".join(part.replace("_", " ") for part in path.removeprefix(beginning).split("."))
            yield f"{term}: {'; '.join(values_by_date)}"


def beneath(deal: Deal, on: date, keys: tuple[str, ...]) -> tuple[Line, ...]:
    """Return what the named clauses rest on: their rates, blends, pool and reports.

    Each rate comes with its fallback.
    """
    terms = resolve(deal, on)
    clauses = [terms.covenants[key] for key in keys if key in terms.covenants]
    rates = tuple(dict.fromkeys(name for clause in clauses for name in _rates_of(clause, terms)))
    blends = [name for name in rates if name in terms.blended_rates]
    parts = [part for name in blends for part in terms.blended_rates[name].of]
    found = [
        Line(name, text)
        for name in blends
        for text in (blend_words(terms.blended_rates[name]), *steps(deal, ("blended_rates", name)))
    ]
    for name in dict.fromkeys((*rates, *parts)):
        if name in terms.index:
            found += [
                Line(name, text)
                for text in (
                    *index_words(terms.index[name], terms.business_days),
                    *steps(deal, ("index", name)),
                )
            ]
    if clauses:
        found += [Line("pool", _asset(name, asset)) for name, asset in terms.pledged_assets.items()]
        found += [
            Line("pool", f"{name}, {step}")
            for name in terms.pledged_assets
            for step in steps(deal, ("pledged_assets", name))
        ]
        found += [Line("figure", text) for text in declared_figure_words(clauses, terms)]
        found += [Line("reports", text) for text in _reports(terms)]
        found += [
            Line("steps", f"{in_words(root)}, {step}") for root in SHARED for step in steps(deal, (root,))
        ]
    return tuple(found)


SHARED = ("rounding", "determination_dates", "payment_dates", "servicer_reports")
"""Sections of the whole deal, whose amendments are shown beneath every clause."""
DAY_READ = {
    LAST_FINAL: "A Publication Date reads the newest day of the week up to it whose value is final at the "
    "cut-off.",
    ON_THE_DATE: "A Publication Date reads the value of that day itself, and has none where the day has "
    "none.",
}
"""What a Publication Date reads of a daily series (`rulings.md` 62)."""


def index_words(index: IndexTerms, calendar: str) -> Iterator[str]:
    """Yield sentences on what the deal says about one index.

    They say whose it is, its method, its fallback in order, and which values count.
    """
    level = trimmed(Figure(value=index.closing_date_level, unit=Unit.RATE))
    yield f"It is {index.source} ({index.cite}). Its Closing Date level is {level} per GPU-hour."
    if index.cadence == "daily":
        yield f"It has a value for each day. {DAY_READ[index.day_read or LAST_FINAL]}"
    yield _methodology(index.methodology)
    tried = []
    for number, step in enumerate(index.fallback, 1):
        limit = defined(f", for at most {step.for_at_most}") if step.for_at_most is not None else ""
        tried.append(f"({number}) {step.use}{limit} ({step.cite})")
    yield (
        f"The Reference Rate is, in this order: {'; '.join(tried)}. Where no step gives one, what rests "
        "on "
        "it is not determined."
    )
    yield from low_confidence_words(index.low_confidence)
    late = index.late_publication
    days = f" by the calendar {calendar}"
    time = defined(str(late.accepted_for))
    yield (
        f"A value that comes late is its Publication Date's value where it comes within {time}{days} "
        f"({late.cite})."
    )
    again = index.restatement
    time = defined(str(again.accepted_for))
    if again.effect == "retest":
        effect = (
            "replaces the first, and the dates that it touches are determined again; after that the "
            "first print stands"
        )
    else:
        effect = "is reported and changes nothing, as is one that comes later: the first print stands"
    yield f"A value that is restated within {time}{days} {effect} ({again.cite})."


def _methodology(policy: MethodologyPolicy) -> str:
    cite = f" ({policy.cite})" if policy.cite else ""
    if policy.policy == "pinned":
        return (
            f"Its methodology is pinned to version {policy.version}: no value under another version is "
            f"used{cite}."
        )
    version = f", {policy.version} at closing" if policy.version else ""
    if policy.consent_needed_for is None:
        return f"Its methodology is the version current on each Publication Date{version}{cite}."
    above = (
        trimmed(Figure(value=policy.material_above, unit=Unit.SHARE))
        if policy.material_above is not None
        else None
    )
    moved = (
        "A change is material where it changes a statistic, window, filter or outlier rule, where it moves "
        "the first week's value by more "
        f"than {above}, or where that week was not published under both versions"
    )
    return (
        f"Its methodology is the current version{version}; consent is needed for "
        f"{policy.consent_needed_for}{cite}. "
        f"{moved if above else 'Every change of version is material'}. No value under a version that is "
        "materially different is used before the day of the Act "
        "`consent` that names it."
    )


def _missing(rule: MissingIndex) -> str:
    if isinstance(rule, At):
        return f"counts at {trimmed(Figure(value=rule.at, unit=Unit.RATE))} per GPU-hour"
    return "is left out" if rule == "exclude" else "leaves the result not determined"


def blend_words(blend: Blend) -> str:
    """Return a sentence on a blended rate: its components with their weights, and what a missing one does."""
    of = listed(
        [f"{trimmed(Figure(value=share, unit=Unit.SHARE))} {name}" for name, share in blend.of.items()]
    )
    weights = f"{of}, by fixed weights"
    if blend.weights == "register":
        weights = (
            f"{listed(list(blend.of))}, each weighted by the GPUs pledged at it on the date (the "
            f"shares written, {of}, decide nothing)"
        )
    return f"It is {weights}; a component without a rate {_missing(blend.missing_component)} ({blend.cite})."


def _asset(name: str, asset: AssetClass) -> str:
    factor = (
        f", performance factor {float(asset.performance_factor):g}"
        if asset.performance_factor is not None
        else ""
    )
    available = trimmed(Figure(value=asset.availability, unit=Unit.SHARE))
    return (
        f"{in_words(name)}: {asset.gpus:,} {asset.model}, {available} available, at {asset.index}{factor}; "
        "without a rate it "
        f"{_missing(asset.missing_index)} ({asset.cite})."
    )


def _reports(terms: TermsInForce) -> Iterator[str]:
    said = terms.servicer_reports
    if said is None:
        yield "The file states no Servicer's report."
        return
    corrected = (
        "dates already determined are determined again"
        if said.corrected_report == "retest"
        else "it serves from then on"
    )
    due = defined(str(said.due)).replace("Determination Date", "the Determination Date")
    yield (
        f"The Servicer reports every {said.every}{_quarters(said.months)}, by {due}; "
        f"a report older than {said.too_old_after} serves no test; where one is "
        f"corrected, {corrected} ({said.cite})."
    )
    yield (
        f"A report that is entered late counts from its receipt for {said.late_keying.accepted_for}; later "
        "it needs a document and two "
        f"persons. {_tolerated(said.tolerance)}"
    )


def _quarters(months: tuple[int, ...] | None) -> str:
    return (
        f" that ends in {listed([month_name[month] for month in months], 'or')}" if months is not None else ""
    )


def _tolerated(tolerance: Tolerance | str) -> str:
    """Return a sentence on how far a figure may move before it is held."""
    slip = "a figure that may be a slip of its unit is held until it is confirmed"
    if not isinstance(tolerance, Tolerance):
        return f"{slip[:1].upper()}{slip[1:]}."
    shares = (tolerance.outstanding_principal, tolerance.weighted_average_rate, tolerance.others)
    principal, rent, others = (trimmed(Figure(value=share, unit=Unit.SHARE)) for share in shares)
    moved = (
        f"A principal that moves by more than {principal}, a rent by more than {rent} or another figure "
        f"by more than {others} is held"
    )
    return f"{moved} until it is confirmed, and {slip}."

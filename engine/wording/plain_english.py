"""Conditions, cures and consequences in plain English, to be compared with the agreement.

These words are recorded with the deal (`adopted_deal.py`) and printed by `headroom clause` (`clauses.py`).
"""

from __future__ import annotations

from engine.basics.values import Figure, Unit, defined, in_words, listed, rounding_words, trimmed
from engine.determination.template import Clause, Cure, LimitClause
from engine.evaluation.conditions import LeafRule, Tree
from engine.evaluation.trigger_states import TriggerRule
from engine.terms.clause import Deliver, Sweep, TriggerCure
from engine.terms.in_force import Consequence, TermsInForce
from engine.terms.periods import Persistence

VERBS = {"PASS": "passes", "FAIL": "fails", "NOT DETERMINED": "is not determined"}
DATES = {"publication dates": "Publication Dates", "determination dates": "Determination Dates"}
SMALL_WORDS = {"of", "the", "and", "for"}


def role(key: str) -> str:
    """Return a party's role as the agreement writes it: `Indenture Trustee`."""
    return " ".join(
        word if word in SMALL_WORDS else word[:1].upper() + word[1:] for word in in_words(key).split()
    )


def times(persistence: Persistence) -> str:
    """Return a count of dates in words: `one Determination Date`, `3 of the last 6 Determination Dates`."""
    dates = DATES[persistence.dates]
    if persistence.count == persistence.out_of == 1:
        return f"one {dates.removesuffix('s')}"
    if persistence.consecutive:
        return f"{persistence.count} consecutive {dates}"
    return f"{persistence.count} of the last {persistence.out_of} {dates}"


def named(key: str, terms: TermsInForce) -> str:
    """Return a clause or trigger by its key and its section: `oc-b (IND §6.01(b))`."""
    clause = terms.covenants.get(key) or terms.triggers.get(key)
    return f"{key} ({clause.cite})" if clause is not None else key


def condition(tree: Tree, terms: TermsInForce, inside: bool = False) -> str:
    """Return a condition in words. A condition inside another one is put between brackets."""
    if isinstance(tree, LeafRule) and tree.announced is not None:
        return (
            f"the administrator of {tree.index} has announced its {tree.announced}, from its effective date"
        )
    if isinstance(tree, LeafRule) and tree.on_or_after is not None:
        return f"{tree.on_or_after} has come"
    if isinstance(tree, LeafRule) and tree.event is not None:
        event = terms.events.get(tree.event)
        return f"{in_words(tree.event)} has been declared{f' ({event.cite})' if event is not None else ''}"
    if isinstance(tree, LeafRule):
        name = named(tree.test or tree.trigger or "", terms)
        said = f"stands at {tree.state}" if tree.state is not None else VERBS[tree.result or "FAIL"]
        return f"{name} {said}{f' on {times(tree.persistence)}' if tree.persistence is not None else ''}"
    parts = [condition(part, terms, inside=True) for part in tree.parts]
    if tree.n in (1, len(parts)):
        said = (" or " if tree.n == 1 else " and ").join(parts)
        return f"({said})" if inside and len(parts) > 1 else said
    numbered = "; ".join(f"({number}) {part}" for number, part in enumerate(parts, 1))
    return (
        f"(at least {tree.n} of these hold: {numbered})"
        if inside
        else f"at least {tree.n} of these hold: {numbered}"
    )


def trigger_reading(rule: TriggerRule, terms: TermsInForce) -> str:
    """Return sentences on when a composite trigger begins and when it ends."""
    begins = f"It begins when {condition(rule.begins, terms)}.{_own_cure(rule.cure, terms)}"
    if rule.while_met:
        return (
            f"{begins} It is in effect exactly while that holds, and ends on the date from which it no "
            "longer does."
        )
    if rule.irrevocable or rule.ends is None:
        return f"{begins} Once it has begun it never ends."
    return f"{begins} It ends when {condition(rule.ends, terms)}."


def _own_cure(cure: TriggerCure | None, terms: TermsInForce) -> str:
    """Return a sentence on a trigger's own cure; empty if it does not have one."""
    if cure is None:
        return ""
    days = (
        f", Business Days by the calendar {terms.business_days}"
        if cure.within.unit == "business days"
        else ""
    )
    often = (
        f" It may be cured at most {' and '.join(_often(str(cap)) for cap in cure.at_most.each)}."
        if cure.at_most is not None
        else ""
    )
    left = " Where no cure is left it is in effect at once." if cure.at_most is not None else ""
    return (
        f" It is then PENDING CURE, and nothing follows: it can be cured by {listed(cure.cured_by, 'or')}, "
        "within "
        f"{defined(f'{cure.within} after the {cure.after}')} ({cure.cite}){days}.{often}{left} Where it is "
        "not cured, "
        "it is in effect from the day after the last day."
    )


def compared(clause: Clause, terms: TermsInForce) -> str:
    """Return a sentence on how a clause's figure is rounded before it is compared (`rulings.md` 18).

    It is empty for a clause without a ratio.
    """
    shares = clause.margin_unit() is Unit.POINTS
    unit = clause.limit.figure.unit if isinstance(clause, LimitClause) else Unit.SHARE if shares else None
    rule = terms.rounding
    if unit not in (Unit.SHARE, Unit.POINTS, Unit.MULTIPLE):
        return ""
    named = {Unit.SHARE: "The ratio", Unit.POINTS: "The difference", Unit.MULTIPLE: "The multiple"}[unit]
    words = rounding_words(rule.rule, unit)
    if words != "unrounded":
        return f"{named} is rounded to {words}, before it is compared ({rule.cite})."
    return f"{named} is compared unrounded ({rule.cite})."


WAITS = (
    "is recorded; until then the test stands at CURE PERIOD without a last day, and no Event of Default "
    "follows"
)
CLOCKS = {
    "notice by the agent": f"The clock begins when the Act `notice by the agent` {WAITS}.",
    "earlier of knowledge and notice": "The clock begins when the Act `knowledge of the borrower` or "
    f"`notice by the agent` {WAITS}.",
}
"""What starts a cure clock that no date of the deal starts."""


def cure_words(cure: Cure, calendar: str) -> str:
    """Return sentences on a cure right.

    They say by what, until when and how often it cures, and what follows if it is not used.
    """
    days = f", Business Days by the calendar {calendar}" if cure.within.unit == "business days" else ""
    said = [
        f"By {listed(cure.cured_by, 'or')}, within {defined(f'{cure.within} after the {cure.after}')} "
        f"({cure.cite}){days}; the day "
        "after it is the first, and a cure on the last day is in time."
    ]
    if cure.after in CLOCKS:
        said.append(CLOCKS[cure.after])
    if "retest" in cure.cured_by:
        often = (
            f"it has passed on {times(cure.passing_for)}"
            if cure.passing_for is not None
            else "it passes on one date"
        )
        said.append(f"By retest it is cured when {often}.")
    else:
        said.append("A date on which it passes again does not cure it.")
    if cure.equity_at_most is not None:
        said.append(
            f"One cure by equity counts at most {trimmed(Figure(value=cure.equity_at_most, unit=Unit.USD))}."
        )
    if cure.at_most is not None:
        often = " and ".join(_often(str(cap)) for cap in cure.at_most.each)
        said.append(f"It may be cured at most {often}; a failure beyond that has no Cure Period.")
    if cure.extension is not None:
        more = cure.extension
        floor = (
            f", and the figure is not below {trimmed(Figure(value=more.not_below, unit=Unit.SHARE))}"
            if more.not_below is not None
            else ""
        )
        said.append(
            f"A second Cure Period of {defined(str(more.within))} follows the last day where at least "
            f"{trimmed(Figure(value=more.if_made_good, unit=Unit.SHARE))} of the first shortfall was made "
            f"good by then{floor} "
            f"({more.cite})."
        )
    return " ".join(
        [*said, "Where it is not cured, an Event of Default is indicated on the day after the last day."]
    )


def _often(cap: str) -> str:
    count, _, rest = cap.partition(" ")
    return f"{ {'1': 'once', '2': 'twice'}.get(count, f'{count} times') } {rest}"


AT_THE_END = {
    "keep": "stays in it",
    "release to borrower": "is released to the Borrower",
    "prepay": "prepays the debt",
}


def sweep_words(sweep: Sweep) -> str:
    """Return words on a sweep's money.

    They say which share of which cash is swept, until which balance, and what becomes of it.
    """
    if sweep.repays is not None:
        share, cite = (
            trimmed(Figure(value=sweep.share, unit=Unit.SHARE)),
            f" ({sweep.cite})" if sweep.cite else "",
        )
        return (
            f"{share} of {sweep.of} repays {in_words(sweep.repays)} on each Payment Date, down to "
            f"nothing{cite}"
        )
    until = (
        f" until it holds {trimmed(Figure(value=sweep.until, unit=Unit.USD))}"
        if sweep.until is not None
        else " without a target"
    )
    cite = f" ({sweep.cite})" if sweep.cite else ""
    share = trimmed(Figure(value=sweep.share, unit=Unit.SHARE))
    return (
        f"{share} of {sweep.of} goes to the {sweep.to} on each Payment Date{until}; when the trigger ends, "
        "what it holds "
        f"{AT_THE_END[sweep.on_end or 'keep']}{cite}"
    )


def deliver_words(deliver: Deliver) -> str:
    """Return words on an Obligation: who delivers what, within how long."""
    article = "an" if deliver.deliver[:1].lower() in "aeiou" else "a"
    return (
        f"the {role(deliver.by)} delivers {article} {deliver.deliver} within "
        f"{defined(f'{deliver.within} after the {deliver.after}')} "
        f"({deliver.cite}); an open Obligation is not doubled"
    )


def consequence(one: Consequence, irrevocable: bool) -> str:
    """Return a sentence on a consequence.

    It says what, from when until when, the money, who acts, what it needs, and the section.
    """
    name = "" if one.kind == "other" else f"{one.kind.capitalize()}: "
    starts = "from the next Payment Date" if one.starts == "next payment date" else "at once"
    until = "for good" if one.ends == "never" or irrevocable else "until the trigger ends"
    said = [
        f"the margin goes up by {trimmed(Figure(value=one.margin, unit=Unit.SHARE))}"
        if one.margin is not None
        else "",
        f"the amount is {trimmed(Figure(value=one.amount, unit=Unit.USD))}" if one.amount is not None else "",
        f"in this order: {', '.join(one.order)}" if one.order else "",
        sweep_words(one.sweep) if one.sweep is not None else "",
        deliver_words(one.deliver) if one.deliver is not None else "",
        f"the {role(one.who)} acts" if one.who else "",
        f"it needs a {one.needs}" if one.needs != "nothing" else "",
    ]
    return (
        "; ".join([f"{name}{one.effect}, {starts}, {until}", *(text for text in said if text)])
        + f" ({one.cite})"
    )

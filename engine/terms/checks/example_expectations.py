"""Worked examples that would hold whatever the terms say (rulings 20, 43).

They name what does not exist, or expect nothing. An expectation of a test that does not exist finds nothing,
and nothing is what `none` and `NOT YET TESTED` say. So the check refuses it when the file is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args

from engine.basics.errors import Problem
from engine.basics.values import Unit
from engine.terms.as_written import Deal, resolve
from engine.terms.checks.contradictions import OF_A_TRIGGER, STATES, never
from engine.terms.checks.example_inputs import given
from engine.terms.checks.step_dates import in_the_life
from engine.terms.clause import LimitClause
from engine.terms.error_messages import undefined
from engine.terms.in_force import FallbackStep, TermsInForce
from engine.terms.source import Path
from engine.terms.worked_example import EXPECTED, Expectation, read_figure

OF_A_RESULT = ("result", "measured", "limit", "headroom", "break_even", "to_cure", "decisive", "as_of")
LOOKS_AT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(OF_A_RESULT, ("test", "trigger")),
    **dict.fromkeys(("state", "since", "cure_by"), ("test", "trigger")),
    **dict.fromkeys(("obligation", "due"), ("test",)),
    **dict.fromkeys(("count", "reserve", "swept", "first_met"), ("trigger",)),
}
"""For each expected field, whether a test or a trigger has it. A field that is not here belongs to the index.

The index need not be named.
"""


def examples(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each part of a deal's worked examples that names or expects nothing."""
    for example in deal.examples:
        path: Path = example.place
        yield from given(deal, example)
        if not example.expect:
            why = "an example without an expectation holds whatever the terms say"
            place = deal.tree.place((*path, "expect"))
            yield Problem(
                "D402",
                f"`{example.name}` expects nothing",
                why,
                "write what is expected on which date",
                place,
            )
        for number, expectation in enumerate(example.expect):
            yield from _expectation(deal, expectation, (*path, "expect", number))


def _expectation(deal: Deal, expectation: Expectation, path: Path) -> Iterator[Problem]:
    terms = resolve(deal, expectation.on)
    yield from _dates(deal, terms, expectation, path)
    yield from _words(deal, terms, expectation, path)
    if expectation.test is not None and expectation.trigger is not None:
        why = "a state or a date would be of one of them, and nothing says of which"
        place = deal.tree.place((*path, "trigger"))
        yield Problem(
            "D403", "a test and a trigger are named at once", why, "expect each on a line of its own", place
        )
    known: dict[str, Mapping[str, object]] = {
        "test": terms.covenants,
        "trigger": {} if expectation.trigger is None else triggers_of(terms),
        "index": terms.index,
    }
    for kind, names in known.items():
        name = getattr(expectation, kind)
        if name is not None and name not in names:
            yield undefined(deal.tree, (*path, kind), name, kind, names)
    fields = [field for field in EXPECTED if getattr(expectation, field) is not None]
    if not fields:
        why = "it holds whatever the terms say"
        fix = f"write what is expected: {', '.join(EXPECTED)}"
        yield Problem("D402", f"nothing is expected on {expectation.on}", why, fix, deal.tree.place(path))
    for field in fields:
        missing = _looks_at_nothing(field, expectation, terms)
        if missing is not None:
            what = f"`{field}` is not of {expectation.subject}"
            yield Problem(
                "D403",
                what,
                f"it is looked at in {missing}",
                f"name {missing}",
                deal.tree.place((*path, field)),
            )


FIGURES = ("measured", "limit", "headroom", "break_even", "to_cure", "rate", "reserve", "swept")
FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "count": (re.compile(r"\d+ of \d+|no count"), "1 of 2"),
    "decisive": (re.compile("yes|no"), "yes"),
}


STEPS = (*get_args(FallbackStep.model_fields["use"].annotation), "none")
"""The steps that a rate can come from."""
ALIKE = (Unit.USD, Unit.RATE, Unit.COUNT)
"""Units that an example may write for one another.

A price reads as USD, and a figure without a unit as a count.
"""


def _units(deal: Deal, terms: TermsInForce, expectation: Expectation, path: Path) -> Iterator[Problem]:
    """Yield a problem for each measured figure, limit or headroom in a unit other than the test's own."""
    clause = terms.covenants.get(expectation.test or "")
    for field, units in (
        ("to_cure", (*ALIKE, Unit.GPUS)),
        *((field, ALIKE) for field in ("break_even", "rate", "reserve", "swept")),
    ):
        text = getattr(expectation, field)
        figure = read_figure(text) if text is not None else None
        if figure is not None and figure.unit not in units:
            why = f"`{field}` is counted in {units[0].value}"
            yield Problem(
                "D407",
                f"`{text}` is in another unit",
                why,
                "write it in that unit",
                deal.tree.place((*path, field)),
            )
    if clause is None:
        return
    room = clause.margin_unit()
    limit = (
        clause.limit.figure.unit
        if isinstance(clause, LimitClause)
        else Unit.SHARE
        if room is Unit.POINTS
        else room
    )
    for field, unit in (("measured", limit), ("limit", limit), ("headroom", room)):
        text = getattr(expectation, field)
        figure = read_figure(text) if text is not None else None
        if figure is not None and figure.unit is not unit and not {figure.unit, unit} <= {*ALIKE}:
            why = f"`{field}` of `{expectation.test}` is counted in {unit.value}"
            yield Problem(
                "D407",
                f"`{text}` is in another unit",
                why,
                "write it in that unit",
                deal.tree.place((*path, field)),
            )


def _words(deal: Deal, terms: TermsInForce, expectation: Expectation, path: Path) -> Iterator[Problem]:
    """Yield a problem for each expected word or figure that no result, state or count is ever written as.

    Such an expectation could never be found.
    """
    for field in FIGURES:
        text = getattr(expectation, field)
        if text is not None and text != "none" and read_figure(text) is None:
            fix = "write it like `62.585%`, `0.879 points` or `USD 1.9257`, or `none`"
            yield Problem(
                "D401",
                f"`{text}` is not a figure",
                "it is compared with one",
                fix,
                deal.tree.place((*path, field)),
            )
    for field, (form, like) in FORMS.items():
        text = getattr(expectation, field)
        if text is not None and not form.fullmatch(text):
            why = "it is compared with what the engine says"
            yield Problem(
                "D407",
                f"`{text}` is not a `{field}`",
                why,
                f"write it like `{like}`",
                deal.tree.place((*path, field)),
            )
    yield from _state(deal, terms, expectation, path)
    yield from _units(deal, terms, expectation, path)
    # Only some templates create an Obligation, so both fields may be missing.
    owed = getattr(getattr(terms.covenants.get(expectation.test or ""), "then", None), "deliver", None)
    if expectation.obligation not in (None, "none", owed) and expectation.test in terms.covenants:
        what, why = (
            f"`{expectation.test}` creates no `{expectation.obligation}`",
            f"it creates {owed or 'no Obligation'}",
        )
        place = deal.tree.place((*path, "obligation"))
        yield Problem("D502", what, why, "write what it creates, or `none`", place)
    if expectation.rate_from is not None and expectation.rate_from not in STEPS:
        what, why = (
            f"a fallback does not have the step `{expectation.rate_from}`",
            f"there are {', '.join(STEPS)}",
        )
        yield Problem("D502", what, why, "write one of them", deal.tree.place((*path, "rate_from")))


def _state(deal: Deal, terms: TermsInForce, expectation: Expectation, path: Path) -> Iterator[Problem]:
    state, place = expectation.state, deal.tree.place((*path, "state"))
    clause = terms.covenants.get(expectation.test or "")
    if state is None:
        return
    if state not in STATES:
        yield Problem(
            "D507",
            f"the state `{state}` does not exist",
            f"there are {', '.join(STATES)}",
            "write one of them",
            place,
        )
    elif expectation.test is None and expectation.trigger is not None and state not in OF_A_TRIGGER:
        why = f"a trigger is {', '.join(OF_A_TRIGGER)}"
        yield Problem(
            "D519", f"the trigger `{expectation.trigger}` is never {state}", why, "write one of them", place
        )
    elif clause is not None and (reason := never(clause, state)) is not None:
        yield Problem(
            "D519",
            f"the test `{expectation.test}` is never {state}",
            reason,
            "expect its result, or another state",
            place,
        )


def _dates(deal: Deal, terms: TermsInForce, expectation: Expectation, path: Path) -> Iterator[Problem]:
    """Yield a problem for a date on which nothing can be determined.

    Such a date is not after closing, or it is after the deal's end.
    """
    if not terms.closing_date < expectation.on <= terms.maturity_date:
        why = f"the deal closes on {terms.closing_date} and matures on {terms.maturity_date}"
        yield Problem(
            "D523",
            f"nothing is determined on {expectation.on}",
            why,
            in_the_life(terms),
            deal.tree.place((*path, "on")),
        )
    # A date is known from its own day on, so an earlier day of knowledge could never be met.
    known = expectation.as_known_on
    if known is not None and not expectation.on <= known <= terms.maturity_date:
        why = f"it is about {expectation.on}, and what is known of it is known from then on"
        fix = f"write a date from {expectation.on} to {terms.maturity_date}"
        yield Problem(
            "D523", f"nothing is known on {known}", why, fix, deal.tree.place((*path, "as_known_on"))
        )


def triggers_of(terms: TermsInForce) -> dict[str, object]:
    """Return the triggers of a deal by name: composite ones, and those that clauses bring with them."""
    own = {
        key: clause for key, clause in terms.covenants.items() if getattr(clause, "begins", None) is not None
    }
    return {**own, **terms.triggers}


def _looks_at_nothing(field: str, expectation: Expectation, terms: TermsInForce) -> str | None:
    """Return the kinds of clause that the field belongs to, in words, if the expectation names none of them.

    The result is None if the expectation names one.
    """
    kinds = LOOKS_AT.get(field)
    if kinds is None:
        return None
    if not any(getattr(expectation, kind) for kind in kinds):
        return " or ".join(f"a {kind}" for kind in kinds)
    # A clause's own trigger has a test behind it and so a result; a composite one has a state alone.
    only_trigger = expectation.test is None and expectation.trigger in terms.triggers
    return "a test" if field in OF_A_RESULT and only_trigger else None

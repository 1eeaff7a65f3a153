"""The inputs of a worked example: dates, rates, prints, facts and Recorded Acts (rulings 43).

Each must name something that the deal has.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.basics.errors import Problem
from engine.basics.values import Unit, counted
from engine.terms.act_requirements import KINDS, MANIFEST_ERROR, Said, refusals
from engine.terms.as_written import Deal, resolve
from engine.terms.error_messages import undefined
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import class_of, unit_of_fact
from engine.terms.source import Path
from engine.terms.worked_example import (
    REPORT_RECEIVED,
    ExampleAct,
    ExamplePrint,
    Placed,
    read_figure,
    written,
)

THURSDAY = 3
WEEK = timedelta(weeks=1)
APART = 10
"""How many times apart a stated rate and the Closing Date level may be before a warning.

The number is generous, because an example may go through a collapse.
"""
BEFORE_CLOSING = timedelta(days=366)
"""How long before closing an example may begin."""
COUNTED = (Unit.GPUS, Unit.GPU_HOURS)
"""The units that a fact may leave out: `20,000` GPU-hours."""


def given(deal: Deal, example: Placed) -> Iterator[Problem]:
    """Yield a problem for each input of an example that names nothing, or that could not occur."""
    terms = resolve(deal, example.first_publication)
    yield from _first(deal, terms, example)
    yield from _rates(deal, terms, example)
    for number, one in enumerate(example.prints):
        yield from _print(deal, terms, example, one, (*example.place, "prints", number))
    yield from _facts(deal, terms, example)
    for number, act in enumerate(example.acts):
        yield from _act(deal, example, act, (*example.place, "acts", number))


def _first(deal: Deal, terms: TermsInForce, example: Placed) -> Iterator[Problem]:
    """Yield a problem if the first publication is not a Publication Date in the deal's own time."""
    day, place = example.first_publication, deal.tree.place((*example.place, "first_publication"))
    if day.weekday() != THURSDAY:
        after = day + timedelta(days=(THURSDAY - day.weekday()) % 7)
        why = "a Publication Date is a Thursday, and the rates follow week by week"
        yield Problem(
            "D404", f"{day} is a {day:%A}", why, f"write the Thursday, {after - WEEK} or {after}", place
        )
    if not terms.closing_date - BEFORE_CLOSING <= day <= terms.maturity_date:
        why = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
        yield Problem(
            "D523",
            f"the example begins on {day}",
            why,
            f"write a Thursday from {terms.closing_date - BEFORE_CLOSING} to {terms.maturity_date}",
            place,
        )


def _rates(deal: Deal, terms: TermsInForce, example: Placed) -> Iterator[Problem]:
    """Yield the problems of an example's rates.

    The deal must have the index, the rates may not run beyond maturity, and they must be near the Closing
    Date level.
    """
    for name, rates in example.rates.items():
        path: Path = (*example.place, "rates", name)
        place = deal.tree.place(path)
        if name not in terms.index:
            yield undefined(deal.tree, path, name, "index", terms.index)
            continue
        # The last of n rates is n - 1 weeks after the first, hence the week on the other side.
        if example.first_publication + len(rates) * WEEK > terms.maturity_date + WEEK:
            why = f"the deal matures on {terms.maturity_date}"
            yield Problem(
                "D533",
                f"{counted(len(rates), 'weeks')} of rates, longer than the deal",
                why,
                "give fewer rates",
                place,
            )
        closing = terms.index[name].closing_date_level
        low, high = closing / APART, closing * APART
        strange = next((rate for rate in rates if rate is not None and not low <= rate <= high), None)
        if strange is not None:
            why = f"the Closing Date level of {name} is {float(closing):g}"
            yield Problem(
                "W110", f"a rate of {strange} stands in the example", why, "check the decimal point", place
            )


def _print(
    deal: Deal, terms: TermsInForce, example: Placed, one: ExamplePrint, path: Path
) -> Iterator[Problem]:
    """Yield the problems of one print of an example.

    It must be a value of a Publication Date of the example, and be published on that date or later.
    """
    tree = deal.tree
    if one.index not in terms.index:
        yield undefined(tree, (*path, "index"), one.index, "index", terms.index)
    if one.of.weekday() != THURSDAY or one.of < example.first_publication:
        why = f"it is the print of a Thursday from {example.first_publication} on"
        yield Problem(
            "D404",
            f"{one.of} is not a Publication Date of the example",
            why,
            "write a Thursday of the example",
            tree.place((*path, "of")),
        )
    if one.published < one.of:
        why = "a value is published on its date or later"
        yield Problem(
            "D404",
            f"it was published on {one.published}, before its date",
            why,
            "correct it",
            tree.place((*path, "published")),
        )
    if len(one.value) != 1 or one.value[0] is None:
        yield Problem(
            "D404",
            "a print has one value",
            "it stands for one date",
            "write one rate",
            tree.place((*path, "value")),
        )


def _facts(deal: Deal, terms: TermsInForce, example: Placed) -> Iterator[Problem]:
    """Yield the problems of an example's facts.

    A fact must be one that a report can give, of a class that the deal has, in its unit and not negative.
    """
    for name, fact in example.facts.items():
        if name == REPORT_RECEIVED:
            continue
        path: Path = (*example.place, "facts", name)
        unit, of_class = unit_of_fact(name, terms.declared_units), class_of(name)
        if unit is None:
            why = "what no test asks for decides nothing"
            fix = "correct its name; the Servicer's report has the same figures"
            yield Problem("D502", f"the figure `{name}` does not exist", why, fix, deal.tree.key_place(path))
            continue
        known = {} if of_class is None else terms.debt if of_class[1] else terms.pledged_assets
        if of_class is not None and of_class[0] not in known:
            there = ", ".join(known)
            what = f"the class `{of_class[0]}` does not exist"
            yield Problem(
                "D502",
                what,
                f"the deal has {there}",
                "correct the name, or define it",
                deal.tree.key_place(path),
            )
        for at, text in written(fact, path):
            figure = read_figure(text)
            if figure is None:
                continue
            if figure.unit is not unit and not (figure.unit is Unit.COUNT and unit in COUNTED):
                why = f"`{name}` is counted in {unit.value}"
                yield Problem(
                    "D405", f"`{text}` is in another unit", why, "write it in that unit", deal.tree.place(at)
                )
            elif figure.value < 0:
                yield Problem(
                    "D405",
                    f"`{text}` is negative",
                    "it is an amount or a count",
                    "correct the sign",
                    deal.tree.place(at),
                )


def _act(deal: Deal, example: Placed, act: ExampleAct, path: Path) -> Iterator[Problem]:
    """Yield what `headroom act` would refuse of an example's Act.

    Who prepares and approves the Act is not asked. That belongs to a record, and an example is not a record.
    """
    why = "it could not be recorded, so the example would show what cannot happen"
    if act.act not in KINDS:
        yield undefined(deal.tree, (*path, "act"), act.act, "Recorded Act", KINDS, "there are")
        return
    terms = resolve(deal, act.on)
    clauses = {**terms.covenants, **terms.triggers, **terms.events}
    if act.clause is not None and act.clause not in clauses:
        yield undefined(deal.tree, (*path, "clause"), act.clause, "clause", clauses)
    if act.index is not None and act.index not in terms.index:
        yield undefined(deal.tree, (*path, "index"), act.index, "index", terms.index)
    if not terms.closing_date <= act.on <= terms.maturity_date:
        says = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
        yield Problem(
            "D523",
            f"an Act is effective on {act.on}",
            says,
            f"write a date from {terms.closing_date} to {terms.maturity_date}",
            deal.tree.place((*path, "on")),
        )
    if act.act == MANIFEST_ERROR:
        fix = "write `_` for the week in `rates`, and a later value in `prints`"
        yield Problem(
            "D406",
            "an example has no published print that could be in error",
            why,
            fix,
            deal.tree.place((*path, "act")),
        )
        return
    if act.act == "act withdrawn" and not any(_goes_by(act.names or "", one) for one in example.acts):
        there = (
            ", ".join(
                f"`{one.act}|{one.clause or 'deal'}|{one.on}`" for one in example.acts if one is not act
            )
            or "none"
        )
        place = deal.tree.place((*path, "names" if act.names else "act"))
        yield Problem(
            "D406",
            "it names no other Act of the example",
            why,
            f"give `names:` with one of them: {there}",
            place,
        )
    details = {
        name: text
        for name in ("index", "rate", "clock", "method", "amount", "paid_to", "version")
        if (text := getattr(act, name)) is not None
    }
    said = Said(act.act, act.on, act.clause, act.until, act.document, details=details)
    for refusal in refusals(said, terms, lambda name: f"`{name}:`"):
        yield Problem(
            "D406", refusal.what, why, refusal.fix, deal.tree.place((*path, refusal.field or "act"))
        )


def _goes_by(name: str, act: ExampleAct) -> bool:
    return name.startswith(f"{act.act}|{act.clause or 'deal'}|") and name.endswith(f"|{act.on}")

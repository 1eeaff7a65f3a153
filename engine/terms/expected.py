"""Worked examples that would hold whatever the terms say: names that stand for nothing, expectations of nothing (rulings 20, 43).

An expectation of a test that does not exist finds nothing, and nothing is what `none` and `NOT YET TESTED` say; so it is
refused where the file is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.errors import Problem
from engine.terms.acts import KINDS, MANIFEST_ERROR, Said, refusals
from engine.terms.complaints import undefined
from engine.terms.deal import TermsInForce
from engine.terms.example import EXPECTED, ExampleAct, Expectation, WorkedExample
from engine.terms.in_force import Deal, resolve
from engine.terms.source import Path

OF_A_RESULT = ("result", "measured", "limit", "headroom", "break_even", "to_cure", "decisive")
LOOKS_AT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(OF_A_RESULT, ("test", "trigger")),
    **dict.fromkeys(("state", "since"), ("test", "trigger")),
    **dict.fromkeys(("cure_by", "obligation", "due"), ("test",)),
    **dict.fromkeys(("count", "reserve", "swept"), ("trigger",)),
}
"""What each expected field is a field of; one that is not here is the index's, which need not be named."""


def examples(deal: Deal) -> Iterator[Problem]:
    """Everything in a deal's worked examples that names or expects nothing."""
    for example in deal.examples:
        path: Path = tuple(example.place)
        yield from _given(deal, example, path)
        if not example.expect:
            why = "an example without an expectation holds whatever the terms say"
            place = deal.tree.place((*path, "expect"))
            yield Problem("D402", f"`{example.name}` expects nothing", why, "write what is expected on which date", place)
        for number, expectation in enumerate(example.expect):
            yield from _expectation(deal, expectation, (*path, "expect", number))


def _given(deal: Deal, example: WorkedExample, path: Path) -> Iterator[Problem]:
    """Names in what an example gives: rates, prints, Acts."""
    terms = resolve(deal, example.first_publication)
    for name in example.rates:
        if name not in terms.index:
            yield undefined(deal.tree, (*path, "rates", name), name, "index", terms.index)
    for number, one in enumerate(example.prints):
        if one.index not in terms.index:
            yield undefined(deal.tree, (*path, "prints", number, "index"), one.index, "index", terms.index)
    for number, act in enumerate(example.acts):
        terms = resolve(deal, act.on)
        clauses = {**terms.covenants, **terms.triggers}
        if act.clause is not None and act.clause not in clauses:
            yield undefined(deal.tree, (*path, "acts", number, "clause"), act.clause, "clause", clauses)
        if act.index is not None and act.index not in terms.index:
            yield undefined(deal.tree, (*path, "acts", number, "index"), act.index, "index", terms.index)
        yield from _act(deal, example, act, (*path, "acts", number))


def _act(deal: Deal, example: WorkedExample, act: ExampleAct, path: Path) -> Iterator[Problem]:
    """What `headroom act` would refuse; who prepares and approves an Act belongs to a record, and an example is none."""
    why = "it could not be recorded, so the example would show what cannot happen"
    if act.act not in KINDS:
        yield undefined(deal.tree, (*path, "act"), act.act, "kind of Recorded Act", KINDS)
        return
    if act.act == MANIFEST_ERROR:
        fix = "write `_` for the week in `rates`, and a later value in `prints`"
        yield Problem("D404", "an example has no published print that could be in error", why, fix, deal.tree.place((*path, "act")))
        return
    if act.act == "act withdrawn" and not any(_goes_by(act.names or "", one) for one in example.acts):
        there = ", ".join(f"`{one.act}|{one.clause or 'deal'}|{one.on}`" for one in example.acts if one is not act) or "none"
        place = deal.tree.place((*path, "names" if act.names else "act"))
        yield Problem("D404", "it names no other Act of the example", why, f"give `names:` with one of them: {there}", place)
    details = {name: text for name in ("index", "rate", "clock", "method", "amount") if (text := getattr(act, name)) is not None}
    said = Said(act.act, act.on, act.clause, act.until, act.document, details=details)
    for refusal in refusals(said, resolve(deal, act.on), lambda name: f"`{name}:`"):
        yield Problem("D404", refusal.what, why, refusal.fix, deal.tree.place((*path, refusal.field or "act")))


def _goes_by(name: str, act: ExampleAct) -> bool:
    return name.startswith(f"{act.act}|{act.clause or 'deal'}|") and name.endswith(f"|{act.on}")


def _expectation(deal: Deal, expectation: Expectation, path: Path) -> Iterator[Problem]:
    terms = resolve(deal, expectation.on)
    known: dict[str, Mapping[str, object]] = {"test": terms.covenants, "trigger": _triggers(terms), "index": terms.index}
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
            yield Problem("D403", what, f"it is looked at in {missing}", f"name {missing}", deal.tree.place((*path, field)))


def _triggers(terms: TermsInForce) -> dict[str, object]:
    """The triggers of a deal: composite ones, and those that clauses bring with them."""
    own = {key: clause for key, clause in terms.covenants.items() if getattr(clause, "begins", None) is not None}
    return {**own, **terms.triggers}


def _looks_at_nothing(field: str, expectation: Expectation, terms: TermsInForce) -> str | None:
    """What a field would have to be looked at in, where the expectation names nothing that has it."""
    kinds = LOOKS_AT.get(field)
    if kinds is None:
        return None
    if not any(getattr(expectation, kind) for kind in kinds):
        return " or ".join(f"a {kind}" for kind in kinds)
    only_trigger = expectation.test is None and expectation.trigger in terms.triggers
    return "a test" if field in OF_A_RESULT and only_trigger else None

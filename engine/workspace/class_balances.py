"""Both figures of a test of a class of debt at closing (`rulings.md` 46).

One is of the class alone, the other of the class with the classes senior to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.basics.errors import Problem
from engine.basics.values import Figure, Unit, printed
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Missing, Reported
from engine.determination.template import Clause, Template
from engine.events.rates import ReferenceRate
from engine.events.results import Source
from engine.terms.as_written import Deal
from engine.terms.in_force import TermsInForce


def both_figures(deal: Deal, templates: Mapping[str, Template]) -> Iterator[Problem]:
    """Yield a warning for each test of a class that has others before it, with both figures at closing."""
    terms = deal.segments[0][1]
    for key, clause in terms.covenants.items():
        name = clause.debt_class
        if name not in terms.debt or not clause.may_take_class:
            continue
        alone, whole = (
            clause.model_copy(update={"counted": counted}) for counted in ("alone", "with senior classes")
        )
        if terms.counted_with(alone) == terms.counted_with(whole):
            continue
        figures = (_measured(terms, variant, templates[clause.template]) for variant in (alone, whole))
        said = " and with senior classes ".join(
            figure or _owed(terms, written) for figure, written in zip(figures, (alone, whole), strict=True)
        )
        why = f"at the Closing Date level and the original principal, alone it is {said}"
        what = f"`{key}` counts {name} {clause.counted or 'alone'}"
        place = deal.tree.place(("covenants", key, "counted" if terms.format != "1" else "class"))
        yield Problem("W124", what, why, "see that the agreement means it", place)


def _owed(terms: TermsInForce, clause: Clause) -> str:
    owed = sum(terms.debt[name].original_principal for name in terms.counted_with(clause))
    return f"a balance of {printed(Figure(value=owed, unit=Unit.USD))}"


def _measured(terms: TermsInForce, clause: Clause, template: Template) -> str | None:
    """Return what a test would measure on the Closing Date, as printed.

    The result is None if the test needs a figure that the file does not give.
    """
    on = terms.closing_date
    level = {
        name: Decimal(definition.closing_date_level.numerator) / definition.closing_date_level.denominator
        for name, definition in terms.index.items()
    }
    rates = {
        name: (
            ReferenceRate(
                index=name, on=on, value=value, step="published value", cite="-", publication_date=on
            ),
        )
        for name, value in level.items()
    }
    owed = {
        f"outstanding_principal.{name}": Figure(value=facts.original_principal, unit=Unit.USD)
        for name, facts in terms.debt.items()
    }
    report = Reported(owed, Source(kind="servicer report", text="original principal", as_of=on))
    try:
        return printed(template.measure(clause, Facts(on, terms, rates, {}, report)).measured)
    except Missing:
        return None

"""What can be wrong with declared figures and with what is measured of them.

Examples are names that refer to nothing, units that do not fit, and figures that nothing asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.basics.errors import Problem
from engine.basics.values import listed
from engine.terms.as_written import Deal
from engine.terms.clause import LimitClause
from engine.terms.declared_figures import OF_REPORTS, Expression, reported_parts, taken_of, units_measured
from engine.terms.error_messages import undefined
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import unit_of
from engine.terms.report_terms import ServicerReports
from engine.terms.source import Path

QUARTER = 3


def declared_figures(deal: Deal) -> Iterator[Problem]:
    """Yield every problem of a deal's figures, their expressions and the periods that they are taken over."""
    for _, terms in deal.segments:
        yield from _declared(deal, terms)
        for key, clause in terms.covenants.items():
            expression = getattr(clause, "measured", None)
            if isinstance(expression, Expression) and isinstance(clause, LimitClause):
                yield from _measured(deal, terms, key, clause, expression)
            period = getattr(clause, "period", None)
            if (
                _of_quarters(terms.servicer_reports)
                and period is not None
                and period.unit == "months"
                and period.count % QUARTER
            ):
                why, place = (
                    "the Servicer reports every quarter, and a report is not parted",
                    deal.tree.place(("covenants", key)),
                )
                yield Problem(
                    "D542",
                    f"`{period}` is not in whole quarters",
                    why,
                    "write it in whole quarters, like `3 months`",
                    place,
                )


def _of_quarters(rule: ServicerReports | None) -> bool:
    return rule is not None and rule.every == "quarter"


def _declared(deal: Deal, terms: TermsInForce) -> Iterator[Problem]:
    """Yield a problem for each declared figure that cannot be, or need not be, declared.

    Every report may know its name already, it may be made of a missing or of another made figure, or nothing
    may ask for it.
    """
    for name, figure in terms.figures.items():
        path: Path = ("figures", name)
        if unit_of(name) is not None:
            why = "every report knows a figure of this name"
            fix = (
                "leave it out and name it where it is measured"
                if name in OF_REPORTS
                else "give it a name of its own"
            )
            yield Problem("D504", f"`{name}` is declared twice", why, fix, deal.tree.key_place(path))
        for part in figure.made_of.names if figure.made_of is not None else ():
            if part not in terms.figures and part not in OF_REPORTS:
                yield undefined(deal.tree, (*path, "is"), part, "figure", _known(terms))
            elif part in terms.figures and terms.figures[part].made_of is not None:
                why, place = (
                    f"`{part}` is made of others itself, and figures are made one level deep",
                    deal.tree.place((*path, "is")),
                )
                yield Problem(
                    "D562",
                    f"`{name}` cannot be made of `{part}`",
                    why,
                    "name the figures that are reported",
                    place,
                )
        # The units of an unknown figure cannot be compared, and its name has its own problem above.
        if figure.made_of is not None and not _known_all(figure.made_of.names, terms):
            continue
        if figure.made_of is not None and not units_measured(figure.made_of, terms.figures):
            why, place = "amounts of one unit are added, and no others", deal.tree.place((*path, "is"))
            yield Problem(
                "D115",
                f"the figures of `{name}` have different units",
                why,
                "name figures of one unit",
                place,
            )
    asked = {part for parts in _asked(terms) for part in parts}
    for name in terms.figures:
        # A figure that nothing measures would be asked of the Servicer in each report for nothing.
        if name not in asked:
            why, place = (
                "no covenant measures it, so no result rests on it",
                deal.tree.key_place(("figures", name)),
            )
            yield Problem(
                "W125", f"nothing asks for `{name}`", why, "measure it in a covenant, or remove it", place
            )


def _asked(terms: TermsInForce) -> Iterator[tuple[str, ...]]:
    for clause in terms.covenants.values():
        expression = getattr(clause, "measured", None)
        if isinstance(expression, Expression):
            yield expression.names
            # What a made figure is made of is asked for as well.
            yield reported_parts(expression.names, terms.figures)


def _known(terms: TermsInForce) -> dict[str, object]:
    return {**terms.figures, **OF_REPORTS}


def _known_all(names: Iterable[str], terms: TermsInForce) -> bool:
    return all(part in terms.figures or part in OF_REPORTS for part in reported_parts(names, terms.figures))


def _measured(
    deal: Deal, terms: TermsInForce, key: str, clause: LimitClause, expression: Expression
) -> Iterator[Problem]:
    """Yield the problems of what one clause measures.

    A name may not be a figure, the limit may have another unit, and nothing may state the period.
    """
    path: Path = ("covenants", key)
    unknown = [name for name in expression.names if name not in _known(terms)]
    yield from (undefined(deal.tree, (*path, "measured"), name, "figure", _known(terms)) for name in unknown)
    # An unknown part of a made figure is reported where that figure is declared.
    if unknown or not _known_all(expression.names, terms):
        return
    units = units_measured(expression, terms.figures)
    if not units:
        why = "only figures of one unit are compared, an amount with GPU-hours, or either with a count"
        yield Problem(
            "D115",
            f"the figures of `{expression}` cannot be measured so",
            why,
            "correct the figures",
            deal.tree.place((*path, "measured")),
        )
    elif clause.limit.figure.unit not in units:
        counted = listed([unit.value for unit in units], "or")
        why, place = f"`{expression}` is counted in {counted}", deal.tree.place((*path, "limit"))
        yield Problem(
            "D115",
            f"the limit `{clause.limit}` has another unit than the test",
            why,
            f"write it in {counted}",
            place,
        )
    # A balance is as of a day and needs no length; a sum of a period does.
    of_period = [name for name in expression.names if taken_of(name, terms.figures) == "of the period"]
    if of_period and getattr(clause, "trailing", None) is None:
        why = f"`{of_period[0]}` is of the period, and over how many periods it is taken decides the result"
        fix = "write it like `trailing: {n: 3, as: sum}`, or `{n: 1, as: last}` for the newest report alone"
        yield Problem("D201", "`trailing` is missing", why, fix, deal.tree.key_place(path))

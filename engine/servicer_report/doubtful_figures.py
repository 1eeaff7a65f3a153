"""The figures of a report that are doubtful, and are held until somebody confirms them (`rulings.md` 57).

A figure is compared with the last confirmed one of its name, or else with the deal file. It is held if it
moved further than the deal's tolerance, or if it looks like a slip of the unit. A slip is a factor within 5%
of 10, 100 or 1,000, up or down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

from engine.basics.values import Figure, Unit, printed, trimmed
from engine.events.reports import ReportFacts
from engine.terms.in_force import TermsInForce
from engine.terms.report_terms import Tolerance

SLIPS = (10, 100, 1000)
NEAR = Fraction(5, 100)
"""How near to one of the factors of a slip a factor must be, as a share of it."""
RENTS = ("weighted_average_rate", "weighted_average_rental_rate")


def doubtful(
    figures: Mapping[str, Figure], as_of: date, before: Sequence[ReportFacts], terms: TermsInForce
) -> dict[str, str]:
    """Return the figures of a report that are held, by name, each with the reason in one clause.

    Args:
        figures: what the report gives.
        as_of: its as-of date.
        before: the reports on record that stand, in any order.
        terms: the deal on the day of receipt.
    """
    rule = terms.servicer_reports
    tolerance = rule.tolerance if rule is not None and isinstance(rule.tolerance, Tolerance) else None
    earlier = sorted(
        (report for report in before if report.as_of <= as_of),
        key=lambda report: (report.as_of, report.received),
    )
    doubts = (
        (name, _doubt(name, figure, _last(name, earlier, terms), tolerance, terms))
        for name, figure in figures.items()
    )
    return {name: why for name, why in doubts if why is not None}


def _doubt(
    name: str,
    figure: Figure,
    last: tuple[Fraction, str] | None,
    tolerance: Tolerance | None,
    terms: TermsInForce,
) -> str | None:
    """Return the reason why a figure is held; None if it is not."""
    if last is None or last[0] <= 0 or _not_counted(name, figure, terms):
        return None
    value, known = figure.value, printed(Figure(value=last[0], unit=figure.unit))
    slip = next((f for f in _slips(value / last[0])), None)
    if slip is not None:
        return f"{printed(figure)} is about {slip} {known}, {last[1]}"
    most = None if tolerance is None else _tolerated(name, tolerance)
    moved = abs(value - last[0]) / last[0]
    if most is None or moved <= most:
        return None
    percent = trimmed(Figure(value=most, unit=Unit.SHARE))
    return f"{printed(figure)} is more than {percent} from {known}, {last[1]}"


def _slips(factor: Fraction) -> Iterator[str]:
    """Yield in words each way in which a factor looks like a slip of the unit."""
    for slip in SLIPS:
        if abs(factor / slip - 1) <= NEAR:
            yield f"{slip:,} times"
        if factor > 0 and abs(factor * slip - 1) <= NEAR:
            yield f"one part in {slip:,} of"


def _not_counted(name: str, figure: Figure, terms: TermsInForce) -> bool:
    """Return whether a figure is a number of GPUs above the register, which is not counted anyway.

    The ruling is `rulings.md` 57a.
    """
    family, _, rest = name.partition(".")
    asset = terms.pledged_assets.get(rest.partition(".")[0]) if family == "available" else None
    return asset is not None and figure.value > asset.gpus


def _tolerated(name: str, tolerance: Tolerance) -> Fraction:
    if name.partition(".")[0] == "outstanding_principal":
        return tolerance.outstanding_principal
    return tolerance.weighted_average_rate if name.rpartition(".")[2] in RENTS else tolerance.others


def _last(name: str, earlier: Sequence[ReportFacts], terms: TermsInForce) -> tuple[Fraction, str] | None:
    """Return the last confirmed figure of a name, and where it comes from.

    It is a report's, or the deal file's if no report has one; None if neither has.
    """
    for report in reversed(earlier):
        if name in report.figures:
            return report.figures[name].value, f"as of {report.as_of}"
    family, _, rest = name.partition(".")
    if family == "outstanding_principal":
        classes = [terms.debt[rest]] if rest in terms.debt else list(terms.debt.values()) if not rest else []
        return (
            (
                Fraction(sum(name_of_class.original_principal for name_of_class in classes)),
                "as in the deal file",
            )
            if classes
            else None
        )
    asset = terms.pledged_assets.get(rest.partition(".")[0]) if family == "available" else None
    return (Fraction(asset.gpus), "as in the deal file") if asset is not None else None

"""The figures of a notice's date, computed again from what the notice carries.

They are rates, results, and what is said of sellers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter

from engine.basics.errors import VerificationFailed
from engine.basics.values import counted, median, rounded
from engine.determination.template import Template
from engine.events.rates import ReferenceRate
from engine.events.results import TestResult, Verdict
from engine.notices.attachments import BEFORE_SELLERS, OBSERVATIONS
from engine.notices.recompute import Listed, recomputed
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import TermsInForce

ROW = re.compile(
    r"(?P<index>[^,\n]{1,100}),(?P<on>\d{4}-\d{2}-\d{2}),(?P<price>\d{1,9}(?:\.\d{1,9})?),(?P<seller>[1-9]\d{0,5})?"
)
"""A row of `observations.csv`.

Its price is bounded before it is read: a Decimal may be longer than any memory.
"""


def rates_again(weeks: Listed, rates: Sequence[ReferenceRate], results: Sequence[TestResult]) -> str:
    """Check that the rates of the date rest on exactly the attached observations.

    Rates of other weeks must be their medians. The function returns the words of the step.

    Raises VerificationFailed.
    """
    for rate in rates:
        used = rate.published
        attached = (
            [price for price, _ in weeks.get((used.index, str(used.publication_date)), ())]
            if used is not None
            else []
        )
        # Both are in rising order: only which prices counted matters, and not the order of collection.
        if used is not None and used.pooled and attached != sorted(used.pooled):
            raise VerificationFailed(
                f"{used.index} of {used.publication_date}: the observations attached are not the ones it "
                "rests on"
            )
    checked: list[str] = []
    without: list[str] = []
    for one in (one for result in results for one in result.inputs if one.source.kind == "publication"):
        index, _, day = one.name.rpartition(", ")
        prices = [price for price, _ in weeks.get((index, str(one.source.as_of or day)), ())]
        (checked if prices else without).append(one.name)
        if prices:
            value = rounded(median([int(price * 10**6) for price in prices]), 4)
            # Compared at the 4 decimals at which rates are published; the median itself may have more.
            if value != rounded(one.figure.value, 4):
                raise VerificationFailed(
                    f"{one.name} is {rounded(one.figure.value, 4)}; its observations give {value}"
                )
    verb = "is the median of its" if len(set(checked)) == 1 else "are the medians of their"
    said = (
        f"{counted(len(set(checked)), 'rates')} {verb} observations"
        if checked
        else "no rate here rests on attached observations"
    )
    return said + (f"; without observations: {', '.join(dict.fromkeys(without))}" if without else "")


def weeks_of(text: str, earlier_edition: bool = False) -> Listed:
    """Return the prices of each week in rising order, each with its seller's number.

    Raises VerificationFailed at a line of another form.

    Edition 1 of the rulings knew no sellers, and its notices carry none.
    """
    head, *lines = text.split("\n")
    wanted = BEFORE_SELLERS if earlier_edition else OBSERVATIONS
    # The text ends with a line feed, so what follows the last one must be empty.
    if head != wanted or not lines or lines.pop():
        raise VerificationFailed(f"observations.csv does not begin with `{wanted}`, or ends within a line")
    lines = [f"{line}," for line in lines] if earlier_edition else lines
    weeks: dict[tuple[str, str], list[tuple[Decimal, str | None]]] = {}
    whole = ROW.fullmatch
    for number, line in enumerate(lines, start=2):
        row = whole(line)
        if row is None:
            raise VerificationFailed(
                f"observations.csv:{number}: not an index, a date, a price and a seller's number"
            )
        index, on, price, seller = row.groups()
        rows = weeks.get((index, on))
        if rows is None:
            rows = weeks[index, on] = []
        rows.append((Decimal(price), seller))
    return {week: tuple(sorted(rows, key=itemgetter(0))) for week, rows in weeks.items()}


def results_again(
    results: Sequence[TestResult],
    terms_on: Callable[[date], TermsInForce],
    templates: Mapping[str, Template],
    on: date,
    listed: Listed,
    earlier_edition: bool = False,
) -> str:
    """Return every result of the date computed again from the deal file and its inputs.

    Raises VerificationFailed.

    What edition 1 of the rulings gave otherwise is verified by its place in the log alone (`rulings.md` 72).
    """
    # A notice could otherwise leave out the one test that fails.
    missing = _due(terms_on(on), templates, on) - {result.test for result in results}
    if missing:
        raise VerificationFailed(
            f"no result of {', '.join(sorted(missing))}, which the deal file tests on {on}"
        )
    sellers = 0
    again, undetermined = 0, sum(result.verdict is Verdict.NOT_DETERMINED for result in results)
    for result in results:
        computed = recomputed(result, terms_on(result.as_of or on), templates, listed)
        if computed is None:
            continue
        apart = [
            name
            for name in ("verdict", "measured", "limit", "headroom")
            if getattr(computed, name) != getattr(result, name)
        ]
        # Edition 2 decides some results otherwise, so a difference there is not an error (`rulings.md` 72).
        if apart and earlier_edition:
            continue
        for name in apart:
            raise VerificationFailed(
                f"{result.test}: `{name}` comes out as {getattr(computed, name)}, the log says "
                f"{getattr(result, name)}"
            )
        again += 1
        sellers += _by_sellers(result, computed)
    other = len(results) - again - undetermined
    said = (
        f"{again} determined, each comes out again" if again else "",
        f"{sellers} of them by the subsets of their sellers" if sellers else "",
        f"{undetermined} not determined" if undetermined else "",
        f"{other} by their place in the log alone" if other else "",
        "recorded under edition 1 of the rulings" if earlier_edition else "",
    )
    return ", ".join(sentence for sentence in said if sentence) or "no test on this date"


SELLER_FIGURES = (
    "decisive",
    "decisive_95",
    "decisive_80",
    "sellers",
    "replicates",
    "apart",
    "share_failing_sellers",
    "low",
    "high",
)


def _by_sellers(result: TestResult, found: TestResult) -> bool:
    """Return whether what a result says of its sellers comes out again.

    The attached listings give it. The answer is False if the result says nothing of sellers.

    Drawn subsets rest on the sellers' own names, which a notice does not carry. Raises VerificationFailed.
    """
    said, again = result.bearing, found.bearing
    # Figures from drawn subsets cannot come out again without the names of the sellers.
    if said is None or said.replicates is None or said.drawn:
        return False
    for name in SELLER_FIGURES:
        stated, computed = getattr(said, name), getattr(again, name) if again is not None else None
        if stated != computed:
            raise VerificationFailed(
                f"{result.test}: `{name}` by sellers comes out as {computed}, the log says {stated}"
            )
    return True


def _due(terms: TermsInForce, templates: Mapping[str, Template], on: date) -> set[str]:
    """Return the tests that a Determination Date must have.

    They are the tests of every date of its kind that are always on.
    """
    dated = (
        () if terms.determination_dates.on_delivery else ("determination dates",)
    )  # a report that completes another tests what is open
    kinds = {*dated, *(("publication dates",) if tuple(publication_dates(on, on)) else ())}
    return {
        name
        for name, clause in terms.covenants.items()
        if templates[clause.template].dates in kinds
        and (clause.first_tested is None or clause.first_tested <= on)
        and clause.frequency == "every date"
        and clause.tested_while is None
    }

"""Reference rate quality: whether the index is precise, broad and fresh enough to be relied on (WP §7.5)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from engine.basics.values import counted
from engine.determination.template import (
    Facts,
    LimitClause,
    Measurement,
    Missing,
    Published,
    Step,
    Template,
    Unit,
    against,
    failing,
    refusal,
    step,
)

Quality = Literal["interval width", "independent hosts", "low confidence", "fallback in use"]
UNITS: dict[str, Unit] = {
    "interval width": Unit.SHARE,
    "independent hosts": Unit.COUNT,
    "low confidence": Unit.COUNT,
    "fallback in use": Unit.COUNT,
}


class ReferenceRateQuality(LimitClause):
    """The terms of a quality test of an index.

    A quality that is only true or false is counted as 1 or 0, so its limit reads `at most 0`.
    """

    template: Literal["reference_rate_quality"]
    on_one_index: ClassVar[bool] = True
    quality: Quality
    units: ClassVar[tuple[Unit, ...]] = (Unit.SHARE, Unit.COUNT)

    @model_validator(mode="after")
    def _as_the_quality(self) -> Self:
        wanted = UNITS[self.quality]
        if self.limit.figure.unit is not wanted:
            form = "`at most 15%`" if wanted is Unit.SHARE else "`at least 4` hosts or `at most 0`"
            why = f"{self.quality} is counted in {wanted.value}"
            raise refusal(
                "D115",
                f"the limit `{self.limit}` does not fit {self.quality}",
                why,
                f"write it like {form}",
                "limit",
            )
        return self


def _published(terms: ReferenceRateQuality, facts: Facts) -> Published:
    """Return what the newest Publication Date gave for the index.

    A value that is carried from another week says nothing of the quality of this week's (rulings 2, 4).
    """
    return facts.newest_publication(facts.terms.index_of(terms))


def _width(terms: ReferenceRateQuality, facts: Facts) -> tuple[Fraction, str]:
    published = _published(terms, facts)
    # A value of zero has no width that is a share of it.
    if published.low is None or published.high is None or not published.value:
        raise Missing(f"no 95% interval is known for {published.publication_date}", terms.cite, "rate")
    return (Fraction(published.high) - Fraction(published.low)) / Fraction(
        published.value
    ), f"({published.high} − {published.low}) / {published.value}"


def _hosts(terms: ReferenceRateQuality, facts: Facts) -> tuple[Fraction, str]:
    published = _published(terms, facts)
    if published.hosts is None or published.value is None:
        raise Missing(f"the hosts of {published.publication_date} are not known", terms.cite, "rate")
    # `At least n` hosts meet a minimum that n meets. Any other verdict would be a guess (rulings 7).
    enough = terms.limit.comparison in ("at least", "more than") and published.hosts >= terms.limit.value
    if published.hosts_at_least and not enough:
        raise Missing(
            f"at least {counted(published.hosts, 'hosts')} on {published.publication_date}; how many is not "
            "known",
            terms.cite,
            "rate",
        )
    return (
        Fraction(published.hosts),
        f"{'at least ' if published.hosts_at_least else ''}{counted(published.hosts, 'hosts')}, "
        f"{published.publication_date}",
    )


def _low_confidence(terms: ReferenceRateQuality, facts: Facts) -> tuple[Fraction, str]:
    published = _published(terms, facts)
    low = published.low_confidence or published.value is None  # a week without a value is flagged (rulings 4)
    reasons = "; ".join(published.low_confidence_reasons) or (
        "not published" if published.value is None else ""
    )
    flagged = f"Low Confidence: {reasons}" if low else "not flagged"
    return Fraction(int(low)), f"{published.publication_date}: {flagged}"


def _fallback(terms: ReferenceRateQuality, facts: Facts) -> tuple[Fraction, str]:
    rate = facts.latest(facts.terms.index_of(terms))
    return Fraction(
        int(rate.step != "published value" or rate.value is None)
    ), f"step of the fallback: {rate.step}"


MEASURES: dict[str, tuple[str, Callable[[ReferenceRateQuality, Facts], tuple[Fraction, str]]]] = {
    "interval width": ("(high − low) / value of the 95% interval", _width),
    "independent hosts": ("hosts behind the week's listings", _hosts),
    "low confidence": ("1 where the value is flagged", _low_confidence),
    "fallback in use": ("1 where the rate is not the value published on this date", _fallback),
}


def measure(terms: ReferenceRateQuality, facts: Facts) -> Measurement:
    """Return one quality of the index on this date."""
    formula, how = MEASURES[terms.quality]
    value, worked = how(terms, facts)
    index = facts.terms.index_of(terms)
    facts.quality(f"{terms.quality} of {index}", value, UNITS[terms.quality], index)

    def working() -> tuple[Step, ...]:
        return (step("Measured", formula, worked, value, UNITS[terms.quality]),)

    return against(terms.limit, value, working)


def reading(terms: ReferenceRateQuality) -> str:
    """Return the clause in plain English."""
    so = {
        "interval width": "The 95% interval of the index, as a share of its value, must be",
        "independent hosts": "The number of independent hosts behind the week's listings must be",
        "low confidence": "Counting 1 where the newest published value is flagged Low Confidence and 0 where "
        "it is not, the count must be",
        "fallback in use": "Counting 1 where the Reference Rate is not the date's own published value and 0 "
        "where it is, the count must be",
    }[terms.quality]
    return f"{so} {terms.limit}. A failure is {terms.failure_is}."


TEMPLATE = Template(
    name="reference_rate_quality",
    title="Reference rate quality",
    source="WP §7.5",
    terms=ReferenceRateQuality,
    measure=measure,
    reading=reading,
    breach=failing,
    recomputable=False,
)

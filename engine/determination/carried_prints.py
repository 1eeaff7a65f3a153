"""The prints and reports of the time before a takeover, as the former servicer states them.

The ruling is `rulings.md` 56.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from engine.basics.values import Figure
from engine.events.rates import Published
from engine.events.reports import ReportFacts
from engine.terms.takeover import CarriedRate, CarriedReport, Takeover
from engine.terms.worked_example import read_figure


def with_carried(
    said: Takeover | None, series: Mapping[str, Sequence[Published]]
) -> dict[str, tuple[Published, ...]]:
    """Return each series with the values that the takeover states for its dates.

    The stated value governs. A print on hand serves if its value is the same.
    """
    found = {name: tuple(prints) for name, prints in series.items()}
    for name, lines in said.rates.items() if said is not None else ():
        dates = {one.publication_date: one for one in found.get(name, ())}
        for line in (line for line in lines if line.published is not None):
            stated, known = (
                carried_published(name, line, said) if said is not None else None,
                dates.get(line.on),
            )
            # A print on hand with the same value is kept: it may have its
            # listings too, which a stated value lacks.
            if stated is not None and (known is None or known.value != stated.value):
                dates[line.on] = (
                    stated.model_copy(update={"announced": known.announced}) if known is not None else stated
                )
        found[name] = tuple(dates[day] for day in sorted(dates))
    return found


def carried_published(index: str, said: CarriedRate, takeover: Takeover) -> Published:
    """Return what a Publication Date gave, as a former servicer states it."""
    value = said.published if isinstance(said.published, Fraction) else None
    return Published(
        index=index,
        publication_date=said.on,
        value=None if value is None else decimal_rate(value),
        source=f"carried over from {takeover.from_}",
        low_confidence=said.low_confidence,
        # Taken as known on its date: when the former servicer learned of it is not stated.
        published_on=said.on,
        recorded_on=said.on,
    )


def decimal_rate(value: Fraction) -> Decimal:
    """Return a rate as a Decimal; a rate written in a file has finitely many decimals."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def carried_report(said: CarriedReport, takeover: Takeover) -> ReportFacts:
    """Return a report that a window still needs, as the former servicer states it.

    Its hash is its own, or that of the document that shows the deal's state.
    """
    figures = {name: read_figure(text) for name, text in said.figures.items()}
    known: dict[str, Figure] = {name: figure for name, figure in figures.items() if figure is not None}
    return ReportFacts(
        period_start=said.period.from_,
        period_end=said.period.to,
        as_of=said.as_of,
        received=said.received,
        document=said.document,
        sha256=said.sha256 or takeover.sha256,
        figures=known,
    )

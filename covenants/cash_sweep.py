"""Cash sweep: the published value against a level, counted by the clause's own trigger (WP §8.1.3).

The rulings are `rulings.md` 12 and 30.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from engine.basics.values import defined, in_words
from engine.determination.template import (
    Begins,
    Clause,
    Comparison,
    DateKind,
    EndsAtTarget,
    Fact,
    Facts,
    Figure,
    Measurement,
    PositiveRate,
    Rule,
    Step,
    Sweep,
    Template,
    Times,
    Unit,
    When,
    written,
)

PASSES: dict[str, Comparison] = {
    "below level": "at least",
    "at or below level": "more than",
    "above level": "at most",
    "at or above level": "less than",
}
"""For each condition on which the trigger begins, the comparison that passes the test: its complement."""

MEETS: dict[str, Comparison] = {
    "below level": "less than",
    "at or below level": "at most",
    "above level": "more than",
    "at or above level": "at least",
}


class EndsWhen(Fact):
    """The end of a trigger after a number of dates on the other side of a level.

    The level is the sweep's own, or a separate release level if the deal states one.
    """

    when: Literal["below level", "at or below level", "above level", "at or above level"]
    level: PositiveRate | None = None
    persistence: Annotated[Times, Field(alias="for")]


def _kind_of_end(value: Any) -> str:
    """Return which kind of end is written: `never`, by a level, or by the target of the reserve account."""
    if isinstance(value, str):
        return "never"
    # The value is a plain block when a file is read, and an object when terms are validated again.
    at_target = (
        value.get("when") == "reserve at target"
        if isinstance(value, dict)
        else isinstance(value, EndsAtTarget)
    )
    return "target" if at_target else "level"


class CashSweep(Clause):
    """The terms of a cash sweep."""

    template: Literal["cash_sweep"]
    tested_on: ClassVar[DateKind] = "publication dates"
    on_one_index: ClassVar[bool] = True
    mechanical: ClassVar[bool] = True
    level: PositiveRate
    begins: Begins
    ends: Annotated[
        Annotated[EndsWhen, Tag("level")]
        | Annotated[EndsAtTarget, Tag("target")]
        | Annotated[Literal["never"], Tag("never")],
        Discriminator(_kind_of_end),
    ]
    sweep: Sweep

    def margin_unit(self) -> Unit:
        """Return the unit of the headroom: USD per GPU-hour, as a distance between two rates."""
        return Unit.RATE


def measure(terms: CashSweep, facts: Facts) -> Measurement:
    """Return the value published on this date, in USD per GPU-hour, against the level.

    A rate that is carried forward from an earlier week is not a publication, so it does not serve here.
    """
    index = facts.terms.index_of(terms)
    value = facts.published_value(index)
    figure = Figure(value=value, unit=Unit.RATE)

    def working() -> tuple[Step, ...]:
        return (
            Step(
                name="Measured",
                formula=f"{index} as published on this date",
                worked=written(value, Unit.RATE),
                figure=figure,
            ),
        )

    return Measurement(figure, Figure(value=terms.level, unit=Unit.RATE), PASSES[terms.begins.when], working)


def rule(key: str, terms: CashSweep) -> Rule:
    """Return the rule of the trigger: after how many dates it begins, and what ends it.

    It begins after n dates on the failing side of the level. It ends after m dates on the other side, when
    the reserve account reaches its target, or never.
    """
    begins = When(test=key, result="FAIL")
    if terms.ends == "never":
        return Rule(begins, terms.begins.persistence, None, None, never=True)
    if isinstance(terms.ends, EndsAtTarget):
        # The balance of the account ends it, which is not a condition on a test.
        return Rule(begins, terms.begins.persistence, None, None)
    level = terms.level if terms.ends.level is None else terms.ends.level
    ends = When(test=key, comparison=MEETS[terms.ends.when], level=level)
    return Rule(begins, terms.begins.persistence, ends, terms.ends.persistence)


AT_THE_END = {
    "keep": "stays in it",
    "release to borrower": "is released to the Borrower",
    "prepay": "prepays the debt",
}
"""Where the account's balance goes when the sweep ends."""


def _end(terms: CashSweep) -> str:
    if terms.ends == "never":
        return "It never ends"
    if isinstance(terms.ends, EndsAtTarget):
        return "It ends when the reserve account has reached its target"
    side = terms.ends.when.replace("level", written(terms.ends.level or terms.level, Unit.RATE))
    return f"It ends when it has been {side} per GPU-hour on {defined(str(terms.ends.persistence))}"


def reading(terms: CashSweep) -> str:
    """Return the clause in plain English."""
    level = written(terms.level, Unit.RATE)
    share = written(terms.sweep.share, Unit.SHARE)
    until = (
        f", until the account holds {written(terms.sweep.until, Unit.USD)}"
        if terms.sweep.until is not None
        else ""
    )
    cite = f" ({terms.sweep.cite})" if terms.sweep.cite else ""
    goes = (
        f"repays {in_words(terms.sweep.repays)}"
        if terms.sweep.repays is not None
        else f"goes to the {terms.sweep.to}"
    )
    on_end = terms.sweep.on_end
    afterwards = f"What the account then holds {AT_THE_END[on_end]}." if on_end is not None else ""
    return (
        f"The sweep begins when the published value has been {terms.begins.when.replace('level', level)} per "
        "GPU-hour on "
        f"{defined(str(terms.begins.persistence))}. While it is in effect, {share} of {terms.sweep.of} "
        f"{goes} on "
        f"each Payment Date{until}{cite}. {_end(terms)}. A date without a published value neither counts nor "
        f"breaks the count. {afterwards}"
    )


TEMPLATE = Template(
    name="cash_sweep",
    title="Cash sweep level",
    source="WP §8.1.3",
    terms=CashSweep,
    measure=measure,
    reading=reading,
    breach="counts",
    rule=rule,
    sweep=lambda terms: terms.sweep,
)

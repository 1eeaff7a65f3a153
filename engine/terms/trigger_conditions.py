"""What begins and ends a trigger: conditions on tests, triggers and states, joined by gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from engine.basics.values import Fact
from engine.terms.periods import Day, Times
from engine.terms.phrases import Whole


class Leaf(Fact):
    """A condition on one test, trigger or state, on an event, a date or an announcement.

    A condition on a test or trigger is met on one date or on a count of dates. An announcement is one of an
    index's administrator.
    """

    test: str | None = None
    trigger: str | None = None
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    state: str | None = None
    persistence: Annotated[Times | None, Field(alias="for")] = None
    event: str | None = None
    """An event that the deal declares.

    The condition is met while an Act has declared it and none has ended it.
    """
    on_or_after: Day | None = None
    """The date from which the condition is met. It is never newly met after that."""
    announced: Literal["cessation", "methodology change", "break"] | None = None
    index: str | None = None


class AnyOf(Fact):
    """A condition that is met if at least one of its limbs is."""

    any_of: tuple[Condition, ...]


class AllOf(Fact):
    """A condition that is met if each of its limbs is."""

    all_of: tuple[Condition, ...]


class AtLeastOf(Fact):
    """How many limbs must be met, of which limbs."""

    n: Whole
    of: tuple[Condition, ...]


class AtLeast(Fact):
    """A condition that is met if at least `n` of its limbs are."""

    at_least: AtLeastOf


def _kind_of_condition(value: Any) -> str:
    """Return which kind of condition is written, by its key, so that an error speaks of that kind alone."""
    # A condition that was read before is an object, and the fields of its class tell its kind.
    names = value if isinstance(value, dict) else type(value).__dict__.get("model_fields", {})
    return next((key for key in ("any_of", "all_of", "at_least") if key in names), "leaf")


# Without a tag pydantic would try each kind in turn, and print the errors of all four.
Condition = Annotated[
    Annotated[Leaf, Tag("leaf")]
    | Annotated[AnyOf, Tag("any_of")]
    | Annotated[AllOf, Tag("all_of")]
    | Annotated[AtLeast, Tag("at_least")],
    Discriminator(_kind_of_condition),
]


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of a condition, in the order of the file."""
    match condition:
        case Leaf():
            yield condition
        case AnyOf():
            for part in condition.any_of:
                yield from leaves_of(part)
        case AllOf():
            for part in condition.all_of:
                yield from leaves_of(part)
        case AtLeast():
            for part in condition.at_least.of:
                yield from leaves_of(part)

"""The pool: asset classes with their indices, stand-ins for missing rates, and blends of several rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from engine.basics.values import Fact
from engine.terms.clause import block_or_word
from engine.terms.field_types import (
    CountOfThings,
    FileBeside,
    PartOf,
    PositiveNumber,
    PositiveRate,
    ShareOfAll,
)
from engine.terms.phrases import refusal


class At(Fact):
    """A rate, in USD per GPU-hour, that the deal states in place of a missing one."""

    at: PositiveRate


MissingIndex = Annotated[
    Annotated[Literal["not determined", "exclude"], Tag("word")] | Annotated[At, Tag("block")],
    Discriminator(block_or_word),
]


MissingLeg = Annotated[
    Annotated[Literal["not determined"], Tag("word")] | Annotated[At, Tag("block")],
    Discriminator(block_or_word),
]


class AssetClass(Fact):
    """One class of Pledged GPU Assets.

    `missing_index` says what the class is worth if its rate is missing (`rulings.md` 19).
    """

    model: str
    gpus: CountOfThings
    availability: PartOf
    index: str
    performance_factor: PositiveNumber | None = None
    # The careful reading is the default: a class without a rate must not pass a test.
    missing_index: MissingIndex = "not determined"
    register_file: Annotated[FileBeside | None, Field(alias="register")] = None
    cite: str


class Blend(Fact):
    """A rate made of several indices, for a pool of several asset classes. Its name may stand for an index's.

    With `weights: fixed` the shares of `of` count, which may step. With `register` each index is weighted by
    the GPUs pledged on the date.
    """

    of: Mapping[str, ShareOfAll]
    weights: Literal["fixed", "register"]
    missing_component: Annotated[
        Annotated[Literal["not determined", "exclude"], Tag("word")] | Annotated[At, Tag("block")],
        Discriminator(block_or_word),
    ]
    cite: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        # Shares are exact fractions, so their sum is compared without a tolerance.
        if self.weights == "fixed" and sum(self.of.values()) != 1:
            why = "a blend is made of its parts and of nothing else"
            raise refusal("D122", "the shares do not add up to 100%", why, "correct them", "of")
        return self

"""What the deal does with a value that is flagged Low Confidence, and with a result that is not decisive.

The rulings are `rulings.md` 3, 59 and 60.
"""

from __future__ import annotations

from typing import Annotated, Literal

from engine.basics.values import Fact
from engine.terms.field_types import SINCE_2
from engine.terms.periods import Period, read_period
from engine.terms.phrases import field_type

DECISIVE_ONLY, HOLD = "decisive only", "hold"
WITHOUT_LIMIT = "without limit"
THE_METHODOLOGY, SELLERS = "the methodology", "sellers"
BOTH = "failures and cures"
COUNTS, AGENT, UNDETERMINED = "the result counts", "agent determination", "not determined"


def read_at_most(text: str) -> Period | None:
    """Return `4 determination dates` as a Period, and `without limit` as None.

    Raises D109 for another form, D123 for another unit.
    """
    return None if text == WITHOUT_LIMIT else read_period(text, "determination dates")


AT_MOST = rf"^(\d+ determination dates?|{WITHOUT_LIMIT})$"
HeldAtMost = Annotated[
    Period | None, *field_type(read_at_most, AT_MOST, "4 determination dates", "number of dates")
]
"""On how many dates in a row a result may be held. None means without limit."""


class LowConfidence(Fact):
    """What a Low Confidence value does to the deal, and for how long a result that is not decisive is held.

    Attributes:
        effect: what a flagged value, or a result that is not decisive, does.
        judged_by: whose flag counts: the methodology's own, or the rule of sellers (fewer than six, too many
            unknown, too wide).
        decisive_at: the level of confidence at which a result must be decisive.
        applies_to: whether only failures are held, or passes too.
        deadline: what happens to a Cure Period's last day while passes are held.
        at_most: on how many dates in a row the results of a test may be held.
        then: what the next such result is.
    """

    effect: Literal["report only", "use last value not flagged", "hold", "decisive only"]
    judged_by: Annotated[Literal["the methodology", "sellers"], SINCE_2] = "the methodology"
    decisive_at: Annotated[Literal["95%", "80%"], SINCE_2] = "95%"
    applies_to: Annotated[Literal["failures", "failures and cures"] | None, SINCE_2] = None
    deadline: Annotated[Literal["runs on", "stands still while held"] | None, SINCE_2] = None
    at_most: Annotated[HeldAtMost, SINCE_2] = None
    then: Annotated[Literal["the result counts", "agent determination", "not determined"] | None, SINCE_2] = (
        None
    )
    cite: str

    @property
    def level(self) -> Literal[95, 80]:
        """The level of `decisive_at` in per cent."""
        return 80 if self.decisive_at == "80%" else 95

    @property
    def in_words(self) -> str | None:
        """The limits of the effect `decisive only`, as part of a sentence; None for another effect."""
        if self.effect != DECISIVE_ONLY:
            return None
        held = (
            "failures"
            if self.applies_to != BOTH
            else f"failures and cures, and a cure's deadline {self.deadline}"
        )
        if self.at_most is None:
            return f"at {self.decisive_at}; it holds {held}, without limit"
        return (
            f"at {self.decisive_at}; it holds {held}, on at most {self.at_most} in a row, then "
            f"{THEN[self.then or COUNTS]}"
        )


THEN = {
    COUNTS: "the result counts",
    AGENT: "the agent determines the rate",
    UNDETERMINED: "the test is not determined",
}

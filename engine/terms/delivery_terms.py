"""When a notice that was sent counts as given, by the agreement (`rulings.md` 54).

None of these terms has a default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.basics.values import Fact
from engine.terms.periods import DayPeriod

DeemedGiven = Annotated[
    str, Field(pattern=r"^(by Act|on sending|on acknowledgement|[1-9]\d? business days? after sending)$")
]
"""By the Act `notice given` alone, or by what the record says of the sending."""
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""An hour of the day in the deal's time zone, like `17:00`."""


class DeliveryTerms(Fact):
    """What a duty to give notice says of its delivery.

    A notice is sent by mail only if the duty says when it counts as given.

    Attributes:
        deemed_given: when a notice that was sent counts as given.
        if_sent_after: the hour after which it counts as sent on the next Business Day.
        returned: whether a message that comes back withdraws what was deemed given.
        released_by: who releases it: one person who acts for the giver, or two.
        body: what the mail says besides the document: the answer, or no figure at all.
    """

    deemed_given: DeemedGiven | None = Field(default=None, exclude_if=lambda said: said is None)
    if_sent_after: Hour | None = Field(default=None, exclude_if=lambda said: said is None)
    returned: Literal["withdraws", "changes nothing"] | None = Field(
        default=None, exclude_if=lambda said: said is None
    )
    released_by: Literal["one person", "two persons"] | None = Field(
        default=None, exclude_if=lambda said: said is None
    )
    body: Literal["answer", "link only"] | None = Field(default=None, exclude_if=lambda said: said is None)


THE_GIVER, SAME_ADDRESSEES = "the giver", "the same addressees"
"""The words for who gives a Correction Notice, and to whom, if both follow from the corrected notice.

The ruling is `rulings.md` 53a.
"""


class NoticeDuty(DeliveryTerms):
    """Who must tell whom by when. For a correction it may be `the giver` and `[the same addressees]`."""

    given_by: str
    to: tuple[str, ...]
    every: Literal["determination date"] | None = None
    within: DayPeriod | None = None
    cite: str | None = None

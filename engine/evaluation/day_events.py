"""The events of one date as they accumulate, each applied to the state at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.determination.facts import Facts
from engine.evaluation.inputs import Inputs
from engine.events.deal_state import apply
from engine.events.draft import Draft
from engine.events.results import TestResult


class Day:
    """The events of one date as they accumulate, and the state that they lead to.

    `before` is the state before the date's own results, which a test that springs on the next date looks at
    (`rulings.md` 50).
    """

    def __init__(
        self,
        inputs: Inputs,
        given: Mapping[str, TestResult] | None = None,
        explained: bool = True,
        base: Facts | None = None,
    ) -> None:
        """Start a date from the state that all earlier dates left.

        Args:
            inputs: what the date is decided by.
            given: the date's test results, if they are known already.
            explained: whether results also get their explanation, which includes Break-even Rates.
            base: what templates may know from the Servicer's reports, if that was worked out before.
        """
        self.inputs = inputs
        self.state = inputs.state
        self.drafts: list[Draft] = []
        self.results: dict[str, TestResult] = {}
        self.held: dict[str, str] = {}
        self.given = given
        self.explained = explained
        self.base = base
        self.before = inputs.state

    def add(
        self, kind: str, subject: str, payload: object, on: date | None = None, inputs: tuple[str, ...] = ()
    ) -> None:
        """Add one more event and apply it to the state; it is effective on the date unless `on` is given."""
        draft = Draft(
            kind=kind, subject=subject, effective_on=on or self.inputs.on, payload=payload, inputs=inputs
        )
        self.drafts.append(draft)
        # Applied at once, because the next step of the same date looks at the state (`rulings.md` 23).
        self.state = apply(self.state, draft)

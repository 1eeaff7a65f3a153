"""What a replay found in each log: how far it came out the same, and the first place where it did not."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.events.deal_adopted import EDITION


@dataclass(frozen=True)
class Difference:
    """The first place at which the record is not what comes out again."""

    log: str
    seq: int
    what: str


@dataclass
class Replayed:
    """What a replay found of one log."""

    log: str
    events: int = 0
    asserted: int = 0
    """Events that rest on a person's word or on a file that is not kept, and were taken as recorded."""
    difference: Difference | None = None
    edition: int = EDITION
    """The edition of the rulings that the log was recorded under; a log of another edition is not compared.
    """
    refused: set[int] = field(default_factory=set)
    """Numbers of the entries whose reason why a deal was not evaluated came out again."""

    def as_data(self) -> dict[str, object]:
        """Return what the replay found of the log as JSON.

        The keys are `log`, `events`, `asserted`, `edition` and `difference`.
        """
        where = (
            None if self.difference is None else {"seq": self.difference.seq, "what": self.difference.what}
        )
        return {
            "log": self.log,
            "events": self.events,
            "asserted": self.asserted,
            "edition": self.edition,
            "difference": where,
        }

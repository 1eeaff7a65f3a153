"""A state that is kept to save reading a log: what serves of it, and how the state is made of it again (`rulings.md` 72).

What the hash of a state is over whole is kept as it is. What the hash tells by identity comes from the log
itself: reports, Acts, registers, duties and rates. So a state that has the recorded hash is the one that the
record says, whoever wrote the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.events.deal_state import DealState, fold
from engine.events.kinds import Event
from engine.events.rates_on_record import RatesOnRecord, ReadRates, Told, told_of_rates
from engine.events.state_digest import WHOLE, plain_fields, state_sha256

BROUGHT = (
    "deal adopted",
    "taken over",
    "report received",
    "receipt shown",
    "figure confirmed",
    "register changed",
    "act recorded",
    "calendar taken",
    "correction",
    "not evaluated",
)
"""Kinds of events that a late date may need from the beginning on: what people brought, and what was said of it."""
OF_DUTIES = ("notice owed", "act applied")
"""Kinds of events that make and move duties."""


class NotAsKept(Exception):
    """Something that was kept is not what the log holds: the log is to be read whole."""


@dataclass(frozen=True, slots=True)
class KeptState:
    """The state that a determined date left.

    Attributes:
        seq: the number of the date's entry.
        leaf: the hash of that entry.
        fields: what the state's hash is over whole, as plain data.
        rates: what tells each Reference Rate, by index, oldest first.
    """

    seq: int
    leaf: str
    fields: Mapping[str, Any]
    rates: Mapping[str, tuple[Told, ...]]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {name: getattr(self, name) for name in ("seq", "leaf", "fields", "rates")}


def kept_state(data: Any) -> KeptState:
    """Return a kept state of JSON. Raises ValueError, KeyError or TypeError where it is of another form."""
    rates = {str(name): tuple(tuple(map(str, one)) for one in told) for name, told in data["rates"].items()}
    if set(data["fields"]) != set(WHOLE) or type(data["seq"]) is not int:
        raise ValueError("a kept state of another form")
    return KeptState(data["seq"], str(data["leaf"]), data["fields"], rates)


def to_keep(determined: Event, state: DealState) -> KeptState | None:
    """Return what is kept of the state that a date left; None if the state does not come out of it again."""
    if determined.payload.state_sha256 is None or state.correcting is not None:
        return None
    fields = plain_fields(state)
    again = DealState.model_validate(fields)
    if any(getattr(again, name) != getattr(state, name) for name in WHOLE):
        return None
    if state_sha256(state) != determined.payload.state_sha256:
        return None
    rates = {name: told_of_rates(rates) for name, rates in state.rates.items()}
    return KeptState(determined.seq, determined.leaf, fields, rates)


def restored(
    kept: KeptState, brought: Sequence[Event], read_rates: Callable[[str], ReadRates], sha256: str
) -> DealState:
    """Return the state that a date left.

    Args:
        kept: what was kept of it.
        brought: the events of the log of the kinds `BROUGHT` and `OF_DUTIES` that stand at the date, oldest
            first.
        read_rates: reads rates of an index from the log.
        sha256: the hash of the state that the date's entry holds.

    Raises:
        NotAsKept: the state does not have the hash, or cannot be told from what is at hand.
    """
    try:
        fields = DealState.model_validate(kept.fields)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise NotAsKept("what was kept is not a state") from error
    of_log = fold(brought)
    state = of_log.model_copy(
        update={name: getattr(fields, name) for name in WHOLE}
        | {
            "rates": {name: RatesOnRecord(told, read_rates(name)) for name, told in kept.rates.items()},
            "notifiable": (),
            "correcting": None,
            "again": {},
        }
    )
    if state_sha256(state) != sha256:
        raise NotAsKept("the hash is not the one that the record holds")
    return state

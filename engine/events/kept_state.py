"""A state of a deal that is kept in a cache, so that a run need not read the whole log.

See `rulings.md` 72. The hash of a state covers some fields in full: those are kept as they are. It covers
the others by identity only (reports, Acts, registers, duties and rates): those are read from the log again.
A restored state must have the hash that the log records. So a changed or false file cannot mislead anyone.
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
"""The kinds of events that a run reads from the whole log: what people brought, and what was said of it."""
OF_DUTIES = ("notice owed", "act applied")
"""The kinds of events that create and change duties to give notice."""


class NotAsKept(Exception):
    """The kept state does not match the log. The caller then reads the whole log."""


@dataclass(frozen=True, slots=True)
class KeptState:
    """What is kept of the state that a determined date left.

    Attributes:
        seq: the sequence number of the entry that determined the date.
        leaf: the hash of that entry.
        fields: the fields that the state's hash covers in full, as plain data.
        rates: for each index, one identifying tuple per Reference Rate, oldest first.
    """

    seq: int
    leaf: str
    fields: Mapping[str, Any]
    rates: Mapping[str, tuple[Told, ...]]

    def as_data(self) -> dict[str, Any]:
        """Return the kept state as data that JSON can hold."""
        return {name: getattr(self, name) for name in ("seq", "leaf", "fields", "rates")}


def kept_state(data: Any) -> KeptState:
    """Return the kept state that parsed JSON holds.

    Raises ValueError, KeyError or TypeError if the data has another form.
    """
    rates = {str(name): tuple(tuple(map(str, one)) for one in told) for name, told in data["rates"].items()}
    # `isinstance` would let `true` pass for a number.
    if set(data["fields"]) != set(WHOLE) or type(data["seq"]) is not int:
        raise ValueError("a kept state of another form")
    return KeptState(data["seq"], str(data["leaf"]), data["fields"], rates)


def to_keep(determined: Event, state: DealState) -> KeptState | None:
    """Return what to keep of the state that a date left; None if it could not be restored exactly.

    Args:
        determined: the event that determined the date.
        state: the state after it.
    """
    # An open correction remembers what stood before it, and the kept fields hold nothing of that.
    if determined.payload.state_sha256 is None or state.correcting is not None:
        return None
    fields = plain_fields(state)
    # A field that does not survive the way through plain data would come back as another state.
    again = DealState.model_validate(fields)
    if any(getattr(again, name) != getattr(state, name) for name in WHOLE):
        return None
    # `restored` would refuse a state of another hash, so it is not kept at all.
    if state_sha256(state, fields) != determined.payload.state_sha256:
        return None
    rates = {name: told_of_rates(rates) for name, rates in state.rates.items()}
    return KeptState(determined.seq, determined.leaf, fields, rates)


def restored(
    kept: KeptState, brought: Sequence[Event], read_rates: Callable[[str], ReadRates], sha256: str
) -> DealState:
    """Return the state that a date left, made of the kept fields and of events from the log.

    Args:
        kept: what was kept of the state.
        brought: the events of the kinds in `BROUGHT` and `OF_DUTIES` that stood on the date, oldest first.
        read_rates: returns, for an index, the function that reads its rates from the log.
        sha256: the hash of the state, as the date's entry records it.

    Raises:
        NotAsKept: the fields do not make a state, or the state does not have that hash.
    """
    try:
        fields = DealState.model_validate(kept.fields)
    # The file may be damaged or false. A fraction over zero is an ArithmeticError.
    except (ValueError, TypeError, ArithmeticError) as error:
        raise NotAsKept("what was kept is not a state") from error
    of_log = fold(brought)
    state = of_log.model_copy(
        update={name: getattr(fields, name) for name in WHOLE}
        | {
            "rates": {name: RatesOnRecord(told, read_rates(name)) for name, told in kept.rates.items()},
            # A determined date leaves these empty, and `to_keep` refuses an open correction.
            "notifiable": (),
            "correcting": None,
            "again": {},
        }
    )
    if state_sha256(state) != sha256:
        raise NotAsKept("the hash is not the one that the record holds")
    return state

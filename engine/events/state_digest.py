"""The hash of the state that a date left (`rulings.md` 72).

It covers what later dates need of the state, and nothing else. A rate enters by its date, its step and the
event that it rests on; a report by its hash and by what of it serves; an Act and a duty by their identities.
What stands behind them is in the log already. Numbers of documents are left out, because no result rests on
them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from engine.basics.canonical_json import canonical, sha256_hex
from engine.events.deal_state import DealState
from engine.events.kinds import ReportReceived
from engine.events.rates_on_record import told_of_rates

BY_IDENTITY = ("rates", "reports", "acts", "duties", "registers")
LEFT_OUT = ("notices", "notifiable", "correcting", "again", "taken_over")
"""The fields on which no later date rests.

They are the number of the last document, what the date itself used up, and what enters by its hash.
"""


WHOLE = tuple(name for name in DealState.model_fields if name not in (*BY_IDENTITY, *LEFT_OUT))
"""The fields that the hash covers in full."""


def plain_fields(state: DealState) -> dict[str, Any]:
    """Return the fields that the hash covers in full, as plain data.

    `DealState.model_validate` makes the fields of a state from this data again.
    """
    return {name: _plain(getattr(state, name)) for name in WHOLE}


def state_sha256(state: DealState, fields: Mapping[str, Any] | None = None) -> str:
    """Return SHA-256, in hexadecimal, of the canonical form of what later dates need of a state.

    Args:
        state: the state.
        fields: its `plain_fields`, if they are at hand.
    """
    plain = dict(plain_fields(state) if fields is None else fields)
    plain["rates"] = {index: told_of_rates(rates) for index, rates in state.rates.items()}
    plain["reports"] = [_report(report) for report in state.reports]
    plain["acts"] = [act.identity for act in state.acts]
    plain["duties"] = [f"{duty.key} {duty.since}" for duty in state.duties]
    if state.registers:  # absent in records of deals without a register
        plain["registers"] = {name: register.sha256 for name, register in state.registers.items()}
    if state.taken_over is not None:
        plain["taken_over"] = sha256_hex(canonical(state.taken_over.model_dump(mode="json")))
    return sha256(
        json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def _report(report: ReportReceived) -> list[Any]:
    return [
        report.name,
        report.sha256,
        str(report.received),
        report.serves_from_keying,
        sorted(report.figures),
        sorted(report.held),
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        # The order of a set differs from run to run, and the hash must not.
        return sorted(_plain(one) for one in value)
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    # A fraction or a date becomes its text, which is exact.
    return value if value is None or isinstance(value, str | int) else str(value)

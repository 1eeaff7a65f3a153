"""How many GPUs are pledged on a date (`rulings.md` 57a).

The register decides if one is on record, otherwise the deal's own count.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.events.servicing import RegisterChanged
from engine.terms.in_force import TermsInForce


def pledged_gpus(terms: TermsInForce, registers: Mapping[str, RegisterChanged], on: date) -> dict[str, int]:
    """Return the number of pledged GPUs of each asset class on a date.

    Args:
        terms: the deal's terms in force on the date.
        registers: the registers on record, by file.
        on: the date.
    """
    pledged = {}
    for name, asset in terms.pledged_assets.items():
        register = registers.get(asset.register_file or "")
        counted = register.pledged(name, on) if register is not None else None
        pledged[name] = asset.gpus if counted is None else counted
    return pledged


def with_register(terms: TermsInForce, registers: Mapping[str, RegisterChanged], on: date) -> TermsInForce:
    """Return the terms of a date with the registers' counts, against which reports are checked."""
    if not registers:
        return terms
    pledged = pledged_gpus(terms, registers, on)
    assets = {
        name: asset.model_copy(update={"gpus": pledged[name]}) for name, asset in terms.pledged_assets.items()
    }
    return terms.model_copy(update={"pledged_assets": assets})

"""What is open about the days of an index, in sentences: each says that nothing was decided by it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events.market_events import AWAITS
from engine.events.open_findings import ACCEPTED, OpenFinding
from reports.formats import counted, listed, price, short_date

SHOWN = 4
"""Findings that are said in full; of more it says how many."""


def open_findings(found: Sequence[OpenFinding]) -> list[str]:
    """Return each open finding in a sentence, newest first; nothing if nothing is open."""
    more = len(found) - SHOWN
    rest = (
        [f"And {counted(more)} older finding{'' if more == 1 else 's'} {'is' if more == 1 else 'are'} open."]
        if more > 0
        else []
    )
    return [*map(_said, found[:SHOWN]), *rest]


def _said(one: OpenFinding) -> str:
    day = short_date(one.on)
    if one.what == ACCEPTED:
        names = listed([name.replace("-", " ") for name in one.accepted])
        return (
            f"{day}: the collection {(one.snapshot or '')[:16]} looked changed ({names}); a person accepted "
            "it."
        )
    if one.doubt is not None:
        return f"{day}: {one.doubt}."
    if one.what == AWAITS:
        slip = (
            f"{price(one.now)} in the administrator’s file may be a slip of its unit, after {price(one.was)}"
        )
        return f"{day}: {slip}; it awaits confirmation."
    return (
        f"{day}: {price(one.was)} is on record as final, and a later file has {price(one.now)}; the later "
        "value is not taken."
    )

"""What a test would measure at rates that the agent has determined for its date (`rulings.md` 60)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from engine.determination.facts import Facts
from engine.events.rates import Published, ReferenceRate
from engine.terms.low_confidence import AGENT


def at_agents_rates(facts: Facts, rates: Mapping[str, Decimal]) -> Facts:
    """Return the same facts with the agent's rates of this date in place of the published ones.

    `rates` holds them by index. The new facts have a trace of their own.
    """
    agreed_rates, published = dict(facts.rates), dict(facts.published)
    for index, rate in rates.items():
        said = Published(index=index, publication_date=facts.on, value=rate, source=AGENT)
        cite = facts.terms.index[index].low_confidence.cite
        agreed = ReferenceRate(
            index=index,
            on=facts.on,
            value=rate,
            step=AGENT,
            cite=cite,
            publication_date=facts.on,
            published=said,
        )
        published[index] = (
            # The print of this date goes out, because a window would count two values of one date.
            *(one for one in published.get(index, ()) if one.publication_date != facts.on),
            said,
        )
        # Earlier rates stay: the agent determines one date, and a mean over weeks keeps the others.
        agreed_rates[index] = (*(one for one in agreed_rates.get(index, ()) if one.on != facts.on), agreed)
    return replace(facts, trace={}, rates=agreed_rates, published=published)

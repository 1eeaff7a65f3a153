"""The check that a borrowing base has an advance rate for each asset class of the pool, and for no other."""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.error_messages import undefined


def advance_rates(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each asset class without an advance rate, and for each rate of an unknown class."""
    for _, terms in deal.segments:
        for key, clause in terms.covenants.items():
            # Only a borrowing base has advance rates.
            rates, path = getattr(clause, "advance_rates", {}), ("covenants", key, "advance_rates")
            for name in rates:
                if name not in terms.pledged_assets:
                    yield undefined(deal.tree, (*path, name), name, "asset class", terms.pledged_assets)
            lacking = [name for name in terms.pledged_assets if rates and name not in rates]
            if lacking:
                why = "a class without a rate could count in full or not at all"
                fix = (
                    f"write one for {', '.join(lacking)}; an ineligible class does not stand in "
                    "`pledged_assets`"
                )
                yield Problem(
                    "D574", f"`{lacking[0]}` has no advance rate", why, fix, deal.tree.key_place(path)
                )

"""What a deal says of thin data and cannot mean (`rulings.md` 60).

Terms may lack the effect that they belong to, or speak of sellers in a series that names none.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.low_confidence import BOTH, DECISIVE_ONLY, SELLERS, LowConfidence

OF_HELD_RESULTS = ("applies_to", "deadline", "at_most", "then")


def thin_data(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each term of held results that decides nothing.

    Also a problem is `decisive only` or `judged_by: sellers` on an administrator's series, which names no
    sellers.
    """
    for _, terms in deal.segments:
        for name, index in terms.index.items():
            path = ("index", name, "low_confidence")
            for key, why, fix in _idle(index.low_confidence):
                yield Problem(
                    "D570", f"`{key}` decides nothing here", why, fix, deal.tree.place((*path, key))
                )
            if index.source != "published by the administrator":
                continue
            for key, value in (("effect", DECISIVE_ONLY), ("judged_by", SELLERS)):
                if getattr(index.low_confidence, key) == value:
                    why = (
                        "an administrator's series names no sellers, so that no result would be decisive "
                        "and each value flagged"
                    )
                    fix = (
                        "write another word, or compute the rate: `source: computed by the calculation agent`"
                    )
                    yield Problem(
                        "D571",
                        f"`{value}` needs sellers, and {name} has none",
                        why,
                        fix,
                        deal.tree.place((*path, key)),
                    )


def _idle(low: LowConfidence) -> Iterator[tuple[str, str, str]]:
    if low.effect != DECISIVE_ONLY:
        for key in OF_HELD_RESULTS:
            if getattr(low, key) is not None:
                yield (
                    key,
                    "results are held under `effect: decisive only` alone",
                    "remove it, or write `effect: decisive only`",
                )
        return
    # A deadline waits only for passes that are held, and here passes count at once.
    if low.deadline is not None and low.applies_to != BOTH:
        yield (
            "deadline",
            "a pass that is not decisive counts, so no cure waits",
            f"remove it, or write `applies_to: {BOTH}`",
        )
    if low.then is not None and low.at_most is None:
        yield "then", "results are held without limit", "remove it, or write `at_most: 4 determination dates`"

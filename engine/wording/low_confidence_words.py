"""What a deal does with thin data, in sentences (`rulings.md` 60).

Thin data are a flagged value, or a result that other sellers would turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.values import defined
from engine.terms.low_confidence import BOTH, COUNTS, DECISIVE_ONLY, THEN, LowConfidence

LOW_CONFIDENCE = {
    "report only": "decides like any other and is marked",
    "use last value not flagged": "is passed over: the last value that is not flagged is used for as long as "
    "the fallback carries a value",
    "hold": "decides nothing: a result that rests on it is shown and changes no state",
    "decisive only": "decides like any other, and is marked",
}
FLAGGED = {
    "the methodology": "A value that its methodology flags Low Confidence",
    "sellers": "A value of fewer than six known sellers, with more than a fifth of its listings unknown, or "
    "with an interval by "
    "sellers wider than 25% of it",
}


def low_confidence_words(low: LowConfidence) -> Iterator[str]:
    """Yield sentences on the deal's rule for thin data.

    They say which values are flagged and what a flagged value does. If results are held unless other sellers
    would give the same one, they say that too.
    """
    yield f"{FLAGGED[low.judged_by]} {LOW_CONFIDENCE[low.effect]} ({low.cite})."
    if low.effect != DECISIVE_ONLY:
        return
    needed = "six" if low.level == 95 else "four"
    held = "A result" if low.applies_to == BOTH else "A failure"
    yield (
        f"{held} that would be another with other sellers of the same kind, at {defined(low.decisive_at)}, "
        f"or with fewer than {needed} "
        f"sellers known, is held: it is shown, changes no state and is not counted ({low.cite})."
    )
    if low.applies_to == BOTH:
        yield f"While results are held, the last day of a Cure Period {low.deadline}."
    else:
        yield "A pass counts, decisive or not."
    if low.at_most is not None:
        yield (
            f"So many results in a row are held: {defined(str(low.at_most))}. On the next such date "
            f"{THEN[low.then or COUNTS]}."
        )

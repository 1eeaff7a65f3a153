"""What is assumed of the Servicer's figures, in sentences: which follow the rate, and which are held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.basics.values import figure_words, listed

LINK_OR_HOLD = "Link them with {follows: ..}, or name them with --hold to hold them constant."


def assumed_sentences(
    held: Mapping[str, str], follows: Mapping[str, str], left_out: Sequence[str]
) -> Iterator[str]:
    """Yield what is assumed, a sentence each.

    Args:
        held: the figures that no rate moves, each with its value.
        follows: the figures that follow the rate, each with how.
        left_out: the figures that were given and left out, because they would follow the rate.
    """
    if follows:
        said = "; ".join(f"{figure_words(name)}, {how}" for name, how in follows.items())
        yield f"These figures follow the rate of each path: {said}."
    if held:
        said = "; ".join(f"{figure_words(name)} {value}" for name, value in held.items())
        yield f"These figures are held whatever the rate is: {said}."
    if left_out:
        names = listed([figure_words(name) for name in left_out])
        yield f"These figures are left out, because they follow the rate and nobody says how: {names}."
    if not (follows or held or left_out):
        yield "No figure of the Servicer's reports is given."

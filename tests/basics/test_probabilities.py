"""Probabilities as they are printed: no certainty that no path shows, and never on the wrong side of a bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.basics.probabilities import error_words, probability, share_error, share_words


@pytest.mark.parametrize(
    ("share", "error", "bound", "words"),
    [
        (0.318, 0.012, None, "0.32 ± 0.01"),
        (0.0, 0.0, None, "0.00 ± 0.01"),
        (1.0, 0.0, None, "1.00 ± 0.01"),
        (0.0005, 0.0005, None, "<0.01"),
        (0.9995, 0.0005, None, ">0.99"),
        (0.99, 0.002, None, "0.99 ± 0.01"),
        (0.0996, 0.004, 0.1, "0.0996 ± 0.0040"),
        (0.007, 0.002, 0.005, "0.01 ± 0.01"),
        (0.004, 0.002, 0.005, "0.004 ± 0.002"),
        (0.0049, 0.0001, 0.005, "0.0049 ± 0.0001"),
        (0.0, 0.0, 0.005, "0.00 ± 0.01"),
        (0.003, 0.001, 0.1, "<0.01"),
        (0.997, 0.001, 0.998, "0.997 ± 0.001"),
    ],
)
def test_a_probability_as_it_is_printed(share: float, error: float, bound: float | None, words: str) -> None:
    assert probability(share, error, bound) == words


@given(st.integers(0, 2000), st.integers(1, 999))
def test_whoever_reads_it_knows_on_which_side_of_the_bound_it_lies(came: int, mille: int) -> None:
    share, bound = came / 2000, mille / 1000
    words = share_words(share, bound)
    shown = float(words.lstrip("<>"))
    below = shown <= bound if words.startswith("<") else shown < bound
    assert below == (share < bound)
    assert (words in ("0.00", "1.00")) == (share in (0, 1))
    assert bool(error_words(share, 0.001, bound)) == words[0].isdigit()


@pytest.mark.parametrize(
    ("paths", "words"), [(100, "± 0.03"), (200, "± 0.02"), (300, "± 0.01"), (10_000, "± 0.01")]
)
def test_what_no_path_or_every_path_shows_is_bounded_by_their_number(paths: int, words: str) -> None:
    """With a probability as high as the bound, no path shows it in one of twenty runs of so many paths."""
    for share in (0.0, 1.0):
        error = share_error(share, paths)
        assert (1 - error) ** paths == pytest.approx(0.05)
        assert error_words(share, error) == words
        assert float(words.removeprefix("± ")) >= error


def test_the_error_of_any_other_share_is_its_standard_error() -> None:
    assert share_error(0.5, 2_500) == pytest.approx(0.01)
    assert share_error(0.1, 900) == pytest.approx(0.01)

"""The plain ways of the seller rows give what the fast ones give, so that each ratio compares the same work."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.market.methodology import load_methodology
from engine.market.quality.seller_withdrawal import sellers_of, value_without_each
from tests.bench.sellers import days_of, framed, invented, plain_week, reprices, votes

RULES = load_methodology("1.1.1")


def test_a_week_without_a_seller_is_the_same_by_pandas() -> None:
    days = days_of(8)
    frame = framed(days)
    assert len(sellers_of(days)) == 8
    for seller, value in value_without_each(days, RULES).items():
        assert plain_week(frame[frame["seller"] != seller], RULES) / 1e6 == pytest.approx(float(value or 0))


def test_repricing_is_the_same_by_pandas() -> None:
    _, _, ours, other, _ = reprices(RULES)
    found, plain = ours(), other()
    low, high = plain  # type: ignore[misc]
    assert (found.low, found.high) == (  # type: ignore[attr-defined]
        pytest.approx(low / 1e6, rel=1e-6),
        pytest.approx(high / 1e6, rel=1e-6),
    )


def test_invented_listings_and_the_shadow_rate_are_compared_before_they_are_timed() -> None:
    """Both rows refuse to be made where the two ways differ."""
    _, _, ours, other, _ = invented(RULES)
    assert ours().listing_days == other()  # type: ignore[attr-defined]
    _, _, ours, other, _ = votes()
    assert float(Fraction(ours().rate)) == pytest.approx(other())  # type: ignore[attr-defined]

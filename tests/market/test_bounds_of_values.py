"""Where a printed figure turns: the width of a class, the last digit of a price, the first date of a curve."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.market.administrator_series import SeriesKnown, read_series
from engine.market.collect import _met
from engine.market.depreciation_curves import annual_decline, depreciation, lacking
from engine.market.index import class_by_width
from engine.market.listing import Observation, qualifying
from engine.market.methodology import current_version, load_methodology
from engine.market.seller_votes import rank_of_ends, shadow_rate
from engine.market.snapshot import read_snapshot

THURSDAY = date(2026, 1, 8)


def thursday(number: int) -> date:
    return THURSDAY + timedelta(weeks=number)


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (Fraction(3999, 100_000), "High Confidence"),
        (Fraction(4, 100), "Standard"),
        (Fraction(14_999, 100_000), "Standard"),
        (Fraction(15, 100), "Low Confidence"),
    ],
)
def test_a_class_ends_below_its_width(width: Fraction, said: str) -> None:
    assert class_by_width(width) == said


@pytest.mark.parametrize(
    ("total", "micro"),
    [(1.0000004, 1_000_000), (1.0000005, 1_000_000), (1.0000015, 1_000_002), (1.0000006, 1_000_001)],
)
def test_a_price_is_rounded_half_to_even_at_its_sixth_decimal(total: float, micro: int) -> None:
    at = datetime(2026, 1, 8, 12, tzinfo=UTC)
    offer = {
        "gpu_name": "H100 SXM",
        "rentable": True,
        "geolocation": "Texas, US",
        "reliability2": 0.999,
        "num_gpus": 1,
        "start_date": at.timestamp(),
        "dph_total": total,
        "id": 1,
    }
    raw = json.dumps({"collected_utc": at.isoformat(), "offers_by_model": {"H100 SXM": [offer]}})
    found = qualifying(
        read_snapshot(raw.encode(), "one.json"), "H100 SXM", ("US",), load_methodology(current_version())
    )
    assert [one.micro for one in found.observations] == [micro]


def test_the_shadow_interval_covers_what_its_ranks_leave() -> None:
    """Six sellers: beyond each end lies one case of 64, so that the interval covers 62 of 64."""
    found = shadow_rate([[Observation(price * 10**6, f"s{price}", f"m{price}") for price in range(1, 7)]])
    assert found is not None
    assert (found.rate, found.low, found.high) == (Fraction(7, 2), 1, 6)
    assert found.covers == Fraction(62, 64)


@pytest.mark.parametrize(("sellers", "rank"), [(1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (12, 3)])
def test_the_ends_of_the_shadow_interval_have_the_rank_that_still_promises_95_per_cent(
    sellers: int, rank: int
) -> None:
    assert rank_of_ends(sellers) == rank


def test_a_curve_begins_with_the_value_of_its_reference_date() -> None:
    series = [(thursday(n), Fraction(value)) for n, value in enumerate((4, 3, 2))]
    assert depreciation(series, thursday(1)) == ((thursday(1), 0), (thursday(2), Fraction(-1, 3)))


def test_an_annual_decline_runs_from_the_first_value_to_the_last() -> None:
    year = [
        (THURSDAY, Fraction(4)),
        (THURSDAY + timedelta(days=200), Fraction(9)),
        (THURSDAY + timedelta(days=365), Fraction(3)),
    ]
    assert annual_decline(year) == pytest.approx(0.25)
    assert annual_decline([year[0], year[-1]]) == pytest.approx(0.25)
    assert annual_decline(year[:1]) is None
    assert (
        annual_decline([year[0], (THURSDAY + timedelta(weeks=13) - timedelta(days=1), Fraction(3))]) is None
    )
    assert annual_decline([year[0], (THURSDAY + timedelta(weeks=13), Fraction(3))]) is not None


@pytest.mark.parametrize(("highest", "settled"), [(Fraction(110, 100), True), (Fraction(111, 100), False)])
def test_an_older_generation_has_settled_if_its_last_weeks_lie_within_a_tenth(
    highest: Fraction, settled: bool
) -> None:
    older = [(thursday(n), Fraction(2)) for n in range(40)]
    older += [(thursday(40 + n), Fraction(1) if n else highest) for n in range(13)]
    newer = [(thursday(40 + n), Fraction(5)) for n in range(13)]
    said = lacking({"old": tuple(older), "new": tuple(newer)}, "new")
    assert any(one.startswith("(b)") for one in said) is not settled


def test_a_step_is_measured_against_the_newest_value_and_not_the_lowest_or_the_oldest() -> None:
    """The oldest value is ten times the row's; the newest is near it, so that nobody is asked about the row."""
    values = [(thursday(0), "20.0000"), (thursday(1), "1.9000"), (thursday(2), "2.0500")]
    text = "publication_date,value,low_confidence,observations,methodology_version\n" + "".join(
        f"{day},{value},false,100,1.1.0\n" for day, value in values[2:]
    )
    newest = {
        day: {
            "value": value,
            "print": 1,
            "low_confidence": False,
            "observations": 100,
            "methodology": "1.1.0",
        }
        for day, value in values[:2]
    }
    found = read_series(text, "s.csv", "CRI-H100", SeriesKnown(newest), datetime(2026, 6, 1, tzinfo=UTC))
    assert found.findings == []
    assert [one.value for one in found.values] == [Decimal("2.0500")]


def test_answers_that_meet_at_one_price_alone_are_not_shown_to_be_whole() -> None:
    cheap, dear = {"1": {"dph_total": 2.0}}, {"1": {"dph_total": 2.0}, "9": {"dph_total": 3.0}}
    assert not _met(cheap, dear)
    assert _met({**cheap, "2": {"dph_total": 2.5}}, dear)

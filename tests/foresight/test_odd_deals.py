"""The columns equal the exact engine on odd deals, which are drawn whole. What no arrays hold is named."""

from __future__ import annotations

import os
import re

import pytest

from engine.determination.template import Template
from engine.terms.as_written import resolve
from tests.foresight.compared_columns import held_equal
from tests.foresight.odd_deals import odd_case
from tests.foresight.random_deals import chunks

SOAK = os.environ.get("HEADROOM_SOAK") == "1"
CHUNKS = chunks("HEADROOM_ODD_CHUNKS", 500 if SOAK else 10)
DEALS_IN_CHUNK, PATHS = 2, 10
"""20 comparisons a chunk: 200 in `make test`, 10,000 in the soak."""
NAMED = re.compile(
    "Recorded Acts"
    "|an amendment changes what `[^`]+` counts"
    "|an amendment takes `[^`]+` away"
    "|`[^`]+` (is closed after its last test|is tested only while something stands)"
    "|`[^`]+` (may have a second Cure Period|has a cure of its own)"
    "|the cure clock of `[^`]+` starts on (notice by the agent|delivery of the report)"
    "|two sweeps of one trigger"
    "|reports that tell what an account holds"
    "|amounts of money that are too finely divided for whole numbers"
)
"""Why a part of an odd deal runs by the engine's own steps."""


@pytest.mark.parametrize("chunk", CHUNKS)
def test_odd_deals_come_out_as_the_exact_engine_says_and_what_no_arrays_hold_is_named(
    all_templates: dict[str, Template], chunk: int
) -> None:
    """Every verdict, state, date, count and amount, on every date."""
    drawn = (odd_case(all_templates, seed, PATHS) for seed in range(chunk * 100, chunk * 100 + 100))
    compared, in_arrays = 0, False
    # A chunk whose parts all run by the engine's own steps would compare them with themselves.
    while compared < DEALS_IN_CHUNK * PATHS or not in_arrays:
        # The file's own checks refuse some of what is drawn.
        found = next(one for one in drawn if one is not None)
        columns = held_equal(found, all_templates)
        assert all(NAMED.fullmatch(reason) for reason in columns.by_steps.values())
        assert ("Recorded Acts" in columns.by_steps.values()) <= bool(found.acts)
        compared += found.rates.paths
        terms = resolve(found.deal, found.deal.closing_date)
        in_arrays |= bool({*terms.covenants, *terms.triggers} - columns.by_steps.keys())

"""Foresight on the workers of a cluster: the same answer as on this machine, whatever their number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from covenants import templates
from engine.basics.many_processes import in_order
from engine.foresight.answers import as_data
from engine.foresight.facts_by_date import held_facts
from engine.queries.foresight_questions import StressAsked, stress
from engine.terms.as_written import Deal, resolve
from reports.render.dask_pool import DaskPool
from tests.foresight.test_stress import HELD

distributed: Any = pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def squared(number: int) -> int:
    return number * number


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_cluster_s_workers_give_the_same_answer_whatever_their_number(meridian: Deal, workers: int) -> None:
    """The stress of one draft, as JSON: in this process, and on one, two, three workers of a cluster."""
    given = held_facts(HELD, meridian.closing_date, resolve(meridian, meridian.closing_date))
    asked = StressAsked(("A", "B", "C"), ("middle",), weeks=14)
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    )
    pool = DaskPool(None, cluster=cluster)
    try:
        assert list(in_order(squared, range(20), pool)) == [number * number for number in range(20)]
        there = as_data(stress(meridian, templates, given, asked, pool))
    finally:
        pool.close()
    assert json.dumps(there, default=str) == json.dumps(
        as_data(stress(meridian, templates, given, asked)), default=str
    )

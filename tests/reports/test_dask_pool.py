"""Notices drawn by workers of a cluster: in order, whatever dies; by the same engine alone; the record is the
one of one machine.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.events.notice import NoticeInputs
from engine.operations.run import Tools, run
from reports.render import dask_pool
from reports.render.dask_pool import DaskPool
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, SOAK, WEEK, desk, events, publish, rows

distributed: Any = pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

KILLS, WEEKS = int(os.environ.get("HEADROOM_KILLS", "100")), 60
AT = datetime(2026, 7, 3, 12, tzinfo=UTC)


def page(notice: NoticeInputs) -> tuple[str, datetime, dict[str, tuple[bytes, str]]]:
    """A page that is drawn in a moment."""
    words = f"{notice.deal} {notice.number} {notice.kind} {notice.on} {notice.log_head}"
    if words.startswith("bad"):
        raise KeyError("no such block")
    return f"<html lang='en'><title>x</title><p>{words}</p></html>", AT, {}


def inputs(number: int, deal: str = "deal") -> NoticeInputs:
    return NoticeInputs(deal, number, "compliance", None, FIRST, AT, (), {}, 1, "00")


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[DaskPool]:
    """A pool whose workers are threads of this process."""
    monkeypatch.setattr(dask_pool, "page_of", page)
    monkeypatch.setattr(dask_pool, "drawn_and_timed", lambda one: (one[0].encode(), 0.5))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    )
    pool = DaskPool(None, cluster=cluster)
    yield pool
    pool.close()


def test_files_come_in_order_and_what_cannot_be_composed_is_said_in_its_turn(inside: DaskPool) -> None:
    assert list(inside([inputs(n) for n in range(20)])) == [page(inputs(n))[0].encode() for n in range(20)]
    made = inside([inputs(1), inputs(2, "bad"), inputs(3)])
    assert next(iter(made)) == page(inputs(1))[0].encode()
    with pytest.raises(KeyError, match="no such block"):
        next(iter(made))


def test_a_worker_that_is_another_engine_is_let_go_by_name(
    inside: DaskPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(inside, "_told", said.append)
    workers = sorted(inside._client.scheduler_info()["workers"])

    def engine() -> str:
        try:
            return "headroom 0.0.9" if distributed.get_worker().address == workers[0] else inside.engine
        except ValueError:
            return inside.engine

    monkeypatch.setattr(dask_pool, "built", engine)
    assert list(inside([inputs(n) for n in range(8)])) == [page(inputs(n))[0].encode() for n in range(8)]
    assert said
    assert all(
        f"a worker at {workers[0]} is headroom 0.0.9, and this is {inside.engine}" in one for one in said
    )


@pytest.mark.skipif(not SOAK, reason="make soak: processes are started a hundred times")
def test_workers_that_are_killed_lose_nothing_and_give_nothing_twice(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_pool, "page_of", page)
    here, _ = _record_of(tmp_path / "here", replace(tools, render=_here))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    )
    pool, over, killed, chance = DaskPool(None, cluster=cluster), threading.Event(), [0], random.Random(7)

    def kill() -> None:
        while not over.wait(0.1) and killed[0] < KILLS:
            workers = [
                one.process.pid
                for one in list(cluster.workers.values())
                if one.process is not None and one.process.pid
            ]
            ready = len(pool._client.scheduler_info()["workers"])
            if ready == len(workers) == 2:  # a kill faster than a worker starts would leave nobody to draw
                os.kill(chance.choice(workers), signal.SIGKILL)
                killed[0] += 1

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    try:
        while killed[0] < KILLS:
            there, keys = _record_of(tmp_path / "there", replace(tools, render=pool))
            shutil.rmtree(tmp_path / "there")
            assert there == here
            assert len(set(keys)) == len(keys)
    finally:
        over.set()
        killing.join()
        pool.close()


def _record_of(root: Path, tools: Tools) -> tuple[list[Any], list[str]]:
    """What a run of all weeks leaves behind: payloads and files in order, and the keys of the entries."""
    workspace = desk(root)
    publish(workspace, rows([f"{2 - n % 5 / 5:.2f}" for n in range(WEEKS)]), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, FIRST + (WEEKS - 1) * WEEK, replace(tools, now=datetime(2027, 7, 3, 12, tzinfo=UTC)))
    keys = [event.key for event in events(workspace)]
    found: list[Any] = [(event.key, event.payload) for event in events(workspace)]
    found += [(path.name, path.read_bytes()) for path in sorted((workspace.root / "notices").rglob("*.pdf"))]
    workspace.store.close()
    return found, keys


def _here(notices: Any) -> Iterator[bytes]:
    """The same pages drawn in this process."""
    return (dask_pool.drawn_and_timed(page(notice))[0] for notice in notices)  # type: ignore[arg-type]

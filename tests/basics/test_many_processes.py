"""Work on many processes: the items' order whatever the number, and a killed process is replaced."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from engine.basics.many_processes import WorkersDie, in_order


def squared(number: int) -> int:
    return number * number


def killed_once(marker: Path, number: int) -> int:
    """The square; the process that first works on 2 is killed."""
    if number == 2 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def always_killed(_number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process says nothing")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_items_order(workers: int) -> None:
    assert list(in_order(squared, range(7), workers)) == [0, 1, 4, 9, 16, 25, 36]


def test_a_killed_process_is_replaced_and_its_item_done_again(tmp_path: Path) -> None:
    assert list(in_order(partial(killed_once, tmp_path / "killed"), range(6), 2)) == [0, 1, 4, 9, 16, 25]


def test_processes_that_always_die_are_said() -> None:
    with pytest.raises(WorkersDie, match="3 times a process was killed before part 1 of 3"):
        list(in_order(always_killed, range(3), 2))

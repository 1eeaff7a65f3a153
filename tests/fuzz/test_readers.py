"""Each reader of the product against files as nobody would write them, in a process of its own.

`make soak` reads 200,000 files with each, or goes on for 10 minutes of the processor; `make test` reads
some 200, for a second or two each. A file that ends in an exception which is not a refusal, or a process
that holds more than 300 MB, fails, with the seed that makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.fuzz.__main__ import fuzz
from tests.fuzz.readers import readers

SOAK = bool(os.environ.get("HEADROOM_SOAK"))
COUNT, SECONDS = (200_000, int(os.environ.get("HEADROOM_FUZZ_SECONDS", "600"))) if SOAK else (200, 2)
MOST_MEGABYTES = 300
NAMES = tuple(readers())
WANTED = tuple(one for one in os.environ.get("HEADROOM_READERS", "").split(",") if one) or NAMES
"""The readers that a soak tries: all, or those that are named."""


@pytest.mark.parametrize("name", NAMES)
def test_a_reader_takes_the_files_that_it_is_tried_with(name: str) -> None:
    """Otherwise what is made from them would be refused at its first sign, and the rest never be reached."""
    reader = readers()[name]
    for data in reader.files:
        found = reader.read(data)
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], list):
            assert found[0] is not None
            assert [one for one in found[1] if not one.code.startswith(("W", "RW"))] == []


@pytest.mark.skipif(SOAK, reason="each reader by itself, below")
def test_no_file_ends_in_a_traceback_or_takes_the_machine_s_memory() -> None:
    """A fraction of each, in one process."""
    _fuzzed(*NAMES)


@pytest.mark.skipif(not SOAK, reason="make soak")
@pytest.mark.parametrize("name", WANTED)
def test_no_file_of_200_000_ends_in_a_traceback_or_takes_the_machine_s_memory(name: str) -> None:
    _fuzzed(name)


@pytest.mark.parametrize(("name", "seed"), [("returned mail", 1301), ("bundle", 144)])
def test_a_file_that_once_ended_in_a_traceback_is_read_or_refused(name: str, seed: int) -> None:
    found = fuzz(name, 1, 60, seed)
    assert found.get("failed") is None
    assert found["files"] == 1


def _fuzzed(*names: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", ",".join(names), str(COUNT), str(SECONDS)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one for one in found if "failed" in one] == [], done.stdout
    assert done.returncode == 0, done.stderr
    assert [one["reader"] for one in found] == list(names)
    assert [one for one in found if one["megabytes"] > MOST_MEGABYTES] == []
    assert all(one["files"] for one in found)

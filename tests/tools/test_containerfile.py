"""The Containerfile names what is there: an engine to build it is not at hand on every machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.conftest import REPOSITORY
from tools.preflight import LIBRARIES

TEXT = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")


def test_every_file_that_is_copied_is_there() -> None:
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", TEXT, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert len(copied) == 8
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


def test_it_runs_as_nobody_in_particular_and_takes_the_locked_packages() -> None:
    assert re.search(r"^USER 10001$", TEXT, re.MULTILINE)
    assert "--require-hashes -r requirements.lock" in TEXT
    assert "STOPSIGNAL SIGTERM" in TEXT


def test_it_installs_the_libraries_that_the_set_up_asks_for() -> None:
    packages = set(re.findall(r"lib[a-z0-9.-]+", TEXT.rpartition("apt-get install")[2]))
    assert set(LIBRARIES.values()) <= packages


@pytest.mark.skipif(
    os.environ.get("HEADROOM_SOAK") != "1",
    reason="an image is built under HEADROOM_SOAK, where an engine for containers is at hand",
)
def test_an_image_is_built_where_an_engine_is_at_hand() -> None:
    engine = next(filter(None, map(shutil.which, ("podman", "buildah", "docker"))), None)
    if engine is None:
        pytest.skip("no engine for containers is on this machine")
    assert subprocess.run([engine, "build", "-q", str(REPOSITORY)], check=False, timeout=1200).returncode == 0

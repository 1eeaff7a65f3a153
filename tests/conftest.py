from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from covenants import templates
from engine.basics.garbage_collection import spare_loaded_code
from engine.determination.template import Template, clauses_of
from engine.terms.as_written import Deal, load_deal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
DEALS = REPOSITORY / "deals"
# How fast a property runs depends on what runs beside it, so no test fails for its speed.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
MEMORY = Path("/dev/shm")
# A desk's file writes wait for the disk; a third of a seeded history's time was such waiting. The tests kill
# processes and never the machine, so a folder in memory shows the same.
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def shared() -> Path | None:
    """The folder of real snapshots and vectors beside the checkout, where it is."""
    named = os.environ.get("HEADROOM_SHARED")
    found = Path(named) if named else REPOSITORY.parent / "shared"
    return found if found.is_dir() else None


def pytest_collection_finish() -> None:
    """Work as a command does that runs for long: the collector passes over what is loaded, a fifth of the
    tests' time otherwise.
    """
    spare_loaded_code()


@pytest.fixture(scope="session")
def snapshots_folder() -> Path:
    found = shared()
    if found is None:
        pytest.skip("the real snapshots are not beside this checkout; set HEADROOM_SHARED to their folder")
    return found / "data" / "cri-h100"


@pytest.fixture(scope="session")
def all_templates() -> dict[str, Template]:
    return dict(templates())


@pytest.fixture(scope="session")
def load(all_templates: dict[str, Template]) -> Callable[[str], Deal]:
    def read(text: str) -> Deal:
        deal, problems = load_deal(text, "deal.yaml", clauses_of(all_templates))
        assert deal is not None, problems
        return deal

    return read


@pytest.fixture(scope="session")
def meridian_text() -> str:
    return (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def meridian(load: Callable[[str], Deal], meridian_text: str) -> Deal:
    return load(meridian_text)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 7, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's own Chromium, for tests that are marked `browser`; `make test-web` installs it and runs
    them.
    """
    from playwright.sync_api import sync_playwright

    from tools.preflight import BROWSERS

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail(
            "Chromium is not on this machine: run these tests with `make test-web`, which installs it"
        )
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=as_root)
        yield browser
        browser.close()

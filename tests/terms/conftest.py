from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.determination.template import Template
from engine.terms.as_written import Deal
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS
from tests.terms.reported import Check


@pytest.fixture(scope="session")
def checked(all_templates: dict[str, Template]) -> Check:
    return lambda text: read_deal(text, "deal.yaml", all_templates)[1]


@pytest.fixture(scope="module")
def cascade(load: Callable[[str], Deal]) -> Deal:
    return load((DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8"))

from __future__ import annotations

import pytest

from engine.determination.template import Template
from engine.workspace.deal_files import read_deal
from tests.terms.reported import Check


@pytest.fixture(scope="session")
def checked(all_templates: dict[str, Template]) -> Check:
    return lambda text: read_deal(text, "deal.yaml", all_templates)[1]

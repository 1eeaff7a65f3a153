from __future__ import annotations

import pytest

from engine.determination.template import Template
from engine.terms.check import check_deal
from tests.terms.reported import Check


@pytest.fixture(scope="session")
def checked(all_templates: dict[str, Template]) -> Check:
    clauses = {name: template.terms for name, template in all_templates.items()}
    return lambda text: check_deal(text, "deal.yaml", clauses)

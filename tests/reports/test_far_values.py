"""Page 1 says where an administrator's value is far from the print before, and that it was taken as published
(`rulings.md` 62).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from reports.notice.blocks.page_one import far_from_before

THEIRS = "published by the administrator"


def said(now: str, before: str | None, source: str = THEIRS) -> str:
    prints = [
        {"publication_date": "2026-03-05", "value": before},
        {"publication_date": "2026-03-12", "value": now, "source": source},
    ]
    found = cast("Any", SimpleNamespace(inputs=SimpleNamespace(publications={"CRI-H100": prints})))
    return far_from_before(found, "CRI-H100", prints[-1])


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2.9500", " It is 47.5% above the print before, 2.0000, and taken as published."),
        ("1.0000", " It is 50.0% below the print before, 2.0000, and taken as published."),
        ("2.5000", ""),
        ("1.5000", ""),
    ],
)
def test_a_step_of_more_than_a_quarter_is_said(now: str, words: str) -> None:
    assert said(now, "2.0000") == words


def test_nothing_is_said_of_a_computed_value_or_without_a_print_before() -> None:
    assert said("2.9500", "2.0000", "computed by the calculation agent") == ""
    assert said("2.9500", None) == ""

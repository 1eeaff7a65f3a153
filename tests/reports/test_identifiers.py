"""No identifier of the deal file stands on a page: all words of the golden notices, and of every example
deal's (`rulings.md` 58).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import notice_cases as cases
import pytest

from engine.audit.pages_again import issued_inputs
from engine.demo import plan
from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import NoticeIssued
from engine.events.notice import NoticeInputs
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.workspace.workspace import create, opened
from reports.notice.words import page_words
from tests.conftest import DEALS
from tests.operations.test_run import NOW, keep, paper

NAMES = (
    "beginning",
    "failing",
    "defaulting",
    "cured",
    "correcting",
    "unevaluated",
    "first_ever",
    "without_rate",
    "without_report",
    "crowded",
)
FILE = re.compile(r"\S+\.(?:pdf|json|jsonl|yaml|csv|toml|xlsx|tlog-proof)\b|\S+@\S+|“[^”]*”")
"""What is the name of a file, an address, or the deal's own words."""
SNAKE = re.compile(
    r"(?<![\w-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w-])|(?<![\w-])[a-z]+(?:_[a-z]+)*\.[a-z0-9]+[._][a-z0-9_.]+"
)
"""`outstanding_principal`, `covenants.ltv.maximum`, `rental.h100.rented_gpu_hours`."""


def strings(inputs: NoticeInputs) -> Iterator[str]:
    """Every visible string of a notice but those of the parts that quote the agreement."""
    for block in json.loads(page_words(inputs))["blocks"]:
        yield from _texts(block["words"])


def _texts(words: Any) -> Iterator[str]:
    if isinstance(words, str):
        yield words
    elif isinstance(words, list):
        for one in words:
            yield from _texts(one)


def keys_of(inputs: NoticeInputs) -> set[str]:
    """The names that the file gives to clauses and classes, where nobody would take them for a word."""
    deal = next(event.payload for event in reversed(inputs.events) if isinstance(event.payload, DealAdopted))
    keys = [*(one.key for one in deal.clauses), *(one.name for one in (*deal.assets, *deal.debt))]
    return {key for key in keys if re.search(r"[-_\d]", key)}


def identifiers(inputs: NoticeInputs) -> set[tuple[str, str]]:
    keys = "|".join(re.escape(key) for key in sorted(keys_of(inputs), key=len, reverse=True))
    own = re.compile(rf"(?<![\w.-])(?:{keys})(?![\w-])") if keys else None
    found = set()
    for text in strings(inputs):
        said = FILE.sub("", text)
        for pattern in (SNAKE, own) if own else (SNAKE,):
            found |= {(match[0], text[:100]) for match in pattern.finditer(said)}
    return found


@pytest.mark.parametrize("case", NAMES)
def test_none_in_the_golden_notices(case: str) -> None:
    assert identifiers(getattr(cases, case)()) == set()


def test_none_in_the_standard_notice() -> None:
    assert identifiers(cases.standard().inputs()) == set()


WEEKS = plan.THURSDAYS[:9:4]


@pytest.mark.parametrize("name", sorted(path.stem for path in DEALS.glob("*.yaml")))
def test_none_in_the_notices_of_an_example(
    name: str, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    create(tmp_path)
    shutil.copy(DEALS / f"{name}.yaml", tmp_path / "deals")
    workspace = opened(tmp_path)
    for thursday in plan.THURSDAYS[:9]:
        keep(workspace, thursday, NOW)
    now = datetime.combine(WEEKS[-1], datetime.min.time(), UTC).replace(hour=23, minute=59)
    run(workspace, WEEKS[-1], Tools(all_templates, paper, max(now, NOW), "tester", lambda _: None))
    events, entries = read(workspace.store, deal_log(name)), workspace.store.entries(deal_log(name))
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    made = [issued_inputs(workspace, events, entries, event) for event in (*issued[:2], *issued[-3:])]
    workspace.store.close()
    found = {one for inputs in made if inputs is not None for one in identifiers(inputs)}
    assert found == set()

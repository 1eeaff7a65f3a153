"""The table of a history is read once: the bytes that are named by their hash are those that were parsed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from covenants import templates
from engine.basics import files
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template
from engine.foresight.facts_by_date import held_facts
from engine.queries.backtest_questions import backtest
from engine.queries.calibration_questions import ModelAsked
from engine.queries.published_history import HistorySource
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import answered, history

UNTIL = date(2026, 12, 31)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose bytes are read; each is another one after its first reading."""
    seen: list[Path] = []
    whole = bytes_in

    def read_bytes(path: Path) -> bytes:
        data = whole(path)
        seen.append(path)
        if path.name == "history.csv":
            path.write_text("not a history any more", encoding="utf-8")
        return data

    monkeypatch.setattr(files, "bytes_in", read_bytes)
    return seen


def named(path: Path, data: str) -> HistorySource:
    return HistorySource(path.name, sha256(data.encode()).hexdigest())


def test_a_calibration_names_the_bytes_that_it_read(
    meridian: Deal, all_templates: dict[str, Template], tmp_path: Path, read: list[Path]
) -> None:
    path = history(tmp_path, 30)
    data = path.read_text(encoding="utf-8")
    found = answered(meridian, all_templates, path, paths=50)
    assert (found.source, read.count(path)) == (named(path, data), 1)


def test_a_simulation_of_several_indices_reads_their_table_once(
    load: Callable[[str], Deal], tmp_path: Path, read: list[Path]
) -> None:
    deal = load((DEALS / "northfield-abs-2026-1.yaml").read_text(encoding="utf-8"))
    indices = tuple(resolve(deal, deal.closing_date).index)
    path = history(tmp_path, 30)
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    data = "\n".join([f"index,{head}", *(f"{name},{row}" for name in indices for row in rows)])
    path.write_text(data, encoding="utf-8")
    given = held_facts(
        ("outstanding_principal=USD 12,000,000",), deal.closing_date, resolve(deal, deal.closing_date)
    )
    found = simulate(deal, templates, None, given, ModelAsked(path, UNTIL, paths=20, weeks=3))
    assert len(found.others) > 0
    assert (found.source, read.count(path)) == (named(path, data), 1)


def test_a_backtest_names_the_bytes_that_it_read(
    all_templates: dict[str, Template], tmp_path: Path, read: list[Path]
) -> None:
    path = history(tmp_path, 70)
    data = path.read_text(encoding="utf-8")
    facts = ("outstanding_principal=USD 16,000,000",)
    deal = str(DEALS / "meridian-2026-1.yaml")
    found = backtest(None, deal, facts, date(2026, 3, 1), all_templates, table=path)
    assert (found.source, read.count(path)) == (named(path, data), 1)

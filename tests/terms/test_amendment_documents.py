"""A document that an amendment brings in, and what `check` says of a live deal's file (`rulings.md` 55)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Correction
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, resolve
from engine.workspace.deal_checks import check_files
from engine.workspace.deal_files import read_deal
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import DEAL, made, series
from tests.operations.test_corrections import tools as tools  # the fixture

AMENDED = """amendments:
  - number: 1
    document: AM1
    documents:
      AM1: {title: Amendment No. 1, dated: 2026-02-20, sha256: HASH}
    effective: 2026-02-26
    changes:
      - {term: covenants.ltv.maximum, replaces: 65%, with: 70%, later_steps: keep, cite: AM1 §2(a)}
""".replace("HASH", "ab" * 32)


def amended(text: str, block: str = AMENDED) -> str:
    assert "amendments: []\n" in text
    return text.replace("amendments: []\n", block)


def test_it_is_cited_like_any_other(
    load: Callable[[str], Deal], all_templates: dict[str, Template], meridian_text: str
) -> None:
    text = amended(meridian_text)
    assert not [one for one in read_deal(text, "deal.yaml", all_templates)[1] if not one.code.startswith("W")]
    deal = load(text)
    assert deal.documents["AM1"].title == "Amendment No. 1"
    assert "AM1" not in resolve(deal, date(2026, 3, 5)).documents


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("AM1: {title", "CA: {title", "D548"),
        ("document: AM1\n", "document: AM2\n", "D502"),
        ("cite: AM1 ", "cite: AM2 ", "D516"),
    ],
)
def test_a_name_is_one_document_s(
    all_templates: dict[str, Template], meridian_text: str, old: str, new: str, code: str
) -> None:
    text = amended(meridian_text, AMENDED.replace(old, new))
    assert code in {one.code for one in read_deal(text, "deal.yaml", all_templates)[1]}


def test_a_live_deal_is_amended_under_its_own_amendment_document(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """What was determined before the amendment's date stands; `check` says what a run would refuse, and why."""
    workspace = made(
        tmp_path,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
    )
    day = date(2026, 2, 26)
    series(workspace, "2026-02-19,2.0000,false,44,1.1.1\n2026-02-26,1.9000,false,44,1.1.1\n", day)
    run(workspace, date(2026, 2, 19), tools)
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    live = path.read_text(encoding="utf-8")
    for text, codes in (
        (live.replace("maximum_decline: 25%", "maximum_decline: 30%"), {"D549"}),
        (amended(live), set[str]()),
    ):
        path.write_text(text, encoding="utf-8")
        assert _errors(path, all_templates, workspace) == codes
    outcome = run(workspace, day, tools)
    events = read(workspace.store, deal_log(DEAL))
    assert outcome.deals[0].reason is None
    assert [one.payload.documents[-1].short for one in events if isinstance(one.payload, DealAdopted)][
        -1
    ] == "AM1"
    assert not [one for one in events if isinstance(one.payload, Correction)]
    workspace.store.close()


def _errors(path: Path, templates: dict[str, Template], workspace: Workspace) -> set[str]:
    found = check_files([path], templates, workspace)
    return {one.code for one in found.problems if not one.code.startswith("W")}

"""What no date determines is not said to be never, nor to be the same: grids and comparisons say why."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.calling import headroom
from tests.conftest import DEALS

FILE = str(DEALS / "meridian-2026-1.yaml")
GRID = (
    *("grid", FILE, "--x", "covenants.ltv.multiple=1.4,1.5", "--y", "covenants.ltv.if_not_determined=hold"),
    *("--weeks", "14", "--workers", "1"),
)
PRINCIPAL = ("--fact", "outstanding_principal=USD 16,000,000")


def test_a_test_that_no_date_determines_is_not_a_test_that_never_fails(tmp_path: Path) -> None:
    into, page = tmp_path / "grid.csv", tmp_path / "grid.html"
    said = headroom(*GRID, "--into", str(into)).stdout
    assert re.search(r"hold +not determined +not determined\n", said)
    assert "never" not in said
    assert "ltv is not determined: no Servicer's report has been received" in said
    assert into.read_text(encoding="utf-8").splitlines()[1:] == [
        "1.4,hold,not determined",
        "1.5,hold,not determined",
    ]
    cells = json.loads(headroom(*GRID, "--json").stdout)["cells"]
    assert {cell["value"] for cell in cells} == {None}
    assert all(cell["not_known"].startswith("not determined: no Servicer's report") for cell in cells)
    headroom(*GRID, "--into", str(page))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "Loan to value is not determined: no Servicer&#39;s report" in text
    assert "hold not determined not determined" in text
    given = headroom(*GRID, *PRINCIPAL).stdout
    assert re.search(r"hold +2026-01-22 +2026-03-26\n", given)
    assert json.loads(headroom(*GRID, *PRINCIPAL, "--json").stdout)["cells"][0]["not_known"] is None


def test_no_week_in_cure_is_counted_where_nothing_was_determined() -> None:
    asked = (*GRID, "--show", "weeks-in-cure")
    assert re.search(r"hold +not determined +not determined\n", headroom(*asked).stdout)
    assert re.search(r"hold +\d\.\d\d +\d\.\d\d\n", headroom(*asked, *PRINCIPAL).stdout)


def test_a_trigger_that_looks_at_such_a_test_is_not_decided() -> None:
    said = headroom(*GRID, "--of", "early-amortization").stdout
    assert re.search(r"hold +not decided +not decided\n", said)
    assert "early-amortization is not decided: it looks at ltv and rate-floor" in said


def test_what_a_limb_has_not_is_refused_instead_of_shown_as_nothing() -> None:
    swept = headroom(*GRID, "--show", "swept")
    assert swept.returncode == 2
    assert (
        "`ltv` of meridian-2026-1 has no sweep of cash; these have one, to be named with --of: cash-sweep"
        in swept.stderr
    )
    cured = headroom(*GRID, "--show", "weeks-in-cure", "--of", "appraisal")
    assert cured.returncode == 2
    assert "has no Cure Period; these have one, to be named with --of: rate-floor, ltv" in cured.stderr

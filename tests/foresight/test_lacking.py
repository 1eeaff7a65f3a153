"""What no date determines is not said to be never, nor to be the same: grids and comparisons say why."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from covenants import templates
from engine.determination.template import Template
from engine.foresight.comparison import compared, whom_it_serves
from engine.foresight.draft_paths import lived_paths, scenario_paths
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.terms.as_written import Deal, resolve
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import history

FILE = str(DEALS / "meridian-2026-1.yaml")
COMPARE = (
    *("compare", FILE, "--term", "covenants.ltv.multiple=1.4", "--weeks", "14", "--scenario", "B"),
    *("--point", "middle", "--workers", "1"),
)
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
    assert "early-amortization is not decided: it looks at `ltv` and `rate-floor`" in said


def test_a_state_that_could_have_begun_a_trigger_does_not_hide_that_the_other_limb_is_open(
    meridian_text: str, tmp_path: Path
) -> None:
    """The default of the loan to value is determined and does not come. The rent floor, which could begin early
    amortization as well, is not determined, and `never` was said of early amortization.
    """
    text = meridian_text.split("worked_examples:")[0]
    counted = "{test: ltv, result: FAIL, for: 4 consecutive determination dates}"
    assert counted in text
    file = tmp_path / "states.yaml"
    file.write_text(text.replace(counted, "{test: ltv, state: EVENT OF DEFAULT}"), encoding="utf-8")
    small = ("--fact", "outstanding_principal=USD 1,000,000", "--weeks", "8", "--workers", "1")
    answer = json.loads(headroom("stress", str(file), *small, "--json").stdout)
    assert answer["undecided"] == {"early-amortization": ["rate-floor"]}
    assert "early-amortization" not in answer["never"]


def test_never_on_one_path_is_not_said_of_what_is_open_there(tmp_path: Path) -> None:
    """Early amortization begins on the path of B by the loan to value. On the path of A the rent floor, which no
    figure decides, may begin it.
    """
    paths = ("--scenario", "B", "--scenario", "A", "--weeks", "16", "--workers", "1")
    asked = ("stress", FILE, *paths, *PRINCIPAL)
    page = tmp_path / "paths.html"
    said = headroom(*asked, "--into", str(page)).stdout
    assert re.search(r"early-amortization in effect +Thu 16 Apr 2026 +1\.8662 +not decided", said)
    assert re.search(r"ltv fails +Thu 26 Mar 2026 +1\.9131 +never", said)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "Early amortization in effect Thu 16 Apr 2026, 1.8662 not decided" in text
    assert re.search("A middle 1.0x not determined never never never not decided", text)
    reasons = json.loads(headroom(*asked, "--json").stdout)["not_known"]
    assert {path: list(names) for path, names in reasons.items()} == {
        "B middle 1.0x": ["rate-floor"],
        "A middle 1.0x": ["rate-floor", "early-amortization"],
    }


def test_a_trigger_that_also_looks_at_such_a_test_may_act_sooner_than_is_said(tmp_path: Path) -> None:
    """Early amortization begins by the loan to value, and the rent floor, which no figure decides, may begin it."""
    words = (
        "early-amortization also looks at rate-floor, which was not determined. early-amortization may act "
        "sooner or more"
    )
    stressed = ("stress", FILE, *COMPARE[4:], *PRINCIPAL, "--weeks", "16")
    assert json.loads(headroom(*stressed, "--json").stdout)["sooner"] == {
        "early-amortization": ["rate-floor"]
    }
    page = tmp_path / "stress.html"
    assert words in headroom(*stressed, "--into", str(page)).stdout
    titled = (
        "Early amortization also looks at Rental rate floor, which was not determined. Early amortization may "
        "act sooner"
    )
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert f"At least : {titled}" in text
    varied = (*GRID, "--of", "early-amortization", *PRINCIPAL, "--weeks", "16")
    assert words in headroom(*varied).stdout
    apart = (*COMPARE, *PRINCIPAL, "--weeks", "16")
    assert words in headroom(*apart, "--into", str(page)).stdout
    assert titled in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    (found,) = json.loads(headroom(*apart, "--json").stdout)["comparisons"]
    assert re.search(r"ltv must be cured by +2026-0\d", headroom(*apart).stdout)
    served = {
        one["subject"]: one["serves"] for one in found["differences"] if one["what"] in ("fails", "begins")
    }
    assert served == {"ltv": "lender", "early-amortization": ""}
    simulated = ("simulate", FILE, *PRINCIPAL, "--paths", "100", "--weeks", "30", "--workers", "1")
    past = ("--history", str(history(tmp_path, 30)))
    assert words in headroom(*simulated, *past, "--into", str(page)).stdout
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert f"At least in the simulation: {titled}" in text
    given = ("--fact", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
    assert json.loads(headroom(*stressed, *given, "--json").stdout)["sooner"] == {}
    assert (
        "AT LEAST" not in headroom(*simulated, *given, *past, "--hold", "weighted_average_rental_rate").stdout
    )


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


def test_two_drafts_that_nothing_determined_are_not_said_to_be_the_same(tmp_path: Path) -> None:
    (open_,) = json.loads(headroom(*COMPARE, "--json").stdout)["comparisons"]
    assert (open_["differences"], open_["same"], open_["same_as_known"]) == ([], [], ["B middle 1.0x"])
    assert [one["subject"] for one in open_["not_known"]] == ["rate-floor", "ltv", "early-amortization"]
    said = headroom(*COMPARE).stdout
    assert "Nothing differs" not in said
    assert "Nothing that is known differs on B middle 1.0x." in said
    assert "ltv is not compared on any path, as under both it is not determined: no Servicer's report" in said
    page = tmp_path / "compare.html"
    headroom(*COMPARE, "--into", str(page))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "Nothing that happens differs" not in text
    assert "Nothing that is known differs on B middle 1.0x. " in text
    assert "Loan to value is not compared on any path, as under both it is not determined" in text
    assert "1.4: nothing that is known differs; not known: Rental rate floor, Loan to value" in text


def test_a_page_names_figures_and_tests_as_people_read_them(tmp_path: Path) -> None:
    page, fees = tmp_path / "page.html", ("--fact", "operating_costs=USD 290,000")

    def shown(*words: str) -> str:
        headroom(*words, *fees, "--into", str(page))
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))

    stressed = shown("stress", FILE, "--weeks", "14", "--workers", "1")
    lacks = "Loan to value (the Servicer&#39;s report lacks outstanding principal, Class A"
    floor = "Rental rate floor (the Servicer&#39;s report for the period to 18 Mar 2026 lacks rental, H100, rented GPU-hours"
    assert lacks in stressed
    assert floor in stressed
    varied = shown(*GRID, "--of", "early-amortization")
    assert "Early amortization is not decided: it looks at Loan to value and Rental rate floor" in varied
    assert "as under both it is not decided: it looks at Loan to value and" in shown(*COMPARE)
    assert not re.findall(r"`|class_a", stressed + varied)
    twice = ("--fact", "outstanding_principal.class_a=USD 9,000,000")
    assert "outstanding principal, Class A USD 9,000,000.00" in shown("ladder", FILE, *twice)


def test_a_limb_that_one_draft_leaves_open_serves_nobody(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    until = meridian.closing_date + timedelta(weeks=14)
    paths = scenario_paths(
        meridian, ("B",), ("middle",), "compound", (Fraction(1),), until, lambda path: path
    )
    given = held_facts(PRINCIPAL[1:], meridian.closing_date, resolve(meridian, meridian.closing_date))
    known, open_ = (
        lived_paths(meridian, templates, paths, facts, until) for facts in (given, FactsByDate({}))
    )
    for before, after, days in (
        (known, open_, (date(2026, 3, 26), None)),
        (open_, known, (None, date(2026, 3, 26))),
    ):
        found = compared(("first", "second"), (meridian, meridian), before, after, all_templates)
        failing = next(one for one in found.differences if one.subject == "ltv" and one.what == "fails")
        assert (failing.before, failing.after, failing.serves) == (*days, "")
        assert whom_it_serves(found) == {"lender": 0, "borrower": 0}
        one = next(one for one in found.not_known if one.subject == "ltv")
        assert [why is None for why in (one.before, one.after)] == [day is not None for day in days]
        side = "second" if days[0] else "first"
        assert one.words().startswith(
            f"ltv is not compared on any path, as under the {side} it is not determined: no Servicer's"
        )

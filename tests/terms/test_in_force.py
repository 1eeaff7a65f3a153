"""As written, then in force: steps, amendments with their guards, corrections; and the worked examples that
ship.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest

from covenants.loan_to_value import LoanToValue
from engine.basics.errors import Problem
from engine.basics.values import Figure, Unit
from engine.cli.show.deals import prove_files
from engine.determination.template import Template, clauses_of
from engine.foresight.prove import prove
from engine.terms.as_written import Deal, load_deal, resolve, sources
from engine.terms.schema import deal_schema
from engine.terms.worked_example import agrees, read_figure
from tests.conftest import DEALS

AMENDMENT = """amendments:
  - number: {number}
    document: {document}
    effective: {effective}
    changes:
      - {{term: covenants.ltv.maximum, replaces: {old}, with: {new}, later_steps: {later}, cite: CA §7.02}}
"""


def amended(text: str, *entries: str) -> str:
    body = "amendments:\n" + "".join(entry.removeprefix("amendments:\n") for entry in entries)
    return text.replace("amendments: []\n", body)


def entry(number: int, effective: str, old: str, new: str, later: str = "keep") -> str:
    return AMENDMENT.format(number=number, document="CA", effective=effective, old=old, new=new, later=later)


def maximum(deal: Deal, on: date) -> Fraction:
    clause = resolve(deal, on).covenants["ltv"]
    assert isinstance(clause, LoanToValue)
    return clause.maximum


@pytest.fixture
def problems(all_templates: dict[str, Template]) -> Callable[[str], list[Problem]]:
    clauses = clauses_of(all_templates)
    return lambda text: load_deal(text, "deal.yaml", clauses)[1]


def test_a_step_dated_a_day_applies_on_it(meridian: Deal) -> None:
    assert maximum(meridian, date(2027, 1, 5)) == Fraction(65, 100)
    assert maximum(meridian, date(2027, 1, 6)) == Fraction(60, 100)


def test_an_amendment_applies_from_its_date_and_later_steps_stand(
    load: Callable[[str], Deal], meridian_text: str
) -> None:
    deal = load(amended(meridian_text, entry(1, "2026-06-26", "65%", "70%")))
    found = [maximum(deal, day) for day in (date(2026, 6, 25), date(2026, 6, 26), date(2027, 1, 6))]
    assert found == [Fraction(65, 100), Fraction(70, 100), Fraction(60, 100)]
    dropped = load(amended(meridian_text, entry(1, "2026-06-26", "65%", "70%", "drop")))
    assert maximum(dropped, date(2027, 1, 6)) == Fraction(70, 100)


def test_the_line_that_set_a_term_is_known(load: Callable[[str], Deal], meridian_text: str) -> None:
    text = amended(meridian_text, entry(1, "2026-06-26", "65%", "70%"))
    found = {source.path: source for source in sources(load(text), date(2026, 7, 1))}["covenants.ltv.maximum"]
    assert found.written == "70%"
    assert "with: 70%" in text.splitlines()[found.line - 1]
    assert found.document == "amendment 1 (CA)"


@pytest.mark.parametrize(
    ("entries", "code", "text"),
    [
        ((entry(1, "2026-06-26", "64%", "70%"),), "D302", "64%"),
        ((entry(1, "2026-06-26", "65%", "70"),), "D101", "70,"),
        (
            (entry(1, "2026-06-26", "65%", "70%").replace("ltv.maximum", "ltv.maximm"),),
            "D301",
            "covenants.ltv.maximm",
        ),
        ((entry(1, "2026-06-26", "65%", "70%").replace(", later_steps: keep", ""),), "D303", "{term"),
        (
            (entry(1, "2026-06-26", "65%", "70%"), entry(2, "2026-06-26", "65%", "71%")),
            "D304",
            "covenants.ltv.maximum",
        ),
    ],
)
def test_amendments_that_do_not_fit_are_refused_at_their_place(
    problems: Callable[[str], list[Problem]],
    meridian_text: str,
    entries: tuple[str, ...],
    code: str,
    text: str,
) -> None:
    changed = amended(meridian_text, *entries)
    found = [problem for problem in problems(changed) if problem.code == code]
    assert found
    line = changed.splitlines()[found[0].place.line - 1]
    assert line[found[0].place.column - 1 :].startswith(text)


def test_the_order_of_amendments_in_the_file_does_not_matter(
    load: Callable[[str], Deal], meridian_text: str
) -> None:
    entries = [
        entry(1, "2026-03-01", "65%", "66%"),
        entry(2, "2026-04-01", "66%", "67%"),
        entry(3, "2026-05-01", "67%", "68%"),
    ]
    days = [date(2026, 2, 1), date(2026, 3, 15), date(2026, 4, 15), date(2026, 5, 15), date(2027, 2, 1)]
    expected = [Fraction(n, 100) for n in (65, 66, 67, 68, 60)]
    for order in permutations(entries):
        deal = load(amended(meridian_text, *order))
        assert [maximum(deal, day) for day in days] == expected


def test_a_correction_of_the_file_works_from_closing(load: Callable[[str], Deal], meridian_text: str) -> None:
    correction = """corrections:
  - {number: 1, found_on: 2026-03-01, by: counsel, term: covenants.ltv.multiple, replaces: "1.5", with: "1.6", reason: slip}
"""
    deal = load(meridian_text + correction)
    clause = resolve(deal, date(2026, 1, 8)).covenants["ltv"]
    assert isinstance(clause, LoanToValue)
    assert clause.multiple == Fraction(16, 10)


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_worked_examples_that_ship_hold(
    load: Callable[[str], Deal], all_templates: dict[str, Template], path: Path
) -> None:
    proofs = prove(load(path.read_text(encoding="utf-8")), all_templates)
    assert len(proofs) >= 4
    assert [proof.name for proof in proofs if proof.problems] == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("measured: 62.585%", "measured: 62.586%"),
        ("break_even: USD 1.9257", "break_even: USD 1.9258"),
        ("cure_by: 2026-02-12", "cure_by: 2026-02-13"),
        ('to_cure: "USD 213,498.88"', 'to_cure: "USD 213,498.87"'),
        ("headroom: -0.879 points", "headroom: 0.879 points"),
        ("count: 2 of 3", "count: 1 of 3"),
        ("rate_from: last published value, state", "rate_from: published value, state"),
        ("due: 2026-03-27", "due: 2026-03-26"),
        ("since: 2026-02-13", "since: 2026-02-12"),
        ("measured: 85%, headroom", "measured: 84.999%, headroom"),
        ("result: NOT DETERMINED, state: CURE PERIOD", "result: PASS, state: CURE PERIOD"),
        ("state: IN EFFECT}\n      - {on: 2026-02-05", "state: NOT IN EFFECT}\n      - {on: 2026-02-05"),
    ],
)
def test_a_wrong_expectation_is_found_at_its_place(
    load: Callable[[str], Deal], all_templates: dict[str, Template], meridian_text: str, good: str, bad: str
) -> None:
    assert good in meridian_text
    problems = [
        p for proof in prove(load(meridian_text.replace(good, bad, 1)), all_templates) for p in proof.problems
    ]
    assert [problem.code for problem in problems] == ["P101"]
    line = meridian_text.replace(good, bad, 1).splitlines()[problems[0].place.line - 1]
    assert bad.split(": ")[1].split(",")[0].split("}")[0].strip('"') in line


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        (
            "test: ltv, result: PASS, measured: 62.585%",
            'test: ltvv, state: NOT YET TESTED, decisive: "no", measured: none',
            "D502",
        ),
        ("test: ltv, result: PASS, state: COMPLIANT}", 'trigger: nosuch, reserve: "USD 0.00"}', "D502"),
        ("{on: 2026-02-05, test: ltv, result: PASS, state: COMPLIANT}", "{on: 2026-02-05}", "D402"),
    ],
)
def test_an_example_that_looks_at_nothing_does_not_hold(
    tmp_path: Path,
    all_templates: dict[str, Template],
    capsys: pytest.CaptureFixture[str],
    meridian_text: str,
    good: str,
    bad: str,
    code: str,
) -> None:
    assert good in meridian_text
    (tmp_path / "deal.yaml").write_text(meridian_text.replace(good, bad, 1), encoding="utf-8")
    assert prove_files([tmp_path / "deal.yaml"], all_templates, None, as_json=False) == 1
    said = capsys.readouterr().out
    assert f" {code} " in said
    assert "holds  deal.yaml" not in said


@pytest.mark.parametrize(
    ("expected", "value", "unit", "holds"),
    [
        ("85%", "85/100", Unit.SHARE, True),
        ("85%", "850001/1000000", Unit.SHARE, False),
        ("65.879%", "658790999/1000000000", Unit.SHARE, True),
        ("65.88%", "65879/100000", Unit.SHARE, True),
        ("65.5%", "6545/10000", Unit.SHARE, False),
        ("65.4%", "6545/10000", Unit.SHARE, True),
        ("0 points", "0", Unit.POINTS, True),
        ("-0.879 points", "-8790/1000000", Unit.POINTS, True),
        ("USD 1.9257", "19257/10000", Unit.RATE, True),
        ("USD 1.9257 per GPU-hour", "19257/10000", Unit.RATE, True),
        ("USD 213,498.88", "21349888/100", Unit.USD, True),
        ("12 GPUs", "12", Unit.GPUS, True),
        ("12 GPUs", "12", Unit.USD, False),
    ],
)
def test_figures_are_compared_at_the_precision_at_which_they_are_written(
    expected: str, value: str, unit: Unit, holds: bool
) -> None:
    assert agrees(expected, Figure(value=Fraction(value), unit=unit)) is holds


def test_figures_that_are_none() -> None:
    assert read_figure("a lot") is None
    assert not agrees("85%", None)
    assert agrees("none", None)


def test_the_schema_names_every_template_and_lets_terms_step(all_templates: dict[str, Template]) -> None:
    schema = deal_schema(clauses_of(all_templates))
    refs = {
        item["$ref"].rsplit("/", 1)[1]
        for item in schema["properties"]["covenants"]["additionalProperties"]["oneOf"]
    }
    assert refs == set(all_templates)
    assert "patternProperties" in str(schema["$defs"]["loan_to_value"]["properties"]["maximum"])

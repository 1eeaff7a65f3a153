"""The Acts of a worked example: what could not be recorded is refused at its place, in the words of `headroom
act`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.evaluation.recorded_acts import agreed_rates
from engine.events.kinds import ActRecorded
from engine.terms.as_written import Deal
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS

HEAD = """worked_examples:
  - name: One Act
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10x40}
    expect: [{on: 2026-01-15, test: CLAUSE, state: NOT YET TESTED}]
    acts:
      - ACT
"""


def found(
    name: str, clause: str, act: str, templates: dict[str, Template]
) -> tuple[Deal | None, list[Problem]]:
    """What `check` says of a deal that ships, with one example of one Act in place of its own."""
    text = (DEALS / f"{name}.yaml").read_text(encoding="utf-8")
    text = text[: text.index("worked_examples:")] + HEAD.replace("CLAUSE", clause).replace("ACT", act)
    deal, problems = read_deal(text, "deal.yaml", templates)
    lines = text.splitlines()
    for problem in problems:
        if problem.code in ("D406", "D502"):
            assert lines[problem.place.line - 1].startswith("      - {")
    return deal, [problem for problem in problems if problem.code in ("D406", "D502")]


@pytest.mark.parametrize(
    ("deal", "act", "what", "fix"),
    [
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: waver, clause: ltv}",
            "the Recorded Act `waver` does not exist",
            "",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: waiver, clause: ltv, clock: resumes}",
            "must say more",
            "`until:`",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: waiver, until: 2026-04-02, clock: resumes}",
            "must say more",
            "`clause:`",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: waiver, clause: ltv, until: 2026-03-04, clock: resumes}",
            "before it is effective",
            "later",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: waiver, clause: ltv, until: 2026-04-02}",
            "when the waiver ends",
            "`clock:`",
        ),
        ("meridian-2026-1", "{on: 2026-03-05, act: cure accepted}", "must say more", "`clause:`"),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: cure accepted, clause: ltv, method: equity}",
            "`equity` does not cure `ltv`",
            "prepayment",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: agent determination, index: CRI-H100}",
            "must say more",
            "`rate:`",
        ),
        (
            "meridian-2026-1",
            '{on: 2026-03-05, act: agent determination, index: CRI-H100, rate: "two"}',
            "`two` is not a rate",
            "1.90",
        ),
        (
            "meridian-2026-1",
            "{on: 2026-03-05, act: manifest error, index: CRI-H100}",
            "no published print",
            "`_`",
        ),
        ("meridian-2026-1", "{on: 2026-03-05, act: act withdrawn}", "names no other Act", "`names:`"),
        (
            "meridian-2026-1",
            '{on: 2026-03-05, act: act withdrawn, names: "waiver|ltv|2026-02-05"}',
            "names no other Act",
            "`names:`",
        ),
        (
            "keystone-contracted-2026",
            (
                '{on: 2026-07-20, act: cure accepted, clause: coverage, method: equity, amount: "USD '
                '5,000,000.01"}'
            ),
            "counts at most USD 5,000,000.00",
            "`amount:`",
        ),
        (
            "keystone-contracted-2026",
            "{on: 2026-07-20, act: cure accepted, clause: coverage, method: equity}",
            "counts at most",
            "`amount:`",
        ),
        (
            "keystone-contracted-2026",
            "{on: 2026-07-20, act: cure accepted, clause: coverage, method: equity, amount: much}",
            "`much` is not an amount",
            "USD 1,500,000",
        ),
    ],
)
def test_an_act_that_could_not_be_recorded_is_refused_in_an_example(
    all_templates: dict[str, Template], deal: str, act: str, what: str, fix: str
) -> None:
    clause = "ltv" if deal == "meridian-2026-1" else "coverage"
    _, problems = found(deal, clause, act, all_templates)
    (problem,) = problems
    assert what in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("deal", "act"),
    [
        ("meridian-2026-1", "{on: 2026-03-05, act: waiver, clause: early-amortization, until: 2026-04-02}"),
        (
            "meridian-2026-1",
            '{on: 2026-03-05, act: successor benchmark agreed, index: CRI-H100, rate: "1.90"}',
        ),
        (
            "granite-revolver-2026",
            "{on: 2026-03-05, act: default ended, clause: ltv}",
        ),  # a record needs two persons, an example none
        (
            "keystone-contracted-2026",
            '{on: 2026-07-20, act: cure accepted, clause: coverage, method: equity, amount: "USD 5,000,000"}',
        ),
    ],
)
def test_an_act_that_could_be_recorded_may_stand_in_an_example(
    all_templates: dict[str, Template], deal: str, act: str
) -> None:
    clause = "coverage" if deal.startswith("keystone") else "ltv"
    assert found(deal, clause, act, all_templates)[1] == []


def test_a_successor_sets_the_rate_of_its_step_from_its_date_on_also_under_its_older_name() -> None:
    for name in ("successor benchmark agreed", "successor benchmark"):
        act = ActRecorded(
            act=name, effective_on=date(2026, 3, 5), details={"index": "CRI-H100", "rate": "1.90"}
        )
        days = [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 12)]
        later = {"successor benchmark": Decimal("1.90")}
        assert [agreed_rates([act], "CRI-H100", day) for day in days] == [{}, later, later]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("report_received: 1 business day before determination date", None),
        ("report_received: {2026-01-08: determination date, 2026-02-05: missing}", None),
        ("report_received: on time", "D110"),
        ("report_received: {2026-01-08: 0 days before determination date}", "D110"),
        ("report_received: 1 quarter before determination date", "D109"),
        ('outstanding_principal: "USD many"', "D401"),
    ],
)
def test_a_fact_that_says_when_reports_come_is_a_date_counted_from_the_determination_date(
    all_templates: dict[str, Template], said: str, code: str | None
) -> None:
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    old = 'facts: {outstanding_principal: "USD 16,000,000"}\n    expect:\n      - {on: 2026-01-15'
    assert text.count(old) == 1
    new = old.replace('{outstanding_principal: "USD 16,000,000"}', f"\n      {said}")
    _, problems = read_deal(text.replace(old, new), "deal.yaml", all_templates)
    assert [problem.code for problem in problems if not problem.code.startswith("W")] == (
        [code] if code else []
    )


def test_a_due_date_on_the_determination_date_is_read_and_written_as_it_stands(
    all_templates: dict[str, Template],
) -> None:
    text = (
        (DEALS / "meridian-2026-1.yaml")
        .read_text(encoding="utf-8")
        .replace("due: 1 business day before determination", "due: determination")
    )
    deal, problems = read_deal(text, "deal.yaml", all_templates)
    assert deal is not None, problems
    reports = deal.segments[0][1].servicer_reports
    assert reports is not None
    assert reports.model_dump(mode="json")["due"] == "determination date"
